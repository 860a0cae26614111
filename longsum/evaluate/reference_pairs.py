"""Read documents with reference summaries from JSON lines: `{id, task, doc, query, target}`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from longsum.corpus.jsonl import read_jsonl
from longsum.documents.document import Document
from longsum.documents.read import parse_text
from longsum.errors import CorruptDocument, EmptyDocument
from longsum.evaluate.windows import evenly_spaced
from longsum.settings import Setting
from longsum.similarity import count_words
from longsum.terminal import shown_name

_WHOLE = re.compile(
    r"(?:please\s+)?summari[sz]e(?:\s+(?:the|this))?(?:\s+(?:whole|entire|full))?\s+\w+\W*"
    r"|what\s+is\s+the\s+plot\s+of\s+(?:the|this)\s+(?:story|book|novel)\W*",
    re.I,
)
"""Queries about the whole document: `Summarize the whole meeting.`"""


@dataclass(frozen=True)
class Pair:
    """A document and its reference summaries or answers."""

    id: str
    place: str
    """File and line."""
    task: str | None
    """`summ`, `qa`, or another task that the row gives."""
    text: str
    query: str | None
    references: tuple[str, ...]

    @cached_property
    def document(self) -> Document:
        """The document, parsed like a text file.

        Raises:
            DocumentError: when it cannot be read.
        """
        return parse_text(self.text, self.id)

    @property
    def words(self) -> int:
        """Mean words of the references, at least 1."""
        total = sum(count_words(reference) for reference in self.references)
        return max(1, round(total / len(self.references)))

    @property
    def focus(self) -> str | None:
        """Focus of the summary; None where the query asks for the whole document."""
        return self.query if self.query and not _WHOLE.fullmatch(self.query.strip()) else None


def read_pairs(
    paths: Sequence[Path],
    *,
    task: str | None = None,
    query: str | None = None,
    limit: int | None = None,
) -> list[Pair]:
    """Return the pairs of files, in order.

    Args:
        paths: `.jsonl`, `.jsonl.gz` or `.jsonl.xz`.
        task: take only rows of this task; None takes all.
        query: take only rows whose query contains this text, in any case; None takes all.
        limit: maximum pairs, evenly spaced over those that match; None takes all.

    Raises:
        DocumentError: when a file or a row cannot be read, or no row matches.
    """
    found: list[Pair] = []
    total = 0
    for path in paths:
        for pair in _file_pairs(path):
            total += 1
            if (task is None or pair.task == task) and _asks(pair, query):
                found.append(pair)
    if not found:
        named = shown_name(", ".join(map(str, paths)))
        raise EmptyDocument(
            f"none of the {total:,} rows of {named} matches"
            if total
            else f"there are no rows in {named}",
            hint=f"check {Setting('task_filter')} and {Setting('query_filter')}"
            if total
            else 'write lines such as {"id": "1", "doc": "…", "target": "…"}',
        )
    return found if limit is None else [found[i] for i in evenly_spaced(len(found), limit)]


def pairs_hash(pairs: Sequence[Pair]) -> str:
    """Return a short hash of everything in pairs that affects the scores."""
    digest = hashlib.sha256()
    for pair in pairs:
        digest.update(repr((pair.id, pair.text, pair.query, pair.references)).encode())
    return digest.hexdigest()[:16]


def _asks(pair: Pair, query: str | None) -> bool:
    """Return whether a pair's query contains the text searched for."""
    return query is None or query.casefold() in (pair.query or "").casefold()


def _file_pairs(path: Path) -> Iterator[Pair]:
    """Yield the pairs of a file."""
    for number, row in read_jsonl(path):
        yield _pair(row, path.name, number, f"{shown_name(str(path))}, line {number:,}")


def _pair(row: dict[str, Any], name: str, number: int, where: str) -> Pair:
    """Return the pair of a row.

    Raises:
        CorruptDocument: when it has no document, or no reference.
    """
    place = f"{name}:{number}"
    target = row.get("target")
    references: list[Any] = target if isinstance(target, list) else [target]
    if not references or not all(isinstance(each, str) and each.strip() for each in references):
        raise CorruptDocument(
            f"{where} has no target that is a non-empty string or a list of them",
            hint='write lines such as {"id": "1", "doc": "…", "target": "…"}',
        )
    for key in ("doc", "query", "task"):
        value = row.get(key)
        if not (isinstance(value, str) or (value is None and key != "doc")):
            mistake = f"no {key}" if value is None else f"a {key} that is not a string"
            raise CorruptDocument(
                f"{where} has {mistake}",
                hint='write lines such as {"id": "1", "doc": "…", "target": "…"}',
            )
    own = row.get("id")
    named = isinstance(own, str | int) and not isinstance(own, bool) and str(own).strip()
    return Pair(
        id=shown_name(str(own) if named else place),
        place=place,
        task=row.get("task"),
        text=row["doc"],
        query=(row.get("query") or "").strip() or None,
        references=tuple(references),
    )
