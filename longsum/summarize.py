"""Summarize a whole document: what `longsum summarize` does."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass

from longsum.answer import Answer, MarkedStream, layout, plain_text
from longsum.candidates import Candidate, summary_candidates
from longsum.config import (
    TOKENS_PER_WORD,
    AnswerConfig,
    DecodeConfig,
    LoadConfig,
    SummaryConfig,
    Truncate,
)
from longsum.documents.document import Document
from longsum.errors import EmptyDocument, LongsumError, UsageError
from longsum.events import Listener
from longsum.grounding import ground_verbatim
from longsum.model.find import Model
from longsum.model.resolve import ModelSource
from longsum.prompt import Prompt, Wrap, language_name, load_template, mini_prompt, render_prompt
from longsum.session import Prepared, Session, prepare

LONGEST_SENTENCE_TOKENS = 160
"""Room for the sentence that crosses the length asked for."""
NATS_PER_DEVIATION = 3.0
"""What a standard deviation of LexRank or BM25 counts beside the model's log-probability. Of 0, 1
and 3 the best on average over 15 documents of three training sets: too few to tell much."""
MOST_PASSED_OVER = 4
"""Sentences too long for the rest of the answer before it is given up filling it."""
ENOUGH = 0.9
"""Share of the words asked for at which a verbatim summary may end."""
TOO_MUCH = 1.15
"""Share of the words asked for that no further sentence may cross."""


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

    def answer_tokens(self, decode: DecodeConfig) -> int:
        """Return the room reserved for the answer."""
        return room_for(self.config.words, decode)


def room_for(words: int, decode: DecodeConfig) -> int:
    """Return the tokens reserved for an answer: twice the words asked for, and a sentence."""
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


def is_verbatim(source: ModelSource, asked: bool | None) -> bool:
    """Tell whether an answer is made of the document's sentences: the bundled model's default."""
    return source.is_bundled if asked is None else asked


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
        task.answer_tokens(decode),
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


def announce(prepared: Prepared, listener: Listener) -> None:
    """Tell the user what was found out before reading."""
    if prepared.model.source.notice:
        listener.notice(prepared.model.source.notice)
    listener.notice(str(prepared.budget))
    if prepared.truncated:
        left_out = len(prepared.document_ids) - prepared.tokens_read
        listener.notice(f"--truncate {prepared.truncated}: {left_out:,} tokens are left out")


def summarize_session(
    session: Session, config: SummaryConfig, decode: DecodeConfig, listener: Listener
) -> Answer:
    """Summarize the document a session has read."""
    source = session.prepared.model.source
    task = SummaryTask(session.prepared.document, config)
    wrap, _ = session.tokenizer.wrap(source.known)
    suffix = task.prompt(source, wrap).suffix
    if is_verbatim(source, config.verbatim):
        return _verbatim(session, suffix, config, decode, listener)
    listener.phase("writing")
    return free_answer(session, suffix, decode, task.answer_tokens(decode), listener)


def free_answer(
    session: Session,
    suffix: str,
    decode: DecodeConfig,
    max_new_tokens: int,
    listener: Listener,
    question: str | None = None,
) -> Answer:
    """Let the model write, and find the place of every sentence in the document."""
    stream = MarkedStream(session.grounder, listener)
    pieces: list[str] = []
    for piece in session.write(suffix, decode, max_new_tokens):
        begun = piece if pieces else piece.lstrip()
        if begun:
            pieces.append(begun)
            stream.push(begun)
    stream.finish()
    receipt = session.receipt("free")
    text = "".join(pieces).rstrip()
    if not text:
        raise LongsumError(
            "the model wrote nothing", hint="try --verbatim, --temperature 0.7, or another --model"
        )
    return Answer(text, stream.marked, tuple(stream.sentences), receipt, question)


def _verbatim(
    session: Session,
    suffix: str,
    config: SummaryConfig,
    decode: DecodeConfig,
    listener: Listener,
) -> Answer:
    """Let the model choose sentences, and print them in the document's order."""
    tell_language(config, listener)
    document = session.prepared.document
    candidates = [
        c
        for c in summary_candidates(document, config.words, config.focus)
        if session.was_read(c.span)
    ]
    if not candidates:
        raise EmptyDocument(
            "the document has no complete sentences to choose from",
            hint="lists and tables need a larger --model, which writes freely",
        )
    listener.phase("choosing sentences")
    with closing(choose_candidates(session, suffix, candidates, decode)) as choosing:
        chosen = sorted(fill(choosing, config.words), key=lambda c: c.span)
    sentences = ground_verbatim(document, [c.span for c in chosen])
    marked = layout(sentences, config.style)
    listener.text(marked)
    receipt = session.receipt("verbatim")
    return Answer(plain_text(sentences), marked, tuple(sentences), receipt)


def choose_candidates(
    session: Session, suffix: str, candidates: Sequence[Candidate], decode: DecodeConfig
) -> Generator[Candidate, None, None]:
    """Yield candidates in the order in which the model chooses them.

    Raises:
        UsageError: when the tokens reserved for the answer hold none of them.
    """
    from longsum.engine.verbatim import Choice

    # each sentence ends its line, so that none is the beginning of another
    ids = session.tokenizer.encode_many([" ".join(c.text.split()) + "\n" for c in candidates])
    room = session.room_behind(suffix)
    fitting = [(c, tokens) for c, tokens in zip(candidates, ids, strict=True) if len(tokens) < room]
    if not fitting:
        raise UsageError(
            f"--max-new-tokens leaves {room} tokens, too few for any sentence of the document",
            hint="raise it, or leave it out",
        )
    choices = [
        Choice(tuple(tokens), NATS_PER_DEVIATION * c.weight, c.group) for c, tokens in fitting
    ]
    for number in session.choose(suffix, choices, decode):
        yield fitting[number][0]


def fill(chosen: Iterable[Candidate], words: int) -> list[Candidate]:
    """Take sentences until the length asked for is reached; pass over those that overshoot it."""
    taken: list[Candidate] = []
    count = passed_over = 0
    for candidate in chosen:
        length = len(candidate.text.split())
        if taken and count + length > TOO_MUCH * words:
            passed_over += 1
            if passed_over == MOST_PASSED_OVER:
                break
            continue
        taken.append(candidate)
        count += length
        if count >= ENOUGH * words:
            break
    return taken
