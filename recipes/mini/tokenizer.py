"""Train the 8k byte-level BPE of the bundled model.

python -m recipes.mini.tokenizer --data DATA --work runs/mini
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from recipes.mini.corpus import clean, read_rows

VOCAB_SIZE = 8192
SPECIAL_TOKENS = [
    "<s>",
    "</s>",
    "<|document|>",
    "<|summary|>",
    "<|question|>",
    "<|answer|>",
]
SOURCES = {  # share of the sample, by file
    "books": 0.25,
    "wikipedia": 0.25,
    "textbooks": 0.12,
    "courts": 0.10,
    "transcripts": 0.08,
    "specifications": 0.10,
    "handbooks": 0.10,
}
SAMPLE_CHARS = 40_000_000
PIECE_CHARS = 20_000


def sample_texts(data: Path, total_chars: int, seed: int = 0) -> Iterator[str]:
    """Yield pieces of every source, by its share, from random documents.

    Args:
        data: folder with `text/`.
        total_chars: total characters.
        seed: random seed.
    """
    rng = random.Random(seed)
    for name, share in SOURCES.items():
        left = int(total_chars * share)
        for row in read_rows(data / "text" / f"{name}.jsonl.xz"):
            if left <= 0:
                break
            if name in ("books", "wikipedia", "specifications") and rng.random() < 0.5:
                continue
            text = row["text"]
            start = rng.randrange(max(1, len(text) - PIECE_CHARS))
            piece = clean(text[start : start + PIECE_CHARS * 10])
            left -= len(piece)
            yield piece


def train(texts: Iterator[str]) -> Tokenizer:
    """Train a byte-level BPE with single digits, so that numbers can be copied digit by digit."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\d"), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def main() -> None:
    """Train and save `tokenizer.json` in the work folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with text/ and pairs/")
    parser.add_argument("--work", type=Path, default=Path("runs/mini"))
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    tokenizer = train(sample_texts(arguments.data, SAMPLE_CHARS))
    tokenizer.save(str(arguments.work / "tokenizer.json"))
    print(f"{tokenizer.get_vocab_size()} tokens -> {arguments.work / 'tokenizer.json'}")


if __name__ == "__main__":
    main()
