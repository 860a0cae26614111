"""Summarize a whole document: what `longsum summarize` does."""

from __future__ import annotations

from dataclasses import dataclass

from longsum.answer import Answer, layout, plain_text
from longsum.answering import (
    announce,
    free_answer,
    is_verbatim,
    refuse_template,
    room_for,
    tell_focus,
    tell_language,
)
from longsum.checkpoint.chat_formats import Wrap
from longsum.config import DecodeConfig, LoadConfig, SummaryConfig, Truncate
from longsum.documents.document import Document
from longsum.events import Listener
from longsum.grounding.grounder import ground_verbatim
from longsum.model.find import Model
from longsum.model.resolve import ModelSource
from longsum.prompting.prompt import (
    Prompt,
    language_name,
    load_template,
    mini_prompt,
    render_prompt,
)
from longsum.session import Prepared, Session, prepare
from longsum.verbatim import summary_spans


@dataclass(frozen=True)
class SummaryTask:
    """A summary's prompt and how much room its answer needs."""

    document: Document
    config: SummaryConfig

    def prompt(self, source: ModelSource, wrap: Wrap) -> Prompt:
        """Render the prompt for a model and its chat format."""
        config = self.config
        if source.is_bundled:
            refuse_template(config)
            return mini_prompt(self.document.text, question=None)
        template = load_template(config.prompt or "summarize")
        variables = {
            "title": self.document.title,
            "words": config.words,
            "style": config.style,
            "focus": config.focus,
            "language": language_name(config.language),
        }
        return render_prompt(template, document=self.document.text, variables=variables, wrap=wrap)

    def answer_tokens(self, source: ModelSource, decode: DecodeConfig) -> int:
        """Return the room reserved for the answer."""
        return room_for(self.config.words, self.config.verbatim, source, decode)


def prepare_summary(
    document: Document,
    config: SummaryConfig,
    load: LoadConfig,
    decode: DecodeConfig,
    *,
    truncate: Truncate | None = None,
    check: bool = True,
    model: Model | None = None,
) -> Prepared:
    """Count and plan a summary; loads no weights."""
    task = SummaryTask(document, config)
    return prepare(
        document,
        lambda source, wrap: [task.prompt(source, wrap)],
        lambda source: task.answer_tokens(source, decode),
        load,
        truncate=truncate,
        check=check,
        model=model,
    )


def summarize_document(
    document: Document,
    *,
    config: SummaryConfig | None = None,
    load: LoadConfig | None = None,
    decode: DecodeConfig | None = None,
    truncate: Truncate | None = None,
    listener: Listener | None = None,
) -> Answer:
    """Read a whole document and summarize it.

    Args:
        document: from `read_document`.
        config: length, style, focus, language, prompt, verbatim or free.
        load: model, window, quantization, device.
        decode: temperature, top-p, seed, token limit.
        truncate: part to leave out of a document that is too long; None refuses it.
        listener: hears progress and the text as it is written.

    Raises:
        LongsumError: when the document does not fit, or the model cannot be used.
    """
    config, load = config or SummaryConfig(), load or LoadConfig()
    decode, listener = decode or DecodeConfig(), listener or Listener()
    prepared = prepare_summary(document, config, load, decode, truncate=truncate)
    announce(prepared, listener)
    session = Session(prepared, load, listener)
    return summarize_session(session, config, decode, listener)


def summarize_session(
    session: Session, config: SummaryConfig, decode: DecodeConfig, listener: Listener
) -> Answer:
    """Summarize the document a session has read."""
    source = session.prepared.model.source
    task = SummaryTask(session.prepared.document, config)
    wrap = session.tokenizer.wrap(source.known)
    suffix = task.prompt(source, wrap).suffix
    if is_verbatim(source, config.verbatim):
        return _verbatim(session, suffix, config, decode, listener)
    listener.phase("writing")
    wanted = task.answer_tokens(source, decode)
    asked = (config.focus, task.document.title)
    return free_answer(session, suffix, decode, wanted, listener, asked=asked)


def _verbatim(
    session: Session,
    suffix: str,
    config: SummaryConfig,
    decode: DecodeConfig,
    listener: Listener,
) -> Answer:
    """Choose sentences, and print them in the document's order."""
    tell_language(config, listener)
    tell_focus(config.focus, session.prepared, listener)
    listener.phase("choosing sentences")
    spans = summary_spans(session, suffix, config, decode)
    sentences = ground_verbatim(session.prepared.document, spans)
    marked = layout(sentences, config.style)
    listener.text(marked)
    receipt = session.receipt("verbatim")
    return Answer(plain_text(sentences), marked, tuple(sentences), receipt)
