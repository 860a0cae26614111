"""Texts from files: documents, JSON lines, or folders of them; for training and evaluation."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longsum.corpus.jsonl import is_jsonl, read_jsonl
from longsum.documents.isolated import IsolatedReader
from longsum.errors import CorruptDocument, DocumentError, DocumentNotFound, EmptyDocument
from longsum.events import Listener
from longsum.terminal import shown_name


@dataclass(frozen=True)
class Text:
    """One text of a corpus."""

    name: str
    """File name, or the row's `id`."""
    text: str


def read_corpus(paths: Sequence[Path], listener: Listener) -> Iterator[Text]:
    """Yield the texts of files and folders, in the order named; folders sorted by path.

    A named file that cannot be read is an error. In a named folder it is skipped and reported to
    the listener; files and folders whose names begin with a dot are ignored there.

    Args:
        paths: documents, `.jsonl[.gz|.xz]` whose rows have a `text`, or folders.
        listener: receives what is skipped, and the warnings about a file.

    Raises:
        DocumentError: when a named file cannot be read, or no file has any text.
    """
    counts = _Counts()
    with IsolatedReader() as reader:
        for path in paths:
            if path.is_dir():
                texts = _folder_texts(path, reader, listener, counts)
            else:
                counts.files += 1
                texts = _file_texts(path, reader, listener)
            for text in texts:
                if text.text.strip():
                    counts.texts += 1
                    yield text
                else:
                    counts.blank += 1
    _report(paths, counts, listener)


@dataclass
class _Counts:
    """Numbers of files and texts seen."""

    files: int = 0
    skipped: int = 0
    texts: int = 0
    blank: int = 0


def _report(paths: Sequence[Path], counts: _Counts, listener: Listener) -> None:
    """Report what was left out, and refuse an empty corpus."""
    named = shown_name(", ".join(map(str, paths)))
    if not counts.files:
        raise DocumentNotFound(f"no files in {named}", hint="name files or folders that hold some")
    if counts.skipped:
        listener.notice(f"{counts.skipped:,} of {counts.files:,} files could not be read")
    if not counts.texts:
        raise EmptyDocument(
            f"there is no text in {named}", hint="check that they are the files you meant"
        )
    if counts.blank:
        listener.notice(f"{counts.blank:,} of {counts.blank + counts.texts:,} texts are empty")


def _folder_texts(
    folder: Path, reader: IsolatedReader, listener: Listener, counts: _Counts
) -> Iterator[Text]:
    """Yield the texts of a folder's files, skipping what cannot be read."""
    for path in _files(folder, listener):
        counts.files += 1
        if not path.is_file():  # a pipe would block forever, a broken link leads nowhere
            counts.skipped += 1
            listener.notice(f"skipped: {shown_name(str(path))} is not a file")
            continue
        try:
            name = path.relative_to(folder).as_posix()
            yield from _file_texts(path, reader, listener, name=name)
        except DocumentError as error:
            counts.skipped += 1
            listener.notice(f"skipped: {error.rendered(str)[0]}")


def _files(folder: Path, listener: Listener) -> Iterator[Path]:
    """Yield the files below a folder, sorted; names that begin with a dot are left out."""
    found: list[Path] = []

    def report(error: OSError) -> None:
        listener.notice(f"skipped: {shown_name(str(error.filename))}: {error.strerror}")

    for parent, folders, names in os.walk(folder, onerror=report):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in names if not name.startswith(".")]
    yield from sorted(found)


def _file_texts(
    path: Path, reader: IsolatedReader, listener: Listener, *, name: str | None = None
) -> Iterator[Text]:
    """Yield a file's texts: one, or one per row."""
    if is_jsonl(path):
        for number, row in read_jsonl(path):
            yield _row_text(row, f"{name or path.name}:{number}", path, number)
        return
    document = reader.read(path)
    for warning in document.warnings:
        listener.notice(warning)
    yield Text(shown_name(name or path.name), document.text)


def _row_text(row: dict[str, Any], place: str, path: Path, number: int) -> Text:
    """Return the text of a row."""
    text = row.get("text")
    if not isinstance(text, str):
        found = "has no text" if text is None else "has a text that is not a string"
        raise CorruptDocument(
            f"{shown_name(str(path))}, line {number:,} {found}",
            hint='write lines such as {"text": "…"}',
        )
    row_id = row.get("id")
    has_id = isinstance(row_id, str | int) and not isinstance(row_id, bool) and str(row_id)
    return Text(shown_name(str(row_id) if has_id else place), _without_surrogates(text))


def _without_surrogates(text: str) -> str:
    """Return text that can be encoded: JSON may hold lone surrogates, which tokenizers reject."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
