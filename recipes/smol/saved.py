"""Save the features from reading in a few dimensions of 8 bits each, with their projections."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from recipes.smol.harvest import MIN_SHARE, POOLED, Harvest
from recipes.smol.packed import Query

FILE = "harvest.safetensors"
SAMPLE = 60_000
MAX_STATES, MAX_LOOKS, SINGLE = 96, 40, 8
"""Maximum dimensions of states and of attention; of the latter, single attention heads."""
REACH = 4.5
"""Standard deviations represented by 127 steps."""
HARD, RANDOM = 32, 24
"""Stored sentences without the answer of a training question: the hardest by words, and random."""


@dataclass(frozen=True)
class Basis:
    """A projection of standardized features on a few directions."""

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
        """Return the basis of the first dimensions."""
        return Basis(self.mean, self.deviation, self.directions[:, :count])

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """Return the arrays needed to apply the basis later."""
        found = {"mean": self.mean, "deviation": self.deviation, "directions": self.directions}
        return {f"{name}.{key}": each.half().cpu().numpy() for key, each in found.items()}


def principal(x: torch.Tensor, count: int) -> Basis:
    """Return the directions in which rows (rows, features) differ most."""
    sample = x[:: max(1, len(x) // SAMPLE)].float()
    mean, deviation = sample.mean(0), sample.std(0) + 1e-3
    sample = (sample - mean) / deviation
    _, vectors = torch.linalg.eigh(sample.T @ sample / len(sample))
    return Basis(mean, deviation, vectors.flip(1)[:, :count].contiguous())


def single_heads(x: torch.Tensor, labels: torch.Tensor, count: int) -> torch.Tensor:
    """Return the features that correlate most with the labels.

    Args:
        x: (rows, features).
        labels: (rows,).
        count: number of features to return.

    Returns:
        (count,) numbers of features.
    """
    step = max(1, len(x) // 200_000)
    x, labels = x[::step].float(), labels[::step].float()
    x = (x - x.mean(0)) / (x.std(0) + 1e-3)
    return (x * (labels - labels.mean())[:, None]).mean(0).argsort(descending=True)[:count]


def in_bytes(x: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return rows in 8 bits, and the scale of each dimension."""
    scale = REACH * (x.std(0) + 1e-6) / 127
    small = (x / scale).round().clamp(-127, 127).to(torch.int8)
    return small.cpu().numpy(), scale.cpu().numpy()


def stored_sentences(query: Query, rng: np.random.Generator) -> np.ndarray:
    """Return the sentences of a query to store: a selection for training questions, else all."""
    count = len(query.labels)
    if query.kind != "question" or query.split != "train" or query.lexical is None:
        return np.arange(count)
    hard = np.argsort(-query.lexical.sum(0))[:HARD]
    chosen = rng.permutation(count)[:RANDOM]
    return np.unique(np.concatenate([np.flatnonzero(query.labels > 0.5), hard, chosen]))


def rows_of(
    harvest: Harvest, kinds: tuple[str, ...]
) -> tuple[torch.Tensor, list[dict[str, Any]], np.ndarray]:
    """Return the attention of the queries of some kinds, their index entries, and sentences."""
    rng = np.random.default_rng(0)
    parts, entries, numbers, start = [], [], [], 0
    for document, row, query in harvest.of(kinds):
        stored = stored_sentences(query, rng)
        looks = harvest.looks[document][row]
        if len(stored) < len(looks):
            looks = looks[torch.from_numpy(stored).to(looks.device, non_blocking=True)]
        parts.append(looks)
        numbers.append(stored.astype(np.uint16))
        entries.append(
            {
                "document": document, "kind": query.kind, "split": query.split,
                "file": query.file, "place": query.place, "start": start, "rows": len(stored),
            }
        )  # fmt: skip
        start += len(stored)
    width = harvest.looks[0].shape[-1]
    empty = torch.empty(0, width, dtype=torch.float16, device=harvest.looks[0].device)
    return torch.cat([*parts, empty]), entries, np.concatenate([*numbers, np.zeros(0, np.uint16)])


def labels_of(harvest: Harvest, entries: list[dict[str, Any]], numbers: np.ndarray) -> torch.Tensor:
    """Return the labels of stored rows, which are NaN for queries without content.

    Args:
        harvest: features of the documents.
        entries: index entries of the queries.
        numbers: (rows,) sentence numbers of the stored rows.
    """
    found = np.full(len(numbers), np.nan, np.float32)
    queries = {
        (document, query.place): query
        for document, _, query in harvest.of(("summary", "focus", "question"))
    }
    for each in entries:
        if each["kind"] != "nothing":
            query = queries[each["document"], each["place"]]
            rows = slice(each["start"], each["start"] + each["rows"])
            found[rows] = query.labels[numbers[rows]]
    return torch.from_numpy(found)


def save_harvest(harvest: Harvest, states: Basis, output: Path, mebibytes: float) -> dict[str, Any]:
    """Write as many dimensions as fit a file size.

    Args:
        harvest: features of the documents.
        states: directions of the states, the most important first.
        output: folder of the file.
        mebibytes: approximate size of the file.

    Returns:
        Statistics of what was written.
    """
    sets = {
        "summaries": rows_of(harvest, ("summary", "focus")),
        "questions": rows_of(harvest, ("nothing", "question")),
    }
    sentences = sum(map(len, harvest.states))
    rows = sum(len(looks) for looks, _, _ in sets.values())
    budget = mebibytes * 2**20 * 0.97 - 2_500_000 - 2 * rows
    each = max(2.0, budget / (2 * sentences + rows))
    first = int(min(MAX_STATES, 2 * each, states.directions.shape[1]))
    second = int(min(MAX_LOOKS, each))
    basis = states.first(first)
    values, scale = in_bytes(torch.cat([basis(x) for x in harvest.states]))
    tensors = {"states": values, "states.scale": scale, **basis.arrays("states")}
    index: dict[str, Any] = {
        "documents": [
            [d.file, d.digest, len(d.first), len(d.ids), int(extended)]
            for d, extended in zip(harvest.documents, harvest.extended, strict=True)
        ],
        "pooled": POOLED,
        "least": MIN_SHARE,
    }
    for name, (looks, entries, numbers) in sets.items():
        if not len(looks):
            continue
        labels = labels_of(harvest, entries, numbers).to(looks.device)
        with_label = ~labels.isnan()
        heads = single_heads(looks[with_label], labels[with_label], min(SINGLE, second // 2))
        found = principal(looks, second - len(heads))
        few = torch.cat([found(looks), looks[:, heads].float()], dim=1)
        tensors[name], tensors[f"{name}.scale"] = in_bytes(few)
        tensors |= found.arrays(name) | {f"{name}.heads": heads.cpu().numpy()}
        tensors[f"{name}.sentences"] = numbers
        index[name] = entries
    tensors = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    save_file(tensors, output / FILE, {"index": json.dumps(index, separators=(",", ":"))})
    return {
        "documents": len(harvest.documents), "sentences": sentences,
        "rows": {name: len(looks) for name, (looks, _, _) in sets.items()},
        "dimensions": [first, second],
    }  # fmt: skip


def load_harvest(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the tensors and the index written by `save_harvest`."""
    with safe_open(folder / FILE, "np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        return tensors, json.loads(file.metadata()["index"])
