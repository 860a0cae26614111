"""Draw and tokenize the texts that the window adapter is trained and measured on.

    python -m recipes.smol.shards --data DATA --tokenizer FOLDER --out runs/smol/shards

Writes one stream of tokens per kind of text, `streams.npz`, and the held-out windows, `held.npz`.
Seeds are fixed: the same data gives the same streams.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from recipes.mini.corpus import clean, read_rows
from recipes.smol.chat import conversation
from recipes.smol.facts import fact, with_facts

STREAMS = {
    "books": 3_500_000,
    "wikipedia": 1_600_000,
    "courts": 1_500_000,
    "textbooks": 1_200_000,
    "transcripts": 800_000,
    "handbooks": 700_000,
    "specifications": 600_000,
}
"""Tokens of plain text per kind."""
CHATS, SHORT_FACTS, LONG_FACTS = 1_700_000, 500_000, 1_200_000
"""Tokens of conversations about documents, and of texts with facts to be found."""
MAX_DOCUMENT_TOKENS = 120_000
"""Maximum tokens per document, so that a few books do not dominate."""
WINDOW = 32_768
HELD = {"books-test": 16, "courts": 8}
"""Held-out windows per kind, one per document."""
GRAM = 13
TURNS = 6
PAIRS = (
    "fairytaleqa.train",
    "openstax_qa.train",
    "openstax_chapter_summ.train",
    "qmsum.train",
    "scotus_syllabus.train",
    "squality.train",
    "wiki_leads.train",
    "oa_papers.train",
)
NAMES = ("amber", "river", "stone", "cloud", "field", "forest", "harbor", "island", "lantern")
TESTED_STORIES = ("fairytaleqa.test", "squality.test")


def grams_of(text: str) -> Iterator[int]:
    """Yield a hash of every run of `GRAM` words, long enough to identify a text."""
    words = re.findall(r"\w+", text.lower())
    return (hash(tuple(words[i : i + GRAM])) for i in range(len(words) - GRAM + 1))


def tested_grams(data: Path) -> set[int]:
    """Return the runs of words of the stories that questions are measured on."""
    stories = {str(row["doc"]) for n in TESTED_STORIES for row in read_rows(_pairs(data, n))}
    return {gram for story in stories for gram in grams_of(story)}


def _pairs(data: Path, name: str) -> Path:
    return data / "pairs" / f"{name}.jsonl.xz"


class Streams:
    """Texts of each kind, tokenized until there are enough tokens.

    Args:
        data: folder with `text/` and `pairs/`.
        tokenizer: the base model's tokenizer.
    """

    def __init__(self, data: Path, tokenizer: Tokenizer) -> None:
        self.data, self.tokenizer = data, tokenizer
        self.end = tokenizer.token_to_id("<|im_end|>")
        self.rng = random.Random(2306)
        self.held: dict[str, np.ndarray] = {}

    def ids(self, text: str) -> list[int]:
        """Return the tokens of a text."""
        found: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return found

    def stream(self, texts: Iterable[str], wanted: int) -> np.ndarray:
        """Tokenize texts, each with an end token, until there are `wanted` tokens."""
        taken: list[int] = []
        for text in texts:
            taken += [*self.ids(text)[:MAX_DOCUMENT_TOKENS], self.end]
            if len(taken) >= wanted:
                break
        return np.array(taken[:wanted], dtype=np.uint16)

    def texts(self, name: str) -> list[str]:
        """Return the documents of a kind in random order."""
        found = [str(row["text"]) for row in read_rows(self.data / "text" / f"{name}.jsonl.xz")]
        random.Random(name).shuffle(found)
        return [clean(text) for text in found if len(text) > 6000]

    def hold_out(self, name: str, texts: list[str]) -> list[str]:
        """Hold out documents of at least a window for measuring; return the others."""
        windows, others = [], []
        for text in texts:
            if len(windows) < HELD[name] and len(text) > 6 * WINDOW:
                ids = self.ids(text)
                windows.append(ids[len(ids) // 2 - WINDOW // 2 :][:WINDOW])
            else:
                others.append(text)
        self.held[name] = np.array(windows, dtype=np.uint16)
        return others

    def plain(self) -> dict[str, np.ndarray]:
        """Return the streams of plain text, without books that contain a story of the tests."""
        found = {}
        self.hold_out("books-test", self.texts("books-test"))
        for name, wanted in STREAMS.items():
            texts = self.texts(name)
            if name == "courts":
                texts = self.hold_out(name, texts)
            if name == "books":
                tested = tested_grams(self.data)
                texts = [
                    text[: 5 * MAX_DOCUMENT_TOKENS]
                    for text in texts[:80]
                    if sum(gram in tested for gram in grams_of(text)) < 20  # noqa: PLR2004
                ]
            found[name] = self.stream(texts, wanted)
            print(name, len(found[name]), flush=True)
        return found

    def chats(self) -> Iterator[str]:
        """Yield documents followed by questions or requests for a summary, with answers."""
        asked: dict[str, list[tuple[str, str]]] = {}
        for name in PAIRS:
            for row in read_rows(_pairs(self.data, name)):
                target = row["target"] if isinstance(row["target"], str) else row["target"][0]  # type: ignore[index]
                query = str(row["query"] or "")
                if row["task"] == "summ" and not query:
                    query = f"Summarize the document above in about {_round(target)} words."
                asked.setdefault(str(row["doc"]), []).append((query, str(target)))
        documents = sorted(asked)
        random.Random(5).shuffle(documents)
        for document in documents:
            turns = asked[document]
            self.rng.shuffle(turns)
            yield conversation(document, turns[:TURNS])

    def keys(self) -> dict[str, object]:
        """Return the tokens of the passkey task and of a retrieval task with several keys."""
        rng = random.Random(7)
        filler = "The grass is green. The sky is blue. The sun is yellow. Here we go. "
        begin = (
            "There is an important info hidden inside a lot of irrelevant text. Find it and "
            "memorize them. I will quiz you about the important information there.\n"
        )
        keys = []
        for _ in range(100):
            key = rng.randrange(10_000, 100_000)
            sentence = f"The pass key is {key}. Remember it. {key} is the pass key. "
            keys.append([self.ids(sentence), self.ids(f"{key}")])
        needles = []
        for _ in range(100):
            name, number = "".join(rng.choices("bdfgklmnprstvz", k=3)), rng.randrange(10**6, 10**7)
            name = f"{rng.choice(NAMES)}-{name}"
            asked = (
                f"\nWhat is the special magic number for {name} mentioned in the provided text? "
                f"The special magic number for {name} mentioned in the provided text is "
            )
            sentence = f" One of the special magic numbers for {name} is: {number}. "
            needles.append([self.ids(sentence), self.ids(asked), self.ids(str(number))])
        return {
            "begin": self.ids(begin),
            "filler": self.ids(filler + "There and back again. "),
            "question": self.ids("What is the pass key? The pass key is "),
            "keys": keys,
            "needles": needles,
        }

    def facts(self, texts: list[str], shortest: int, longest: int) -> Iterator[str]:
        """Yield pieces of texts with facts inserted, and questions about them at the end.

        Args:
            texts: texts to take pieces from.
            shortest: minimum characters of a piece.
            longest: maximum characters of a piece.
        """
        while True:
            size = self.rng.randrange(shortest, longest)
            text = self.rng.choice([t for t in texts if len(t) > 2 * size] or texts)
            start = self.rng.randrange(max(1, len(text) - size))
            count = self.rng.randrange(3, 9)
            facts = [fact(self.rng) for _ in range(count)]
            piece = with_facts(text[start : start + size], facts, self.rng)
            turns = [(each.question, each.answer) for each in facts]
            self.rng.shuffle(turns)
            yield conversation(piece, turns[:TURNS])


def _round(target: object) -> int:
    """Return the number of words of a summary, rounded as a person would request it."""
    return max(20, round(len(str(target).split()) / 20) * 20)


def main() -> None:
    """Write the streams and the held-out windows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with text/ and pairs/")
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json of the base")
    parser.add_argument("--out", type=Path, default=Path("runs/smol/shards"))
    arguments = parser.parse_args()
    streams = Streams(arguments.data, Tokenizer.from_file(str(arguments.tokenizer)))
    found = streams.plain()
    found["chats"] = streams.stream(streams.chats(), CHATS)
    texts = streams.texts("handbooks") + streams.texts("transcripts") + streams.texts("textbooks")
    found["facts"] = streams.stream(streams.facts(texts, 6_000, 15_000), SHORT_FACTS)
    found["long_facts"] = streams.stream(streams.facts(texts, 30_000, 110_000), LONG_FACTS)
    arguments.out.mkdir(parents=True, exist_ok=True)
    np.savez(arguments.out / "streams.npz", **found)
    np.savez(arguments.out / "held.npz", **streams.held)
    (arguments.out / "keys.json").write_text(json.dumps(streams.keys()))
    print({name: len(ids) for name, ids in found.items()}, flush=True)


if __name__ == "__main__":
    main()
