"""Verbatim answers: which of the document's sentences they are made of.

A checkpoint with a selection head chooses with it, since that measured best on held-out documents
(`longsum/mini/README.md`): it picks whole sentences, and nothing is decoded. For a summary it looks
at what the model made of the document, for a question at words alone. Any other model chooses by
its own likelihood, among the sentences that a plain statistic puts forward.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import islice

import numpy as np

from longsum.answer import Answer
from longsum.config import AskConfig, DecodeConfig, SummaryConfig
from longsum.documents.document import Document, Span
from longsum.errors import EmptyDocument, UsageError
from longsum.events import Listener
from longsum.grounding.grounder import NOT_FOUND, GroundedSentence
from longsum.receipt import Receipt
from longsum.selection.candidates import Candidate, answer_candidates, readable, summary_candidates
from longsum.selection.choose import choose_sentences
from longsum.selection.head import SelectionHead
from longsum.selection.sentence_features import Sentences
from longsum.session import Session
from longsum.similarity import count_words

NATS_PER_DEVIATION = 3.0
"""What a standard deviation of LexRank or BM25 counts beside the model's log-probability. Of 0, 1
and 3 the best on average over 15 documents of three training sets: too few to tell much."""
MOST_PASSED_OVER = 4
"""Sentences too long for the rest of the answer before it is given up filling it."""
ENOUGH = 0.9
"""Share of the words asked for at which a verbatim summary may end."""
TOO_MUCH = 1.15
"""Share of the words asked for that no further sentence may cross."""


def summary_spans(
    session: Session, suffix: str, config: SummaryConfig, decode: DecodeConfig
) -> list[Span]:
    """Return the sentences of a summary, in the document's order.

    Raises:
        EmptyDocument: when there is no sentence to choose from.
        UsageError: when the tokens reserved for the answer hold none of them.
    """
    head = session.head
    if head is not None:
        return _by_head(session, head, config, decode)
    candidates = [
        c
        for c in summary_candidates(session.prepared.document, config.words, config.focus)
        if session.was_read(c.span)
    ]
    require_sentences(candidates)
    with closing(choose_candidates(session, suffix, candidates, decode)) as choosing:
        return sorted(c.span for c in fill(choosing, config.words))


def answer_spans(
    session: Session, question: str, suffix: str, config: AskConfig, decode: DecodeConfig
) -> list[Span]:
    """Return the sentences by which a model without a head answers a question, best first.

    Returns:
        None of them where no sentence is likely to answer.

    Raises:
        UsageError: when the tokens reserved for the answer hold none of them.
    """
    document = session.prepared.document
    candidates = [c for c in answer_candidates(document, question) if session.was_read(c.span)]
    if not candidates:
        return []
    with closing(choose_candidates(session, suffix, candidates, decode)) as choosing:
        return [c.span for c in islice(choosing, config.sentences)]


def ranked_spans(
    document: Document,
    question: str,
    head: SelectionHead,
    config: AskConfig,
    decode: DecodeConfig,
) -> list[Span]:
    """Return the sentences by which a head answers a question; the model is not used.

    Returns:
        Best first; none where no sentence is likely to answer.
    """
    candidates = answer_candidates(document, question, head)
    noise = sampling_noise(decode, len(candidates))
    drawn = [
        replace(c, weight=c.weight + float(each)) for c, each in zip(candidates, noise, strict=True)
    ]
    return [c.span for c in best_of_groups(drawn)[: config.sentences]]


def refusal(question: str, receipt: Receipt, listener: Listener) -> Answer:
    """Say that no sentence was found; what the document says beyond them is not judged."""
    sentence = GroundedSentence(NOT_FOUND, 0, len(NOT_FOUND), is_refusal=True)
    listener.text(NOT_FOUND)
    return Answer(NOT_FOUND, NOT_FOUND, (sentence,), receipt, question)


@contextmanager
def choosing_by_head(session: Session) -> Iterator[None]:
    """Account for an answer that the head chooses: no token is decoded for it."""
    started = time.perf_counter()
    yield
    stats = session.engine.stats
    stats.decode_tokens, stats.finish_reason = 0, "words"
    stats.decode_s = time.perf_counter() - started


def require_sentences(found: Sequence[object]) -> None:
    """Refuse a document that has no sentences to choose from.

    Raises:
        EmptyDocument: when there are none.
    """
    if not found:
        raise EmptyDocument(
            "the document has no complete sentences to choose from",
            hint="lists and tables need a larger --model, which writes freely",
        )


def sampling_noise(decode: DecodeConfig, count: int) -> np.ndarray:
    """Return what is added to scores so that the best of them are a sample: (count,).

    Gumbel noise: sentences are then drawn without replacement from the softmax of score /
    temperature. At temperature 0 there is none.
    """
    drawn = np.random.default_rng(decode.seed).gumbel(size=count)
    return decode.temperature * drawn


def _by_head(
    session: Session, head: SelectionHead, config: SummaryConfig, decode: DecodeConfig
) -> list[Span]:
    """Choose a summary's sentences with the checkpoint's selection head."""
    document = session.prepared.document
    spans = [span for span in readable(document) if session.was_read(span)]
    require_sentences(spans)
    sentences = Sentences(document.text, spans, config.words, config.focus)
    encode = session.tokenizer.encode_many
    with choosing_by_head(session):
        noise = sampling_noise(decode, len(spans))
        chosen = choose_sentences(sentences, session.token_states, head, encode, noise)
    return [spans[i] for i in chosen]


def best_of_groups(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return candidates by falling weight, of those that say the same the first alone."""
    seen: dict[int, Candidate] = {}
    for candidate in sorted(candidates, key=lambda c: -c.weight):
        seen.setdefault(candidate.group, candidate)
    return list(seen.values())


def choose_candidates(
    session: Session, suffix: str, candidates: Sequence[Candidate], decode: DecodeConfig
) -> Generator[Candidate, None, None]:
    """Yield candidates in the order in which the model chooses them.

    Raises:
        UsageError: when the tokens reserved for the answer hold none of them.
    """
    from longsum.engine.choosing import Choice

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
        length = count_words(candidate.text)
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
