"""EPUB books: their chapters, in the order of the book, named as in its table of contents.

A chapter is what a page is in a PDF: it can be selected, and it is the place of a sentence. A book
whose text is encrypted is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from longsum.documents.blocks import Block, Kind, lines_of_blocks, shortened
from longsum.documents.epub_contents import BookContents, ContentsEntry, read_contents
from longsum.documents.formats import RawDocument, RawPage
from longsum.documents.html_blocks import PageBlocks, page_blocks
from longsum.documents.html_encoding import decode_declared
from longsum.documents.html_left_out import count_words, not_shown
from longsum.documents.lines import Line
from longsum.documents.markup import parse_html
from longsum.documents.omissions import HIDDEN, omission_warnings
from longsum.documents.packages import Package, open_package
from longsum.documents.pages import parse_pages
from longsum.documents.units import UNITS

UNIT = "chapter"
_MIMETYPE = b"application/epub+zip"


@dataclass
class Chapter:
    """A part of a book with a title of its own."""

    title: str | None
    blocks: list[Block] = field(default_factory=list)


def matches(data: bytes) -> bool:
    """Return whether a zip archive says that it is a book, or is built like one."""
    package = open_package(data, "")
    return package is not None and (
        "META-INF/container.xml" in package or package.holds("mimetype", _MIMETYPE)
    )


def read(data: bytes, *, shown: str, pages: str | None, password: str | None) -> RawDocument | None:
    """Read a book.

    Args:
        data: the file's bytes.
        shown: its name, safe to print.
        pages: a selection of chapters such as `3-20,25`; all if None.
        password: ignored; nothing that it could open is read.

    Raises:
        ProtectedDocument: its text is encrypted.
        CorruptDocument: it is damaged.
        DocumentTooLong: it unpacks to too much.
        UsageError: `pages` cannot be read.
        NoSuchPage: it names chapters that do not exist.
    """
    package = Package(data, shown)
    contents = read_contents(package)
    counts: Counter[str] = Counter()
    chapters = [each for each in _chapters(package, contents, counts) if each.blocks]
    chosen = set(parse_pages(pages or "1-", len(chapters), UNIT)) if chapters else set()
    warnings = omission_warnings(Counter({HIDDEN: counts[HIDDEN]}), shown)
    if contents.missing:
        files = "a chapter" if contents.missing == 1 else f"{contents.missing:,} chapters"
        warnings.append(f"{shown} is incomplete: {files} that it lists cannot be found in it")
    return RawDocument(
        [
            RawPage(number, _lines(each, number), chosen=number in chosen)
            for number, each in enumerate(chapters, 1)
        ],
        len(chapters),
        unit=UNIT,
        knows_paragraphs=True,
        title=contents.title,
        warnings=warnings,
    )


def _lines(chapter: Chapter, number: int) -> list[Line]:
    place = chapter_place(chapter.title, number)
    return lines_of_blocks(chapter.blocks, [place] * len(chapter.blocks))


def chapter_place(title: str | None, number: int) -> str:
    """Return how a chapter is referred to: `ch. 3 “The Storm”`.

    Args:
        title: from the table of contents, or None.
        number: its position in the book, by which it is selected; a title may have another.
    """
    place = f"{UNITS[UNIT].short} {number}"
    return f"{place} “{shortened(title)}”" if title else place


def _chapters(package: Package, contents: BookContents, counts: Counter[str]) -> Iterator[Chapter]:
    """Yield a book's chapters; a file that begins none continues the one before it.

    Args:
        package: the book's parts.
        contents: what it says about itself.
        counts: where the words that are left out are counted.
    """
    current = Chapter(None)
    for file in contents.files:
        entries = [entry for entry in contents.entries if entry.file == file]
        page = _page(package, file, entries, counts)
        starts = _starts(page, entries)
        if not contents.entries or (0 not in starts and _begins_with_heading(page)):
            first = page.blocks[0].text if _begins_with_heading(page) else None
            starts.setdefault(0, first)
        at = 0
        for start, title in sorted(starts.items()):
            current.blocks += page.blocks[at:start]
            yield current
            current, at = Chapter(title), start
        current.blocks += page.blocks[at:]
    yield current


def _page(
    package: Package, file: str, entries: list[ContentsEntry], counts: Counter[str]
) -> PageBlocks:
    """Return the blocks of one of a book's files, with the places of some entries."""
    data = package.read(file) or b""
    root = parse_html(decode_declared(data) or data.decode("cp1252", "replace"), package.shown)
    if root is None:
        return PageBlocks([])
    skipped = not_shown(root)
    counts += count_words(root, skipped)
    return page_blocks(root, skipped, {entry.fragment for entry in entries})


def _starts(page: PageBlocks, entries: list[ContentsEntry]) -> dict[int, str | None]:
    """Return where chapters begin in a file: the index of the first block, and the title of each.

    Only the highest entries of the table of contents count, the others being sections.
    """
    starts: dict[int, str | None] = {}
    highest = min((entry.depth for entry in entries), default=1)
    for entry in entries:
        at = page.marks.get(entry.fragment, 0)
        if entry.depth == highest:
            starts.setdefault(at, entry.title)
    return starts


def _begins_with_heading(page: PageBlocks) -> bool:
    return bool(page.blocks) and page.blocks[0].kind is Kind.HEADING
