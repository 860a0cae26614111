"""Mix plain text with copying tasks into training sequences.

Row `n` depends on the seed and `n` alone, so a run resumes anywhere with the same data. Works on
token ids, and on the tokenizer for the made-up facts.

Copying must be trained for: at this size it does not come from plain text within the compute at
hand. Three tasks, mostly over short distances: a passage of text repeated, random tokens repeated,
and facts in the text that are asked for at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

Ids = np.ndarray

SHARES = {
    "books": 0.28,
    "wikipedia": 0.27,
    "textbooks": 0.12,
    "courts": 0.11,
    "transcripts": 0.06,
    "specifications": 0.08,
    "handbooks": 0.08,
}
THINGS = """
door code,pass key,room number,train number,account number,locker code,flight number,file number,
case number,ticket number,page count,serial number,order number,street number,phone extension,
test score
""".replace("\n", "").split(",")
OWNERS = """
Alice,Bruno,Chen,Dana,Elena,Farid,Greta,Hiro,Ines,Jonas,Karim,Lena,Marta,Nils,Olga,Pavel,Rosa,Samir,
Tilda,Viktor
""".replace("\n", "").split(",")


@dataclass(frozen=True)
class Mixture:
    """Shares of the copying tasks; the rest is plain text."""

    repeated: float = 0.15
    """Rows in which a passage of the text stands twice."""
    random_repeated: float = 0.05
    """Rows of random tokens repeated: copying with nothing else to lean on."""
    facts: float = 0.20
    """Rows in which facts of the text are asked for at the end."""


class Rows:
    """Training rows by number."""

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
        """Return a piece of a random source, by its share."""
        names = list(self.sources)
        name = rng.choice(names, p=np.array([SHARES[n] for n in names]) / sum(SHARES.values()))
        shards = self.sources[name]
        shard = shards[
            rng.choice(len(shards), p=np.array([len(s) for s in shards]) / sum(map(len, shards)))
        ]
        start = int(rng.integers(0, max(1, len(shard) - length)))
        return np.array(shard[start : start + length], dtype=np.int64)

    def repeated(self, rng: np.random.Generator, length: int, random_tokens: bool) -> Ids:
        """Return text in which a passage comes back, after a distance of none to the whole row."""
        row = (
            self.text(rng, length)
            if not random_tokens
            else rng.integers(6, self.vocab_size, length)
        )
        passage = int(rng.integers(16, max(17, min(256, length // 3))))
        first = int(rng.integers(0, length - 2 * passage))
        gap = int((length - first - 2 * passage) * rng.random() ** 3)  # mostly near
        second = first + passage + gap
        row[second : second + passage] = row[first : first + passage]
        if random_tokens:  # fill the rest with copies, so that the row teaches nothing but copying
            row = np.resize(row[first : second + passage], length)
        return row

    def facts(self, rng: np.random.Generator, length: int) -> Ids:
        """Return text with facts scattered in it that are asked for at the end."""
        count = int(rng.integers(1, 6))
        keys = rng.permutation(len(THINGS) * len(OWNERS))[:count]
        stated, asked = [], []
        for key in keys:
            thing, owner = THINGS[key % len(THINGS)], OWNERS[key // len(THINGS)]
            value = str(rng.integers(10_000, 99_999))
            fact = f" The {thing} of {owner} is {value}. Remember it."
            stated.append(self.encode(f"{fact} {value} is the {thing} of {owner}."))
            asked.append(
                self.encode(f" What is the {thing} of {owner}? The {thing} of {owner} is {value}.")
            )
        order = rng.permutation(count)
        tail = [token for i in order for token in asked[i]]
        filler = length - len(tail) - sum(map(len, stated))
        if filler < 16:
            return self.text(rng, length)
        span = int(filler * max(0.05, rng.random()))  # how far back the facts reach
        text = self.text(rng, filler)
        cuts = np.sort(rng.integers(filler - span, filler + 1, count))
        pieces, last = [], 0
        for cut, fact in zip(cuts, stated, strict=True):
            pieces += [text[last:cut], np.array(fact)]
            last = cut
        pieces += [text[last:], np.array(tail)]
        return np.concatenate(pieces)[:length]

    def row(self, number: int, length: int) -> Ids:
        """Row `number`: `length` token ids, the first of them `<s>`."""
        rng = np.random.default_rng([self.seed, number])
        draw, mix = rng.random(), self.mixture
        if draw < mix.repeated:
            ids = self.repeated(rng, length - 1, random_tokens=False)
        elif draw < mix.repeated + mix.random_repeated:
            ids = self.repeated(rng, length - 1, random_tokens=True)
        elif draw < mix.repeated + mix.random_repeated + mix.facts:
            ids = self.facts(rng, length - 1)
        else:
            ids = self.text(rng, length - 1)
        return np.concatenate([[self.begin], ids])
