"""The formats that are read: what a reader must offer, what it returns, and the list of all.

Another format is one module with a `FormatReader`'s two functions, and its line in `READERS`: what
messages say can be read, and what a batch expects a file to take, follows from there. Light: a
reader's module is imported when a document is read.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from longsum.documents.lines import Line


@dataclass
class RawPage:
    """One page as read."""

    number: int
    lines: list[Line]
    """In reading order."""
    has_pictures: bool = False
    chosen: bool = True
    """False for a page read only to tell running heads by."""
    label: str | None = None
    """Its printed name, where that differs from its number."""


@dataclass
class RawDocument:
    """What a file holds, its lines not yet joined into paragraphs."""

    pages: list[RawPage]
    """Of a document without pages: one, with all its lines."""
    total_pages: int
    """0 for a document without pages, whose references are source lines."""
    title: str | None = None
    warnings: list[str] = field(default_factory=list)
    has_layout: bool = False
    """Lines are placed as the page has them; otherwise their boxes are made up."""
    own_lines: frozenset[int] = frozenset()
    """Of a document without pages: lines that keep to themselves, see `flow_text`."""


class FormatReader(Protocol):
    """A module that reads one format."""

    def matches(self, data: bytes) -> bool:
        """Return whether a file's bytes look like this format."""

    def read(
        self, data: bytes, *, shown: str, pages: str | None, password: str | None
    ) -> RawDocument | None:
        """Read a file.

        Args:
            data: its bytes.
            shown: its name, safe to print.
            pages: a selection such as `3-20,25`; all if None.
            password: for an encrypted file.

        Returns:
            What it holds; None if it is not of this format after all, but perhaps of a later one.

        Raises:
            DocumentError: it cannot be read; the class says why, the hint what to do.
            UsageError: `pages` cannot be read, or the document has none.
        """


@dataclass(frozen=True)
class DocumentFormat:
    """A format that is read."""

    name: str
    """As messages name it."""
    suffixes: tuple[str, ...]
    """Of file names, in lower case; they only estimate what a file will take to read."""
    module: str
    """A `FormatReader`."""

    def reader(self) -> FormatReader:
        """Import the module that reads this format."""
        return cast(FormatReader, importlib.import_module(self.module))


READERS: tuple[DocumentFormat, ...] = (
    DocumentFormat("PDF", (".pdf",), "longsum.documents.pdf"),
    DocumentFormat("text", (), "longsum.documents.text"),
)
"""In the order they are tried; text is the last, as anything without control codes matches it."""


def format_names(last: str = "or") -> str:
    """Return the names of all formats: `PDF or text`.

    Args:
        last: the word before the last name.
    """
    *first, text = (each.name for each in READERS)
    return f"{', '.join(first)} {last} {text}"


def format_of_name(name: str) -> str:
    """Return the name of the format that a file's name speaks for; text for any other name."""
    found = (each for each in READERS if name.lower().endswith(each.suffixes))
    return next(found, READERS[-1]).name
