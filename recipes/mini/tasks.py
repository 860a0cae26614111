"""Made-up rows that only copying solves: repeated passages, and facts that are asked for.

Works on token ids, and on the tokenizer for the sentences around a fact.
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
LEAST_TEXT = 4
"""Tokens between facts and questions, in all."""
FIRST_TOKEN = 6
"""The ids before it are the special tokens."""


class Source(Protocol):
    """What rows are made from: `mixture.Rows`, or a test's own."""

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
    """Tokens that stand earlier in the row, where they can be found: (length,) bool."""


def copies(source: Source, rng: np.random.Generator, length: int) -> Row:
    """Return a passage, of text or of random tokens, that comes again and again."""
    passage = int(rng.integers(4, length // 2))
    if rng.random() < 0.5:
        once = rng.integers(FIRST_TOKEN, source.vocab_size, passage)
        plain = np.zeros(length, bool)
    else:
        once = source.text(rng, passage)
        plain = (np.arange(length) > 0) & (np.arange(length) <= passage)
    ids = np.concatenate([[source.begin], np.resize(once, length - 1)])
    # the first token of a repetition cannot be told
    return Row(ids, plain, np.arange(length) > passage + 1)


def facts(source: Source, rng: np.random.Generator, length: int) -> Row:
    """Return text with facts scattered in it that are asked for at the end."""
    count = 1 if rng.random() < 0.3 else int(rng.integers(1, 4))
    named = rng.permutation(len(THINGS) * len(OWNERS))[:count]
    alone = count == 1 and rng.random() < 0.7
    stated: list[list[int]] = []
    asked: list[tuple[list[int], list[int]]] = []
    for number in named:
        thing, owner = THINGS[number % len(THINGS)], OWNERS[number // len(THINGS)]
        name = thing if alone else f"{thing} of {owner}"
        value = "".join(map(str, rng.integers(0, 10, 5)))
        statement, question = phrased(rng, name, value)
        stated.append(source.encode(statement))
        asked.append((source.encode(question), source.encode(f" {value}.")))
    if _room(stated, asked, length) < LEAST_TEXT:
        stated, asked = stated[:1], asked[:1]
    if _room(stated, asked, length) < LEAST_TEXT:
        return copies(source, rng, length)
    asked = [asked[i] for i in rng.permutation(len(asked))]
    return _assembled(source, rng, stated, asked, length)


def phrased(rng: np.random.Generator, name: str, value: str) -> tuple[str, str]:
    """Return a fact as a text states it, and the question for it; the value and a stop follow."""
    again = f" Remember it. {value} is the {name}." if rng.random() < 0.5 else ""
    question = f" What is the {name}?" if rng.random() < 0.7 else ""
    return f" The {name} is {value}.{again}", f"{question} The {name} is"


def _room(stated: list[list[int]], asked: list[tuple[list[int], list[int]]], length: int) -> int:
    """Return how many tokens are left for the text between the facts."""
    return length - 1 - sum(map(len, stated)) - sum(len(q) + len(a) for q, a in asked)


def _assembled(
    source: Source,
    rng: np.random.Generator,
    stated: list[list[int]],
    asked: list[tuple[list[int], list[int]]],
    length: int,
) -> Row:
    """Put facts between text, or between the same few words over and over, questions last."""
    room = _room(stated, asked, length)
    monotonous = rng.random() < 0.3
    text = (
        np.resize(source.text(rng, int(rng.integers(8, 40))), room)
        if monotonous
        else source.text(rng, room)
    )
    reach = int(room * max(0.05, rng.random()))  # how far back the facts stand
    ids, plain, copied = [source.begin], [False], [False]

    def add(tokens: Ids | list[int], is_plain: bool, is_copied: bool) -> None:
        ids.extend(int(token) for token in tokens)
        plain.extend([is_plain] * len(tokens))
        copied.extend([is_copied] * len(tokens))

    last = 0
    cuts = np.sort(rng.integers(room - reach, room + 1, len(stated)))
    for cut, fact in zip(cuts, stated, strict=True):
        add(text[last:cut], not monotonous, False)
        add(fact, False, False)
        last = int(cut)
    add(text[last:], not monotonous, False)
    for question, answer in asked:
        add(question, False, False)
        add(answer, False, True)
    return Row(np.array(ids), np.array(plain), np.array(copied))
