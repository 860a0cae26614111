"""Write what reading left in few dimensions of 8 bits each, and how it was made few."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from recipes.smol.harvest import LEAST, POOLED, Harvest
from recipes.smol.packed import Query

FILE = "harvest.safetensors"
SAMPLE = 60_000
MOST_STATES, MOST_LOOKS, SINGLE = 96, 40, 8
"""Dimensions at most: of states, of looks; of the latter single attention heads."""
REACH = 4.5
"""Standard deviations that 127 steps stand for."""
HARD, RANDOM = 32, 24
"""Sentences without the answer that are stored of a training question: by words, at random."""


@dataclass(frozen=True)
class Basis:
    """How features become few: standardized, then projected."""

    mean: torch.Tensor
    deviation: torch.Tensor
    directions: torch.Tensor
    """(features, dimensions)."""

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return (rows, dimensions) float32."""
        parts = [
            (part.float() - self.mean) / self.deviation @ self.directions
            for part in x.split(50_000)
        ]
        return torch.cat(parts)

    def first(self, count: int) -> Basis:
        """Return the same with fewer dimensions."""
        return Basis(self.mean, self.deviation, self.directions[:, :count])

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """Return what is needed to do the same again."""
        found = {"mean": self.mean, "deviation": self.deviation, "directions": self.directions}
        return {f"{name}.{key}": each.half().cpu().numpy() for key, each in found.items()}


def principal(x: torch.Tensor, count: int) -> Basis:
    """Return the directions in which rows differ most: of (rows, features)."""
    sample = x[:: max(1, len(x) // SAMPLE)].float()
    mean, deviation = sample.mean(0), sample.std(0) + 1e-3
    sample = (sample - mean) / deviation
    _, vectors = torch.linalg.eigh(sample.T @ sample / len(sample))
    return Basis(mean, deviation, vectors.flip(1)[:, :count].contiguous())


def single_heads(x: torch.Tensor, labels: torch.Tensor, count: int) -> torch.Tensor:
    """Return the features that go most with the labels: (rows, features), (rows,) to (count,)."""
    step = max(1, len(x) // 200_000)
    x, labels = x[::step].float(), labels[::step].float()
    x = (x - x.mean(0)) / (x.std(0) + 1e-3)
    return (x * (labels - labels.mean())[:, None]).mean(0).argsort(descending=True)[:count]


def in_bytes(x: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return rows in 8 bits, and what a step of each dimension is worth."""
    scale = REACH * (x.std(0) + 1e-6) / 127
    small = (x / scale).round().clamp(-127, 127).to(torch.int8)
    return small.cpu().numpy(), scale.cpu().numpy()


def kept_sentences(query: Query, rng: np.random.Generator) -> np.ndarray:
    """Return which sentences of a query are stored: all, but of a training question."""
    count = len(query.labels)
    if query.kind != "question" or query.split != "train" or query.lexical is None:
        return np.arange(count)
    hard = np.argsort(-query.lexical.sum(0))[:HARD]
    chosen = rng.permutation(count)[:RANDOM]
    return np.unique(np.concatenate([np.flatnonzero(query.labels > 0.5), hard, chosen]))


def rows_of(
    harvest: Harvest, kinds: tuple[str, ...]
) -> tuple[torch.Tensor, list[dict[str, Any]], np.ndarray]:
    """Return looks of the queries of some kinds, what is stored of each, and which sentences."""
    rng = np.random.default_rng(0)
    parts, told, numbers, start = [], [], [], 0
    for document, row, query in harvest.of(kinds):
        kept = kept_sentences(query, rng)
        looks = harvest.looks[document][row]
        if len(kept) < len(looks):
            looks = looks[torch.from_numpy(kept).to(looks.device, non_blocking=True)]
        parts.append(looks)
        numbers.append(kept.astype(np.uint16))
        told.append(
            {
                "document": document, "kind": query.kind, "split": query.split,
                "file": query.file, "place": query.place, "start": start, "rows": len(kept),
            }
        )  # fmt: skip
        start += len(kept)
    width = harvest.looks[0].shape[-1]
    empty = torch.empty(0, width, dtype=torch.float16, device=harvest.looks[0].device)
    return torch.cat([*parts, empty]), told, np.concatenate([*numbers, np.zeros(0, np.uint16)])


def labels_of(harvest: Harvest, told: list[dict[str, Any]], numbers: np.ndarray) -> torch.Tensor:
    """Return the labels of stored rows; those of queries without content are not a number."""
    found = np.full(len(numbers), np.nan, np.float32)
    queries = {
        (document, query.place): query
        for document, _, query in harvest.of(("summary", "focus", "question"))
    }
    for each in told:
        if each["kind"] != "nothing":
            query = queries[each["document"], each["place"]]
            rows = slice(each["start"], each["start"] + each["rows"])
            found[rows] = query.labels[numbers[rows]]
    return torch.from_numpy(found)


def save_harvest(harvest: Harvest, states: Basis, output: Path, mebibytes: float) -> dict[str, Any]:
    """Write as many dimensions as fit into a size.

    Args:
        harvest: what was read.
        states: the directions of states, the most telling first.
        output: folder.
        mebibytes: of the file, about.

    Returns:
        What was written.
    """
    sets = {
        "summaries": rows_of(harvest, ("summary", "focus")),
        "questions": rows_of(harvest, ("nothing", "question")),
    }
    sentences = sum(map(len, harvest.states))
    rows = sum(len(looks) for looks, _, _ in sets.values())
    room = mebibytes * 2**20 * 0.97 - 2_500_000 - 2 * rows
    each = max(2.0, room / (2 * sentences + rows))
    first = int(min(MOST_STATES, 2 * each, states.directions.shape[1]))
    second = int(min(MOST_LOOKS, each))
    basis = states.first(first)
    values, scale = in_bytes(torch.cat([basis(x) for x in harvest.states]))
    tensors = {"states": values, "states.scale": scale, **basis.arrays("states")}
    index: dict[str, Any] = {
        "documents": [
            [d.file, d.digest, len(d.first), len(d.ids), int(extended)]
            for d, extended in zip(harvest.documents, harvest.extended, strict=True)
        ],
        "pooled": POOLED,
        "least": LEAST,
    }
    for name, (looks, told, numbers) in sets.items():
        if not len(looks):
            continue
        labels = labels_of(harvest, told, numbers).to(looks.device)
        with_label = ~labels.isnan()
        heads = single_heads(looks[with_label], labels[with_label], min(SINGLE, second // 2))
        found = principal(looks, second - len(heads))
        few = torch.cat([found(looks), looks[:, heads].float()], dim=1)
        tensors[name], tensors[f"{name}.scale"] = in_bytes(few)
        tensors |= found.arrays(name) | {f"{name}.heads": heads.cpu().numpy()}
        tensors[f"{name}.sentences"] = numbers
        index[name] = told
    tensors = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    save_file(tensors, output / FILE, {"index": json.dumps(index, separators=(",", ":"))})
    return {
        "documents": len(harvest.documents), "sentences": sentences,
        "rows": {name: len(looks) for name, (looks, _, _) in sets.items()},
        "dimensions": [first, second],
    }  # fmt: skip


def load_harvest(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the tensors that `save_harvest` wrote, and the index."""
    with safe_open(folder / FILE, "np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        return tensors, json.loads(file.metadata()["index"])
