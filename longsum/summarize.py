"""Summarize a whole document: what `longsum summarize` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from longsum.answer import Answer
from longsum.checkpoint.chat_formats import Wrap
from longsum.config import DecodeConfig, SummaryConfig
from longsum.digest import Digest
from longsum.documents.document import Document, Span
from longsum.errors import DocumentTooLong
from longsum.events import Listener
from longsum.grounding.grounder import Grounder
from longsum.model.resolve import ModelSource
from longsum.prompting.prompt import (
    Prompt,
    language_name,
    load_template,
    mini_prompt,
    render_prompt,
)
from longsum.reading import Reading
from longsum.selection.candidates import spoken_apart
from longsum.selection.headline import with_headline_first
from longsum.selection.ranking import terms_of
from longsum.settings import Setting
from longsum.similarity import is_english, words
from longsum.summary_choice import chooser_for, leaves_asides_out
from longsum.task import is_verbatim, refuse_template, report_language, sources_for, tokens_for
from longsum.terminal import shown_name
from longsum.verbatim import verbatim_answer
from longsum.writing import Checks, free_answer

LANGUAGE_CHARACTERS = 20_000
"""Characters of the beginning that say whether a document is in English."""
MOST_SHARE = 1.3
"""Share of the length asked for after which a written summary is ended, with a sentence."""


@dataclass(frozen=True)
class SummaryTask:
    """A summary of a document."""

    config: SummaryConfig = field(default_factory=SummaryConfig)
    decode: DecodeConfig = field(default_factory=DecodeConfig)

    def prompts(self, document: Document, source: ModelSource, wrap: Wrap) -> tuple[Prompt]:
        """Render the prompt.

        Args:
            document: the document to summarize.
            source: model to render for.
            wrap: the model's chat format.

        Raises:
            UsageError: when a template is given for the bundled model, or is not valid.
        """
        config = self.config
        if source.is_bundled:
            refuse_template(config)
            return (mini_prompt(document.text, question=None),)
        variables = {
            "title": document.title,
            "words": config.words,
            "style": config.style,
            "focus": config.focus,
            "language": language_name(config.language),
            "english": is_english(words(document.text[:LANGUAGE_CHARACTERS])),
        }
        template = load_template(config.prompt or "summarize")
        return (render_prompt(template, document=document.text, variables=variables, wrap=wrap),)

    def answer_tokens(self, source: ModelSource) -> int:
        """Return the tokens reserved for the summary."""
        return tokens_for(self.config.words, self.config.verbatim, source, self.decode)

    def needs_reading(self, source: ModelSource | None) -> bool:
        """Return whether the model has to read the document: always."""
        return True


def summarize_reading(
    reading: Reading,
    task: SummaryTask,
    listener: Listener,
    digest: Digest | None = None,
    *,
    is_part: bool = False,
) -> Answer:
    """Summarize a document that was read.

    Args:
        reading: the document as the model read it.
        task: length, style, focus, sampling.
        listener: receives the text as it is written.
        digest: what was read, if that is a digest: places are then those in the whole document.
        is_part: whether it is a part of a document; what is left out of all is reported once.

    Returns:
        The summary, with a reference for each sentence.

    Raises:
        DocumentTooLong: when fewer tokens are left after the document than the summary may need.
        EmptyDocument: when the document holds no sentence to choose from.
        LongsumError: when the model writes nothing.
    """
    prepared = reading.prepared
    source = prepared.model.source
    (prompt,) = task.prompts(prepared.document, source, reading.tokenizer.wrap(source.known))
    if is_verbatim(source, task.config.verbatim):
        return _chosen(reading, task, prompt.suffix, listener, digest, is_part=is_part)
    return _written(reading, task, prompt.suffix, listener, digest)


def _chosen(
    reading: Reading,
    task: SummaryTask,
    suffix: str,
    listener: Listener,
    digest: Digest | None,
    *,
    is_part: bool,
) -> Answer:
    """Summarize a document by sentences that are chosen from it."""
    config, prepared = task.config, reading.prepared
    document = prepared.document
    whole = digest.whole if digest else document
    report_language(config, listener)
    read = "\n".join(document.text[start:end] for start, end in prepared.kept_characters)
    report_unknown_focus(config.focus, read, listener)
    listener.phase("choosing sentences")
    chosen = chooser_for(reading, suffix).summary(config, task.decode, listener)
    if config.style == "executive":
        chosen = chosen._replace(spans=_headline_first(document, chosen.spans))
    if digest:
        chosen = chosen._replace(spans=digest.originals(chosen.spans))
    if not is_part:
        summary = "the summary of all parts" if digest else "the summary"
        _report_apart(whole, config.focus, summary, listener)
    return verbatim_answer(
        whole,
        chosen,
        config.style,
        reading.receipt("verbatim", chosen.stats),
        listener,
        sources=sources_for(config, whole),
        shorten=leaves_asides_out(config),
        explain=leaves_asides_out(config),
    )


def _written(
    reading: Reading, task: SummaryTask, suffix: str, listener: Listener, digest: Digest | None
) -> Answer:
    """Summarize a document in the model's own words."""
    prepared = reading.prepared
    whole = digest.whole if digest else prepared.document
    wanted = task.answer_tokens(prepared.model.source)
    if (over := wanted - reading.tokens_after(suffix)) > 0:
        raise DocumentTooLong(
            f"the summary is too long: it is {over:,} tokens over the budget reserved for it",
            hint="ask for a shorter one, or give its length when the document is opened",
        )
    return free_answer(
        reading,
        suffix,
        task.decode,
        wanted,
        listener,
        Checks(
            max_words=int(MOST_SHARE * task.config.words),
            asked=(task.config.focus, prepared.document.title),
            sources=sources_for(task.config, whole),
            grounder=Grounder(whole) if digest else None,
            revises=revises(task.config, prepared.model.source),
            strict=task.config.strict,
        ),
    )


def revises(config: SummaryConfig, source: ModelSource) -> bool:
    """Return whether sentences that the document does not support are written once more.

    Small models invent anew, and in another language than the document's nothing is supported.
    """
    return not source.answers_verbatim and language_name(config.language) is None


def _headline_first(document: Document, spans: Sequence[Span]) -> list[Span]:
    """Return the sentences of a summary, the one that stands for all before the others."""
    order = with_headline_first([document.text[span.start : span.end] for span in spans])
    return [spans[number] for number in order]


def _report_apart(document: Document, focus: str | None, summary: str, listener: Listener) -> None:
    """Report the separate opinions that a summary was not chosen from, each once."""
    places: dict[str, list[Span]] = {}
    for each in spoken_apart(document, focus):
        places.setdefault(each.name, []).append(each.span)
    if places:
        names = "; ".join(
            f"{name} ({document.reference_of(spans)})" for name, spans in places.items()
        )
        opinions = "a separate opinion" if len(places) == 1 else "separate opinions"
        listener.notice(
            f"left out of {summary}, as {opinions}: {names}; "
            f"{Setting('focus', 'dissent')} takes them in"
        )


def report_unknown_focus(focus: str | None, text: str, listener: Listener) -> None:
    """Warn that a document has none of a focus's words, so that it has no effect.

    Args:
        focus: what the reader cares about.
        text: what is read of the document.
        listener: receives the warning.
    """
    if focus is not None and not holds_focus(focus, text):
        listener.warning(
            f"{Setting('focus')} {shown_name(focus)!r} has no effect: no sentence of the document "
            "holds any of its words"
        )


def holds_focus(focus: str, text: str) -> bool:
    """Return whether a text holds any of a focus's words."""
    return not set(terms_of(focus)).isdisjoint(terms_of(text))
