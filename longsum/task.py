"""What a task needs: its prompts, the tokens of its answer, and whether a model has to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from longsum.checkpoint.chat_formats import Wrap
from longsum.checkpoint.files import CONFIG_NAME
from longsum.checkpoint.formats import open_checkpoint
from longsum.config import TOKENS_PER_WORD, AnswerConfig, DecodeConfig
from longsum.documents.document import Document
from longsum.errors import UsageError
from longsum.events import Listener
from longsum.grounding.sources import Sources
from longsum.model.resolve import ModelSource
from longsum.prompting.prompt import Prompt, language_name
from longsum.selection.head import has_head, is_shipped_for
from longsum.settings import Setting

MAX_SENTENCE_TOKENS = 160
"""Tokens reserved for the sentence that crosses the length asked for."""


class Task(Protocol):
    """What is asked of a document, and how the answer is made."""

    def prompts(self, document: Document, source: ModelSource, wrap: Wrap) -> Sequence[Prompt]:
        """Render the prompts; they differ only after the document.

        Args:
            document: the document asked about.
            source: model to render for.
            wrap: the model's chat format.
        """

    def answer_tokens(self, source: ModelSource) -> int:
        """Return the tokens reserved for the longest answer."""

    def needs_reading(self, source: ModelSource | None) -> bool:
        """Return whether this model, or with None any model, has to read the document."""


def sources_for(config: AnswerConfig, document: Document) -> Sources | None:
    """Return what shows the sources of an answer; None where they are not asked for."""
    return None if config.sources is None else Sources(document, config.sources)


def is_verbatim(source: ModelSource, asked: bool | None) -> bool:
    """Return whether the answer is verbatim, which is the default of small models."""
    return source.answers_verbatim if asked is None else asked


def chosen_by_head(source: ModelSource, asked: bool | None) -> bool:
    """Return whether a selection head makes the summary, without decoding a token.

    Args:
        source: the model.
        asked: True for a verbatim answer, False for a free one, None for the model's default.
    """
    return is_verbatim(source, asked) and (
        has_head(source.folder) or is_shipped_for(_fingerprint_of(source))
    )


def _fingerprint_of(source: ModelSource) -> str:
    """Return the fingerprint of a model's weights; empty if it is not on this disk."""
    if source.known is not None and source.known.file is not None:
        return source.known.file.fingerprint
    if not (source.folder / CONFIG_NAME).is_file():
        return ""
    return open_checkpoint(source.folder, source.known).fingerprint()


def tokens_for(words: int, verbatim: bool | None, source: ModelSource, decode: DecodeConfig) -> int:
    """Return the tokens reserved for an answer: twice the words asked for, and a sentence.

    Args:
        words: length asked for.
        verbatim: True for a verbatim answer, False for a free one, None for the model's default.
        source: the model that answers.
        decode: the user's token limit.

    Returns:
        Tokens; 0 when a selection head chooses the answer, since no token is decoded.
    """
    if chosen_by_head(source, verbatim):
        return 0
    if decode.max_new_tokens is not None:
        return decode.max_new_tokens
    return int(2 * words * TOKENS_PER_WORD) + MAX_SENTENCE_TOKENS


def refuse_template(config: AnswerConfig) -> None:
    """Refuse a template for the bundled model, which was trained on one fixed prompt.

    Raises:
        UsageError: when a template is given.
    """
    if config.prompt is not None:
        raise UsageError(
            f"{Setting('prompt')} is not for the bundled model, which knows one fixed prompt",
            hint=f"leave it out, or name a larger {Setting('model')}",
        )


def report_language(config: AnswerConfig, listener: Listener) -> None:
    """Report that a language asked for has no effect on a verbatim answer."""
    if language_name(config.language):
        listener.notice(
            f"{Setting('language')} has no effect: a verbatim answer is in the document's words"
        )
