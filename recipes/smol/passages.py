"""Rows to learn short answers from: a passage, a question, and the passage's words that answer it.

    python -m recipes.smol.passages --data DATA --out runs/smol/passages.npz

Passages are those that the program judges: the sentences that the bundled head ranks first, each
with its neighbours. One that holds a reference answer word by word is answered with it; others of
the same document, which hold none of its words, with `none`. Training files, and three quarters of
the texts of `xquad_en`, which is not divided.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from longsum.checkpoint.tokenizer import Tokenizer
from longsum.config import LoadConfig
from longsum.documents.document import Document
from longsum.documents.read import parse_text
from longsum.evaluate.holding import holding
from longsum.evaluate.reference_pairs import Pair, read_pairs
from longsum.judged_choice import judged_candidates
from longsum.model.find import find_model
from longsum.prompting.passage import NONE, passage_prompt
from longsum.selection.candidates import passage_around
from longsum.similarity import words
from recipes.smol.base import END

FILES = {
    "fairytaleqa.train": 6000,
    "openstax_qa.train": 1580,
    "xquad_en": 1190,
    "fairytaleqa.val": 200,
}
"""Number of questions looked at in each file; those of `.val` are measured only."""
UNDIVIDED, KEPT = "xquad_en", 4
"""A file without parts, and which part of its texts, one in four, is kept for measuring."""
MAX_ANSWER_WORDS = 16
NEGATIVES = 2
"""Passages without the answer, of each question."""
_LEADING = re.compile(r"^(?:the|an?|his|her|their|its|by|to|in|at|on|for|because)\s+", re.I)


@dataclass(frozen=True)
class Row:
    """A passage with its question and the answer to learn; empty for none."""

    passage: str
    question: str
    answer: str


def answer_within(passage: str, references: Sequence[str]) -> str | None:
    """Return the passage's own words for a reference answer; None if it does not hold them."""
    for reference in references:
        plain = reference.strip().strip(".!?\"' ")
        for wanted in (plain, _LEADING.sub("", plain)):
            parts = wanted.split()
            if not 0 < len(parts) <= MAX_ANSWER_WORDS:
                continue
            pattern = r"(?<!\w)" + r"\s+".join(map(re.escape, parts)) + r"(?!\w)"
            if found := re.search(pattern, passage, re.I):
                return found[0]
    return None


def is_kept(text: str) -> bool:
    """Return whether a text of the undivided file is for measuring, not for training."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % KEPT == 0


def rows_of(pair: Pair, document: Document, rng: random.Random) -> Iterator[Row]:
    """Yield the rows of a question: none if no passage near the top holds its answer."""
    question = pair.query or ""
    found = judged_candidates(document, question)
    passages = [passage_around(document, each.span) for each in found]
    held = [answer_within(each, pair.references) for each in passages]
    bags = [frozenset(words(each)) for each in passages]
    holds = holding(bags, pair)
    right = [i for i, answer in enumerate(held) if answer is not None]
    if not right or len(right) > len(passages) // 2 + 1:
        return
    # the word may stand in a passage by chance: one whose own sentence has it is preferred
    own = [i for i in right if answer_within(found[i].text, pair.references) is not None]
    chosen = rng.choice(own or right)
    yield Row(passages[chosen], question, held[chosen] or "")
    wrong = [i for i in range(len(passages)) if held[i] is None and not holds[i]]
    for i in rng.sample(wrong, min(NEGATIVES, len(wrong))):
        yield Row(passages[i], question, "")


def encoded(row: Row, tokenizer: Tokenizer) -> tuple[list[int], int, int]:
    """Return token ids, where the question begins, and where the answer begins."""
    encode = tokenizer.encode_document
    prompt = passage_prompt(row.passage, row.question, encode)
    answer = [*encode(f" {row.answer}" if row.answer else NONE), END]
    return [*prompt.ids, *answer], len(prompt.passage), len(prompt.ids)


def main() -> None:
    """Write the rows of all files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with pairs/")
    parser.add_argument("--out", type=Path, default=Path("runs/smol/passages.npz"))
    parser.add_argument("--file", action="append", help="only these; the others stay as written")
    arguments = parser.parse_args()
    tokenizer = find_model(LoadConfig(model="smol")).tokenizer
    rng = random.Random(0)
    arrays = dict(np.load(arguments.out)) if arguments.file and arguments.out.exists() else {}
    for name, count in FILES.items():
        if arguments.file and name not in arguments.file:
            continue
        pairs = [p for p in read_pairs([arguments.data / "pairs" / f"{name}.jsonl.xz"]) if p.query]
        if name == UNDIVIDED:
            pairs = [pair for pair in pairs if not is_kept(pair.text)]
        pairs = rng.sample(pairs, min(count, len(pairs)))
        pairs.sort(key=lambda each: each.text)  # a document is parsed once
        ids: list[int] = []
        places: list[tuple[int, int, int, int]] = []
        text, document = None, None
        for pair in pairs:
            if pair.text != text:
                text, document = pair.text, parse_text(pair.text, pair.id)
            assert document is not None
            for row in rows_of(pair, document, rng):
                tokens, asked, answered = encoded(row, tokenizer)
                places.append((len(ids), len(ids) + len(tokens), asked, answered))
                ids += tokens
        arrays[f"{name}.ids"] = np.array(ids, np.uint16)
        arrays[f"{name}.places"] = np.array(places, np.int64)
        print(
            f"{name}: {len(places):,} rows of {len(pairs)} questions, {len(ids):,} tokens",
            flush=True,
        )
    arrays["none"] = np.array(tokenizer.encode_document(NONE)[0])
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(arguments.out, **arrays)


if __name__ == "__main__":
    main()
