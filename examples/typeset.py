"""Typeset a Markdown handbook as an A4 PDF: title page, contents, chapters, outline.

`# ` is the title, `## ` a chapter on a new page, `### ` a section; `[^1]` marks a note, printed at
its chapter's end. The same input gives the same bytes; fonts are the ones every PDF reader has.

    python examples/typeset.py examples/handbook.md examples/handbook.pdf
"""

import re
import sys
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from reportlab import platypus as rl
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus.tableofcontents import TableOfContents

WIDTH, HEIGHT = A4
SIDE, TOP, BOTTOM = 2.7 * cm, 2.7 * cm, 2.5 * cm
TEXT_WIDTH, TEXT_HEIGHT = WIDTH - 2 * SIDE, HEIGHT - TOP - BOTTOM
FRONT_PAGES = 2  # title and contents, labelled i and ii
INK, PALE = HexColor("#1a1a1a"), HexColor("#f1f1ee")
CENTRE, JUSTIFY = 1, 4
NOTE = re.compile(r"^\[\^(\w+)\]: (.+)\n?", re.MULTILINE)


def style(name: str, size: float, leading: float, after: float, **rest: Any) -> ParagraphStyle:
    """Describe a kind of paragraph; sizes in points."""
    rest = {"fontName": "Times-Roman", "textColor": INK, "allowWidows": 0, "allowOrphans": 0} | rest
    return ParagraphStyle(name, fontSize=size, leading=leading, spaceAfter=after, **rest)


BODY = style("body", 11, 14.6, 7, alignment=JUSTIFY)
CELL = style("cell", 9.5, 12, 0)
CODE = style("code", 9, 11.5, 15, fontName="Courier", spaceBefore=13)
CODE.backColor, CODE.borderPadding = PALE, 5
NOTES = style("note", 9, 11.5, 3, alignment=JUSTIFY)
BOLD: dict[str, Any] = {"fontName": "Times-Bold", "keepWithNext": 1}
HEADINGS = {
    "h1": style("h1", 28, 34, 30, fontName="Times-Bold", alignment=CENTRE, spaceBefore=6 * cm),
    "h2": style("h2", 20, 24, 14, **BOLD),
    "h3": style("h3", 13, 17, 5, spaceBefore=8, **BOLD),
}


class Handbook(rl.BaseDocTemplate):
    """A document whose running header is the chapter and whose footer is the page's label."""

    def __init__(self, path: str, title: str) -> None:
        # uncompressed, for the bytes not to depend on a machine's zlib
        super().__init__(path, pagesize=A4, invariant=1, pageCompression=0, title=title)
        self.author, self.subject = "longsum contributors", "How whole-document reading works"
        self.chapters: dict[int, str] = {}  # first page → title; known from the second pass on
        frame = rl.Frame(SIDE, BOTTOM, TEXT_WIDTH, TEXT_HEIGHT, 0, 0, 0, 0)
        body = rl.PageTemplate("body", [frame], onPage=draw_header, onPageEnd=draw_footer)
        self.addPageTemplates([rl.PageTemplate("front", [frame]), body])

    def beforeDocument(self) -> None:
        """Label the front matter in roman numerals and start the chapters at page 1."""
        self.canv.addPageLabel(0, "ROMAN_LOWER", 1)
        self.canv.addPageLabel(FRONT_PAGES, "ARABIC", 1)
        self.canv.showOutline()

    def afterFlowable(self, flowable: rl.Flowable) -> None:
        """Enter headings into the outline, chapters into the contents as well."""
        if flowable.__class__ is not rl.Paragraph or flowable.style.name not in ("h2", "h3"):
            return
        name, text = flowable.style.name, flowable.getPlainText()
        self.canv.bookmarkPage(key := f"p{self.page}-{text}")
        self.canv.addOutlineEntry(text, key, level=int(name[1]) - 2, closed=True)
        if name == "h2":
            self.chapters[self.page] = text
            self.notify("TOCEntry", (0, escape(text), self.page - FRONT_PAGES, key))


def draw_header(canvas: Canvas, document: Handbook) -> None:
    """Draw the chapter's title above the text."""
    starts = [page for page in document.chapters if page <= document.page]
    canvas.setFont("Times-Italic", 9)
    canvas.drawString(SIDE, HEIGHT - 1.7 * cm, document.chapters[max(starts)] if starts else "")


def draw_footer(canvas: Canvas, document: Handbook) -> None:
    """Draw the page's number below the text."""
    canvas.setFont("Times-Roman", 9)
    canvas.drawCentredString(WIDTH / 2, 1.4 * cm, str(document.page - FRONT_PAGES))


def inline(token: Token) -> str:
    """Turn an inline token into reportlab's markup."""
    tags = {"strong_open": "<b>", "strong_close": "</b>", "em_open": "<i>", "em_close": "</i>"}
    tags |= {"softbreak": " ", "hardbreak": "<br/>"}
    parts = []
    for child in token.children or []:
        text = escape(child.content)
        if child.type == "text":
            parts.append(re.sub(r"\[\^(\w+)\]", r"<super>\1</super>", text))
        elif child.type == "code_inline":
            parts.append(f'<font name="Courier" size="9.5">{text}</font>')
        else:
            parts.append(tags[child.type])
    return "".join(parts)


def take_until(tokens: list[Token], closing: str) -> list[Token]:
    """Remove and return what stands before `closing`, the end of the block just entered."""
    level = tokens[0].level - 1
    end = next(i for i, t in enumerate(tokens) if t.type == closing and t.level == level)
    taken, tokens[: end + 1] = tokens[:end], []
    return taken


def table(tokens: list[Token]) -> rl.Table:
    """Typeset a table; where it is too wide, the widest columns give way."""
    rows: list[list[str]] = []
    for before, token in zip(tokens, tokens[1:], strict=False):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(f"<b>{inline(token)}</b>" if before.tag == "th" else inline(token))
    widths = [
        13 + max(stringWidth(re.sub("<.*?>", "", c), "Times-Bold", CELL.fontSize) for c in column)
        for column in zip(*rows, strict=True)
    ]
    while sum(widths) > TEXT_WIDTH:
        widths = [min(width, max(widths) - 1) for width in widths]
    rules = [("LINEABOVE", (0, 0), (-1, 0), 0.8, INK), ("LINEBELOW", (0, 0), (-1, 0), 0.4, INK)]
    look = [*rules, ("LINEBELOW", (0, -1), (-1, -1), 0.8, INK), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    cells = [[rl.Paragraph(cell, CELL) for cell in row] for row in rows]
    return rl.Table(cells, widths, style=look, repeatRows=1, spaceBefore=5, spaceAfter=12)


def items(tokens: list[Token], kind: str) -> rl.ListFlowable:
    """Typeset a list, numbered or with bullets."""
    ordered = kind == "ordered_list_open"
    bullet = {"bulletFormat": "%s."} if ordered else {"bulletType": "bullet", "start": "•"}
    entries = []
    while tokens:
        tokens.pop(0)  # list_item_open
        entries.append(rl.ListItem(blocks(take_until(tokens, "list_item_close"))))
    return rl.ListFlowable(
        entries, leftIndent=20, bulletFontName="Times-Roman", bulletFontSize=11, **bullet
    )


def blocks(tokens: list[Token]) -> list[rl.Flowable]:
    """Turn block tokens into flowables; consumes `tokens`."""
    story: list[rl.Flowable] = []
    while tokens:
        token = tokens.pop(0)
        if token.type == "heading_open":
            story.append(rl.Paragraph(inline(tokens.pop(0)), HEADINGS[token.tag]))
        elif token.type == "inline":
            story.append(rl.Paragraph(inline(token), BODY))
        elif token.type == "fence":
            story.append(rl.KeepTogether(rl.XPreformatted(escape(token.content.rstrip()), CODE)))
        elif token.type == "table_open":
            story.append(table(take_until(tokens, "table_close")))
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            closing = token.type.replace("open", "close")
            story += [items(take_until(tokens, closing), token.type), rl.Spacer(1, 4)]
        elif token.tag not in ("p", "h1", "h2", "h3"):
            raise ValueError(f"cannot typeset {token.type}, line {(token.map or [0])[0] + 1}")
    return story


def chapter(markdown: str) -> list[rl.Flowable]:
    """Typeset one chapter; its notes follow it under a short rule."""
    parser = MarkdownIt("commonmark", {"typographer": True}).enable(["table", "smartquotes"])
    story, notes = blocks(parser.parse(NOTE.sub("", markdown))), NOTE.findall(markdown)
    if notes:
        story.append(rl.HRFlowable("30%", 0.5, hAlign="LEFT", spaceBefore=8, spaceAfter=5))
    for number, text in notes:
        story.append(rl.Paragraph(f"{number}. {inline(parser.parseInline(text)[0])}", NOTES))
    return story


def typeset(source: Path, target: Path) -> None:
    """Typeset the Markdown file `source` into the PDF `target`."""
    front, *chapters = re.split(r"^(?=## )", source.read_text(encoding="utf-8"), flags=re.MULTILINE)
    heading = rl.Paragraph("Contents", style("contents", 20, 24, 14, **BOLD))
    story = [rl.Spacer(1, 1), *chapter(front), rl.PageBreak(), heading]
    story += [TableOfContents(levelStyles=[BODY]), rl.NextPageTemplate("body")]
    for text in chapters:
        story += [rl.PageBreak(), *chapter(text)]
    Handbook(str(target), front.splitlines()[0].removeprefix("# ")).multiBuild(story)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: typeset.py SOURCE.md TARGET.pdf")
    typeset(Path(sys.argv[1]), Path(sys.argv[2]))
