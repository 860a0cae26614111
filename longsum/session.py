"""A document that is open with a model: read once, summarized and asked many times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING

from longsum.answer import Answer
from longsum.ask import AskTask, answer_by_words, answer_judged, write_answer
from longsum.config import AskConfig, DecodeConfig, LoadConfig, SummaryConfig
from longsum.documents.document import Document
from longsum.events import Listener
from longsum.follow_up import understood
from longsum.judge import Judge, open_judge
from longsum.merge import PartsReader
from longsum.model.find import Model
from longsum.model.resolve import ModelSource
from longsum.reading import Reading
from longsum.selection.head import SelectionHead, has_head, load_head
from longsum.summarize import SummaryTask, summarize_reading

if TYPE_CHECKING:
    from longsum.engine.llama import Llama


@dataclass(frozen=True)
class LoadedModel:
    """A model already in memory, for many documents."""

    found: Model
    weights: Llama | None
    """None when the head alone answers."""
    head: SelectionHead | None = None
    judge: Judge | None = None
    """The model with its answer adapter, for questions that need no reading."""


class Session:
    """A document that is open for questions; a context manager that frees the model's memory.

    Args:
        document: the document to ask about.
        source: the model's checkpoint.
        reading: the document as the model read it; None when the head answers without reading.
        listener: receives progress and text, and may stop the work.
        head: the selection head, if already loaded.
        load: settings of the model that judges answers, where it has no head.
        loaded: that model, if it is found or in memory.
        parts: reads the document part by part, where it is too long to be read at once.
    """

    def __init__(
        self,
        document: Document,
        source: ModelSource,
        reading: Reading | None,
        listener: Listener,
        head: SelectionHead | None = None,
        load: LoadConfig | None = None,
        loaded: LoadedModel | None = None,
        parts: PartsReader | None = None,
    ) -> None:
        self.document, self.source, self.listener = document, source, listener
        self._reading, self._head, self._parts = reading, head, parts
        self._load, self._loaded = load or LoadConfig(), loaded

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def is_read(self) -> bool:
        """Whether the model has read the document; questions to a head need no reading."""
        return self._reading is not None

    @property
    def in_parts(self) -> bool:
        """Whether the document is read part by part, each time something is asked."""
        return self._parts is not None

    @property
    def reading(self) -> Reading:
        """The document as the model read it."""
        assert self._reading is not None, "opened for questions that need no reading"
        return self._reading

    @cached_property
    def head(self) -> SelectionHead:
        """The selection head that answers questions without reading."""
        found = self._head or load_head(self.source.folder)
        assert found is not None, f"{self.source.folder} has no selection head"
        return found

    @cached_property
    def judge(self) -> Judge:
        """The model that judges answers of a document it has not read; loaded when needed."""
        loaded = self._loaded
        if loaded is not None and loaded.judge is not None:
            return loaded.judge
        model, weights = (loaded.found, loaded.weights) if loaded else (None, None)
        if self._reading is not None:
            model = self._reading.prepared.model
            if model.checkpoint.answer_adapter is None:
                return self._reading.judge
        if self._parts is not None:
            weights = self._parts.weights
        return open_judge(self._load, self.listener, model=model, weights=weights)

    def summarize(
        self, config: SummaryConfig | None = None, decode: DecodeConfig | None = None
    ) -> Answer:
        """Summarize the document.

        Args:
            config: length, style, focus, language, prompt, verbatim or free.
            decode: temperature, top-p, seed, token limit.

        Returns:
            The summary, with a reference for each sentence.

        Raises:
            LongsumError: when there is nothing to choose from, or the model writes nothing.
        """
        task = SummaryTask(config or SummaryConfig(), decode or DecodeConfig())
        if self._parts is not None:
            return self._parts.summarize(task, self.listener)
        return summarize_reading(self.reading, task, self.listener)

    def ask(
        self,
        question: str,
        config: AskConfig | None = None,
        decode: DecodeConfig | None = None,
        after: Answer | None = None,
    ) -> Answer:
        """Answer a question about the document.

        Args:
            question: in the user's words.
            config: language, prompt, verbatim or free.
            decode: temperature, top-p, seed, token limit.
            after: the answer before, which the question may refer to.

        Returns:
            The answer, with a reference for each sentence.

        Raises:
            LongsumError: when the question is too long, or the model writes nothing.
        """
        task = AskTask(config or AskConfig(), decode or DecodeConfig(), (question,), after)
        if task.needs_reading(self.source):
            if self._parts is not None:
                return self._parts.ask([task], self.listener)[0]
            return write_answer(self.reading, task, self.listener)
        searched = understood(question, after)
        if searched == question:
            return self._search(task)
        self.listener.notice(f"understood as: {searched}")
        found = self._search(replace(task, questions=(searched,)))
        return replace(found, question=question, understood=searched)

    def _search(self, task: AskTask) -> Answer:
        """Answer a question with sentences of the document."""
        if has_head(self.source.folder):
            return answer_by_words(self.document, self.source, self.head, task, self.listener)
        return answer_judged(self.document, self.judge, task, self.listener)

    def ask_all(
        self,
        questions: Sequence[str],
        config: AskConfig | None = None,
        decode: DecodeConfig | None = None,
    ) -> list[Answer]:
        """Answer questions about the document; one that is read in parts is read once for all.

        Args:
            questions: in the user's words.
            config: language, prompt, verbatim or free.
            decode: temperature, top-p, seed, token limit.

        Returns:
            An answer per question, in order.

        Raises:
            LongsumError: when a question is too long, or the model writes nothing.
        """
        tasks = [
            AskTask(config or AskConfig(), decode or DecodeConfig(), (question,))
            for question in questions
        ]
        if self._parts is not None and tasks and tasks[0].needs_reading(self.source):
            return self._parts.ask(tasks, self.listener)
        return [self.ask(question, config, decode) for question in questions]

    def save(self) -> None:
        """Cache what was read for later runs, if reading took long and there is a cache.

        Call it after an answer is shown, so that the user does not wait for the disk.
        """
        if self._reading is not None:
            self._reading.save(self.listener)
        if self._parts is not None:
            self._parts.save(self.listener)

    def close(self) -> None:
        """Free the memory of the model and of what it read."""
        self._reading = self._loaded = self._parts = None
        self.__dict__.pop("judge", None)
