"""What may be asked of a document: the prompts it takes, and the tokens its answer may need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from longsum.config import TOKENS_PER_WORD, AnswerConfig, DecodeConfig
from longsum.documents.document import Document
from longsum.errors import UsageError
from longsum.events import Listener
from longsum.model.resolve import ModelSource
from longsum.prompting.prompt import Prompt, language_name
from longsum.selection.head import has_head
from longsum.settings import Setting

MAX_SENTENCE_TOKENS = 160
"""Budget for the sentence that crosses the length asked for."""

Wrap = Callable[[str], str]
"""A chat format, from `Tokenizer.wrap`."""


class Task(Protocol):
    """What is asked of a document, and how the answer is to be made."""

    def prompts(self, document: Document, source: ModelSource, wrap: Wrap) -> Sequence[Prompt]:
        """Render the prompts it takes; they differ after the document alone."""

    def answer_tokens(self, source: ModelSource) -> int:
        """Return the tokens reserved for its longest answer."""

    def needs_reading(self, source: ModelSource | None) -> bool:
        """Return whether a model, or any whatever (None), has to read the document for it."""


def is_verbatim(source: ModelSource, asked: bool | None) -> bool:
    """Return whether an answer is made of the document's sentences: small models' default."""
    return source.answers_verbatim if asked is None else asked


def chosen_by_head(source: ModelSource, asked: bool | None) -> bool:
    """Return whether a selection head makes the answer, without decoding a token.

    Args:
        source: where the model is.
        asked: for a verbatim answer, for a free one, or for the model's default.
    """
    return is_verbatim(source, asked) and has_head(source.folder)


def tokens_for(words: int, verbatim: bool | None, source: ModelSource, decode: DecodeConfig) -> int:
    """Return the tokens reserved for an answer: twice the words asked for, and a sentence.

    None where a selection head chooses it: no token is written then.

    Args:
        words: asked for.
        verbatim: as asked for.
        source: of the model that answers.
        decode: a limit of the user's.
    """
    if chosen_by_head(source, verbatim):
        return 0
    if decode.max_new_tokens is not None:
        return decode.max_new_tokens
    return int(2 * words * TOKENS_PER_WORD) + MAX_SENTENCE_TOKENS


def refuse_template(config: AnswerConfig) -> None:
    """Refuse a template for the bundled model, which was trained on one fixed prompt.

    Raises:
        UsageError: when there is one.
    """
    if config.prompt is not None:
        raise UsageError(
            f"{Setting('prompt')} is not for the bundled model, which knows one fixed prompt",
            hint=f"leave it out, or name a larger {Setting('model')}",
        )


def report_language(config: AnswerConfig, listener: Listener) -> None:
    """Say to a user who asked for a language that a verbatim answer has the document's."""
    if language_name(config.language):
        listener.notice(
            f"{Setting('language')} has no effect: a verbatim answer is in the document's words"
        )
