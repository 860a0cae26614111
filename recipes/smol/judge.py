"""Measure how well smol judges which sentence answers a question.

    python -m recipes.smol.judge --data DATA --file fairytaleqa.val=80

Candidates come from the bundled head, as in the program; the model adds how likely it is to ask
the question about each of the best. Prints, per file, the share of questions whose answer is in the
first sentence and among three, by the head alone and with the model, the difference with its
standard error, and how many first sentences are right of those that are shown as sure. With
`--padding 25000` each document stands among others of its file, about 32,000 tokens in all.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from longsum.answer_choice import best_of_groups
from longsum.config import LoadConfig
from longsum.events import Listener
from longsum.judge import Judge, open_judge
from longsum.judged_choice import judged, judged_candidates
from longsum.selection.candidates import Candidate, passage_around
from longsum.selection.confidence import SURE
from recipes.mini.questions import Question, among, questions

SHOWN = 3


def ranked(question: Question, judge: Judge) -> tuple[list[Candidate], list[Candidate], float]:
    """Return the candidates by the head, then with the model, and the chance of its first."""
    first = judged_candidates(question.document, question.query)
    if not first:
        return [], [], 0.0
    passages = [passage_around(question.document, each.span) for each in first]
    best = best_of_groups(judged(first, judge.judge(passages, question.query, Listener())))
    return first, best, best[0].chance


def holds(question: Question, candidates: list[Candidate]) -> np.ndarray:
    """Return whether each candidate has the answer: (candidates,)."""
    right = {text for text, held in zip(question.texts, question.holds, strict=True) if held}
    return np.array([each.text in right for each in candidates], dtype=bool)


def measure(name: str, asked: list[Question], judge: Judge) -> dict[str, object]:
    """Return the shares of a file's questions."""
    rows, sure = [], []
    for question in asked:
        by_head, judged, chance = ranked(question, judge)
        before, after = holds(question, by_head), holds(question, judged)
        rows.append([f(x) for f in (_first, _among) for x in (before, after)])
        if chance >= SURE:
            sure.append(_first(after))
    shares = np.array(rows, float)
    error = [(shares[:, i + 1] - shares[:, i]).std() / len(shares) ** 0.5 for i in (0, 2)]
    first, judged_first, among, judged_among = (round(100 * x, 1) for x in shares.mean(axis=0))
    return {
        "file": name,
        "questions": len(shares),
        "first": {"head": first, "judged": judged_first, "error": round(100 * error[0], 1)},
        "three": {"head": among, "judged": judged_among, "error": round(100 * error[1], 1)},
        "sure": len(sure),
        "sure right": round(100 * float(np.mean(sure)), 1) if sure else None,
    }


def _first(right: np.ndarray) -> bool:
    """Return whether the first candidate is right."""
    return bool(right[:1].any())


def _among(right: np.ndarray) -> bool:
    """Return whether one of those shown is right."""
    return bool(right[:SHOWN].any())


def main() -> None:
    """Measure files one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with pairs/")
    parser.add_argument("--file", action="append", required=True, metavar="NAME=COUNT")
    parser.add_argument("--model", default="smol")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument(
        "--padding",
        type=int,
        metavar="WORDS",
        help="ask of each document among others of its file, this many words in all",
    )
    arguments = parser.parse_args()
    judge = open_judge(LoadConfig(model=arguments.model, dtype=arguments.dtype), Listener())
    for each in arguments.file:
        name, _, count = each.partition("=")
        asked = list(questions(arguments.data, {name: int(count)}))
        if arguments.padding:
            asked = [among(each, asked, arguments.padding) for each in asked]
        print(json.dumps(measure(name, asked, judge)), flush=True)


if __name__ == "__main__":
    main()
