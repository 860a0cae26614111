"""Multiple-choice items, how they become token ids, and which answers are right. Pure; no torch.

The method is lm-evaluation-harness's (EleutherAI, `multiple_choice`): each choice is scored by its
log-likelihood after the context; `acc` takes the largest, `acc_norm` the largest per character.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longsum.corpus.jsonl import read_jsonl
from longsum.corpus.texts import Text
from longsum.errors import CorruptDocument, DocumentError, EmptyDocument
from longsum.terminal import shown_name

DELIMITER = " "
"""Between context and choice, as in lm-evaluation-harness."""
CLOZE_CONTEXT, CLOZE_CHOICE = 600, 120
"""Characters of a cloze item's passage, and of each of its choices."""
CLOZE_CHOICES = 4
_SNAP = 40
"""Characters within which the end of a word is searched for; scripts without spaces have none."""
_CLOZE_ITEM = CLOZE_CONTEXT + CLOZE_CHOICE + 3 * _SNAP
_MAX_TRIES = 60
"""Positions drawn for a choice before the texts are refused as too short or too similar."""
_EXAMPLE = 'write lines such as {"question": "…", "choices": ["…", "…"], "answer": 0}'


@dataclass(frozen=True)
class Item:
    """A question with choices, one of which is right."""

    id: str
    context: str
    choices: tuple[str, ...]
    answer: int
    """Index of the right choice, from 0."""
    category: str | None = None


def read_items(paths: Sequence[Path]) -> list[Item]:
    """Return the items of files: `{id?, question|context, choices, answer, category?}` per line.

    Args:
        paths: `.jsonl`, `.jsonl.gz` or `.jsonl.xz`; with several, the category of an item without
            one is the name of its file.

    Raises:
        DocumentError: when a file or one of its rows cannot be read, or there are no rows.
    """
    items: list[Item] = []
    for path in paths:
        category = path.name.partition(".jsonl")[0] if len(paths) > 1 else None
        items += [_item(row, path, number, category) for number, row in read_jsonl(path)]
    if not items:
        named = shown_name(", ".join(map(str, paths)))
        raise EmptyDocument(f"there are no rows in {named}", hint=_EXAMPLE)
    return items


def items_hash(items: Sequence[Item]) -> str:
    """Return a short hash of the items."""
    return hashlib.sha256(repr(items).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _item(row: dict[str, Any], path: Path, number: int, file_category: str | None) -> Item:
    """Return the item of a row.

    Raises:
        CorruptDocument: when something is wrong with it.
    """
    choices, answer = row.get("choices"), row.get("answer")
    context = row.get("context", row.get("question"))
    mistake = None
    if not isinstance(context, str):
        mistake = "no question or context that is a string"
    elif not isinstance(choices, list) or len(choices) < 2:
        mistake = "no list of two or more choices"
    elif not all(isinstance(choice, str) and choice.strip() for choice in choices):
        mistake = "a choice that is empty or not a string"
    elif not isinstance(answer, int) or isinstance(answer, bool):
        mistake = "no answer that is the index of a choice, from 0"
    elif not 0 <= answer < len(choices):
        mistake = f"the answer {answer}, but its {len(choices)} choices are numbered from 0"
    if mistake or not isinstance(choices, list) or not isinstance(context, str):
        where = f"{shown_name(str(path))}, line {number:,}"
        raise CorruptDocument(f"{where} has {mistake}", hint=_EXAMPLE)
    own, category = row.get("id"), row.get("category")
    named = isinstance(own, str | int) and not isinstance(own, bool) and str(own).strip()
    return Item(
        id=shown_name(str(own) if named else f"{path.name}:{number}"),
        context=context,
        choices=tuple(choices),
        answer=int(row["answer"]),
        category=category if isinstance(category, str) and category.strip() else file_category,
    )


# ---- token ids


@dataclass(frozen=True)
class Request:
    """A choice as the model reads it."""

    ids: tuple[int, ...]
    scored: int
    """Number of ids, at the end, that belong to the choice."""
    cut: int = 0
    """Number of tokens cut from the beginning of the context to fit the length."""


def encode_choice(
    context: str, choice: str, encode: Callable[[str], list[int]], *, begin: Sequence[int]
) -> Request:
    """Return the ids of a context followed by a choice.

    As in lm-evaluation-harness (`TemplateLM._encode_pair`): white space at the context's end
    belongs to the choice; both are encoded together, and the ids beyond the length of the context
    encoded by itself belong to the choice.

    Args:
        context: text before the choice; `DELIMITER` separates them.
        choice: text that is scored.
        encode: takes a text, returns its ids without control tokens.
        begin: the beginning-of-text token, where the model has one.
    """
    bare = context.rstrip()
    whole = encode(context + DELIMITER + choice)
    before = encode(bare) if bare else []
    after = whole[len(before) :] or whole[-1:]  # a tokenizer may merge both sides into one id
    return Request((*begin, *before, *after), len(after))


def cut_to(request: Request, length: int, *, begin: int) -> Request:
    """Return a request of at most `length` ids, cutting the beginning of the context.

    The beginning-of-text token stays; if the choice alone exceeds the length, its end is scored.

    Args:
        request: from `encode_choice`.
        length: maximum number of ids.
        begin: number of control tokens at the beginning.
    """
    over = len(request.ids) - length
    if over <= 0:
        return request
    remaining = request.ids[begin + over :]
    return Request(request.ids[:begin] + remaining, min(request.scored, length - 1), over)


# ---- what is right


def best_choice(scores: Sequence[float]) -> int:
    """Return the index of the largest score, the first of several."""
    return max(range(len(scores)), key=lambda i: (scores[i], -i))


def judge(item: Item, log_likelihoods: Sequence[float]) -> dict[str, Any]:
    """Return whether the model is right, as 0 or 1.

    Args:
        item: the question.
        log_likelihoods: one per choice, in nats.

    Returns:
        `acc` by log-likelihood, `acc_norm` by log-likelihood per character of the choice.
    """
    by_length = [
        score / len(choice) for score, choice in zip(log_likelihoods, item.choices, strict=True)
    ]
    return {
        "acc": int(best_choice(log_likelihoods) == item.answer),
        "acc_norm": int(best_choice(by_length) == item.answer),
    }


def chance(items: Sequence[Item]) -> float:
    """Return the accuracy of guessing, in percent."""
    return 100 * sum(1 / len(item.choices) for item in items) / len(items)


# ---- cloze items of our own making


def make_cloze(texts: Sequence[Text], count: int, *, seed: int) -> list[Item]:
    """Make items from plain texts: which of four pieces continues a passage.

    Our own construction, for models that know too little for published questions. The three wrong
    pieces have the same length and come from different other documents, as far as there are enough.
    The same texts, count and seed give the same items.

    Args:
        texts: the corpus.
        count: number of items to make.
        seed: random seed for passages, pieces and order.

    Returns:
        The items; a larger count adds some and changes none.

    Raises:
        DocumentError: when the texts are too short for a passage and three other pieces.
    """
    long_enough = [Text(text.name, " ".join(text.text.split())) for text in texts]
    long_enough = [text for text in long_enough if len(text.text) >= _CLOZE_ITEM]
    if not long_enough:
        raise DocumentError(
            f"no text has the {_CLOZE_ITEM:,} characters of a cloze item", hint="name longer texts"
        )
    if len(long_enough) < CLOZE_CHOICES and max(len(t.text) for t in long_enough) < 3 * _CLOZE_ITEM:
        raise DocumentError(
            "the texts are too short for three other pieces beside a passage",
            hint=f"name {CLOZE_CHOICES} texts, or one of {3 * _CLOZE_ITEM:,} characters",
        )
    return [_cloze(long_enough, number, seed) for number in range(count)]


def _cloze(texts: Sequence[Text], number: int, seed: int) -> Item:
    """Make one item with its own random generator, so that it does not depend on the others."""
    draw = random.Random(f"{seed} {number}")
    # longer texts have more passages
    source = draw.choices(range(len(texts)), [len(text.text) for text in texts])[0]
    text = texts[source].text
    start = _word_end(text, draw.randrange(len(text) - _CLOZE_ITEM + 1))
    middle = _word_end(text, start + CLOZE_CONTEXT)
    end = _word_end(text, middle + CLOZE_CHOICE)
    right = text[middle:end].strip()
    pieces = [right, *_others(texts, source, (start, end), right, draw)]
    order = list(range(len(pieces)))
    draw.shuffle(order)
    return Item(
        id=f"{texts[source].name}:{start}",
        context=text[start:middle].strip(),
        choices=tuple(pieces[i] for i in order),
        answer=order.index(0),
    )


def _others(
    texts: Sequence[Text], source: int, used: tuple[int, int], right: str, draw: random.Random
) -> list[str]:
    """Return three wrong pieces, each from a different document where there are enough."""
    others = [i for i in range(len(texts)) if i != source]
    draw.shuffle(others)
    pieces: list[str] = []
    taken = [(source, *used)]
    for document in ((others or [source]) * CLOZE_CHOICES)[: CLOZE_CHOICES - 1]:
        text = texts[document].text
        for _ in range(_MAX_TRIES):
            start = _word_end(text, draw.randrange(len(text) - CLOZE_CHOICE - 2 * _SNAP + 1))
            end = _word_end(text, start + CLOZE_CHOICE)
            piece = text[start:end].strip()
            overlaps = any(
                other == document and start < last and first < end for other, first, last in taken
            )
            if not overlaps and piece not in {right, *pieces}:
                break
        else:
            raise DocumentError(
                f"{texts[document].name} has no other pieces of text to choose from",
                hint="name longer texts, or more of them",
            )
        taken.append((document, start, end))
        pieces.append(piece)
    return pieces


def _word_end(text: str, at: int) -> int:
    """Return the next position, at most `_SNAP` characters ahead, where a word ends."""
    found = text.find(" ", at, at + _SNAP)
    return found if found >= 0 else at
