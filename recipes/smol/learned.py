"""Train and measure heads for questions and for summaries, right after reading.

Only the `train` split is used for training, and for deciding which attention heads are best.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from recipes.smol.harvest import Harvest, name_of, plain_features
from recipes.smol.heads import (
    Groups,
    Head,
    Loss,
    listwise,
    rank_correlation,
    scored,
    shares,
    squared,
    trained,
)
from recipes.smol.packed import Query
from recipes.smol.saved import Basis

QUESTION_STATES = 64
SUMS = (2, 4, 8, 16, 32, 64)
"""Numbers of best single features to add up."""
SINGLE_QUESTIONS = 1200
"""Number of training questions for comparing single features."""
TOP = 0.1
"""Share of a document's best sentences whose labels are averaged."""
Features = Callable[[torch.Tensor], torch.Tensor]


@dataclass
class Rows:
    """All sentences of all queries of a task, concatenated."""

    found: list[tuple[int, int, Query]]
    starts: torch.Tensor
    counts: torch.Tensor
    looks: torch.Tensor
    less: torch.Tensor | None
    """Attention minus that of a query without content."""
    sentence: torch.Tensor
    """Number of each row's sentence among those of all documents."""
    labels: torch.Tensor
    lexical: torch.Tensor | None

    def numbers(self, *splits: str) -> torch.Tensor:
        """Return the numbers of the queries of some splits."""
        chosen = [n for n, (_, _, query) in enumerate(self.found) if query.split in splits]
        return torch.tensor(chosen, dtype=torch.long)

    def groups(self, features: Features) -> Groups:
        """Return the queries with features of their rows."""
        return Groups(self.starts, self.counts, features, self.labels)


def rows_of(harvest: Harvest, kinds: tuple[str, ...]) -> Rows | None:
    """Return the rows of the queries of some kinds; None if there are none to learn from."""
    found = harvest.of(kinds)
    if sum(query.split == "train" for _, _, query in found) < 2:
        return None
    device = harvest.looks[0].device
    sizes = [len(document.first) for document in harvest.documents]
    begin = np.cumsum([0, *sizes])
    counts = torch.tensor([sizes[number] for number, _, _ in found])
    sentence = np.concatenate([np.arange(begin[n], begin[n + 1]) for n, _, _ in found])
    looks = torch.cat([harvest.looks[number][row] for number, row, _ in found])
    less = lexical = None
    if kinds == ("question",):
        less = torch.cat(
            [harvest.looks[number][row] - harvest.looks[number][0] for number, row, _ in found]
        )
        known = np.concatenate([query.lexical for _, _, query in found], axis=1)
        lexical = torch.from_numpy(known.T.copy()).to(device)
    labels = np.concatenate([query.labels for _, _, query in found])
    return Rows(
        found, counts.cumsum(0) - counts, counts, looks, less,
        torch.from_numpy(sentence).to(device), torch.from_numpy(labels).to(device), lexical,
    )  # fmt: skip


class Learning:
    """Trains heads and saves them with their scores.

    Args:
        harvest: features of the documents.
        basis: directions of the states.
        output: folder for the heads.
        until: time of `time.perf_counter` at which to stop.
        report: receives each finding.
    """

    def __init__(
        self,
        harvest: Harvest,
        basis: Basis,
        output: Path,
        until: float,
        report: Callable[..., None],
    ) -> None:
        self.harvest, self.output, self.until, self.report = harvest, output, until, report
        device = harvest.looks[0].device
        plain = np.concatenate([plain_features(document) for document in harvest.documents])
        self.plain = torch.from_numpy(plain).to(device)
        self.states = torch.cat([basis(x) for x in harvest.states])
        self.heads: dict[str, torch.Tensor] = {}
        self.scores: dict[str, torch.Tensor] = {}

    def head(
        self, name: str, rows: Rows, features: Features, loss: Loss, epochs: int, until: float
    ) -> None:
        """Train a head, measure it and save it; do nothing if time is up.

        Args:
            name: name of the head.
            rows: rows to train on.
            features: from row numbers to features.
            loss: `listwise` or `squared`.
            epochs: maximum passes.
            until: time of `time.perf_counter` at which to stop.
        """
        if time.perf_counter() > until:
            return
        groups = rows.groups(features)
        head, last = trained(groups, rows.numbers("train"), loss, epochs=epochs, until=until)
        measured = rows.numbers("kept", "val", "test")
        scores = scored(head, groups, measured)
        figures = hits_of(rows, scores) if loss is listwise else ranks_of(rows, scores)
        self.report(f"head {name}", loss=round(last, 4), **figures)
        self._save(name, head, rows, scores)

    def _save(self, name: str, head: Head, rows: Rows, scores: Mapping[int, torch.Tensor]) -> None:
        """Save all heads so far, and their scores of the held-out documents."""
        tensors = {f"{name}.{key}": t.half().contiguous() for key, t in head.state_dict().items()}
        self.heads |= tensors
        save_file(self.heads, self.output / "heads.safetensors")
        if scores:
            joined = torch.cat([scores[number] for number in sorted(scores)])
            self.scores[f"{name}.scores"] = joined.half()
            task = name.split()[0]
            self.scores[f"{task}.queries"] = torch.tensor(
                [rows.found[number][:2] for number in sorted(scores)], dtype=torch.int32
            )
            save_file(self.scores, self.output / "scores.safetensors")

    def questions(self, rows: Rows, until: float) -> None:
        """Train heads that find answers."""
        looks, less, lexical = rows.looks, rows.less, rows.lexical
        assert less is not None
        assert lexical is not None
        few = self.states[:, :QUESTION_STATES]

        def both(r: torch.Tensor) -> torch.Tensor:
            own = self.plain[rows.sentence[r]]
            return torch.cat([looks[r].float(), less[r].float(), own], dim=-1)

        def everything(r: torch.Tensor) -> torch.Tensor:
            return torch.cat([both(r), few[rows.sentence[r]], lexical[r]], dim=-1)

        def words(r: torch.Tensor) -> torch.Tensor:
            return torch.cat([self.plain[rows.sentence[r]], lexical[r]], dim=-1)

        self.head("questions looks", rows, both, listwise, 8, until)
        self.head("questions everything", rows, everything, listwise, 8, until)
        self.head("questions words", rows, words, listwise, 3, until)

    def summaries(self, rows: Rows, until: float) -> None:
        """Train heads that find what summaries say."""
        looks = rows.looks

        def seen(r: torch.Tensor) -> torch.Tensor:
            return torch.cat([looks[r].float(), self.plain[rows.sentence[r]]], dim=-1)

        def states(r: torch.Tensor) -> torch.Tensor:
            number = rows.sentence[r]
            return torch.cat([self.states[number], self.plain[number]], dim=-1)

        def everything(r: torch.Tensor) -> torch.Tensor:
            return torch.cat([looks[r].float(), states(r)], dim=-1)

        def plain(r: torch.Tensor) -> torch.Tensor:
            return self.plain[rows.sentence[r]]

        self.head("summaries everything", rows, everything, squared, 8, until)
        self.head("summaries states", rows, states, squared, 8, until)
        self.head("summaries looks", rows, seen, squared, 8, until)
        self.head("summaries plain", rows, plain, squared, 3, until)


def hits_of(rows: Rows, scores: Mapping[int, torch.Tensor]) -> dict[str, dict[str, object]]:
    """Return how often the best, or one of the best three, sentences has the answer, by file."""
    found: dict[str, list[torch.Tensor]] = {}
    for number, each in scores.items():
        query = rows.found[number][2]
        start = int(rows.starts[number])
        best = each.topk(min(3, len(each))).indices
        holds = rows.labels[start + best] > 0.5
        found.setdefault(f"{query.file} {query.split}", []).append(
            torch.stack([holds[0], holds.any()])
        )
    figures: dict[str, dict[str, object]] = {}
    for name, each in sorted(found.items()):
        first, three = torch.stack(each).T.tolist()
        figures[name] = {"first": shares(first), "three": shares(three)}
    return figures


def ranks_of(rows: Rows, scores: Mapping[int, torch.Tensor]) -> dict[str, dict[str, object]]:
    """Return the rank correlation of scores and labels, and the best tenth's labels, by file."""
    found: dict[str, list[torch.Tensor]] = {}
    for number, each in scores.items():
        query = rows.found[number][2]
        start = int(rows.starts[number])
        labels = rows.labels[start : start + len(each)]
        top = each.topk(max(1, int(TOP * len(each)))).indices
        found.setdefault(f"{query.file} {query.kind} {query.split}", []).append(
            torch.stack([rank_correlation(each, labels), labels[top].mean()])
        )
    figures: dict[str, dict[str, object]] = {}
    for name, parts in sorted(found.items()):
        rank, best = torch.stack(parts).mean(0).tolist()
        figures[name] = {"spearman": round(rank, 4), "top": round(best, 4), "n": len(parts)}
    return figures


@torch.no_grad()
def single_features(rows: Rows, harvest: Harvest, layers: int, heads: int) -> dict[str, object]:
    """Return the hits of single attention heads and of sums of the best, without training.

    Args:
        rows: rows of the questions.
        harvest: features of the documents.
        layers: number of layers of the model.
        heads: number of heads per layer.
    """
    training = rows.numbers("train")
    picked = training[torch.randperm(len(training))[:SINGLE_QUESTIONS]].tolist()
    by_file: dict[str, list[torch.Tensor]] = {}
    for number in picked:
        _, hit = top_hits(rows, number)
        by_file.setdefault("train", []).append(hit)
    share = torch.stack(by_file["train"]).float().mean(0)  # (2, features)
    order = share[1].argsort(descending=True)
    sums = [order[:count] for count in SUMS]
    for number in rows.numbers("kept", "val", "test").tolist():
        standard, hit = top_hits(rows, number)
        added = torch.stack([standard[:, chosen].sum(1) for chosen in sums], dim=1)
        query = rows.found[number][2]
        hit = torch.cat([hit, hit_of(added, rows, number)], dim=1)
        by_file.setdefault(f"{query.file} {query.split}", []).append(hit)
    half = len(order) // 2
    best = order[:12].tolist()
    figures: dict[str, object] = {
        "best": [
            ("less nothing: " if f >= half else "") + name_of(f % half, layers, heads) for f in best
        ],
        "train": [[round(100 * v, 1) for v in share[i, best].tolist()] for i in (0, 1)],
    }
    for name, each in by_file.items():
        if name == "train":
            continue
        mean = torch.stack(each).float().mean(0)
        figures[name] = {
            "n": len(each),
            "single_first": [round(100 * v, 1) for v in mean[0, best].tolist()],
            "single_three": [round(100 * v, 1) for v in mean[1, best].tolist()],
            "sum_first": [round(100 * v, 1) for v in mean[0, 2 * half :].tolist()],
            "sum_three": [round(100 * v, 1) for v in mean[1, 2 * half :].tolist()],
        }
    return figures


def top_hits(rows: Rows, number: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a question's standardized features, and the hits of each: (2, features)."""
    start, count = int(rows.starts[number]), int(rows.counts[number])
    assert rows.less is not None
    own = slice(start, start + count)
    x = torch.cat([rows.looks[own], rows.less[own]], dim=1).float()
    x = (x - x.mean(0)) / (x.std(0) + 1e-3)
    return x, hit_of(x, rows, number)


def hit_of(x: torch.Tensor, rows: Rows, number: int) -> torch.Tensor:
    """Return whether the best, or one of the best three, sentences by each column has the answer.

    Args:
        x: (sentences, k) scores.
        rows: rows of the questions.
        number: number of the question.

    Returns:
        (2, k) bool.
    """
    start, count = int(rows.starts[number]), int(rows.counts[number])
    holds = rows.labels[start : start + count] > 0.5
    best = x.topk(min(3, count), dim=0).indices
    return torch.stack([holds[best[0]], holds[best].any(0)])


def learn(
    harvest: Harvest, basis: Basis, output: Path, until: float, report: Callable[..., None],
    *, layers: int = 30, heads: int = 9,
) -> None:  # fmt: skip
    """Train and measure as many heads as time allows.

    Args:
        harvest: features of the documents.
        basis: directions of the states.
        output: folder for the heads.
        until: time of `time.perf_counter` at which to stop.
        report: receives each finding.
        layers: number of layers of the model.
        heads: number of heads per layer.
    """
    learning = Learning(harvest, basis, output, until, report)
    asked = rows_of(harvest, ("question",))
    if asked is not None:
        report("single heads", **single_features(asked, harvest, layers, heads))
        now = time.perf_counter()
        learning.questions(asked, now + 0.6 * (until - now))
        del asked
    summaries = rows_of(harvest, ("summary", "focus"))
    if summaries is not None:
        learning.summaries(summaries, until)
