"""The errors of a PDF as a whole: encrypted, damaged, or far too long."""

from __future__ import annotations

from longsum.errors import CorruptDocument, DocumentTooLong, NoSuchPage, PasswordError
from longsum.settings import Setting

MAX_PAGES = 50_000


def password_error(shown: str, password: str | None) -> PasswordError:
    """Return the error for a file that the password, or none, does not open."""
    if not password:
        return PasswordError(
            f"{shown} is encrypted and needs a password",
            hint=f"give it with {Setting('password')}; on a terminal it is asked for",
        )
    return PasswordError(
        f"the password given does not open {shown}",
        hint=f"check the one given with {Setting('password')}",
    )


def check_count(total: int, shown: str) -> None:
    """Refuse a file without pages, or with more than any document has."""
    if total < 1:
        raise corrupt(shown, "it has no pages")
    if total > MAX_PAGES:
        raise DocumentTooLong(
            f"{shown} claims {total:,} pages; the limit is {MAX_PAGES:,}",
            hint="split it, for example with qpdf --split-pages",
        )


def corrupt(shown: str, why: str) -> CorruptDocument:
    """Return the error for a damaged file."""
    return CorruptDocument(
        f"{shown} is damaged or incomplete: {why}",
        hint="download it again, or try to repair it: qpdf in.pdf out.pdf",
    )


def why_damaged(data: bytes) -> str:
    """Return what is wrong with a file that cannot be opened."""
    if b"%%EOF" not in data[-2048:]:
        return "it is truncated"
    return "its structure cannot be read"


def no_such_page(number: int, total: int, shown: str) -> NoSuchPage:
    """Return the error for a page that a document does not have."""
    return NoSuchPage(
        f"{shown} has no page {number:,}; it has {total:,} page{'' if total == 1 else 's'}",
        hint=f"choose from 1-{total}" if total > 1 else "its only page is page 1",
        facts={"page": number, "pages": total},
    )
