"""Train the part of the selection head that answers questions.

    python -m recipes.mini.answers --data DATA --work runs/mini

Trains on questions with answers that people wrote. One network learns to rank the sentences with
the answer above the document's others; another learns whether a document answers a question. Test
files are opened only with `--test`, for measuring.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from safetensors.torch import save_file
from torch.nn.functional import binary_cross_entropy_with_logits

from longsum.selection.answer_features import answer_columns, question_features
from longsum.selection.asked import asked_document
from longsum.selection.head import (
    MIN_LOG_ODDS,
    WHOLLY_COVERED,
    Network,
    answer_scores,
    network_of,
)
from longsum.selection.literals import answer_terms
from longsum.selection.ranking import around, bm25
from longsum.selection.sentence_features import stacked
from recipes.mini.networks import Rows, fit, named
from recipes.mini.questions import CHAPTER, Question, brief, elsewhere, questions

TRAINING = {
    "fairytaleqa.train": 2500,
    "openstax_qa.train": 1000,
    f"openstax_qa.train{CHAPTER}": 350,
}
VALIDATION = {"fairytaleqa.val": 400, "xquad_en": 400}
TEST = {
    "covidqa": 400,
    "openstax_qa.test": 400,
    f"openstax_qa.test{CHAPTER}": 400,
    "fairytaleqa.test": 400,
}
"""Number of questions taken from each file."""
SHOWN = 3
"""Number of sentences printed for an answer."""

Score = Callable[[Question], np.ndarray]
"""From a question to a score for each sentence."""


def plain_bm25(question: Question) -> np.ndarray:
    """Score sentences by BM25: (sentences,)."""
    return bm25(asked_document(question.texts).bags, answer_terms(question.query))


def bm25_around(question: Question) -> np.ndarray:
    """Score sentences by their own BM25 and that of their neighbours: (sentences,)."""
    return around(plain_bm25(question))


def by_network(network: Network) -> Score:
    """Return a function that scores sentences by a network."""
    return lambda q: answer_scores(network, answer_columns(q.texts, q.query))


def listwise(scores: torch.Tensor, holds: torch.Tensor) -> torch.Tensor:
    """Return -log of the softmax probability of the sentences with the answer."""
    inside = scores.masked_fill(holds < 0.5, float("-inf"))
    return scores.logsumexp(0) - inside.logsumexp(0)


def answered_loss(odds: torch.Tensor, answered: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy of predicting whether questions are answered."""
    return binary_cross_entropy_with_logits(odds, answered)


def about(question: Question) -> np.ndarray:
    """Return the features for whether a question's document answers it: (1, features)."""
    return question_features(answer_columns(question.texts, question.query))


def train_heads(ready: Sequence[Question]) -> dict[str, torch.Tensor]:
    """Train both networks and return their tensors.

    The second is trained on each question with its own document and with another, in full and as
    keywords, since people ask in keywords and the questions about stories are long.
    """
    ready = sorted(ready, key=lambda q: q.document.sha256)  # each document is analyzed once
    rows: Rows = [(stacked(answer_columns(q.texts, q.query)), q.holds) for q in ready]
    own = ready + [brief(q) for q in ready]
    judged: Rows = []
    for answered, each in ((1.0, own), (0.0, elsewhere(own))):
        in_order = sorted(each, key=lambda q: q.document.sha256)
        judged += [(about(q), np.full(1, answered)) for q in in_order]
    ranking, answered_by = fit(rows, listwise, epochs=6), fit(judged, answered_loss, epochs=6)
    return named("answers", ranking) | named("answered", answered_by)


def measure(ready: Sequence[Question], methods: dict[str, Score]) -> None:
    """Print each file's share of questions with an answer among the first `SHOWN` sentences.

    The difference to the first method is in brackets, with its standard error.
    """
    for file in sorted({question.file for question in ready}):
        own = [question for question in ready if question.file == file]
        line, first = [f"{file} ({len(own)})"], None
        for name, score in methods.items():
            best = [np.argsort(-score(q), kind="stable")[:SHOWN] for q in own]
            found = np.array([q.holds[b].any() for q, b in zip(own, best, strict=True)], float)
            first = found if first is None else first
            error = (found - first).std() / len(own) ** 0.5
            line.append(f"{name} {found.mean():.3f} ({(found - first).mean():+.3f} ± {error:.3f})")
        print("  ".join(line), flush=True)


def odds_of(question: Question, answered: Network) -> float:
    """Return the log-odds that a question is answered; infinite if its words are in one place."""
    columns = answer_columns(question.texts, question.query)
    if columns["covered_near"].max() > WHOLLY_COVERED:
        return float("inf")
    return float(answered(question_features(columns))[0, 0])


def measure_refusals(ready: Sequence[Question], answered: Network, odds: Sequence[float]) -> None:
    """Print the share of refused questions on their own document and on another, by threshold.

    Args:
        ready: questions with their own documents.
        answered: network for whether a question is answered.
        odds: thresholds of the log-odds.
    """
    for file in sorted({question.file for question in ready}):
        own = [question for question in ready if question.file == file]
        found = [np.array([odds_of(q, answered) for q in each]) for each in (own, elsewhere(own))]
        line = [f"{file} ({len(own)}), refused of its own document, of another"]
        for each in odds:
            line.append(
                f"at {each:+.2f}: {(found[0] < each).mean():.3f}, {(found[1] < each).mean():.3f}"
            )
        print("  ".join(line), flush=True)


def main() -> None:
    """Train the networks and compare them with BM25; with `--test` on the test files, too."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with pairs/")
    parser.add_argument("--work", type=Path, default=Path("runs/mini"))
    parser.add_argument("--test", action="store_true", help="measure on the test files")
    arguments = parser.parse_args()
    output = arguments.work / "select" / "answers.safetensors"
    if not output.exists():
        output.parent.mkdir(parents=True, exist_ok=True)
        save_file(train_heads(list(questions(arguments.data, TRAINING))), output)
    tensors = load_file(output)
    network, answered = network_of(tensors, "answers"), network_of(tensors, "answered")
    ready = list(questions(arguments.data, VALIDATION | (TEST if arguments.test else {})))
    ready.sort(key=lambda q: q.document.sha256)
    measure(
        ready,
        {"BM25": plain_bm25, "BM25 and neighbours": bm25_around, "network": by_network(network)},
    )
    measure_refusals(ready, answered, (-3.0, -2.0, MIN_LOG_ODDS, 0.0))


if __name__ == "__main__":
    main()
