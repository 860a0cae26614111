"""PDFs whose text is not what their pages show: each shows one fault of that kind.

Every function returns the file's bytes.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence

import pypdf
from mutations import FONT, assembled, stream
from pdfs import WORDS, canvas, draw, picture, wrapped
from pypdf.generic import DictionaryObject, NameObject

SEEN = "The river rose by four feet in the spring of the year."
UNSEEN = "Nobody who prints this page will ever see the sentence."


def text_at(text: str, x: float, y: float, size: float = 11) -> bytes:
    """Return the content that writes one line."""
    return b"BT /F %g Tf %g %g Td (%s) Tj ET\n" % (size, x, y, text.encode("latin-1"))


def pages(
    *contents: bytes,
    boxes: Sequence[bytes] = (b"/MediaBox[0 0 612 792]",),
    resources: bytes = b"",
    fonts: bytes = b"",
    catalogue: bytes = b"",
    more: dict[int, bytes] | None = None,
    page: bytes = b"",
) -> bytes:
    """Return a PDF of these contents in Helvetica; the last box goes on for the other pages.

    Objects from 50 on are free for `more`.
    """
    count = len(contents)
    kids = b" ".join(b"%d 0 R" % (10 + 2 * index) for index in range(count))
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R%s>>" % catalogue,
        2: b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count),
        3: FONT,
    }
    for index, content in enumerate(contents):
        box = boxes[min(index, len(boxes) - 1)]
        objects[10 + 2 * index] = (
            b"<</Type/Page/Parent 2 0 R%s/Contents %d 0 R/Resources<</Font<</F 3 0 R%s>>%s>>%s>>"
            % (box, 11 + 2 * index, fonts, resources, page)
        )
        objects[11 + 2 * index] = stream(content)
    return assembled(objects | (more or {}))


def spread() -> bytes:
    """Return a sheet cut into two pages, each with the content of both."""
    rows = [(f"Left row {n} of the sheet.", f"Right row {n} of the sheet.") for n in (1, 2, 3)]
    both = b"".join(
        text_at(left, 72, 720 - 15 * n) + text_at(right, 684, 720 - 15 * n)
        for n, (left, right) in enumerate(rows)
    )
    return pages(both, both, boxes=(b"/MediaBox[0 0 612 792]", b"/MediaBox[612 0 1224 792]"))


def hidden(how: str) -> bytes:
    """Return a page with a sentence that is seen and one that is not.

    Args:
        how: `invisible`, `white`, `tiny`, `outside`, `transparent` or `clear stroke`.
    """
    line = text_at(UNSEEN, 72, 400)
    content = {
        "invisible": b"3 Tr " + line,
        "white": b"1 1 1 rg " + line,
        "nearly white": b".99 .99 1 rg " + line,
        "white in CMYK": b"0 0 0 0 k " + line,
        "tiny": text_at(UNSEEN, 72, 400, 0.4),
        "scaled down": b"q .05 0 0 .05 0 0 cm " + text_at(UNSEEN, 900, 4000, 11) + b" Q",
        "outside": text_at(UNSEEN, 72, 900),
        "transparent": b"/G gs " + line,
        "white strokes": b"1 Tr 1 1 1 RG " + line,
    }[how]
    resources = b"/ExtGState<</G<</ca 0>>>>"
    return pages(text_at(SEEN, 72, 700) + b"q " + content + b" Q", resources=resources)


def visible(how: str) -> bytes:
    """Return a page whose text is light, and seen all the same."""
    line = text_at(SEEN, 72, 400)
    content = {
        "white on a dark bar": b"0 0 .4 rg 60 390 500 30 re f 1 1 1 rg " + line,
        "white in a form": b"/X Do 1 1 1 rg " + line,
        "white with a dark outline": b"2 Tr 1 1 1 rg 0 0 0 RG " + line,
        "a pattern": b"/Pattern cs /P scn " + line,
        "grey": b".8 g " + line,
        "letters cut out of a dark bar": b"q 7 Tr " + line + b"0 g 60 390 500 30 re f Q",
        "small": text_at(SEEN, 72, 400, 3),
    }[how]
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]"
    shading = b"<</Type/Pattern/PatternType 2/Shading<</ShadingType 2/ColorSpace/DeviceRGB"
    shading += b"/Coords[0 0 612 0]/Extend[true true]"
    shading += b"/Function<</FunctionType 2/Domain[0 1]/C0[1 0 0]/C1[0 0 1]/N 1>>>>>>"
    return pages(
        b"q " + content + b" Q",
        resources=b"/XObject<</X 50 0 R>>/Pattern<</P 51 0 R>>",
        more={50: stream(b".1 g 0 380 612 60 re f", form), 51: shading},
    )


def scan_with_text_layer() -> bytes:
    """Return a picture over the whole page, with its text invisible below."""
    paper, out = canvas()
    text = paper.beginText(72, 700)
    text.setFont("Times-Roman", 11)
    text.setTextRenderMode(3)
    text.textLine(SEEN)
    paper.drawText(text)
    paper.drawImage(picture(), 0, 0, 612, 792)
    paper.save()
    return out.getvalue()


def layer(state: bytes, *, membership: bytes = b"") -> bytes:
    """Return a page with a sentence in a layer.

    Args:
        state: the default configuration's entries, such as `/OFF[50 0 R]`.
        membership: an entry such as `/P/AnyOff` of what the content is marked with, if it is not
            marked with the layer itself.
    """
    content = text_at(SEEN, 72, 700) + b"/OC /L BDC " + text_at(UNSEEN, 72, 400) + b" EMC"
    marked = b"51 0 R" if membership else b"50 0 R"
    return pages(
        content,
        resources=b"/Properties<</L %s>>" % marked,
        catalogue=b"/OCProperties<</OCGs[50 0 R]/D<<%s>>>>" % state,
        more={
            50: b"<</Type/OCG/Name(Draft)>>",
            51: b"<</Type/OCMD/OCGs 50 0 R%s>>" % membership,
        },
    )


def with_characters(text: str, table: dict[str, str], *, count: int = 1) -> bytes:
    """Return pages of a text whose font says that its letters are others.

    Args:
        text: in ASCII.
        table: for a letter, the character that the font's ToUnicode table names.
        count: pages; those after the first hold readable text.
    """
    rows = "".join(
        f"<{ord(letter):02x}> <{code.encode('utf-16-be').hex()}>\n"
        for letter, code in sorted(table.items())
    )
    table_text = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def "
        "1 begincodespacerange <00> <ff> endcodespacerange\n"
        f"{len(table)} beginbfchar\n{rows}endbfchar endcmap end end"
    )
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 51 0 R>>"
    strange = b"".join(
        text_at(line, 72, 700 - 14 * n).replace(b"/F ", b"/S ")
        for n, line in enumerate(wrapped(text))
    )
    plain = b"".join(text_at(line, 72, 700 - 14 * n) for n, line in enumerate(wrapped(WORDS)))
    return pages(
        strange,
        *[plain] * (count - 1),
        fonts=b"/S 50 0 R",
        more={50: font, 51: stream(table_text.encode())},
    )


def lost_glyphs() -> bytes:
    """Return a page with one object for each character, in a font that is not there."""
    rows = ("港务委员会于星期一开会", "决定是否购买新渡轮", "委员们读过测量师的报告")
    content = text_at("Report 2015", 72, 740)
    for n, row in enumerate(rows):
        for m, char in enumerate(row):
            code = char.encode("utf-16-be").hex().encode()
            content += b"BT /C 12 Tf %d %d Td <%s> Tj ET\n" % (72 + 12 * m, 700 - 20 * n, code)
    font = b"<</Type/Font/Subtype/Type0/BaseFont/SimSun/Encoding/UniGB-UCS2-H/DescendantFonts["
    font += b"<</Type/Font/Subtype/CIDFontType0/BaseFont/SimSun/CIDSystemInfo<</Registry(Adobe)"
    font += b"/Ordering(GB1)/Supplement 4>>/DW 1000/FontDescriptor<</Type/FontDescriptor"
    font += b"/FontName/SimSun/Flags 4/FontBBox[0 -200 1000 900]/ItalicAngle 0/Ascent 900"
    font += b"/Descent -200/CapHeight 700/StemV 80>>>>]>>"
    return pages(content, fonts=b"/C 50 0 R", more={50: font})


def form() -> bytes:
    """Return a form with a row of two fields, three boxes of which one is ticked, and a list."""
    paper, out = canvas()
    fields = paper.acroForm
    draw(paper, ["Name:"], y=700)
    draw(paper, ["Date:"], x=300, y=700)
    fields.textfield(name="n", x=110, y=694, width=150, height=18, value="Ada Quill")
    fields.textfield(name="d", x=335, y=694, width=100, height=18, value="4 May 2026")
    for x, label, on in ((90, "Married", False), (170, "Single", True), (250, "Widowed", False)):
        draw(paper, [label], x=x, y=670)
        fields.checkbox(name=label, x=x - 18, y=666, size=14, checked=on)
    draw(paper, ["Country:"], y=640)
    countries = [("Sweden", "se"), ("Norway", "no")]
    fields.choice(name="c", x=130, y=634, width=120, height=18, value="se", options=countries)
    fields.textfield(
        name="s", x=300, y=634, width=99, height=18, value="secret", fieldFlags="password"
    )
    draw(paper, ["The office reads the form within ten days."], y=600)
    paper.save()
    return out.getvalue()


def noted() -> bytes:
    """Return two pages whose paragraph runs over the break, with notes of which one is hidden."""
    lines = wrapped(WORDS, 80)
    notes = {
        50: b"<</Type/Annot/Subtype/FreeText/Rect[72 400 540 440]/Contents(Repay by October.)>>",
        51: b"<</Type/Annot/Subtype/Text/Rect[20 700 40 720]/Contents(This figure is wrong)>>",
        52: b"<</Type/Annot/Subtype/Text/F 2/Rect[20 700 40 720]/Contents(Not shown.)>>",
    }
    first, second = (
        b"".join(text_at(line, 72, 700 - 14 * n) for n, line in enumerate(part))
        for part in (lines[:3], lines[3:])
    )
    data = pages(first, second, more=notes)
    annotated = b"/Contents 11 0 R/Annots[50 0 R 51 0 R 52 0 R]"
    return data.replace(b"/Contents 11 0 R", annotated)


def xfa(text: str = "Please wait. Open it in a newer program.") -> bytes:
    """Return a page with a notice in place of a form in XFA."""
    lines = enumerate(wrapped(text))
    return pages(
        b"".join(text_at(line, 72, 760 - 14 * n) for n, line in lines),
        catalogue=b"/NeedsRendering true/AcroForm<</Fields[]/XFA 50 0 R>>",
        more={50: stream(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'/>")},
    )


def with_files(files: dict[str, bytes], *, portfolio: bool = True, words: str = "Cover.") -> bytes:
    """Return a PDF with files attached to it."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pages(text_at(words, 72, 700))))
    for name, data in files.items():
        writer.add_attachment(name, data)
    if portfolio:
        collection = DictionaryObject({NameObject("/Type"): NameObject("/Collection")})
        writer.root_object[NameObject("/Collection")] = collection
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def compressed_objects(data: bytes) -> bytes:
    """Return a PDF with `/OCProperties` only in an object stream: its catalogue is packed."""
    packed = zlib.compress(b"1 0 <</Type/Catalog/OCProperties 2 0 R>>")
    head = b"9 0 obj\n<</Type/ObjStm/N 1/First 4/Length %d/Filter/FlateDecode>>stream\n"
    return data + head % len(packed) + packed + b"\nendstream\nendobj\n"
