"""A made-up format, as somebody would add one: `.story`, a magic first line, pages of own lines."""

from __future__ import annotations

from typing import Any

from longsum.batch.reading import DocumentReader, open_reader
from longsum.documents import formats
from longsum.documents.formats import DocumentFormat, RawDocument, RawPage
from longsum.documents.lines import lines_of_text
from longsum.documents.pages import parse_pages
from longsum.documents.serving import Handler, open_plain

MAGIC = b"%STORY\0"
HERE = "documents.story_format"
STORY = DocumentFormat("story", (".story",), HERE)


def matches(data: bytes) -> bool:
    return data.startswith(MAGIC)


def read(data: bytes, *, shown: str, pages: str | None, password: str | None) -> RawDocument | None:
    title, *parts = data.removeprefix(MAGIC).decode().split("\f")
    chosen = parse_pages(pages or "1-", len(parts))
    found = [
        RawPage(number, lines_of_text(part), chosen=number in chosen)
        for number, part in enumerate(parts, 1)
    ]
    return RawDocument(found, len(parts), title=title)


def add_story() -> None:
    """Add the format in a reading process, as its line in the tuple would everywhere."""
    formats.READERS = (STORY, *formats.READERS)


def open_stories(argument: dict[str, Any]) -> Handler:
    add_story()
    return open_plain(argument)


def open_story_reader(argument: dict[str, Any]) -> DocumentReader:
    add_story()
    return open_reader(argument)
