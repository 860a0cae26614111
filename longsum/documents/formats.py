"""The formats that can be read: a reader's interface, what it returns, and the list of readers.

A new format is one module with a `FormatReader`'s two functions and a line in `READERS`, which
messages and the time estimates of a batch use. Light: a reader's module is imported only when a
document is read.
"""

from __future__ import annotations

import importlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from longsum.documents.edges import VisibleExtent
    from longsum.documents.lines import Line

READING = 3
"""Version of what the readers make of a file. Raise it when a document's text changes, so that
results of earlier versions are made again."""


@dataclass
class RawPage:
    """One page as it was read."""

    number: int
    lines: list[Line]
    """In reading order."""
    has_pictures: bool = False
    chosen: bool = True
    """False for a page read only to detect headers and footers."""
    label: str | None = None
    """Printed page label, if it differs from the number."""
    is_readable: bool = True
    """Whether its glyphs are known characters that make words."""
    notes: list[Line] = field(default_factory=list)
    """Notes and text boxes, which follow the page's text."""
    widgets: int = 0
    """Form fields, filled in or not."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Characters of the file that the page does not show, by cause."""
    outside: list[str] = field(default_factory=list)
    """Of these, the pieces beyond the page's edge, which may belong to another page."""
    extent: VisibleExtent | None = None
    """Its bottom and top in the coordinates of its lines; None if unknown."""


@dataclass
class RawDocument:
    """What a file holds, its lines not yet joined into paragraphs."""

    pages: list[RawPage]
    """For a document without pages: a single one with all its lines."""
    total_pages: int
    """0 for a document without pages, whose references are source lines."""
    unit: str | None = None
    """What its pages are, or what `Line.source` counts, as `UNITS` names it: `slide`, `cue`; None
    for pages or lines."""
    title: str | None = None
    warnings: list[str] = field(default_factory=list)
    has_layout: bool = False
    """Whether lines have their places on the page; otherwise their boxes are made up."""
    knows_paragraphs: bool = False
    """Whether lines know what follows them: then nothing is judged by the layout."""
    own_lines: frozenset[int] = frozenset()
    """For a document without pages: lines that are not joined to others, see `flow_text`."""


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
            What it holds; None if it is not in this format after all, but perhaps in a later one.

        Raises:
            DocumentError: it cannot be read; the class says why, the hint what to do.
            UsageError: `pages` cannot be read, or the document has none.
        """


@dataclass(frozen=True)
class DocumentFormat:
    """A format that can be read."""

    name: str
    """Name in messages."""
    suffixes: tuple[str, ...]
    """File name suffixes, in lower case; used only to estimate reading times."""
    module: str
    """Import path of a `FormatReader`."""
    takes_encoding: bool = False
    """Whether its `read` also takes an `encoding` that the user named."""

    def reader(self) -> FormatReader:
        """Import the module that reads this format."""
        return cast(FormatReader, importlib.import_module(self.module))


READERS: tuple[DocumentFormat, ...] = (
    DocumentFormat("PDF", (".pdf",), "longsum.documents.pdf"),
    DocumentFormat("DOCX", (".docx", ".docm", ".dotx"), "longsum.documents.docx"),
    DocumentFormat("PPTX", (".pptx", ".pptm", ".ppsx", ".potx"), "longsum.documents.pptx"),
    DocumentFormat("ODT", (".odt", ".ott"), "longsum.documents.odt"),
    DocumentFormat("EPUB", (".epub",), "longsum.documents.epub"),
    DocumentFormat(
        "HTML", (".html", ".htm", ".xhtml"), "longsum.documents.html", takes_encoding=True
    ),
    DocumentFormat("text", (), "longsum.documents.text", takes_encoding=True),
)
"""Formats in the order they are tried; text is last: it matches anything without control codes."""


def format_names(last: str = "or") -> str:
    """Return the names of all formats: `PDF, DOCX or text`.

    Args:
        last: the word before the last name.
    """
    *first, text = (each.name for each in READERS)
    return f"{', '.join(first)} {last} {text}"


def format_of_name(name: str) -> str:
    """Return the name of the format that a file's name suggests; text for any other name."""
    found = (each for each in READERS if name.lower().endswith(each.suffixes))
    return next(found, READERS[-1]).name
