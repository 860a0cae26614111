"""Train the part of the selection head that finds the sentence with a question's answer.

    python -m recipes.mini.answers --data DATA --work runs/mini

From questions with answers that people wrote. A sentence holds an answer when it has most of its
words; the network learns to rank such sentences above the document's others. Test files are
opened by `--test` alone, to be measured.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from safetensors.torch import save_file

from longsum.candidates import statements
from longsum.evaluate.pairs import Pair, read_pairs
from longsum.ranking import around, bm25, terms_of
from longsum.selection.answers import answer_features
from longsum.selection.head import network_of
from longsum.similarity import content_words, words
from recipes.mini.networks import fit, named

TRAINING = {"fairytaleqa.train": 3000, "openstax_qa.train": 1500}
VALIDATION = {"fairytaleqa.val": 300}
TEST = {"covidqa": 400, "openstax_qa.test": 400, "fairytaleqa.test": 400}
"""Questions taken of each file."""
HELD = 0.6
"""Share of an answer's words that the sentence with the answer has, at least."""
MOST_HOLDING = 0.1
"""Share of the sentences beyond which a question's answer stands everywhere, and finds nothing."""
SHOWN = 3
"""Sentences that an answer prints."""


@dataclass(frozen=True)
class Question:
    """A question on a document, and the sentences that hold its answer."""

    file: str
    texts: Sequence[str]
    query: str
    holds: np.ndarray
    """(sentences,) bool."""


def questions(data: Path, files: dict[str, int]) -> Iterator[Question]:
    """Yield questions whose answer stands in a sentence of the document."""
    for name, count in files.items():
        pairs = [p for p in read_pairs([data / "pairs" / f"{name}.jsonl.xz"]) if p.query]
        random.Random(0).shuffle(pairs)
        split: dict[str, list[str]] = {}
        taken = 0
        for pair in pairs:
            if taken == count:
                break
            if pair.text not in split:
                document = pair.document
                split[pair.text] = [document.text[a:b] for a, b in statements(document)]
            texts = split[pair.text]
            holds = holding([set(words(text)) for text in texts], pair)
            if 0 < holds.sum() <= max(1, MOST_HOLDING * len(texts)):
                taken += 1
                yield Question(name, texts, pair.query or "", holds)
        print(f"{name}: {taken} questions", flush=True)


def holding(bags: Sequence[Set[str]], pair: Pair) -> np.ndarray:
    """Return which sentences hold the answer, from their sets of words: (sentences,) bool."""
    found = np.zeros(len(bags), dtype=bool)
    asked = set(content_words(pair.query or ""))
    for reference in pair.references:
        wanted = set(content_words(reference)) or set(words(reference))
        new = wanted - asked or wanted  # what the question says already answers nothing
        found |= np.array([len(bag & new) >= max(1.0, HELD * len(new)) for bag in bags], dtype=bool)
    return found


def hits(ready: Sequence[Question], score: Callable[[Question], np.ndarray]) -> dict[str, float]:
    """Return a file's share of questions with an answer among the first sentences printed."""
    found: dict[str, list[bool]] = {}
    for question in ready:
        best = np.argsort(-score(question), kind="stable")[:SHOWN]
        found.setdefault(question.file, []).append(bool(question.holds[best].any()))
    return {file: float(np.mean(each)) for file, each in found.items()}


def plain_bm25(question: Question) -> np.ndarray:
    """Score sentences by BM25: (sentences,)."""
    return bm25([terms_of(text) for text in question.texts], terms_of(question.query))


def bm25_around(question: Question) -> np.ndarray:
    """Score sentences by BM25 and their neighbours': (sentences,)."""
    return around(plain_bm25(question))


def listwise(scores: torch.Tensor, holds: torch.Tensor) -> torch.Tensor:
    """Return -log of the softmax probability that falls on the sentences with the answer."""
    inside = scores.masked_fill(holds < 0.5, float("-inf"))
    return scores.logsumexp(0) - inside.logsumexp(0)


def main() -> None:
    """Train the network and compare it with BM25; with `--test` on the test files, too."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with pairs/")
    parser.add_argument("--work", type=Path, default=Path("runs/mini"))
    parser.add_argument("--test", action="store_true", help="measure on the test files")
    arguments = parser.parse_args()
    output = arguments.work / "select" / "answers.safetensors"
    if not output.exists():
        ready = list(questions(arguments.data, TRAINING))
        rows = [(answer_features(q.texts, q.query), q.holds) for q in ready]
        output.parent.mkdir(parents=True, exist_ok=True)
        save_file(named("answers", fit(rows, listwise, epochs=6)), output)
    network = network_of(load_file(output), "answers")
    measured = VALIDATION | (TEST if arguments.test else {})
    kept = list(questions(arguments.data, measured))
    methods: dict[str, Callable[[Question], np.ndarray]] = {
        "BM25": plain_bm25,
        "BM25 and neighbours": bm25_around,
        "network": lambda q: network(answer_features(q.texts, q.query))[:, 0],
    }
    for name, score in methods.items():
        shares = "  ".join(f"{file} {share:.3f}" for file, share in hits(kept, score).items())
        print(f"{name:24}{shares}", flush=True)


if __name__ == "__main__":
    main()
