"""Put questions to documents with a model in memory, as `longsum ask` does.

The weights are loaded once for all documents, and each document is read once for all its questions;
everything else is done by the use case itself.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import get_args

from longsum.answer import Answer
from longsum.ask import AskTask
from longsum.config import AskConfig, LoadConfig, Quantize
from longsum.errors import DocumentError, LongsumError
from longsum.evaluate.asked import Asked
from longsum.evaluate.config import AnswersConfig
from longsum.evaluate.loading import Opened
from longsum.events import Listener
from longsum.judge import PASSAGE_TOKENS, Judge, open_judge
from longsum.model.find import Model
from longsum.opening import open_session
from longsum.prepared import prepare
from longsum.selection.head import SelectionHead, has_head, load_head
from longsum.session import LoadedModel, Session


@dataclass(frozen=True)
class QuestionAnswerer:
    """A model in memory that answers questions."""

    opened: Opened
    found: Model
    """The model as it is loaded: the result of `answering_model`."""
    load: LoadConfig
    """How it was loaded."""

    @cached_property
    def _head(self) -> SelectionHead | None:
        """The selection head, read once for all documents."""
        return load_head(self.found.source.folder)

    @cached_property
    def _judge(self) -> Judge:
        """The model as it judges passages, planned once for all documents."""
        return open_judge(self._held(), Listener(), model=self.found, weights=self.opened.model)

    def open(self, asked: Sequence[Asked], config: AnswersConfig, listener: Listener) -> Session:
        """Open the document that questions are put to; the caller closes it.

        Args:
            asked: questions put to one document.
            config: how they are answered.
            listener: its `check` may stop the work; it is shown no text.

        Raises:
            DocumentError: when the document cannot be read, or does not fit.
        """
        judge = self._judge if _judges(self.found, config) else None
        return open_session(
            asked[0].host.document,
            [task_of(asked, config)],
            self._held(),
            truncate=config.truncate,
            listener=_Silent(listener),
            loaded=LoadedModel(self.found, self.opened.model, self._head, judge),
        )

    def _held(self) -> LoadConfig:
        """Return how the weights are held: a document's plan must not choose again."""
        quantize = self.opened.machine["quantize"]
        known = get_args(Quantize)  # a checkpoint may be stored in another format
        return replace(self.load, quantize=quantize) if quantize in known else self.load


class _Silent(Listener):
    """Passes on progress and requests to stop, but no text and no warnings about each answer."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def prefill(self, done: int, total: int) -> None:
        """Pass on the number of tokens read."""
        self._listener.prefill(done, total)

    def check(self) -> None:
        """Stop where the listener does."""
        self._listener.check()


def answering_model(model: Model, config: AnswersConfig) -> Model:
    """Return the model to load: with its answer adapter where it judges passages.

    Args:
        model: as found on disk.
        config: how questions are answered.
    """
    return (model.answering() or model) if _judges(model, config) else model


def _judges(model: Model, config: AnswersConfig) -> bool:
    """Return whether a model judges passages instead of reading documents or having a head."""
    reads = AskTask(ask_config(config)).needs_reading(model.source)
    return not reads and not has_head(model.source.folder)


def task_of(asked: Sequence[Asked], config: AnswersConfig) -> AskTask:
    """Return the task of questions put to one document."""
    questions = tuple(each.question for each in asked)
    return AskTask(ask_config(config), questions=questions)


def ask_config(config: AnswersConfig) -> AskConfig:
    """Return the use case's settings."""
    return AskConfig(verbatim=config.verbatim, words=config.words)


def ask(session: Session, question: str, config: AnswersConfig) -> tuple[Answer | None, float]:
    """Ask a question.

    Args:
        session: the open document.
        question: in the user's words.
        config: how it is answered.

    Returns:
        The answer, None where the model wrote nothing, and the seconds it took, without those for
        loading the model and reading the document.

    Raises:
        DocumentError: when the question does not fit.
    """
    started = time.perf_counter()
    try:
        answer = session.ask(question, ask_config(config))
    except LongsumError as error:
        if type(error) is not LongsumError:
            raise
        answer = None  # nothing was written
    return answer, time.perf_counter() - started


def longest_asked(model: Model, groups: Sequence[Sequence[Asked]], config: AnswersConfig) -> int:
    """Return the maximum tokens in the cache for any of the documents; loads no weights.

    Documents that do not fit the window or cannot be read are ignored, as they are refused later.

    Args:
        model: its window and tokenizer.
        groups: the questions of each document.
        config: how they are answered.
    """
    if not AskTask(ask_config(config)).needs_reading(model.source):
        return PASSAGE_TOKENS
    longest = 1
    for asked in groups:
        try:
            prepared = prepare(
                asked[0].host.document,
                [task_of(asked, config)],
                LoadConfig(kv_cache="native"),
                truncate=config.truncate,
                check=False,
                model=model,
            )
        except DocumentError:
            continue
        if prepared.tokens_held <= model.rope.window:
            longest = max(longest, prepared.tokens_held)
    return longest
