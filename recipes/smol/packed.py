"""What `recipes.smol.pack` packed, as `recipes.smol.read` reads it; needs no text."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load

SPLITS = ("train", "kept", "val", "test")
KINDS = ("nothing", "summary", "focus", "question")
LEXICAL_SCALE = 12
"""Steps of a standard deviation of the lexical scores."""
NEWLINE, TURN_END = 198, 2
"""Tokens: a line's end, the end of the user's turn."""


@dataclass
class Query:
    """What is asked of a document."""

    kind: str
    split: str
    file: str
    place: str
    words: int
    suffix: np.ndarray
    labels: np.ndarray
    """Of each sentence: (sentences,) float32."""
    lexical: np.ndarray | None
    """BM25 and the bundled model's score, standardized; questions alone: (2, sentences)."""

    @property
    def asked(self) -> int:
        """Return how many tokens the query itself has; the template's come after them."""
        end = int(np.flatnonzero(self.suffix == TURN_END)[0])
        lines = np.flatnonzero(self.suffix[:end] == NEWLINE)
        lines = lines[lines > 1]  # the first two part it from the document
        return max(1, int(lines[-1]) if len(lines) else end)


@dataclass
class Packed:
    """A document, and what is asked of it."""

    file: str
    digest: str
    """The first 16 digits of its text's SHA-256."""
    ids: np.ndarray
    """Prefix and document: (tokens,) int32."""
    first: np.ndarray
    """Place in `ids` of each sentence's first token: (sentences,) int64."""
    last: np.ndarray
    queries: list[Query] = field(default_factory=list)

    @property
    def longest(self) -> int:
        """Return the tokens of the document with the longest query."""
        return len(self.ids) + max(len(query.suffix) for query in self.queries)


def unpacked(path: Path) -> list[Packed]:
    """Return the documents of a shard."""
    data = lzma.decompress(path.read_bytes())
    arrays = load(data)
    size = int.from_bytes(data[:8], "little")
    names = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["names"])
    prefix = arrays["prefix"].astype(np.int32)
    tokens = _cut(arrays["tokens"].astype(np.int32), arrays["token_counts"])
    first, last = (
        _cut(arrays[name].astype(np.int64) + len(prefix), arrays["sentence_counts"])
        for name in ("first", "last")
    )
    found = [
        Packed(file, digest, np.concatenate([prefix, ids]), a, b)
        for (file, digest), ids, a, b in zip(names["documents"], tokens, first, last, strict=True)
    ]
    _add_queries(found, arrays, names["queries"])
    return found


def _add_queries(
    found: list[Packed], arrays: dict[str, np.ndarray], names: list[tuple[str, str]]
) -> None:
    """Give documents their queries."""
    suffixes = _cut(arrays["suffixes"].astype(np.int32), arrays["suffix_counts"])
    label, known = 0, 0
    for row, (number, (file, place)) in enumerate(
        zip(arrays["query_document"].tolist(), names, strict=True)
    ):
        document = found[number]
        count = len(document.first)
        kind = KINDS[arrays["query_kind"][row]]
        lexical = None
        if kind == "question":
            lexical = arrays["lexical"][:, known : known + count].astype(np.float32)
            lexical /= LEXICAL_SCALE
            known += count
        labels = arrays["labels"][label : label + count].astype(np.float32)
        label += count
        split, words = SPLITS[arrays["query_split"][row]], int(arrays["query_words"][row])
        document.queries.append(
            Query(kind, split, file, place, words, suffixes[row], labels, lexical)
        )


def all_documents(folder: Path) -> Iterator[Packed]:
    """Yield the documents of all shards, unpacking ahead."""
    paths = sorted(folder.glob("*.safetensors.xz"), key=lambda p: (int(p.name.split("-")[0]), p))
    with ThreadPoolExecutor(8) as pool:
        for documents in pool.map(unpacked, paths):
            yield from documents


def suffix_tensors(queries: list[Query]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what is asked, padded, and how its tokens are added up.

    Returns:
        Ids (queries, T) int64, and weights (queries, 3, T) float32: the mean over the query's own
        tokens, the mean over the template's after them, the last token.
    """
    longest = max(len(query.suffix) for query in queries)
    ids = np.zeros((len(queries), longest), np.int64)
    weights = np.zeros((len(queries), 3, longest), np.float32)
    for row, query in enumerate(queries):
        count, asked = len(query.suffix), query.asked
        ids[row, :count] = query.suffix
        weights[row, 0, :asked] = 1 / asked
        weights[row, 1, asked:count] = 1 / (count - asked)
        weights[row, 2, count - 1] = 1
    return torch.from_numpy(ids), torch.from_numpy(weights)


def _cut(joined: np.ndarray, counts: np.ndarray) -> list[np.ndarray]:
    """Return the pieces of an array that stand one after the other."""
    return np.split(joined, np.cumsum(counts)[:-1])
