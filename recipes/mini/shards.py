"""Tokenize the texts once into uint16 shards of at most 50 MB.

    python -m recipes.mini.shards --data DATA --work runs/mini

A shard is a flat array of token ids, documents separated by `</s>`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from recipes.mini.corpus import clean, read_rows

TEXTS = (
    "books",
    "wikipedia",
    "textbooks",
    "courts",
    "transcripts",
    "specifications",
    "handbooks",
    "books-test",
)
TAKEN = {"specifications": 2_700}
"""Documents taken from a file without its own test file; the rest measure perplexity."""
TOKENS_PER_SHARD = 25_000_000  # 50 MB of uint16
BATCH_CHARS = 4_000_000


def batches(path: Path, limit_chars: int) -> Iterator[list[str]]:
    """Yield lists of cleaned documents of about `BATCH_CHARS` characters each."""
    batch: list[str] = []
    size = total = 0
    limit = TAKEN.get(path.name.removesuffix(".jsonl.xz"))
    for row in islice(read_rows(path), limit):
        text = clean(row["text"])
        batch.append(text)
        size += len(text)
        total += len(text)
        if size >= BATCH_CHARS:
            yield batch
            batch, size = [], 0
        if total >= limit_chars:
            break
    if batch:
        yield batch


def write_shards(tokenizer: Tokenizer, path: Path, output: Path, limit_chars: int) -> int:
    """Write `NAME-000.bin`, `NAME-001.bin`, … and return the number of tokens.

    Args:
        tokenizer: the bundled model's.
        path: `NAME.jsonl.xz`.
        output: folder of the shards.
        limit_chars: approximate number of characters to read.
    """
    end = tokenizer.token_to_id("</s>")
    name = path.name.removesuffix(".jsonl.xz")
    pending: list[np.ndarray] = []
    waiting = total = shard = 0

    def flush() -> None:
        nonlocal pending, waiting, shard
        if pending:
            np.concatenate(pending).tofile(output / f"{name}-{shard:03}.bin")
            pending, waiting, shard = [], 0, shard + 1

    for batch in batches(path, limit_chars):
        for encoding in tokenizer.encode_batch(batch, add_special_tokens=False):
            ids = np.array([*encoding.ids, end], dtype=np.uint16)
            for start in range(0, len(ids), TOKENS_PER_SHARD):
                piece = ids[start : start + TOKENS_PER_SHARD]
                if waiting + len(piece) > TOKENS_PER_SHARD:
                    flush()
                pending.append(piece)
                waiting += len(piece)
                total += len(piece)
    flush()
    return total


def main() -> None:
    """Tokenize every text file that has no shard yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with text/ and pairs/")
    parser.add_argument("--work", type=Path, default=Path("runs/mini"))
    parser.add_argument("--limit-chars", type=int, default=10**12, help="per file; for trials")
    arguments = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(arguments.work / "tokenizer.json"))
    output = arguments.work / "shards"
    output.mkdir(parents=True, exist_ok=True)
    for name in TEXTS:
        if (output / f"{name}-000.bin").exists():
            continue
        path = arguments.data / "text" / f"{name}.jsonl.xz"
        total = write_shards(tokenizer, path, output, arguments.limit_chars)
        print(f"{name}: {total:,} tokens", flush=True)


if __name__ == "__main__":
    main()
