"""Pack documents, questions and labels of their sentences, for a single run on a GPU.

    python -m recipes.smol.pack --data DATA --tokenizer FOLDER_OR_GGUF --output runs/smol/pack

Everything that needs text is done here: sentences are split as in the program, their tokens are
located, and what people wrote is turned into a label for each sentence. The result is token ids,
which `recipes.smol.read` reads. The shards are ordered such that the files are balanced wherever
reading stops; documents for measuring come early.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from longsum.checkpoint.tokenizer import Tokenizer
from longsum.documents.document import Span
from longsum.selection.candidates import readable
from longsum.selection.ranking import standardized
from recipes.smol.asked import Query, all_queries
from recipes.smol.chat import ANSWER, BEGIN
from recipes.smol.packed import KINDS, LEXICAL_SCALE, SPLITS

MAX_TOKENS = 32_000
"""Maximum tokens of a document; the window has 768 more for the prompt."""
MIN_SENTENCES = 5
SHARDS = 8
EARLY = 0.6
"""Share of the training documents by which all others are read."""


@dataclass
class Packed:
    """A document as it is read, and its queries."""

    text: str
    file: str
    split: str
    spans: list[Span]
    ids: list[int]
    first: np.ndarray
    """First token of each sentence: (sentences,)."""
    last: np.ndarray
    """Last token of each sentence: (sentences,)."""
    queries: list[Query] = field(default_factory=list)


def token_ranges(
    offsets: Sequence[tuple[int, int]], spans: Sequence[Span]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and the last token with a character of each sentence.

    Args:
        offsets: start and end of each token, in characters.
        spans: spans of the sentences.
    """
    starts = np.array([start for start, _ in offsets])
    ends = np.maximum.accumulate(np.array([end for _, end in offsets]))
    first = np.searchsorted(ends, [span.start for span in spans], side="right")
    last = np.searchsorted(starts, [span.end for span in spans], side="left") - 1
    return first, np.maximum(first, last)


def suffix_of(query: Query) -> str:
    """Return the text of a query after the document."""
    if query.kind == "question":
        return f"\n\n{query.text}\nAnswer briefly, with words of the document.{ANSWER}"
    if query.kind == "nothing":
        return f"\n\nN/A\nAnswer briefly, with words of the document.{ANSWER}"
    words = max(20, round(query.words / 20) * 20)
    about = f" Focus on this: {query.text}" if query.kind == "focus" else ""
    return f"\n\nSummarize the document above in about {words} words.{about}{ANSWER}"


def packed(query: Query, tokenizer: Tokenizer) -> Packed | None:
    """Return the document of a query; None if it is too long or has too few sentences."""
    text = query.document.text
    spans = readable(query.document)
    if len(spans) < (2 if query.kind == "question" else MIN_SENTENCES):
        return None
    # does what Tokenizer.encode_document and Tokenizer.offsets do in one call
    tokenizer.inner.backend_tokenizer.encode_special_tokens = True
    encoded = tokenizer.inner.backend_tokenizer.encode(text, add_special_tokens=False)
    ids = encoded.ids
    if len(ids) > MAX_TOKENS:
        return None
    first, last = token_ranges(encoded.offsets, spans)
    return Packed(text, query.file, query.split, spans, ids, first, last)


def in_order(documents: Iterable[Packed]) -> list[Packed]:
    """Return documents in an order in which any prefix has the same share of each file."""
    files: dict[str, list[Packed]] = {}
    for document in documents:
        files.setdefault(f"{document.file} {document.split}", []).append(document)
    ranked = []
    for name, each in sorted(files.items()):
        early = 1.0 if name.endswith("train") else EARLY
        each.sort(key=lambda d: hashlib.sha256(d.text.encode()).digest())  # long and short mixed
        ranked += [(early * (i + 0.5) / len(each), name, d) for i, d in enumerate(each)]
    ranked.sort(key=lambda row: row[:2])
    return [document for _, _, document in ranked]


def shard_of(documents: Sequence[Packed], tokenizer: Tokenizer) -> bytes:
    """Return documents and their queries as a safetensors file."""
    queries = [(n, q) for n, d in enumerate(documents) for q in d.queries]
    suffixes = [tokenizer.encode_prompt(suffix_of(q)) for _, q in queries]
    lexical = [np.stack([standardized(x) for x in q.lexical]) for _, q in queries if q.lexical]
    joined = np.concatenate(lexical, axis=1) if lexical else np.zeros((2, 0))
    arrays: dict[str, Any] = {
        "prefix": np.array(tokenizer.encode_prompt(BEGIN), np.uint16),
        "tokens": np.concatenate([np.array(d.ids, np.uint16) for d in documents]),
        "token_counts": np.array([len(d.ids) for d in documents], np.int32),
        "sentence_counts": np.array([len(d.spans) for d in documents], np.int32),
        "first": np.concatenate([d.first for d in documents]).astype(np.uint16),
        "last": np.concatenate([d.last for d in documents]).astype(np.uint16),
        "query_document": np.array([n for n, _ in queries], np.int32),
        "query_kind": np.array([KINDS.index(q.kind) for _, q in queries], np.uint8),
        "query_split": np.array([SPLITS.index(q.split) for _, q in queries], np.uint8),
        "query_words": np.array([q.words for _, q in queries], np.int32),
        "suffixes": np.concatenate([np.array(s, np.uint16) for s in suffixes]),
        "suffix_counts": np.array([len(s) for s in suffixes], np.int32),
        "labels": np.concatenate([q.labels for _, q in queries]).astype(np.float16),
        "lexical": (joined * LEXICAL_SCALE).round().clip(-127, 127).astype(np.int8),
    }
    named = {
        "documents": [
            [d.file, hashlib.sha256(d.text.encode()).hexdigest()[:16]] for d in documents
        ],
        "queries": [[q.file, q.place] for _, q in queries],
    }
    return save(arrays, {"names": json.dumps(named, separators=(",", ":"))})


def gathered(
    data: Path, tokenizer: Tokenizer, limit: int | None, only: tuple[str, ...]
) -> list[Packed]:
    """Return all documents with their queries.

    Args:
        data: folder with pairs/.
        tokenizer: the model's tokenizer.
        limit: maximum documents per file; None for all.
        only: prefixes of the names of files to take.
    """
    found: dict[str, Packed | None] = {}
    for query in all_queries(data, limit, only):
        text = query.document.text
        if text not in found:
            found[text] = packed(query, tokenizer)
        document = found[text]
        if document is None:
            continue
        if query.prepare([text[a:b] for a, b in document.spans]):
            document.queries.append(query)
    ready = [d for d in found.values() if d is not None and d.queries]
    for document in ready:
        if any(query.kind == "question" for query in document.queries):
            document.queries.insert(0, Query.nothing(document.queries[0], len(document.spans)))
    return ready


def load(path: Path) -> Tokenizer:
    """Return the tokenizer in a folder or in a GGUF file."""
    from transformers import AutoTokenizer

    folder = path.parent if path.is_file() else path
    file = {"gguf_file": path.name} if path.is_file() else {}
    inner = AutoTokenizer.from_pretrained(folder, local_files_only=True, **file)
    inner.model_max_length = 10**9
    return Tokenizer(inner)


def main() -> None:
    """Pack all documents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with pairs/")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder or GGUF file")
    parser.add_argument("--output", type=Path, default=Path("runs/smol/pack"))
    parser.add_argument("--limit", type=int, help="documents of each file, to try it out")
    parser.add_argument("--only", default="", help="beginnings of names of files, with commas")
    parser.add_argument("--name", default="all", help="of the shards, beside their numbers")
    arguments = parser.parse_args()
    only = tuple(arguments.only.split(","))
    tokenizer = load(arguments.tokenizer)
    start = time.perf_counter()
    documents = in_order(gathered(arguments.data, tokenizer, arguments.limit, only))
    arguments.output.mkdir(parents=True, exist_ok=True)
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6, "lc": 0, "lp": 1, "pb": 1}]
    size = 0
    for number in range(SHARDS):
        part = documents[
            number * len(documents) // SHARDS : (number + 1) * len(documents) // SHARDS
        ]
        if not part:
            continue
        data = lzma.compress(shard_of(part, tokenizer), format=lzma.FORMAT_XZ, filters=filters)
        (arguments.output / f"{number}-{arguments.name}.safetensors.xz").write_bytes(data)
        size += len(data)
    tokens = sum(len(d.ids) for d in documents)
    queries = sum(len(d.queries) for d in documents)
    print(
        f"{len(documents):,} documents, {tokens:,} tokens, "
        f"{sum(len(d.spans) for d in documents):,} sentences, {queries:,} queries, "
        f"{size:,} bytes, {time.perf_counter() - start:.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    main()
