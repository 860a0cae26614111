"""Mix plain text with copying tasks into training sequences.

Row `n` depends on the seed and `n` alone, so a run resumes anywhere with the same data. Works on
token ids, and on the tokenizer for the made-up facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from recipes.mini.tasks import Ids, Row, copies, facts

SHARES = {
    "books": 0.28,
    "wikipedia": 0.27,
    "textbooks": 0.12,
    "courts": 0.11,
    "transcripts": 0.06,
    "specifications": 0.08,
    "handbooks": 0.08,
}


@dataclass(frozen=True)
class Mixture:
    """Shares of the copying tasks; the rest is plain text."""

    copies: float = 0.15
    """Rows in which a passage comes again."""
    facts: float = 0.20
    """Rows in which facts of the text are asked for at the end."""
    copied_share: float = 0.3
    """Weight of a row's copied tokens, as a share of its length; at least that of plain ones."""

    def weights(self, row: Row) -> np.ndarray:
        """Return the weight of predicting each token: (length,) float32."""
        found = int(row.copied.sum())
        each = max(1.0, self.copied_share * len(row.ids) / max(1, found))
        return np.where(row.copied, each, row.plain).astype(np.float32)


class Rows:
    """Training rows by number.

    Args:
        work: folder with `tokenizer.json` and `shards/`.
        mixture: shares of the copying tasks.
        seed: seed of all rows.
    """

    def __init__(self, work: Path, mixture: Mixture, seed: int = 0) -> None:
        self.tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
        self.sources = {
            name: [
                np.memmap(path, np.uint16, "r")
                for path in sorted((work / "shards").glob(f"{name}-[0-9]*.bin"))
            ]
            for name in SHARES
        }
        self.mixture = mixture
        self.seed = seed
        self.begin = self.tokenizer.token_to_id("<s>")
        self.vocab_size = self.tokenizer.get_vocab_size()

    def encode(self, text: str) -> list[int]:
        """Token ids of a text, without special tokens."""
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def text(self, rng: np.random.Generator, length: int) -> Ids:
        """Return a piece of a source drawn by its share: (length,) token ids."""
        names = list(self.sources)
        name = rng.choice(names, p=np.array([SHARES[n] for n in names]) / sum(SHARES.values()))
        shards = self.sources[name]
        shard = shards[
            rng.choice(len(shards), p=np.array([len(s) for s in shards]) / sum(map(len, shards)))
        ]
        start = int(rng.integers(0, max(1, len(shard) - length)))
        return np.array(shard[start : start + length], dtype=np.int64)

    def row(self, number: int, length: int) -> Row:
        """Row `number`: `length` token ids, the first of them `<s>`."""
        rng = np.random.default_rng([self.seed, number])
        draw, mix = rng.random(), self.mixture
        if draw < mix.copies:
            return copies(self, rng, length)
        if draw < mix.copies + mix.facts:
            return facts(self, rng, length)
        ids = np.concatenate([[self.begin], self.text(rng, length - 1)])
        return Row(ids, np.arange(length) > 0, np.zeros(length, bool))
