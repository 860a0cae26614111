"""Small PDFs, made on the spot: each shows one thing a reader must cope with.

Every function returns the file's bytes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import pypdf
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = 612, 792
LEFT, TOP, LEADING, SIZE = 72, 700, 14, 11

WORDS = (
    "The committee met in the morning and heard the report on the river. It found that the water "
    "had risen by four feet since the spring, and that the lower bridge would not stand another "
    "winter. The engineers asked for stone and for men. The mayor promised both, although nobody "
    "in the room believed that the money could be found before the first snow fell on the hills."
)


def wrapped(text: str, width: int = 70) -> list[str]:
    """Break a text into lines as a typesetter would."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def canvas() -> tuple[Canvas, io.BytesIO]:
    """Return an empty canvas and where it is saved to."""
    out = io.BytesIO()
    return Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1), out


def draw(page: Canvas, lines: Sequence[str], *, x: float = LEFT, y: float = TOP) -> float:
    """Draw lines down the page, an empty one as a gap; return the height below the last."""
    page.setFont("Times-Roman", SIZE)
    for line in lines:
        page.drawString(x, y, line)
        y -= LEADING
    return y


def text_pages(*pages: Sequence[str], title: str | None = None) -> bytes:
    """Return a PDF of these lines, one sequence a page."""
    paper, out = canvas()
    if title:
        paper.setTitle(title)
    for lines in pages:
        draw(paper, lines)
        paper.showPage()
    paper.save()
    return out.getvalue()


def with_running_heads(count: int = 8) -> bytes:
    """Return a PDF with alternating heads, a foot and page numbers around different text."""
    paper, out = canvas()
    for number in range(1, count + 1):
        head = f"{number} SMITH v. JONES" if number % 2 == 0 else f"Cite as: 5 U. S. 1 {number}"
        draw(paper, [head], y=750)
        body = [f"Chapter text number {number} begins here."] + wrapped(WORDS)
        draw(paper, body)
        draw(paper, [f"Printed {number} times by the river press"], y=60)
        draw(paper, [str(number + 4)], x=300, y=40)
        paper.showPage()
    paper.save()
    return out.getvalue()


def two_columns() -> bytes:
    """Return a page whose right column comes first in the file."""
    paper, out = canvas()
    draw(paper, [f"Right column line {i} of the page." for i in range(1, 9)], x=330)
    draw(paper, [f"Left column line {i} of the page." for i in range(1, 9)], x=72)
    paper.showPage()
    paper.save()
    return out.getvalue()


def with_footnote() -> bytes:
    """Return two pages: a paragraph runs over the break, past a footnote in small type."""
    paper, out = canvas()
    lines = wrapped(WORDS, 80)
    draw(paper, ["First came a short opening paragraph on the page."])
    y = draw(paper, lines[:3], y=TOP - 2 * LEADING)
    paper.setFont("Times-Roman", 8)
    paper.drawString(LEFT, y - 30, "1 See the minutes of the meeting in the town archive.")
    paper.showPage()
    draw(paper, lines[3:])
    paper.showPage()
    paper.save()
    return out.getvalue()


def picture() -> ImageReader:
    """Return a small grey picture."""
    return ImageReader(Image.new("L", (40, 40), 128))


def image_only(count: int = 2) -> bytes:
    """Return pages that hold a picture and nothing else."""
    return mixed("i" * count)


def mixed(kinds: str) -> bytes:
    """Return a page for each letter: `t` text, `i` image, `b` blank."""
    paper, out = canvas()
    for number, kind in enumerate(kinds, 1):
        if kind == "t":
            draw(paper, [f"Page {number} tells a story of its own.", *wrapped(WORDS)])
        elif kind == "i":
            paper.drawImage(picture(), 0, 0, WIDTH, HEIGHT)
        paper.showPage()
    paper.save()
    return out.getvalue()


def outlined() -> bytes:
    """Return a page whose letters are drawn as strokes."""
    paper, out = canvas()
    for index in range(300):
        paper.line(72 + index, 700, 72 + index, 704)
    paper.showPage()
    paper.save()
    return out.getvalue()


def encrypted(*, user: str, owner: str = "owner") -> bytes:
    """Return a page encrypted with AES-256; an empty user password opens it without asking."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(text_pages(wrapped(WORDS))))
    writer.encrypt(user_password=user, owner_password=owner, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def truncated() -> bytes:
    """Return the first half of a PDF."""
    data = text_pages(*[wrapped(WORDS)] * 5)
    return data[: len(data) // 2]


def labelled() -> bytes:
    """Return three pages with the printed names i, ii, 1."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(text_pages(*[wrapped(WORDS)] * 3)))
    writer.set_page_label(0, 1, style="/r")
    writer.set_page_label(2, 2, style="/D")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
