"""Free answers: the model writes, and each sentence is looked for in the document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from longsum.answer import Answer
from longsum.config import DecodeConfig
from longsum.errors import LongsumError
from longsum.events import Listener
from longsum.grounding.grounder import Grounder
from longsum.grounding.remarks import Instructions
from longsum.grounding.repetition import Repetition
from longsum.grounding.sources import Sources
from longsum.marking import MarkedStream
from longsum.reading import Reading
from longsum.settings import Setting

INVENTS = (
    "a model of this size invents: check every statement "
    f"(without {Setting('verbatim', 'False')} it answers with sentences of the document)"
)
CANNOT_WRITE = (
    f"the bundled model cannot write: expect nonsense (leave out {Setting('verbatim', 'False')})"
)


def free_answer(
    reading: Reading,
    suffix: str,
    decode: DecodeConfig,
    max_new_tokens: int,
    listener: Listener,
    question: str | None = None,
    asked: Sequence[str | None] = (),
    sources: Sources | None = None,
    grounder: Grounder | None = None,
) -> Answer:
    """Let the model write, and find the place of every sentence in the document.

    Args:
        reading: the document as the model read it.
        suffix: the instruction after the document.
        decode: temperature, top-p, seed.
        max_new_tokens: limit of the answer.
        listener: receives the text as it is written.
        question: the question answered; None for a summary.
        asked: the user's own words in the prompt, which an answer may repeat.
        sources: shows the sentences of the document under each statement; None does not.
        grounder: finds the statements' places; None looks for them in what was read.

    Returns:
        The answer, with a reference for each supported sentence.

    Raises:
        LongsumError: when the model writes nothing.
    """
    listener.phase("writing")
    source = reading.prepared.model.source
    if source.answers_verbatim:
        listener.warning(CANNOT_WRITE if source.is_bundled else INVENTS)
    instructions = Instructions(f"{reading.prefix}\n\n{suffix}", *asked)
    stream = MarkedStream(grounder or reading.grounder, listener, instructions, sources)
    pieces = reading.write(suffix, decode, max_new_tokens, listener)
    text, repeats_itself = _write(pieces, stream)
    if not text:
        raise LongsumError(
            "the model wrote nothing",
            hint=f"try {Setting('verbatim', 'True')}, {Setting('temperature', '0.7')}, or another "
            f"{Setting('model')}",
        )
    statements = [each for each in stream.sentences if not (each.is_refusal or each.is_heading)]
    stats = replace(
        reading.answer_stats(),
        sentences=len(statements),
        sentences_supported=sum(each.supported for each in statements),
    )
    if repeats_itself:
        stats = replace(stats, finish_reason="loop")
    receipt = reading.receipt("free", stats)
    return Answer(text, stream.marked, tuple(stream.sentences), receipt, question)


def _write(pieces: Iterator[str], stream: MarkedStream) -> tuple[str, bool]:
    """Write until the model stops, or repeats itself.

    Returns:
        The text, and whether it was ended because the model repeated itself.
    """
    text, watched = "", 0
    repetition = Repetition()
    repeats_itself = False
    for piece in pieces:
        begun = piece if text else piece.lstrip()
        if not begun:
            continue
        text += begun
        stream.push(begun)
        repeats_itself = repetition.goes_round(text)
        for sentence in stream.sentences[watched:]:
            repeats_itself = repetition.takes(sentence.text) or repeats_itself
        watched = len(stream.sentences)
        if repeats_itself:
            break  # dropping the generator ends the engine's answer
    stream.finish()
    return text.rstrip(), repeats_itself
