"""Features of each sentence of a document with respect to a question, one row per sentence.

Shared words and their rarity, neighbours, names, numbers and quotations, and whether the sentence
holds what the question asks for: a person, a number, a date, a place, a reason. The patterns of
kinds of questions are English; in other languages their features are zero. Pure; no torch.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence, Set

import numpy as np

from longsum.selection.asked import AskedDocument, asked_document
from longsum.selection.literals import answer_terms, holds_phrase, literal_words, literals_of
from longsum.selection.ranking import NEIGHBOUR, around, bm25, standardized
from longsum.selection.sentence_features import Columns, stacked
from longsum.similarity import FUNCTION_WORDS, stem

_KINDS = {
    "who": re.compile(r"\b(?:who|whom|whose)\b", re.I),
    "number": re.compile(
        r"\bhow (?:many|much|long|old|far|often|large|big|high)\b|\bwhat (?:percent|number)", re.I
    ),
    "when": re.compile(
        r"\bwhen\b|\b(?:what|which) (?:year|date|time|day)\b|\bhow long ago\b|\bdeadline\b", re.I
    ),
    "where": re.compile(r"\bwhere\b|\bwhat (?:place|country|city|state)\b", re.I),
    "why": re.compile(r"\bwhy\b|\bwhat (?:is|was|were) the (?:reason|cause)|\bwhat caused\b", re.I),
    "how": re.compile(r"\bhow\b(?! (?:many|much|long|old|far|often|large|big|high)\b)", re.I),
    "definition": re.compile(r"\bwhat (?:is|are|was|were) (?:an? |the )?[\w' -]+\??$", re.I),
    "money": re.compile(r"\bhow much\b|\b(?:costs?|price|paid|pay|worth|fee|salary)\b", re.I),
    "yes": re.compile(
        r"^\W*(?:is|are|was|were|do|does|did|has|have|can|could|will|should)\b", re.I
    ),
}
_WHETHER = re.compile(
    r"^\W*(?:is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|shall|should|may|might"
    r"|must)\b",
    re.I,
)
_WANTED = (
    *(("who", "name"), ("number", "number"), ("when", "time"), ("when", "date")),
    *(("where", "place"), ("where", "name"), ("why", "reason"), ("definition", "defining")),
    *(("money", "money"), ("number", "percent")),
)
"""Pairs of a kind of question and what a sentence should hold to answer it."""
_FACTS = ("when_date", "money_money", "number_number", "number_percent")
_SOUGHT = re.compile(r"\b(?:which|what)\s+(?!is|are|was|were|do|does|did|has|had)(\w+)", re.I)
_BEFORE = 3
"""Sentences before one that may name what it refers to."""

_HELD = (
    *("covered", "covered_near", "covered_wide", "names", "names_near", "all_names", "numbers"),
    *("quoted", "exact", "pairs", "rarest"),
)
"""Columns of how much of a question a sentence, or its surroundings, holds."""
_SAME = (
    *("best_match", "query", "log_sentences", "with_names", "with_numbers", "with_quoted"),
    "unknown_names",
)
"""Columns of a question and a document, the same for every sentence."""

COVERED_WEIGHT, NAMES_WEIGHT, FACT_WEIGHT = 6.0, 1.0, 2.0
"""Score added to a sentence that holds all words of a question, all its names, or the number, date
or price asked for. The network was trained on stories and review questions, whose answers are
worded differently; people who look for a fact use the document's words. Chosen on xquad_en (twelve
texts joined) and fairytaleqa.val: 94.8 % and 58.0 % of the questions have an answer among three
sentences, 87.5 % and 59.6 % without."""
BULKY = 25
"""Words from which on a line that is not prose gains less."""


def answer_features(texts: Sequence[str], question: str) -> np.ndarray:
    """Return the features of sentences with respect to a question as a matrix.

    Args:
        texts: the document's sentences, in order.
        question: in the user's words.

    Returns:
        (sentences, features) float32, in the order of `answer_columns`.
    """
    return stacked(answer_columns(texts, question))


def answer_columns(texts: Sequence[str], question: str) -> Columns:
    """Return the features of sentences with respect to a question by name, each (sentences,)."""
    document = asked_document(texts)
    return (
        _shared(document, answer_terms(question))
        | _literal(document, question)
        | _sought(document, question)
        | _looks(document, question)
    )


def literal_weight(columns: Columns) -> np.ndarray:
    """Return what is added to a network's scores for a question's own words: (sentences,)."""
    wanted: np.ndarray = np.max([columns[name] for name in _FACTS], axis=0)
    named = columns["names"] * columns["with_names"]
    weight = COVERED_WEIGHT * columns["covered"] + NAMES_WEIGHT * named + FACT_WEIGHT * wanted
    # tables of contents and other tables hold the words of any question
    bulk = np.maximum(1.0, np.expm1(columns["log_words"]) / BULKY)
    found: np.ndarray = np.where(columns["statement"] > 0, weight, weight / bulk)
    return found


def question_features(columns: Columns) -> np.ndarray:
    """Return the features of `question_columns` as one row: (1, features) float32."""
    return stacked(question_columns(columns))


def question_columns(columns: Columns) -> Columns:
    """Return the features that decide whether a document answers a question, each (1,).

    They measure how much of the question its best places hold.

    Args:
        columns: from `answer_columns`, of at least one sentence.
    """
    best = int(np.argmax(literal_weight(columns) + columns["match_around_of_best"]))
    return (
        {f"highest_{name}": columns[name].max(keepdims=True) for name in _HELD}
        | {f"best_{name}": columns[name][best : best + 1] for name in _HELD}
        | {name: columns[name][:1] for name in _SAME}
    )


def asks_whether(question: str) -> bool:
    """Return whether a question is answered by yes or no."""
    return bool(_WHETHER.search(question))


def answer_names(document: AskedDocument, question: str) -> set[str]:
    """Return the terms of a question's names, numbers and quotations."""
    return {stem(word) for word in literals_of(question, document.capitalised).all}


def _near(groups: Sequence[Set[str]], before: int, after: int) -> list[Set[str]]:
    """Return the terms within `before` and `after` sentences of each; `after=-1` leaves it out."""
    return [
        set().union(*groups[max(0, i - before) : max(0, i + after + 1)]) for i in range(len(groups))
    ]


def _shared(document: AskedDocument, query: Sequence[str]) -> Columns:
    """Return how much of the question sentences and their surroundings hold."""
    bags, sets, weights, count = document.bags, document.sets, document.weights, len(document.bags)
    asked = frozenset(query)
    unknown = math.log(1 + count + 0.5)  # weight of a word that no sentence holds
    mass = {term: weights.get(term, unknown) for term in asked}
    total = max(1e-9, sum(mass.values()))
    held = [each & asked for each in sets]

    def covered(groups: Sequence[Set[str]]) -> np.ndarray:
        return np.array([sum(mass[term] for term in group) for group in groups]) / total

    match = bm25(bags, query)
    highest = max(1e-9, float(match.max(initial=0.0)))
    z = standardized(match)
    pairs = set(zip(query, query[1:], strict=False))
    rank = np.empty(count)
    rank[np.argsort(-z, kind="stable")] = np.arange(count)
    joined = [sum(p in pairs for p in zip(bag, bag[1:], strict=False)) for bag in bags]
    rarest = max((t for t in asked if t in weights), key=lambda t: (weights[t], t), default=None)
    return {
        "match": z / 3,
        "match_around": around(z) / 3,
        "match_of_best": match / highest,
        "match_around_of_best": around(match) / highest / (1 + 2 * NEIGHBOUR),
        "log_rank": np.log1p(rank),
        "covered": covered(held),
        "covered_near": covered(_near(held, 1, 1)),
        "covered_wide": covered(_near(held, 4, 4)),
        "covered_before": covered(_near(held, 2, -1)),
        "pairs": np.array(joined) / max(1, len(pairs)),
        "rarest": np.array([float(rarest in each) for each in held]),
        "new": np.array([sum(weights[t] for t in each - asked) for each in sets]) / 20,
        "new_share": np.array([len(e - asked) / max(1, len(e)) for e in sets]),
        "nothing_new": np.array([float(each <= asked) for each in sets]),
        "best_match": np.full(count, highest / 20),
        "query": np.full(count, len(asked) / 8),
        "size": np.array([len(bag) for bag in bags]) / 15,
        "position": np.arange(count) / max(1, count),
        "log_sentences": np.full(count, math.log(max(1, count))),
    }


def _literal(document: AskedDocument, question: str) -> Columns:
    """Return how many of the question's names, numbers and quotations sentences hold literally."""
    literals = literals_of(question, document.capitalised)
    sets, weights, count = document.word_sets, document.word_weights, len(document.texts)
    mass = {word: weights[word] for word in literals.all if word in weights}
    total = max(1e-9, sum(mass.values()))
    named = [each & mass.keys() for each in sets]

    def held(groups: Sequence[Set[str]]) -> np.ndarray:
        return np.array([sum(mass[word] for word in group) for group in groups]) / total

    here, phrases, numbers = held(named), literals.phrases, literals.numbers
    exact = {word for word in literal_words(question) if word not in FUNCTION_WORDS}
    quoted = [sum(holds_phrase(each, p) for p in phrases) for each in document.words]
    return {
        "names": here,
        "names_near": held(_near(named, 1, 1)),
        "names_before": held(_near(named, _BEFORE, -1)),
        "all_names": (here > 0.999).astype(float),
        "numbers": np.array([len(each & numbers) for each in sets]) / max(1, len(numbers)),
        "quoted": np.array(quoted) / max(1, len(phrases)),
        "exact": np.array([len(each & exact) for each in sets]) / max(1, len(exact)),
        "with_names": np.full(count, float(bool(literals.names))),
        "with_numbers": np.full(count, float(bool(numbers))),
        "with_quoted": np.full(count, float(bool(phrases))),
        "unknown_names": np.full(
            count, len(literals.all - mass.keys()) / max(1, len(literals.all))
        ),
    }


def _sought(document: AskedDocument, question: str) -> Columns:
    """Return whether sentences hold the word after `which` or `what`, also as part of a name."""
    match = _SOUGHT.search(question)
    sought = match[1].casefold() if match else ""
    return {
        "sought": np.array([float(stem(sought) in each) for each in document.sets]),
        "sought_name": np.array(
            [float(any(n.startswith(sought[:6] or " ") for n in e)) for e in document.names]
        ),
        "with_sought": np.full(len(document.texts), float(bool(sought))),
    }


def _looks(document: AskedDocument, question: str) -> Columns:
    """Return whether sentences hold what this kind of question asks for."""
    asked, count = set(literal_words(question)), len(document.texts)
    kinds = {name: float(bool(pattern.search(question))) for name, pattern in _KINDS.items()}
    has = {"name": document.names, "number": document.numbers, "date": document.dates}
    columns = document.surface | {
        f"has_{name}": np.array([float(bool(each - asked)) for each in found])
        for name, found in has.items()
    }
    for kind, name in _WANTED:
        columns[f"{kind}_{name}"] = columns[f"has_{name}"] * kinds[kind]
    return columns | {f"is_{kind}": np.full(count, is_it) for kind, is_it in kinds.items()}
