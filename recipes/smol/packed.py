"""Load what `recipes.smol.pack` wrote, for `recipes.smol.read`; needs no text."""

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
"""Integer steps per standard deviation of the lexical scores."""
NEWLINE, TURN_END = 198, 2
"""Token ids of a line break and of the end of the user's turn."""


@dataclass
class Query:
    """A query on a document."""

    kind: str
    split: str
    file: str
    place: str
    words: int
    suffix: np.ndarray
    labels: np.ndarray
    """Label of each sentence: (sentences,) float32."""
    lexical: np.ndarray | None
    """BM25 without and with neighbours, standardized: (2, sentences); only for questions."""

    @property
    def asked(self) -> int:
        """Number of tokens of the query itself, which the template's follow."""
        end = int(np.flatnonzero(self.suffix == TURN_END)[0])
        lines = np.flatnonzero(self.suffix[:end] == NEWLINE)
        lines = lines[lines > 1]  # the first two separate it from the document
        return max(1, int(lines[-1]) if len(lines) else end)


@dataclass
class Packed:
    """A document and its queries."""

    file: str
    digest: str
    """First 16 digits of its text's SHA-256."""
    ids: np.ndarray
    """Tokens of prefix and document: (tokens,) int32."""
    first: np.ndarray
    """Position in `ids` of each sentence's first token: (sentences,) int64."""
    last: np.ndarray
    queries: list[Query] = field(default_factory=list)

    @property
    def longest(self) -> int:
        """Number of tokens of the document with its longest query."""
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
    """Add the queries to their documents."""
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
    """Yield the documents of all shards, unpacking in advance."""
    paths = sorted(folder.glob("*.safetensors.xz"), key=lambda p: (int(p.name.split("-")[0]), p))
    with ThreadPoolExecutor(8) as pool:
        for documents in pool.map(unpacked, paths):
            yield from documents


def suffix_tensors(queries: list[Query]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the queries, padded, and the weights for averaging their tokens.

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
    """Split an array into consecutive pieces."""
    return np.split(joined, np.cumsum(counts)[:-1])
