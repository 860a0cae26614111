"""Candidates for a verbatim answer: sentences of the document, weighted by a plain statistic.

A small model's own likelihood says more about how sentences begin than about which ones matter. So
the trie it decodes from holds only the sentences that a statistic proposes, a few times as many as
the answer needs, and the statistic's score is added to the model's: LexRank (Erkan and Radev 2004)
for summaries, BM25 (Robertson and Zaragoza 2009) for questions. A summary consists of sentences
that make sense by themselves; a question may be about any line of the document. No torch.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np

from longsum.documents.document import Document, Span
from longsum.documents.statements import sentence_spans, statement_spans
from longsum.documents.voices import Voice, voices_of
from longsum.selection.answer_features import answer_names, asks_whether
from longsum.selection.asked import asked_document
from longsum.selection.conclusions import MIN_STRENGTH, conclusions
from longsum.selection.confidence import chances
from longsum.selection.leading import leading
from longsum.selection.literals import answer_terms
from longsum.selection.question_kinds import answers_when, asks_conclusion, asks_when
from longsum.selection.ranking import around, bm25, coverage, standardized, terms_of
from longsum.selection.references import points_elsewhere
from longsum.selection.sentence_features import Sentences
from longsum.similarity import near_duplicates, sentence_key, words

MIN_CANDIDATES = 24
"""Candidates for the shortest answer."""
PER_SENTENCE = 4
"""Candidates for each sentence of an answer of average sentences."""
WORDS_PER_SENTENCE = 22
"""Words of an average printed sentence."""
LEADING_BONUS, PIECE_PENALTY = 3.0, 3.0
"""Standard deviations of LexRank added to conclusions, and subtracted from headings and stubs."""
MAX_RANKED = 4000
"""Sentences that are ranked, which compares all pairs; more are thinned out evenly."""
MAX_APART = 0.9
"""Share of a document from which separate opinions are what it is about."""
_OF_OPINIONS = re.compile(r"\b(?:dissent|concur|separate opinion|minority)", re.I)
APART_PENALTY = 3.0
"""Subtracted from the score of an answer in a separate opinion, which does not speak for its court;
an answer that nothing in the judgment comes near is still found."""
CONCLUSION_BONUS = 4.0
"""Standard deviations of the scores of answers that are added for each point of strength of a
conclusion, if one is asked for: its words are seldom the question's."""
DATED_BONUS = 2.0
"""Added to an answer's score for each point of how well its dates answer, if a date is asked for:
of 112 such questions of XQuAD the first sentence then holds the answer to 90 (83 without), of 39 of
covidqa one of three to 29 (26), 2026-11-29."""
MIN_COVERAGE = 0.4
"""Minimum share of a question's words near one sentence for a document to answer it."""
MAX_COPIES = 2
"""Copies of one sentence among the candidates."""


@dataclass(frozen=True)
class Candidate:
    """A sentence of the document."""

    span: Span
    text: str
    weight: float
    """Score in standard deviations above the average sentence."""
    group: int
    """Group of near-duplicates."""
    score: float = 0.0
    """The ranker's own score."""
    chance: float = 0.0
    """Estimated chance that it holds the answer to a question; 0 where none is estimated."""


def statements(document: Document) -> list[Span]:
    """Return the sentences that make sense by themselves: no headings, captions or fragments."""
    return list(_statements_of(document.text))


@lru_cache(maxsize=2)  # a document is asked many questions
def _statements_of(text: str) -> tuple[Span, ...]:
    """Return the statements of a text."""
    return tuple(statement_spans(text))


def sentences(document: Document) -> list[Span]:
    """Return all sentences, including headings, captions and short lines."""
    return list(_sentences_of(document.text))


@lru_cache(maxsize=2)
def _sentences_of(text: str) -> tuple[Span, ...]:
    """Return the sentences of a text."""
    return tuple(sentence_spans(text))


def readable(document: Document, focus: str | None = None) -> list[Span]:
    """Return the statements that a summary may choose from, thinned out if too many.

    Separate opinions of judges are not among them, see `spoken_apart`.

    Args:
        document: the document to summarize.
        focus: what the reader cares about.
    """
    own = statements(document)
    apart = _are_apart(document, own, focus)
    spans = [span for span, is_apart in zip(own, apart, strict=True) if not is_apart]
    if len(spans) <= MAX_RANKED:
        return spans
    return [spans[i] for i in np.linspace(0, len(spans) - 1, MAX_RANKED).astype(int)]


def _are_apart(document: Document, spans: Sequence[Span], focus: str | None) -> list[bool]:
    """Return whether each sentence is in a separate opinion that `spoken_apart` returns."""
    apart = [each.span for each in spoken_apart(document, focus)]
    return [_reaches_into(span, apart) for span in spans]


def _reaches_into(span: Span, apart: Sequence[Span]) -> bool:
    """Return whether a sentence is within a passage, or holds the line it opens with.

    Args:
        span: the sentence.
        apart: the passages, in order.
    """
    last = bisect_left(apart, span.end, key=lambda each: each.start) - 1
    return last >= 0 and span.start < apart[last].end


def spoken_apart(document: Document, focus: str | None) -> tuple[Voice, ...]:
    """Return the separate opinions that a summary leaves out, and that answer a question last.

    A sentence of a dissent would read as the court's own.

    Args:
        document: the document to summarize, or asked about.
        focus: what the reader cares about, or asks; if it names dissents, concurrences or a judge
            who wrote one of them, none is left out.

    Returns:
        The opinions in order; none if the document has hardly anything besides them.
    """
    voices = voices_of(document.text, document.continues)
    if focus and (_OF_OPINIONS.search(focus) or _names_one(voices, focus)):
        return ()
    apart = sum(each.span.end - each.span.start for each in voices)
    return voices if apart < MAX_APART * len(document.text) else ()


def _names_one(voices: Sequence[Voice], focus: str) -> bool:
    """Return whether a focus names an author of a separate opinion."""
    asked = set(words(focus.replace("’", "'")))
    authors = {author for each in voices for author in each.authors}
    return any(asked.issuperset(words(author)) for author in authors)


def summary_candidates(document: Document, words: int, focus: str | None) -> list[Candidate]:
    """Return the candidates for a summary, in document order.

    Args:
        document: the document to summarize.
        words: length asked for.
        focus: what the reader cares about; sentences that share its words rank higher.
    """
    spans = readable(document, focus)
    found = Sentences(document.text, spans, words, focus)
    scores = standardized(found.lexrank)
    if focus:
        scores = scores + standardized(bm25(found.terms, terms_of(focus)))
    scores = scores - PIECE_PENALTY * found.pieces
    scores[leading(found, scores.tolist())] += LEADING_BONUS
    count = max(MIN_CANDIDATES, PER_SENTENCE * words // WORDS_PER_SENTENCE)
    return _best(spans, found.texts, scores, count)


def passage_around(document: Document, span: Span) -> str:
    """Return a sentence with the one before it and the one after it."""
    spans = sentences(document)
    place = bisect_left(spans, span)
    near = spans[max(0, place - 1) : place + 2]
    return " ".join(" ".join(document.text[a:b].split()) for a, b in near)


class Ranker(Protocol):
    """Ranks sentences as answers: a checkpoint's head."""

    def rank_answers(self, texts: Sequence[str], question: str) -> tuple[np.ndarray, bool]:
        """Return a score for each sentence, and whether one of them is likely an answer."""


class Ranked(NamedTuple):
    """The best sentences for a question, and whether one of them is likely an answer."""

    candidates: list[Candidate]
    """In document order."""
    answered: bool


def answer_candidates(
    document: Document, question: str, ranker: Ranker | None = None
) -> list[Candidate]:
    """Return the candidates for an answer, in document order; none for an unrelated question.

    Args:
        document: the document asked about.
        question: in the user's words.
        ranker: a checkpoint's head; None uses BM25 smoothed over neighbours.
    """
    ranked = ranked_candidates(document, question, ranker)
    return ranked.candidates if ranked.answered else []


def ranked_candidates(document: Document, question: str, ranker: Ranker | None = None) -> Ranked:
    """Return the sentences that come nearest to a question, whether or not they answer it.

    Args:
        document: the document asked about.
        question: in the user's words.
        ranker: a checkpoint's head; None uses BM25 smoothed over neighbours.
    """
    spans = sentences(document)
    texts = [document.text[s.start : s.end] for s in spans]
    query = answer_terms(question)
    if not texts or not (query or asks_conclusion(question)):
        return Ranked([], answered=False)
    asked = asked_document(texts)
    if ranker is not None:
        scores, answered = ranker.rank_answers(texts, question)
    else:
        scores = around(bm25(asked.bags, query))
        answered = coverage(asked.bags, query, answer_names(asked, question)) >= MIN_COVERAGE
    if asks_when(question):
        scores = scores + DATED_BONUS * np.array([answers_when(text, question) for text in texts])
    apart = np.array(_are_apart(document, spans, question))
    scores = scores - APART_PENALTY * apart
    likely = np.zeros(len(texts)) if ranker is None else chances(scores)
    if asks_conclusion(question):
        strengths = _own_conclusions(document, spans, texts, apart)
        if strengths.max() >= MIN_STRENGTH:
            answered = True
            scores = standardized(scores) + CONCLUSION_BONUS * strengths
    # a line without any word beyond the question's answers nothing, except whether it is so
    whole = asks_whether(question)
    telling = [i for i, each in enumerate(asked.sets) if whole or not each <= set(query)]
    best = _best(
        [spans[i] for i in telling],
        [texts[i] for i in telling],
        standardized(scores)[telling],
        MIN_CANDIDATES,
        scores[telling],
        likely[telling],
    )
    return Ranked(best, bool(answered))


def _own_conclusions(
    document: Document, spans: Sequence[Span], texts: Sequence[str], apart: np.ndarray
) -> np.ndarray:
    """Return how strongly each sentence says what the document itself concludes: (sentences,).

    Args:
        document: the document asked about.
        spans: its sentences.
        texts: their texts.
        apart: (sentences,) whether each is in a separate opinion.
    """
    strengths = conclusions(document.text, spans)
    cites = np.array([points_elsewhere(text) for text in texts])  # others' words
    strengths[cites | apart] = 0.0
    return strengths


def _best(
    spans: Sequence[Span],
    texts: Sequence[str],
    scores: np.ndarray,
    count: int,
    raw: np.ndarray | None = None,
    likely: np.ndarray | None = None,
) -> list[Candidate]:
    """Return the `count` best different ones, in document order, near-duplicates grouped.

    Of a sentence that is repeated, two copies at most are returned, which share a group.

    Args:
        spans: the sentences' places.
        texts: their texts.
        scores: (sentences,).
        count: number of candidates.
        raw: (sentences,) the ranker's own scores; None for a summary.
        likely: (sentences,) chance that each holds the answer; None for a summary.
    """
    raw = np.zeros(len(spans)) if raw is None else raw
    likely = np.zeros(len(spans)) if likely is None else likely
    copies: Counter[str] = Counter()
    best: list[int] = []
    for i in np.argsort(-scores, kind="stable").tolist():
        key = sentence_key(texts[i])
        if len(copies) == count and key not in copies:
            break
        copies[key] += 1
        if copies[key] <= MAX_COPIES:
            best.append(i)
    chosen = sorted(best)
    groups = near_duplicates([texts[i] for i in chosen])
    return [
        Candidate(spans[i], texts[i], float(scores[i]), group, float(raw[i]), float(likely[i]))
        for i, group in zip(chosen, groups, strict=True)
    ]
