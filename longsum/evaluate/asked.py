"""Which question is put to which document: each to its own, and to others that do not answer it.

Pure: pairs in, pairs out. The others are drawn by a seed, for each question by itself.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from longsum.errors import EmptyDocument, UsageError
from longsum.evaluate.reference_pairs import Pair, read_pairs
from longsum.evaluate.windows import evenly_spaced
from longsum.settings import Setting
from longsum.terminal import shown_name


@dataclass(frozen=True)
class Asked:
    """A question put to a document."""

    number: int
    """Number of the question, from 1."""
    pair: Pair
    """The question, its answers and its own document."""
    host: Pair
    """The pair whose document it is put to."""
    wrong: int = 0
    """0 for the question's own document, else the number of the wrong one, from 1."""

    @property
    def question(self) -> str:
        """The question in its words."""
        return self.pair.query or ""


def read_questions(paths: Sequence[Path], *, limit: int | None = None) -> list[Pair]:
    """Read documents with questions and their answers; rows without a question are left out.

    Args:
        paths: files `.jsonl`, `.jsonl.gz` or `.jsonl.xz` of `{id, doc, query, target}`.
        limit: maximum questions, evenly spaced over all; None takes all.

    Raises:
        DocumentError: when a file or a row cannot be read, or no row asks anything.
    """
    pairs = read_pairs(paths)
    asking = [pair for pair in pairs if pair.query]
    if not asking:
        named = shown_name(", ".join(map(str, paths)))
        raise EmptyDocument(
            f"none of the {len(pairs):,} rows of {named} has a question",
            hint='write lines such as {"id": "1", "doc": "…", "query": "…", "target": "…"}',
        )
    return asking if limit is None else [asking[i] for i in evenly_spaced(len(asking), limit)]


def asked_of_documents(pairs: Sequence[Pair], wrong: int, seed: int) -> list[list[Asked]]:
    """Return the questions of each document: its own, then those of others.

    Args:
        pairs: questions with their documents; a document may be that of several.
        wrong: number of wrong documents that each question is put to as well.
        seed: seed of their choice.

    Returns:
        A group for each document, in the order of their first questions.

    Raises:
        UsageError: when there are too few documents.
    """
    hosts = {pair.text: pair for pair in reversed(pairs)}
    plain = {text: "".join(text.casefold().split()) for text in hosts} if wrong else {}
    groups: dict[str, list[Asked]] = {pair.text: [] for pair in pairs}
    texts = list(groups)
    for number, pair in enumerate(pairs, 1):
        groups[pair.text].append(Asked(number, pair, hosts[pair.text]))
    for number, pair in enumerate(pairs, 1) if wrong else ():
        rng = random.Random(f"{seed} {number} {pair.place}")
        found = _drawn(texts, plain, pair.text, wrong, rng)
        if len(found) < wrong:
            count = f"only {len(found):,}" if found else "no"
            raise UsageError(
                f"{Setting('wrong_documents')} {wrong} is too many: the question {pair.id} can be "
                f"put to {count} other document{'s' if len(found) > 1 else ''}",
                hint=f"measure more rows, or set {Setting('wrong_documents', str(len(found)))}",
            )
        for nth, text in enumerate(found, 1):
            groups[text].append(Asked(number, pair, hosts[text], nth))
    return list(groups.values())


def _drawn(
    texts: Sequence[str], plain: Mapping[str, str], own: str, wrong: int, rng: random.Random
) -> list[str]:
    """Draw documents that neither are a question's own nor a part of it, nor contain it.

    Args:
        texts: all documents.
        plain: the characters of each that copies share.
        own: the question's own document.
        wrong: number of documents to draw.
        rng: draws them.

    Returns:
        Different documents, fewer if there are too few.
    """
    drawn: list[str] = []
    seen: set[int] = set()
    while len(drawn) < wrong and len(seen) < len(texts):
        place = rng.randrange(len(texts))
        if place in seen:
            continue
        seen.add(place)
        text = texts[place]
        if plain[text] not in plain[own] and plain[own] not in plain[text]:
            drawn.append(text)
    return drawn
