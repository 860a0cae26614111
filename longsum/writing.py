"""Free answers: the model writes, and each sentence is looked for in the document.

Of a summary, one that the document does not support is written once more.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Literal

from longsum.answer import Answer
from longsum.checked import CheckedText
from longsum.config import DecodeConfig
from longsum.errors import LongsumError
from longsum.events import Listener
from longsum.grounding.grounder import GroundedSentence, Grounder
from longsum.grounding.remarks import Instructions
from longsum.grounding.repetition import Repetition
from longsum.grounding.sources import Sources
from longsum.marking import MarkedStream
from longsum.reading import AnswerStats, Reading
from longsum.revising import Reviser, is_sound
from longsum.settings import Setting
from longsum.similarity import count_words

INVENTS = (
    "a model of this size invents: check every statement "
    f"(without {Setting('verbatim', 'False')} it answers with sentences of the document)"
)
CANNOT_WRITE = (
    f"the bundled model cannot write: expect nonsense (leave out {Setting('verbatim', 'False')})"
)
SUMMARIZES_WELL = 3_000_000_000
"""Parameters below which written summaries are wrong in places: of one with 1.8 billion, 15 of 83
sentences were false (`benchmarks/answers`). Larger ones were not measured."""
MISTAKES = (
    "a model of this size gets facts wrong in summaries, also where a page is given: check what "
    f"matters, or take sentences of the document: {Setting('verbatim', 'True')}"
)


@dataclass(frozen=True)
class Checks:
    """How the sentences of a written answer are checked."""

    max_words: int | None = None
    """Words after which it is ended with the sentence; None sets no limit."""
    asked: Sequence[str | None] = ()
    """The user's own words in the prompt, which an answer may repeat."""
    sources: Sources | None = None
    """Shows the sentences of the document under each statement; None does not."""
    grounder: Grounder | None = None
    """Finds the statements' places; None looks for them in what was read."""
    revises: bool = False
    """Whether a sentence that the document does not support is written once more."""
    strict: bool = False
    """Whether it is left out if it is still not supported."""


@dataclass
class Draft:
    """What a model wrote, before any of it is revised."""

    sentences: Sequence[GroundedSentence]
    text: str = ""
    ended: Literal["loop", "long"] | None = None
    """Why it was ended before the model did: it repeated itself, or was too long."""

    def lacks_its_end(self, stats: AnswerStats) -> bool:
        """Return whether the last sentence was broken off."""
        is_broken_off = self.ended == "loop" or stats.finish_reason in ("length", "loop")
        return is_broken_off and not re.search(r"[.?!…:。！？]\W*$", self.sentences[-1].text)


def free_answer(
    reading: Reading,
    suffix: str,
    decode: DecodeConfig,
    max_new_tokens: int,
    listener: Listener,
    checks: Checks,
    question: str | None = None,
) -> Answer:
    """Let the model write, and find the place of every sentence in the document.

    Args:
        reading: the document as the model read it.
        suffix: the instruction after the document.
        decode: temperature, top-p, seed.
        max_new_tokens: limit of the answer.
        listener: receives the text as it is written; whole sentences if any may still change.
        checks: how the sentences are checked.
        question: the question answered; None for a summary.

    Returns:
        The answer, with a reference for each supported sentence.

    Raises:
        LongsumError: when the model writes nothing, or nothing is left of a summary.
    """
    listener.phase("writing")
    model = reading.prepared.model
    if model.source.answers_verbatim:
        listener.warning(CANNOT_WRITE if model.source.is_bundled else INVENTS)
    elif question is None and model.checkpoint.shape.parameters < SUMMARIZES_WELL:
        listener.notice(MISTAKES)
    instructions = Instructions(f"{reading.prefix}\n\n{suffix}", *checks.asked)
    grounder = checks.grounder or reading.grounder
    pieces = reading.write(suffix, decode, max_new_tokens, listener)
    if not (checks.revises or checks.strict):
        stream = MarkedStream(grounder, listener, instructions, checks.sources)
        draft = _write(pieces, stream, checks.max_words)
        stats = _counted(reading.answer_stats(), stream.sentences, draft)
        receipt = reading.receipt("free", stats)
        return Answer(draft.text, stream.marked, tuple(stream.sentences), receipt, question)
    stream = MarkedStream(grounder, Listener(), instructions)
    shown = CheckedText(listener, checks.sources, strict=checks.strict)
    draft = _write(pieces, stream, checks.max_words, shown)
    reviser = Reviser(reading, grounder) if checks.revises else None
    stats = reading.answer_stats()
    _finish(draft, shown, reviser, decode, listener, stats)
    if reviser is not None:
        stats = replace(
            stats, seconds=stats.seconds + reviser.seconds, tokens=stats.tokens + reviser.tokens
        )
    return _checked(reading, shown, _counted(stats, shown.sentences, draft), question)


def _finish(
    draft: Draft,
    shown: CheckedText,
    reviser: Reviser | None,
    decode: DecodeConfig,
    listener: Listener,
    stats: AnswerStats,
) -> None:
    """Show the sentences of a draft from the first that is not supported, each revised if need be.

    Args:
        draft: what the model wrote.
        shown: shows the sentences.
        reviser: writes sentences again; None leaves them as they are.
        decode: temperature, top-p, seed.
        listener: its `check` may stop the writing.
        stats: of the draft.
    """
    sentences = draft.sentences
    for number in range(shown.taken, len(sentences)):
        sentence = sentences[number]
        is_last = number == len(sentences) - 1
        if is_last and shown.sentences and draft.lacks_its_end(stats):
            shown.drop()
            continue
        is_cut = is_last and stats.finish_reason == "length"
        # The first sentence says what all is about; no single passage does.
        is_topic = number == 0 and sentence.reason in ("not found", "about the document")
        if reviser is not None and not (is_sound(sentence) or is_cut or is_topic):
            others = [each.text for each in (*shown.sentences, *sentences[number + 1 :])]
            revised = reviser.revised(sentence, others, decode, listener)
            sentence = revised or sentence
        shown.add(draft.text, sentences, sentence)
    shown.finish(draft.text, sentences)


def _checked(
    reading: Reading, shown: CheckedText, stats: AnswerStats, question: str | None
) -> Answer:
    """Return an answer of which sentences may have been revised or left out.

    Raises:
        LongsumError: when nothing is left of a summary.
    """
    stats = replace(
        stats,
        sentences_revised=sum(each.drafted is not None for each in shown.sentences),
        sentences_left_out=len(shown.left_out),
    )
    if shown.left_out and not shown.sentences:
        if question is None:
            raise LongsumError(
                f"none of the {len(shown.left_out)} sentences that the model wrote is supported by "
                "the document",
                hint=f"leave out {Setting('strict', 'True')} to see them, or try "
                f"{Setting('verbatim', 'True')}",
            )
        shown.refuse()
    receipt = reading.receipt("free", stats)
    return Answer(
        shown.text,
        shown.marked,
        tuple(shown.sentences),
        receipt,
        question,
        left_out=tuple(shown.left_out),
    )


def _counted(
    stats: AnswerStats, sentences: Sequence[GroundedSentence], draft: Draft
) -> AnswerStats:
    """Return the statistics of an answer with the number of its statements."""
    statements = [each for each in sentences if not (each.is_refusal or each.is_heading)]
    return replace(
        stats,
        sentences=len(statements),
        sentences_supported=sum(each.supported for each in statements),
        finish_reason=draft.ended or stats.finish_reason,
    )


def _write(
    pieces: Generator[str, None, None],
    stream: MarkedStream,
    max_words: int | None,
    shown: CheckedText | None = None,
) -> Draft:
    """Write until the model stops, repeats itself, or goes far beyond the length asked for.

    Args:
        pieces: what the model writes.
        stream: finds its sentences and their places.
        max_words: words after which it is ended with the sentence; None sets no limit.
        shown: shows the sentences before the first that may still change; None shows none.

    Raises:
        LongsumError: when the model writes nothing.
    """
    draft = Draft(stream.sentences)
    watched = said = 0
    repetition = Repetition()
    with closing(pieces):  # which ends the engine's answer
        for piece in pieces:
            begun = piece if draft.text else piece.lstrip()
            if not begun:
                continue
            draft.text += begun
            stream.push(begun)
            repeats_itself = repetition.goes_round(draft.text)
            for sentence in stream.sentences[watched:]:
                repeats_itself = repetition.takes(sentence.text) or repeats_itself
                said += count_words(sentence.text)
            watched = len(stream.sentences)
            if shown is not None:
                shown.follow(draft.text, stream.sentences)
            if repeats_itself:
                draft.ended = "loop"
                break
            if max_words is not None and said >= max_words:
                draft.text = draft.text[: stream.sentences[-1].end]
                draft.ended = "long"
                break
    if draft.ended != "long":  # then the rest is the beginning of another sentence
        stream.finish()
    draft.text = draft.text.rstrip()
    if not draft.text:
        raise LongsumError(
            "the model wrote nothing",
            hint=f"try {Setting('verbatim', 'True')}, {Setting('temperature', '0.7')}, or another "
            f"{Setting('model')}",
        )
    return draft
