from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import word
from word import paragraph, run

from longsum.documents.document import Document, Span
from longsum.documents.isolated import read_document as read_isolated
from longsum.documents.read import read_document
from longsum.errors import (
    CorruptDocument,
    DocumentTooLong,
    EmptyDocument,
    ImageOnlyDocument,
    UsageError,
)


def read(document: Any, notes: dict[str, str] | None = None) -> Document:
    data = document if isinstance(document, bytes) else word.saved(document, notes)
    return read_document("-", stdin=io.BytesIO(data))


def text(*elements: Any, notes: dict[str, str] | None = None) -> str:
    document = word.new()
    word.add(document, *elements)
    return read(document, notes).text


def reference(document: Document, words: str) -> str:
    at = document.text.index(words)
    return document.reference(Span(at, at + len(words)))


def report() -> Any:
    document = word.new()
    document.core_properties.title = "The ferry"
    document.add_heading("Report on the ferry", 0)
    document.add_paragraph("The harbour board met on Monday.")
    document.add_heading("Fares", 1)
    document.add_paragraph("The fare is three crowns.")
    document.add_paragraph("Nobody objected.")
    table = document.add_table(2, 2)
    for row, cells in zip(table.rows, [("Berth", "Fee"), ("A", "3 crowns")], strict=True):
        for cell, words in zip(row.cells, cells, strict=True):
            cell.text = words
    document.add_paragraph("It was late.")
    return document


def test_headings_paragraphs_and_tables_are_read_in_order() -> None:
    document = read(report())
    assert document.text == (
        "Report on the ferry\n\nThe harbour board met on Monday.\n\nFares\n\n"
        "The fare is three crowns.\n\nNobody objected.\n\nBerth | Fee\nA | 3 crowns\n\nIt was late."
    )
    assert (document.title, document.unit, document.warnings) == ("The ferry", "paragraph", ())


def test_place_is_the_heading_and_the_paragraph_below_it() -> None:
    document = read(report())
    assert reference(document, "The harbour") == "§ “Report on the ferry” ¶ 1"
    assert reference(document, "Nobody") == "§ “Fares” ¶ 2"
    assert reference(document, "A | 3") == "§ “Fares” ¶ 3"
    assert reference(document, "It was") == "§ “Fares” ¶ 4"


def test_document_is_known_by_its_bytes_not_its_name(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(word.saved(report()))
    assert read_isolated(path).text == read(report()).text


def test_pages_cannot_be_selected() -> None:
    with pytest.raises(UsageError, match="has paragraphs, which cannot be selected"):
        read_document("-", stdin=io.BytesIO(word.saved(report())), pages="1")


def test_lists_have_their_numbers_and_bullets() -> None:
    document = word.new()
    for style, words in [
        ("List Bullet", "one"),
        ("List Bullet", "two"),
        ("List Number", "first"),
        ("List Number", "second"),
    ]:
        document.add_paragraph(words, style)
    assert read(document).text == "• one\n• two\n1. first\n2. second"


def test_changes_are_accepted_and_counted() -> None:
    changed = paragraph(
        run("The fare is ")
        + '<w:del w:author="a" w:id="1"><w:r><w:delText>two or so</w:delText></w:r></w:del>'
        + f'<w:ins w:author="a" w:id="2">{run("three")}</w:ins>'
        + run(" crowns")
        + f'<w:moveTo w:author="a" w:id="3">{run(" now")}</w:moveTo>.'
        + f'<w:moveFrom w:author="a" w:id="4">{run("now")}</w:moveFrom>'
        + run(".")
    )
    document = word.new()
    word.add(document, changed)
    found = read(document)
    assert found.text == "The fare is three crowns now."
    assert found.warnings == ("left out of stdin: 4 words of deleted text",)


def test_paragraph_whose_end_is_deleted_goes_on_in_the_next() -> None:
    mark = '<w:pPr><w:rPr><w:del w:author="a" w:id="1"/></w:rPr></w:pPr>'
    assert text(paragraph(mark + run("The fare ")), paragraph(run("is three crowns."))) == (
        "The fare is three crowns."
    )


def test_deleted_row_is_left_out() -> None:
    row = "<w:tr>{}<w:tc><w:p>{}</w:p></w:tc><w:tc><w:p>{}</w:p></w:tc></w:tr>"
    gone = '<w:trPr><w:del w:author="a" w:id="1"/></w:trPr>'
    table = word.xml(
        "<w:tbl>"
        + row.format("", run("A"), run("3 crowns"))
        + row.format(gone, run("B"), run("4 crowns"))
        + "</w:tbl>"
    )
    assert text(table) == "A | 3 crowns"


def test_hidden_runs_are_left_out_and_counted() -> None:
    document = word.new()
    style = document.styles.add_style("Secret", 1)
    style.font.hidden = True
    document.add_paragraph("All of this.", "Secret")
    word.add(
        document,
        paragraph(run("Seen") + run(" hidden words", "<w:vanish/>") + run(".")),
        paragraph(run("Also seen.", '<w:vanish w:val="0"/>')),
    )
    found = read(document)
    assert found.text == "Seen.\n\nAlso seen."
    assert found.warnings == ("left out of stdin: 5 words of hidden text",)


def test_content_controls_are_read_but_not_their_placeholders() -> None:
    control = "<w:sdt><w:sdtPr>{}</w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>"
    filled = control.format("", f"<w:p>{run('Signed by Ada Quill.')}</w:p>")
    empty = control.format("<w:showingPlcHdr/>", f"<w:p>{run('Click here.')}</w:p>")
    inner = paragraph(run("Paid by ") + control.format("", run("Bo Marbeck")) + run("."))
    assert text(word.xml(filled), word.xml(empty), inner) == (
        "Signed by Ada Quill.\n\nPaid by Bo Marbeck."
    )


def test_notes_follow_the_paragraph_they_belong_to() -> None:
    notes = {
        "footnotes": '<w:footnote w:id="-1" w:type="separator"><w:p/></w:footnote>'
        f'<w:footnote w:id="7"><w:p>{run("Before tax.")}</w:p></w:footnote>',
        "endnotes": f'<w:endnote w:id="1"><w:p>{run("See the law.")}</w:p></w:endnote>',
    }
    document = word.new()
    document.add_heading("Fares", 1)
    word.add(
        document,
        paragraph(
            run("The fare")
            + '<w:r><w:footnoteReference w:id="7"/></w:r>'
            + run(" is three crowns.")
            + '<w:r><w:endnoteReference w:id="1"/></w:r>'
        ),
        paragraph(run("Nobody objected.")),
    )
    found = read(document, notes)
    assert found.text == (
        "Fares\n\nThe fare is three crowns.\n\nNote 1: Before tax.\n\n"
        "Endnote 1: See the law.\n\nNobody objected."
    )
    assert reference(found, "Before tax") == "§ “Fares” ¶ 1, note 1"
    assert reference(found, "Nobody") == "§ “Fares” ¶ 2"


def test_note_in_a_table_follows_its_row() -> None:
    notes = {"footnotes": f'<w:footnote w:id="1"><w:p>{run("Net.")}</w:p></w:footnote>'}
    cell = f"<w:tc><w:p>{run('A')}<w:r><w:footnoteReference w:id='1'/></w:r></w:p></w:tc>"
    table = word.xml(f"<w:tbl><w:tr>{cell}<w:tc><w:p>{run('3')}</w:p></w:tc></w:tr></w:tbl>")
    assert text(table, notes=notes) == "A | 3\n\nNote 1: Net."


def test_comments_are_read_as_what_they_are() -> None:
    comment = '<w:comment w:id="0" w:author="Ada Quill"><w:p>{}</w:p></w:comment>'
    notes = {"comments": comment.format(run("Too low. Ask Bo."))}
    document = word.new()
    word.add(
        document,
        paragraph(run("The fare is three crowns.") + '<w:r><w:commentReference w:id="0"/></w:r>'),
    )
    found = read(document, notes)
    assert found.text.endswith("crowns.\n\nComment by Ada Quill: Too low. Ask Bo.")
    assert reference(found, "Ask Bo.") == "¶ 1, comment by Ada Quill"


def test_text_box_is_read_once() -> None:
    box = f"<w:txbxContent><w:p>{run('In a box.')}</w:p></w:txbxContent>"
    drawing = (
        "<w:r><mc:AlternateContent>"
        f'<mc:Choice Requires="wps"><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>'
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r>"
    )
    assert text(paragraph(run("Around it.") + drawing)) == "Around it.\n\nIn a box."
    old = f"<w:r><w:pict><v:shape><v:textbox>{box}</v:textbox></v:shape></w:pict></w:r>"
    assert text(paragraph(old)) == "In a box."


def test_headers_and_footers_are_read_once_and_page_numbers_not() -> None:
    document = report()
    for section in (document.sections[0], document.add_section()):
        section.header.is_linked_to_previous = False
        section.header.paragraphs[0].text = "Harbour board, file 12"
        section.footer.is_linked_to_previous = False
        section.footer.paragraphs[0].text = "Page 3 of 9"
    found = read(document)
    assert found.text.startswith("Harbour board, file 12\n\nReport on the ferry")
    assert found.text.count("Harbour board") == 1
    assert "Page 3" not in found.text
    assert reference(found, "file 12") == "header"


def test_links_fields_breaks_and_symbols_are_text() -> None:
    inside = (
        f'<w:hyperlink r:id="rId1">{run("The ferry")}</w:hyperlink>'
        '<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>REF x</w:instrText></w:r>'
        + run(" left")
        + "<w:r><w:tab/><w:t>at</w:t><w:noBreakHyphen/><w:softHyphen/><w:t>nine</w:t></w:r>"
        '<w:r><w:sym w:font="Symbol" w:char="F061"/><w:sym w:font="X" w:char="F0EE"/></w:r>'
        f'<w:fldSimple w:instr="DATE">{run(".")}</w:fldSimple>'
        "<w:r><w:br/><w:t>New line.</w:t></w:r>"
    )
    document = word.new()
    word.add(document, paragraph(inside))
    found = read(document)
    assert found.text == "The ferry left at-nineα.\nNew line."
    assert found.warnings == ("left out of stdin: 1 symbol of a special font",)


def test_formula_keeps_its_signs() -> None:
    formula = (
        "<m:oMath><m:f><m:fPr/><m:num><m:r><m:t>1</m:t></m:r></m:num>"
        "<m:den><m:r><m:t>2</m:t></m:r></m:den></m:f><m:r><m:t>+</m:t></m:r>"
        "<m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e>"
        "<m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath>"
    )
    assert text(paragraph(run("So ") + formula + run(" grows."))) == "So 1/2+x^2 grows."


def test_charts_and_embedded_files_are_counted() -> None:
    document = word.new()
    chart = '<w:r><w:drawing><c:chart r:id="rId9"/></w:drawing></w:r>'
    file = "<w:r><w:object><o:OLEObject/></w:object></w:r>"
    word.add(document, paragraph(run("Words.") + chart + chart + file))
    assert read(document).warnings == ("left out of stdin: 2 charts and 1 embedded file",)


def test_diagram_is_read() -> None:
    document = word.new()
    word.add(document, paragraph('<w:r><w:drawing><dgm:relIds r:dm="rId99"/></w:drawing></w:r>'))
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/diagramData"
    relation = f'<Relationship Id="rId99" Target="diagrams/data1.xml" Type="{kind}"/>'
    diagram = (
        b'<d:dataModel xmlns:d="urn:d" xmlns:a="urn:a"><d:ptLst><d:pt><d:t><a:p><a:r>'
        b"<a:t>Ask the board</a:t></a:r></a:p></d:t></d:pt></d:ptLst></d:dataModel>"
    )
    data = word.changed(
        word.saved(document),
        {"word/diagrams/data1.xml": diagram},
        lambda name, part: (
            part.replace(b"</Relationships>", relation.encode() + b"</Relationships>")
            if name == "word/_rels/document.xml.rels"
            else part
        ),
    )
    assert read(data).text == "Ask the board"


def test_merged_cell_is_read_once() -> None:
    document = word.new()
    table = document.add_table(2, 3)
    for row in table.rows:
        for cell in row.cells:
            cell.text = "x"
    table.cell(0, 0).merge(table.cell(1, 0)).text = "tall"
    table.cell(0, 1).merge(table.cell(0, 2)).text = "wide"
    assert read(document).text == "tall | wide\nx | x"


def test_document_without_text_is_empty_or_pictures() -> None:
    with pytest.raises(EmptyDocument, match="^stdin holds no text$"):
        read(word.new())
    document = word.new()
    document.add_picture(io.BytesIO(word.PICTURE))
    with pytest.raises(ImageOnlyDocument, match="^stdin holds no text, only pictures") as caught:
        read(document)
    assert "ocrmypdf" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("part", "error", "message"),
    [
        (b"<w", CorruptDocument, "not well-formed XML"),
        (b'<!DOCTYPE w [<!ENTITY a "b">]><w/>', CorruptDocument, "it declares XML entities"),
        (b"<w>" + b" " * (1 << 25) + b"</w>", DocumentTooLong, "over 250 times its size"),
        (b"<w>" * 5000, CorruptDocument, "nests its elements too deeply"),
    ],
)
def test_hostile_or_damaged_part_is_refused(
    part: bytes, error: type[Exception], message: str
) -> None:
    data = word.changed(word.saved(report()), {"word/document.xml": part})
    with pytest.raises(error, match=message):
        read(data)


def test_document_that_lacks_its_main_part_is_damaged() -> None:
    data = word.changed(word.saved(report()), {}, lambda name, part: part)
    names = {"word/document.xml": b""}
    with pytest.raises(CorruptDocument):
        read(word.changed(data, names))


def test_note_that_refers_to_itself_ends() -> None:
    inner = run("Round.") + '<w:r><w:footnoteReference w:id="1"/></w:r>'
    notes = {"footnotes": f'<w:footnote w:id="1"><w:p>{inner}</w:p></w:footnote>'}
    again = paragraph(run("See.") + '<w:r><w:footnoteReference w:id="1"/></w:r>' * 3)
    assert text(again, notes=notes) == "See.\n\nNote 1: Round."


def test_end_of_the_last_paragraph_may_be_deleted() -> None:
    mark = '<w:pPr><w:rPr><w:del w:author="a" w:id="1"/></w:rPr></w:pPr>'
    assert text(paragraph(mark + run("The end."))) == "The end."
