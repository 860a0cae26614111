"""What of a document could not be read, as people are to hear of it: scans and unreadable fonts.

Pure.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from longsum.documents.formats import RawPage
from longsum.documents.pages import format_pages
from longsum.errors import EmptyDocument, ImageOnlyDocument, UnreadableText

_FONTS = "fonts do not say which characters they show"


def page_list(numbers: Sequence[int]) -> str:
    """Return `page 7`, or `pages 1-3, 7`."""
    return f"page{'s' if len(numbers) > 1 else ''} {format_pages(numbers)}"


def check_readable(pages: Sequence[RawPage], shown: str, typed: str) -> list[int]:
    """Return the numbers of the pages that cannot be read, if they are not the most.

    Args:
        pages: those that were asked for.
        shown: the file's name, safe to print.
        typed: its path as the user gave it, safe to print; `-` for none.

    Raises:
        UnreadableText: over half of the pages that hold anything cannot be read.
    """
    unread = [page.number for page in pages if not page.is_readable]
    full = sum(bool(page.lines or page.has_pictures or not page.is_readable) for page in pages)
    if 2 * len(unread) <= full:
        return unread
    which = "its" if full == 1 else f"on {len(unread):,} of {len(pages):,} pages, its"
    raise UnreadableText(
        f"{shown} cannot be read: {which} {_FONTS}",
        hint=f"recognize the letters: {ocr_command(typed, '--force-ocr ')}",
    )


def unreadable_warning(numbers: Sequence[int], total: int, typed: str) -> str:
    """Return the warning that some pages cannot be read.

    Args:
        numbers: of these pages.
        total: pages of the document.
        typed: its path as the user gave it, safe to print; `-` for none.
    """
    whose = "its" if len(numbers) == 1 else "their"
    return (
        f"{page_list(numbers)} of {total:,} cannot be read: {whose} {_FONTS}. "
        f"To recognize the letters: {ocr_command(typed, '--force-ocr ')}"
    )


def scan_warning(numbers: Sequence[int], total: int, typed: str) -> str:
    """Return the warning that some pages are pictures without text."""
    verb, subject = ("holds", "it was") if len(numbers) == 1 else ("hold", "they were")
    return (
        f"{page_list(numbers)} of {total:,} {verb} no text (scanned?); {subject} not read. "
        f"To add a text layer: {ocr_command(typed)}"
    )


def nothing_to_read(
    scanned: Sequence[int],
    shown: str,
    typed: str,
    *,
    total: int,
    has_layout: bool,
    unseen: Mapping[str, int],
) -> ImageOnlyDocument | EmptyDocument:
    """Return the error for a document without text.

    Args:
        scanned: pages that are pictures.
        shown: the file's name, safe to print.
        typed: its path as the user gave it, safe to print; `-` for none.
        total: its pages.
        has_layout: whether its format has pages with a layout.
        unseen: how many characters its pages do not show, by cause.
    """
    if not has_layout:
        return EmptyDocument(
            f"{shown} holds no text", hint="check that it is the file, and the pages, you meant"
        )
    if not scanned:
        pages = "1 page" if total == 1 else f"{total:,} pages"
        if unseen:
            return EmptyDocument(
                f"{shown} has {pages} but no text that people see; {sum(unseen.values()):,} "
                f"characters cannot be seen ({', '.join(sorted(unseen))})",
                hint="look at it in a viewer; if it is a drawing of letters: "
                + ocr_command(typed, "--force-ocr "),
            )
        return EmptyDocument(
            f"{shown} has {pages} but no text", hint="check that it is the file you meant"
        )
    if total == 1:
        which = "it is a picture"
    elif len(scanned) == 1:
        which = f"{page_list(scanned)} of {total:,} is a picture"
    else:
        which = f"{page_list(scanned)} of {total:,} are pictures"
    return ImageOnlyDocument(
        f"{shown} holds no text: {which} (scanned?)",
        hint=f"add a text layer: {ocr_command(typed)}",
    )


def ocr_command(typed: str, options: str = "") -> str:
    """Return the command for a shell, with the path as the user gave it."""
    return f"ocrmypdf {options}{'in.pdf' if typed == '-' else shlex.quote(typed)} out.pdf"
