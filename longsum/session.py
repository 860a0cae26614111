"""The entry point: open a document with a model, read it once, ask it many times.

    with open_session("report.pdf", model="smol") as session:
        print(session.summarize(SummaryConfig(words=200)).marked)
        print(session.ask("Who paid?").marked)

Opening finds the model, renders, counts, plans, reports, loads and reads, once and in this order.
What cannot work is refused before weights are loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from longsum.answer import Answer
from longsum.ask import AskTask, answer_by_words, answer_judged, write_answer
from longsum.config import (
    AskConfig,
    DecodeConfig,
    LoadConfig,
    StoreConfig,
    SummaryConfig,
    Truncate,
    refuse_both,
)
from longsum.divide import Divided, divide
from longsum.documents.document import Document
from longsum.events import Listener
from longsum.follow_up import understood
from longsum.judge import Judge, open_judge
from longsum.merge import PartsReader
from longsum.model.find import Model, find_model
from longsum.model.memory import require_fit
from longsum.model.resolve import ModelSource, question_model, resolve_model
from longsum.prepared import Prepared, prepare
from longsum.reading import Reading, open_reading
from longsum.receipt import left_out
from longsum.selection.head import SelectionHead, has_head, load_head
from longsum.settings import Setting
from longsum.summarize import SummaryTask, summarize_reading
from longsum.task import Task

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


def open_session(
    document: Document | str | Path,
    tasks: Sequence[Task] = (),
    load: LoadConfig | None = None,
    *,
    model: str | None = None,
    truncate: Truncate | None = None,
    parts: bool = False,
    store: StoreConfig | None = None,
    listener: Listener | None = None,
    loaded: LoadedModel | None = None,
) -> Session:
    """Open a document: find, render, count, plan, report, load and read, once.

    Args:
        document: from `read_document`, or a file to read.
        tasks: what will be asked; prompts and answers are counted before anything is loaded.
            Without any, a summary and questions of up to 150 words.
        load: model, window, quantization, device.
        model: short for `LoadConfig(model=…)`.
        truncate: part to leave out of a document that is too long; None refuses it.
        parts: read a document that is too long in as few parts as fit; False refuses it.
        store: limits of the cache of documents; None caches nothing.
        listener: receives progress and text, and may stop the work.
        loaded: a model already in memory; None loads one.

    Returns:
        The open session; close it, or use it as a context manager.

    Raises:
        LongsumError: when the document does not fit, or the model cannot be used.
    """
    refuse_both(truncate, parts)
    load, listener = load or LoadConfig(), listener or Listener()
    load = replace(load, model=model) if model else load
    tasks = tasks or (SummaryTask(), AskTask())
    if not isinstance(document, Document):
        from longsum.documents.isolated import read_document

        document = read_document(str(document))
    found, weights, head = (loaded.found, loaded.weights, loaded.head) if loaded else (None,) * 3
    if not any(task.needs_reading(None) for task in tasks):
        searching, found = _without_reading(document, tasks, load, listener, loaded)
        if searching is not None:
            return searching
    prepared = prepare(document, tasks, load, truncate=truncate, check=not parts, model=found)
    if found and prepared.model.checkpoint is not found.checkpoint:
        weights = None  # widened by an adapter: its weights are others
    divided = divide(prepared, tasks, load) if parts and not prepared.budget.fits else None
    if parts:
        largest = divided.largest if divided else prepared
        require_fit(largest.plan, limited=load.memory_bytes is not None)
    if loaded is None:
        _report(prepared, listener, divided)
    if divided is not None:
        reader = PartsReader(divided, load, store, weights)
        judging = LoadedModel(divided.model, weights, head, loaded.judge if loaded else None)
        return Session(document, divided.model.source, None, listener, head, load, judging, reader)
    reading = open_reading(prepared, load, listener, weights=weights, store=store)
    return Session(document, prepared.model.source, reading, listener, reading.head, load)


def _without_reading(
    document: Document,
    tasks: Sequence[Task],
    load: LoadConfig,
    listener: Listener,
    loaded: LoadedModel | None,
) -> tuple[Session | None, Model | None]:
    """Open a document for questions that need no reading.

    Returns:
        The session, or None if the model has to read, and the model if it is found.
    """
    found = loaded.found if loaded else None
    source = found.source if found else _source(load)
    if source is None:
        found = find_model(load)
        source = found.source
    if found is None and source.is_bundled and (better := question_model(load.model)):
        load = replace(load, model=better)
        source = replace(resolve_model(better), notice=_judging(better))
    if any(task.needs_reading(source) for task in tasks):
        return None, found
    if source.notice and loaded is None:
        listener.model_chosen(source.notice)
    head, judging = None, None
    if loaded is not None:
        head, judging = loaded.head, loaded
    elif found is not None:
        judging = LoadedModel(found, None)
    return Session(document, source, None, listener, head, load, judging), found


def _judging(model: str) -> str:
    """Return the notice that a model on this disk is used for questions."""
    return f"{model}, found on this disk, judges; {Setting('model', 'mini')} answers at once"


def _source(load: LoadConfig) -> ModelSource | None:
    """Return the model if it is found without inspecting the machine, else None."""
    cuda = load.device not in ("cpu", "mps")
    source = resolve_model(load.model, revision=load.revision, download=load.download, cuda=cuda)
    chosen = load.model is None and source.notice is not None and not source.is_bundled
    return None if chosen else source


def _report(prepared: Prepared, listener: Listener, divided: Divided | None = None) -> None:
    """Report model, token budget, truncation and parts before reading."""
    if notice := prepared.model.source.notice:
        listener.model_chosen(notice)
    listener.notice(str(prepared.budget))
    if prepared.truncated:
        total = len(prepared.document_ids)
        cut = prepared.truncated
        listener.warning(left_out(prepared.extent, prepared.tokens_read, total, cut))
    for line in divided.lines if divided else ():
        listener.notice(line)
    listener.planned(divided.largest if divided else prepared)


def summarize_document(
    document: Document,
    *,
    config: SummaryConfig | None = None,
    load: LoadConfig | None = None,
    decode: DecodeConfig | None = None,
    truncate: Truncate | None = None,
    parts: bool = False,
    listener: Listener | None = None,
) -> Answer:
    """Read a whole document and summarize it.

    Args:
        document: from `read_document`.
        config: length, style, focus, language, prompt, verbatim or free.
        load: model, window, quantization, device.
        decode: temperature, top-p, seed, token limit.
        truncate: part to leave out of a document that is too long; None refuses it.
        parts: read a document that is too long in as few parts as fit; False refuses it.
        listener: receives progress and the text as it is written.

    Returns:
        The summary, with a reference for each sentence.

    Raises:
        LongsumError: when the document does not fit, or the model cannot be used.
    """
    task = SummaryTask(config or SummaryConfig(), decode or DecodeConfig())
    with open_session(
        document, [task], load, truncate=truncate, parts=parts, listener=listener
    ) as session:
        return session.summarize(config, decode)


def ask_document(
    document: Document,
    questions: Sequence[str],
    *,
    config: AskConfig | None = None,
    load: LoadConfig | None = None,
    decode: DecodeConfig | None = None,
    truncate: Truncate | None = None,
    parts: bool = False,
    listener: Listener | None = None,
) -> list[Answer]:
    """Read a whole document once and answer questions about it.

    Args:
        document: from `read_document`.
        questions: at least one.
        config: language, prompt, verbatim or free.
        load: model, window, quantization, device.
        decode: temperature, top-p, seed, token limit.
        truncate: part to leave out of a document that is too long; None refuses it.
        parts: read a document that is too long in as few parts as fit; False refuses it.
        listener: receives progress and the text as it is written.

    Returns:
        An answer per question, in order.

    Raises:
        LongsumError: when the document does not fit, or the model cannot be used.
    """
    task = AskTask(config or AskConfig(), decode or DecodeConfig(), tuple(questions))
    with open_session(
        document, [task], load, truncate=truncate, parts=parts, listener=listener
    ) as session:
        return session.ask_all(questions, config, decode)
