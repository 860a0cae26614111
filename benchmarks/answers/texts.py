"""Documents and their plain sentences, from folders and files that a measurement is given."""

from __future__ import annotations

import json
import lzma
import re
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path

from longsum.documents.document import Document
from longsum.documents.sentences import split_sentences

MAX_CHARACTERS = 60_000
"""Characters of a document that are used, about 10,000 words: enough to get lost in."""
MIN_CHARACTERS = 1000
"""Characters from which on a document is used."""
MIN_WORDS, MAX_WORDS = 7, 40
"""Words of a sentence that is varied."""
_PLAIN = re.compile(r"[A-Z][A-Za-z0-9 ,;:'’()%$.–-]+[a-z0-9)%]\.")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)|[*_`]")


def documents(paths: Sequence[Path]) -> Iterator[Document]:
    """Yield the documents of text files, folders of them, and `.jsonl.xz` files with a `text`.

    Args:
        paths: files and folders.
    """
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            for name, text in _texts(file):
                yield Document(_LINK.sub(r"\1", text)[:MAX_CHARACTERS], (), "0", name)


def every(paths: Sequence[Path], step: int, offset: int) -> Iterator[tuple[int, Document]]:
    """Yield one document in `step`, beginning at `offset`, with its number; no short ones.

    Args:
        paths: as of `documents`.
        step: distance of the documents taken.
        offset: number of the first.
    """
    for number, document in enumerate(documents(paths)):
        if number % step == offset and len(document.text) >= MIN_CHARACTERS:
            yield number, document


def add_text_options(parser: ArgumentParser) -> None:
    """Add the options that say which documents are taken."""
    parser.add_argument("--texts", type=Path, nargs="+", required=True, help="folders and files")
    parser.add_argument("--every", type=int, default=1, help="use one document in so many")
    parser.add_argument("--offset", type=int, default=0, help="the first of them")


def plain_sentences(document: Document) -> list[tuple[str, str]]:
    """Return a document's sentences of ordinary prose, each with the sentence before it."""
    found: list[tuple[str, str]] = []
    before = ""
    for span in split_sentences(document.text):
        sentence = " ".join(document.text[span.start : span.end].split())
        if _is_plain(sentence):
            found.append((sentence, before))
        before = sentence
    return found


def _is_plain(sentence: str) -> bool:
    """Return whether a sentence is prose: no table, formula, list of names or broken line."""
    spoken = sentence.split()
    if not MIN_WORDS <= len(spoken) <= MAX_WORDS or not _PLAIN.fullmatch(sentence):
        return False
    small = sum(word[0].islower() for word in spoken)
    return small >= 0.55 * len(spoken) and not re.search(r"\.\s*\.|- -|  ", sentence)


def _texts(file: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and text of each document in a file."""
    if file.name.endswith(".jsonl.xz"):
        with lzma.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                yield str(row.get("id", file.name)), str(row.get("text") or row.get("doc") or "")
    elif file.suffix in {".txt", ".md"}:
        yield file.name, file.read_text(encoding="utf-8", errors="replace")
