"""Made-up rows that require copying: repeated passages, and facts with questions.

Works on token ids, and uses the tokenizer for the sentences around a fact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

Ids = np.ndarray

THINGS = """
door code,pass key,room number,train number,account number,locker code,flight number,file number,
case number,ticket number,page count,serial number,order number,street number,phone extension,
test score
""".replace("\n", "").split(",")
OWNERS = """
Alice,Bruno,Chen,Dana,Elena,Farid,Greta,Hiro,Ines,Jonas,Karim,Lena,Marta,Nils,Olga,Pavel,Rosa,Samir,
Tilda,Viktor
""".replace("\n", "").split(",")
MIN_TEXT = 4
"""Minimum total tokens between facts and questions."""
FIRST_TOKEN = 6
"""The ids before it are the special tokens."""


class Source(Protocol):
    """The source of rows: `mixture.Rows`, or a test's own."""

    begin: int
    """The token `<s>`."""
    vocab_size: int

    def encode(self, text: str) -> list[int]:
        """Return the token ids of a text, without special tokens."""
        ...

    def text(self, rng: np.random.Generator, length: int) -> Ids:
        """Return a piece of text: (length,) token ids."""
        ...


@dataclass(frozen=True)
class Row:
    """One training sequence; the first token is `<s>`."""

    ids: Ids
    plain: np.ndarray
    """Tokens to be predicted as text: (length,) bool."""
    copied: np.ndarray
    """Tokens that can be copied from earlier in the row: (length,) bool."""


def copies(source: Source, rng: np.random.Generator, length: int) -> Row:
    """Return a passage, of text or of random tokens, that is repeated.

    Args:
        source: source of text.
        rng: draws the passage.
        length: tokens of the row.
    """
    passage = int(rng.integers(4, length // 2))
    if rng.random() < 0.5:
        once = rng.integers(FIRST_TOKEN, source.vocab_size, passage)
        plain = np.zeros(length, bool)
    else:
        once = source.text(rng, passage)
        plain = (np.arange(length) > 0) & (np.arange(length) <= passage)
    ids = np.concatenate([[source.begin], np.resize(once, length - 1)])
    # the first token of a repetition cannot be predicted
    return Row(ids, plain, np.arange(length) > passage + 1)


def facts(source: Source, rng: np.random.Generator, length: int) -> Row:
    """Return text with facts scattered in it and questions about them at the end.

    Args:
        source: source of text, and its tokenizer.
        rng: draws text and facts.
        length: tokens of the row.
    """
    count = 1 if rng.random() < 0.3 else int(rng.integers(1, 4))
    named = rng.permutation(len(THINGS) * len(OWNERS))[:count]
    short_name = count == 1 and rng.random() < 0.7
    stated: list[list[int]] = []
    asked: list[tuple[list[int], list[int]]] = []
    for number in named:
        thing, owner = THINGS[number % len(THINGS)], OWNERS[number // len(THINGS)]
        name = thing if short_name else f"{thing} of {owner}"
        value = "".join(map(str, rng.integers(0, 10, 5)))
        statement, question = phrased(rng, name, value)
        stated.append(source.encode(statement))
        asked.append((source.encode(question), source.encode(f" {value}.")))
    if _tokens_left(stated, asked, length) < MIN_TEXT:
        stated, asked = stated[:1], asked[:1]
    if _tokens_left(stated, asked, length) < MIN_TEXT:
        return copies(source, rng, length)
    asked = [asked[i] for i in rng.permutation(len(asked))]
    return _assembled(source, rng, stated, asked, length)


def phrased(rng: np.random.Generator, name: str, value: str) -> tuple[str, str]:
    """Return a statement of a fact, and its question, which the value and a full stop follow.

    Args:
        rng: draws the wording.
        name: name of the thing.
        value: its value.
    """
    again = f" Remember it. {value} is the {name}." if rng.random() < 0.5 else ""
    question = f" What is the {name}?" if rng.random() < 0.7 else ""
    return f" The {name} is {value}.{again}", f"{question} The {name} is"


def _tokens_left(
    stated: list[list[int]], asked: list[tuple[list[int], list[int]]], length: int
) -> int:
    """Return how many tokens are left for the text between the facts."""
    return length - 1 - sum(map(len, stated)) - sum(len(q) + len(a) for q, a in asked)


def _assembled(
    source: Source,
    rng: np.random.Generator,
    stated: list[list[int]],
    asked: list[tuple[list[int], list[int]]],
    length: int,
) -> Row:
    """Put facts between text, or between a few repeated words, with the questions last."""
    left = _tokens_left(stated, asked, length)
    monotonous = rng.random() < 0.3
    text = (
        np.resize(source.text(rng, int(rng.integers(8, 40))), left)
        if monotonous
        else source.text(rng, left)
    )
    reach = int(left * max(0.05, rng.random()))  # how far back the facts are
    ids, plain, copied = [source.begin], [False], [False]

    def add(tokens: Ids | list[int], is_plain: bool, is_copied: bool) -> None:
        ids.extend(int(token) for token in tokens)
        plain.extend([is_plain] * len(tokens))
        copied.extend([is_copied] * len(tokens))

    last = 0
    cuts = np.sort(rng.integers(left - reach, left + 1, len(stated)))
    for cut, fact in zip(cuts, stated, strict=True):
        add(text[last:cut], not monotonous, False)
        add(fact, False, False)
        last = int(cut)
    add(text[last:], not monotonous, False)
    for question, answer in asked:
        add(question, False, False)
        add(answer, False, True)
    return Row(np.array(ids), np.array(plain), np.array(copied))
