"""What is known of each sentence of a document with respect to a question: one row of numbers each.

Shared words and their rarity, neighbours, names, and whether the sentence has what the question
asks for: a person, a number, a place, a reason. Pure; no torch. The words that tell one kind of
question from another are English; in other languages only their features fall away.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence

import numpy as np

from longsum.ranking import NEIGHBOUR, around, bm25, names_in, standardized, terms_of
from longsum.selection.sentences import Columns
from longsum.similarity import idf_weights, is_number, words

_KINDS = {
    "who": re.compile(r"\b(?:who|whom|whose)\b", re.I),
    "number": re.compile(
        r"\bhow (?:many|much|long|old|far|often|large|big|high)\b|\bwhat (?:percent|number)", re.I
    ),
    "when": re.compile(r"\bwhen\b|\bwhat (?:year|date|time|day)\b|\bhow long ago\b", re.I),
    "where": re.compile(r"\bwhere\b|\bwhat (?:place|country|city|state)\b", re.I),
    "why": re.compile(r"\bwhy\b|\bwhat (?:is|was|were) the (?:reason|cause)", re.I),
    "how": re.compile(r"\bhow\b(?! (?:many|much|long|old|far|often|large|big|high)\b)", re.I),
    "definition": re.compile(r"\bwhat (?:is|are|was|were) (?:an? |the )?[\w' -]+\??$", re.I),
}
_NAMED = re.compile(r"(?<=[\w,;] )[A-Z][\w’'-]+")
_REASON = re.compile(
    r"\b(?:because|since|therefore|so that|in order to|as|due|cause[sd]?|reason|for)\b", re.I
)
_PLACE = re.compile(r"\b(?:in|at|on|near|under|into|to|from)\s+(?:the\s+)?[\w’'-]+", re.I)
_TIME = re.compile(
    r"\b(?:1\d{3}|20\d\d|day|night|morning|evening|year|month|week|when|after)\b", re.I
)
_DEFINING = re.compile(r"\b(?:is|are|was|were|means?|refers? to|called|known as|defined)\b", re.I)


def answer_features(texts: Sequence[str], question: str) -> np.ndarray:
    """Return what is known of each sentence with respect to a question.

    Args:
        texts: the document's sentences, in order.
        question: in the words of the user.

    Returns:
        (sentences, features) float32.
    """
    bags = [terms_of(text) for text in texts]
    columns = _shared(texts, bags, question) | _looks(texts, question)
    return np.stack(list(columns.values()), axis=1).astype(np.float32)


def _shared(texts: Sequence[str], bags: Sequence[Sequence[str]], question: str) -> Columns:
    """Return how much of the question stands in sentences and around them."""
    query = terms_of(question)
    asked, weights, names = set(query), idf_weights(bags), names_in(question)
    unknown = math.log(1 + len(bags) + 0.5)  # of a word that no sentence has
    mass = {term: weights.get(term, unknown) for term in asked}
    total = max(1e-9, sum(mass.values()))
    sets = [set(bag) for bag in bags]

    def covered(groups: Sequence[set[str]]) -> np.ndarray:
        return np.array([sum(mass[t] for t in group & asked) for group in groups]) / total

    near = [set().union(*sets[max(0, i - 1) : i + 2]) for i in range(len(sets))]
    wide = [set().union(*sets[max(0, i - 4) : i + 5]) for i in range(len(sets))]
    before = [set().union(*sets[max(0, i - 2) : i]) for i in range(len(sets))]
    match = bm25(bags, query)
    highest = max(1e-9, float(match.max(initial=0.0)))
    z = standardized(match)
    pairs = set(zip(query, query[1:], strict=False))
    new = [sum(weights[t] for t in each - asked) for each in sets]
    rank = np.empty(len(z))
    rank[np.argsort(-z, kind="stable")] = np.arange(len(z))
    return {
        "match": z / 3,
        "match_around": around(z) / 3,
        "match_of_best": match / highest,
        "match_around_of_best": around(match) / highest / (1 + 2 * NEIGHBOUR),
        "log_rank": np.log1p(rank),
        "covered": covered(sets),
        "covered_near": covered(near),
        "covered_wide": covered(wide),
        "covered_before": covered(before),
        "pairs": np.array([sum(p in pairs for p in zip(b, b[1:], strict=False)) for b in bags])
        / max(1, len(pairs)),
        "names": np.array([len(each & names) for each in sets]) / max(1, len(names)),
        "has_names": np.full(len(bags), float(bool(names))),
        "new": np.array(new) / 20,
        "new_share": np.array([len(e - asked) / max(1, len(e)) for e in sets]),
        "best_match": np.full(len(bags), highest / 20),
        "query": np.full(len(bags), len(asked) / 8),
        "size": np.array([len(bag) for bag in bags]) / 15,
        "position": np.arange(len(bags)) / max(1, len(bags)),
        "log_sentences": np.full(len(bags), math.log(max(1, len(bags)))),
    }


def _looks(texts: Sequence[str], question: str) -> Columns:
    """Return whether sentences have what this kind of question asks for."""
    asked = set(words(question))
    kinds = {name: bool(pattern.search(question)) for name, pattern in _KINDS.items()}
    has = {
        "name": np.array(
            [any(n.casefold() not in asked for n in _NAMED.findall(t)) for t in texts]
        ),
        "number": np.array([any(is_number(w) and w not in asked for w in words(t)) for t in texts]),
        "reason": np.array([bool(_REASON.search(t)) for t in texts]),
        "place": np.array([bool(_PLACE.search(t)) for t in texts]),
        "time": np.array([bool(_TIME.search(t)) for t in texts]),
        "defining": np.array([bool(_DEFINING.search(t[:120])) for t in texts]),
        "asking": np.array([t.rstrip("\"'”’) ").endswith("?") for t in texts]),
        "quoted": np.array([any(c in '"“”' for c in t) for t in texts]),
    }
    columns: Columns = {f"has_{name}": found.astype(float) for name, found in has.items()}
    wanted = {
        "who": "name",
        "number": "number",
        "when": "time",
        "where": "place",
        "why": "reason",
        "definition": "defining",
    }
    for kind, name in wanted.items():
        columns[f"{kind}_{name}"] = columns[f"has_{name}"] * kinds[kind]
    return columns | {kind: np.full(len(texts), float(is_it)) for kind, is_it in kinds.items()}


def _names_beyond(asked: Collection[str], text: str) -> bool:
    """Tell whether a sentence has a capitalised word that the question has not."""
    return any(name.casefold() not in asked for name in _NAMED.findall(text))
