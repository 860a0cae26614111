"""PowerPoint presentations (PPTX): slide by slide, with tables, diagrams and speaker notes.

A slide is what a page is in a PDF. Hidden slides keep their number; they are left out and counted,
unless they are selected by it.

python-pptx is not used: it passes over diagrams and formulas without a word, and unpacks all of an
archive, pictures and films included.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from longsum.documents.blocks import (
    Block,
    clean_blocks,
    lines_of_blocks,
    marked_asides,
    new_asides,
)
from longsum.documents.formats import RawDocument, RawPage
from longsum.documents.lines import Line
from longsum.documents.markup import child, descendants
from longsum.documents.omissions import HIDDEN_SLIDE, omission_warnings
from longsum.documents.ooxml import (
    core_title,
    diagram_texts,
    is_package_of,
    main_part,
    optional_part,
    read_part,
    relation_of,
    relationships,
    value,
)
from longsum.documents.packages import Package
from longsum.documents.pages import format_pages, parse_pages
from longsum.documents.pptx_slide import Slide
from longsum.documents.units import UNITS
from longsum.errors import ImageOnlyDocument

UNIT = "slide"
_MAIN = "ppt/presentation.xml"


@dataclass
class _Read:
    """A slide that was read."""

    number: int
    blocks: list[Block]
    is_hidden: bool
    pictures: int


def matches(data: bytes) -> bool:
    """Return whether a zip archive says that it is a presentation, or is built like one."""
    return is_package_of(
        data,
        b"presentationml.presentation.main+xml",
        b"presentationml.slideshow.main+xml",
        b"presentationml.template.main+xml",
        b"ms-powerpoint.presentation.macroEnabled.main+xml",
        b"ms-powerpoint.slideshow.macroEnabled.main+xml",
        folder=_MAIN,
    )


def read(data: bytes, *, shown: str, pages: str | None, password: str | None) -> RawDocument | None:
    """Read a presentation.

    Args:
        data: the file's bytes.
        shown: its name, safe to print.
        pages: a selection of slides such as `3-20,25`; all but hidden ones if None.
        password: ignored; an encrypted presentation is no zip archive.

    Raises:
        CorruptDocument: it is damaged, or an attack.
        DocumentTooLong: it unpacks to too much.
        ImageOnlyDocument: it holds only pictures.
        UsageError: `pages` cannot be read.
        NoSuchPage: it names slides that do not exist.
    """
    package = Package(data, shown)
    parts = _slide_parts(package)
    chosen = parse_pages(pages or "1-", len(parts), UNIT) if parts else ()
    omitted: Counter[str] = Counter()
    seen: set[str] = set()
    slides = [_slide(package, number, parts[number - 1], omitted, seen) for number in chosen]
    if pages is None:
        omitted[HIDDEN_SLIDE] = sum(each.is_hidden for each in slides)
        slides = [each for each in slides if not each.is_hidden]
    empty = [each.number for each in slides if each.pictures and not each.blocks]
    if empty and not any(each.blocks for each in slides):
        raise ImageOnlyDocument(
            f"{shown} holds no text, only pictures (scanned?)",
            hint="export it as PDF and add a text layer: ocrmypdf in.pdf out.pdf",
        )
    return RawDocument(
        [RawPage(each.number, _lines(each)) for each in slides],
        len(parts),
        unit=UNIT,
        knows_paragraphs=True,
        title=core_title(package),
        warnings=[*omission_warnings(omitted, shown), *_picture_warnings(empty)],
    )


def _slide_parts(package: Package) -> list[str]:
    """Return the names of the slides' parts, in the order they are shown."""
    main = main_part(package, _MAIN)
    relations = relationships(package, main)
    order = child(read_part(package, main), "sldIdLst")
    found = [relations.get(relation_of(each)) for each in (() if order is None else order)]
    return [each.part for each in found if each and each.part in package]


def _slide(
    package: Package, number: int, part: str, omitted: Counter[str], seen: set[str]
) -> _Read:
    """Return a slide with its notes and comments.

    Args:
        package: the presentation's parts.
        number: the slide's, from 1.
        part: name of its part.
        omitted: where what is left out is counted.
        seen: footers of the slides so far, each of which is read once.
    """
    root = read_part(package, part)
    relations = relationships(package, part)
    is_hidden = value(root, "show") in ("0", "false")
    counts: Counter[str] = Counter()
    slide = Slide(lambda reference: diagram_texts(package, relations, reference), counts)
    shapes = child(root, "cSld", "spTree")
    if shapes is not None:
        slide.read(shapes)
    blocks = slide.blocks
    for relation in relations.values():
        if relation.kind == "notesSlide":
            blocks = blocks + _notes(package, relation.part)
        elif relation.kind == "comments":
            blocks = blocks + _comments(package, relation.part)
    if not is_hidden:
        omitted.update(counts)
        blocks = blocks + new_asides("footer", slide.footers, seen)
    return _Read(number, blocks, is_hidden, slide.pictures)


def _notes(package: Package, part: str) -> list[Block]:
    """Return what the speaker noted below a slide, marked as such."""
    root = optional_part(package, part)
    shapes = None if root is None else child(root, "cSld", "spTree")
    notes = Slide(lambda _: iter(()), Counter())
    if shapes is not None:
        notes.read(shapes, "body")
    return marked_asides("Notes", "notes", notes.rest)


def _comments(package: Package, part: str) -> list[Block]:
    """Return the comments on a slide, each marked as one; both forms that PowerPoint has had."""
    root = optional_part(package, part)
    found: list[Block] = []
    for comment in () if root is None else descendants(root, "cm"):
        texts = [each.text or "" for each in descendants(comment, "t", "text")]
        found += marked_asides("Comment", "comment", clean_blocks(" ".join(texts)))
    return found


def _lines(slide: _Read) -> list[Line]:
    place = f"{UNITS[UNIT].short} {slide.number}"
    names = [f"{place}, {each.aside}" if each.aside else place for each in slide.blocks]
    return lines_of_blocks(slide.blocks, names)


def _picture_warnings(numbers: list[int]) -> list[str]:
    """Return a line about slides that hold only pictures, if there are any."""
    if not numbers:
        return []
    one = len(numbers) == 1
    unit, verb, subject = ("slide", "holds", "it was") if one else ("slides", "hold", "they were")
    return [f"{unit} {format_pages(numbers)} {verb} only pictures; {subject} not read"]
