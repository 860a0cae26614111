"""What summaries and answers have in common: room, notices, and free writing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from longsum.answer import Answer, MarkedStream
from longsum.config import TOKENS_PER_WORD, AnswerConfig, DecodeConfig
from longsum.errors import LongsumError, UsageError
from longsum.events import Listener
from longsum.grounding.remarks import Instructions
from longsum.grounding.repetition import Repetition
from longsum.model.resolve import ModelSource
from longsum.prompting.prompt import language_name
from longsum.receipt import left_out
from longsum.selection.head import has_head
from longsum.selection.ranking import terms_of
from longsum.session import Prepared, Session
from longsum.terminal import shown_name

LONGEST_SENTENCE_TOKENS = 160
"""Room for the sentence that crosses the length asked for."""
INVENTS = (
    "a model of this size invents: check every statement (without --free it answers with "
    "sentences of the document)"
)
CANNOT_WRITE = "the bundled model cannot write: expect nonsense (leave out --free)"


def announce(prepared: Prepared, listener: Listener, *, say_model: bool = True) -> None:
    """Tell the user what was found out before reading.

    Args:
        prepared: what will be read, and by which model.
        listener: is told.
        say_model: also why this model was chosen for a user who named none.
    """
    if say_model and prepared.model.source.notice:
        listener.notice(prepared.model.source.notice)
    listener.notice(str(prepared.budget))
    if prepared.truncated:
        total = len(prepared.document_ids)
        cut = prepared.truncated
        listener.warning(left_out(prepared.extent, prepared.tokens_read, total, cut))


def room_for(words: int, verbatim: bool | None, source: ModelSource, decode: DecodeConfig) -> int:
    """Return the tokens reserved for an answer: twice the words asked for, and a sentence.

    No room where a selection head chooses it: no token is written then.

    Args:
        words: asked for.
        verbatim: as asked for.
        source: of the model that answers.
        decode: a limit of the user's.
    """
    if is_verbatim(source, verbatim) and has_head(source.folder):
        return 0
    if decode.max_new_tokens is not None:
        return decode.max_new_tokens
    return int(2 * words * TOKENS_PER_WORD) + LONGEST_SENTENCE_TOKENS


def refuse_template(config: AnswerConfig) -> None:
    """Refuse a template for the bundled model, which was trained on one fixed prompt.

    Raises:
        UsageError: when there is one.
    """
    if config.prompt is not None:
        raise UsageError(
            "--prompt is not for the bundled model, which knows one fixed prompt",
            hint="leave it out, or name a larger --model",
        )


def tell_language(config: AnswerConfig, listener: Listener) -> None:
    """Tell a user who asked for a language that a verbatim answer has the document's."""
    if language_name(config.language):
        listener.notice("--language has no effect: a verbatim answer is in the document's words")


def tell_focus(focus: str | None, prepared: Prepared, listener: Listener) -> None:
    """Warn that a focus is nowhere in a document, so that it chooses no sentence."""
    if focus is None:
        return
    text = prepared.document.text
    read = "\n".join(text[start:end] for start, end in prepared.kept_characters)
    if set(terms_of(focus)).isdisjoint(terms_of(read)):
        listener.warning(
            f"--focus {shown_name(focus)!r} has no effect: no sentence of the document holds any "
            "of its words"
        )


def is_verbatim(source: ModelSource, asked: bool | None) -> bool:
    """Tell whether an answer is made of the document's sentences: small models' default."""
    return source.answers_verbatim if asked is None else asked


def free_answer(
    session: Session,
    suffix: str,
    decode: DecodeConfig,
    max_new_tokens: int,
    listener: Listener,
    question: str | None = None,
    asked: Sequence[str | None] = (),
) -> Answer:
    """Let the model write, and find the place of every sentence in the document.

    Args:
        session: that has read the document.
        suffix: the instruction behind it.
        decode: temperature, top-p, seed.
        max_new_tokens: most tokens of the answer.
        listener: hears the text as it is written.
        question: that is answered.
        asked: the user's own words in the prompt, which an answer may repeat.

    Raises:
        LongsumError: when the model writes nothing.
    """
    source = session.prepared.model.source
    if source.answers_verbatim:
        listener.warning(CANNOT_WRITE if source.is_bundled else INVENTS)
    instructions = Instructions(f"{session.prefix}\n\n{suffix}", *asked)
    stream = MarkedStream(session.grounder, listener, instructions)
    text, went_round = _write(session.write(suffix, decode, max_new_tokens), stream)
    statements = [s for s in stream.sentences if not (s.is_refusal or s.is_heading)]
    receipt = replace(
        session.receipt("free"),
        sentences=len(statements),
        sentences_supported=sum(s.supported for s in statements),
    )
    if went_round:
        receipt = replace(receipt, finish_reason="loop")
    if not text:
        raise LongsumError(
            "the model wrote nothing", hint="try --verbatim, --temperature 0.7, or another --model"
        )
    return Answer(text, stream.marked, tuple(stream.sentences), receipt, question)


def _write(pieces: Iterator[str], stream: MarkedStream) -> tuple[str, bool]:
    """Write until the model is done, or goes round in circles.

    Returns:
        The text, and whether it was ended because it repeated itself.
    """
    text, watched = "", 0
    repetition = Repetition()
    goes_round = False
    for piece in pieces:
        begun = piece if text else piece.lstrip()
        if not begun:
            continue
        text += begun
        stream.push(begun)
        goes_round = repetition.goes_round(text)
        for sentence in stream.sentences[watched:]:
            goes_round = repetition.takes(sentence.text) or goes_round
        watched = len(stream.sentences)
        if goes_round:
            break  # dropping the generator ends the engine's answer
    stream.finish()
    return text.rstrip(), goes_round
