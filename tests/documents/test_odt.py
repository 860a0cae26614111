from __future__ import annotations

import io
from pathlib import Path

import opendocument
import pytest
from books import archive

from longsum.documents.document import Document, Span
from longsum.documents.isolated import read_document as read_isolated
from longsum.documents.read import read_document
from longsum.errors import (
    CorruptDocument,
    DocumentTooLong,
    EmptyDocument,
    ImageOnlyDocument,
    ProtectedDocument,
    UsageError,
)

REPORT = (
    '<text:h text:outline-level="1">Report on the ferry</text:h>'
    "<text:p>The harbour board met on Monday.</text:p>"
    '<text:h text:outline-level="2">Fares</text:h>'
    "<text:p>The fare is <text:span>three</text:span><text:s/>crowns.</text:p>"
    "<text:p>Nobody objected.</text:p>"
    "<table:table><table:table-header-rows><table:table-row>"
    "<table:table-cell><text:p>Berth</text:p></table:table-cell>"
    "<table:table-cell><text:p>Fee</text:p></table:table-cell>"
    "</table:table-row></table:table-header-rows><table:table-row>"
    "<table:table-cell><text:p>A</text:p></table:table-cell>"
    "<table:table-cell><text:p>3 crowns</text:p></table:table-cell>"
    "<table:covered-table-cell/></table:table-row></table:table>"
)


def read(data: str | bytes, **styles: str) -> Document:
    if isinstance(data, str):
        data = opendocument.text(data, **styles)
    return read_document("-", stdin=io.BytesIO(data))


def text(body: str, **styles: str) -> str:
    return read(body, **styles).text


def reference(document: Document, words: str) -> str:
    at = document.text.index(words)
    return document.reference(Span(at, at + len(words)))


def test_headings_paragraphs_and_tables_are_read_in_order() -> None:
    document = read(REPORT, title="The ferry")
    assert document.text == (
        "Report on the ferry\n\nThe harbour board met on Monday.\n\nFares\n\n"
        "The fare is three crowns.\n\nNobody objected.\n\nBerth | Fee\nA | 3 crowns"
    )
    assert (document.title, document.unit, document.warnings) == ("The ferry", "paragraph", ())
    assert reference(document, "The harbour") == "§ “Report on the ferry” ¶ 1"
    assert reference(document, "A | 3") == "§ “Fares” ¶ 3"


def test_text_is_known_by_its_bytes_not_its_name(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_bytes(opendocument.text(REPORT))
    assert read_isolated(path).text == text(REPORT)
    parts = opendocument.parts(REPORT)
    del parts["mimetype"]
    assert read(archive(parts)).text == text(REPORT)


def test_pages_cannot_be_selected() -> None:
    with pytest.raises(UsageError, match="has paragraphs, which cannot be selected"):
        read_document("-", stdin=io.BytesIO(opendocument.text(REPORT)), pages="1")


def test_lists_have_their_numbers_and_bullets() -> None:
    styles = (
        '<text:list-style style:name="L1"><text:list-level-style-number text:level="1" '
        'style:num-format="1" style:num-suffix="."/><text:list-level-style-number '
        'text:level="2" style:num-format="a" style:num-suffix=")" text:display-levels="2"/>'
        '</text:list-style><text:list-style style:name="L2">'
        '<text:list-level-style-bullet text:level="1"/></text:list-style>'
    )
    item = "<text:list-item><text:p>{}</text:p>{}</text:list-item>"
    inner = f"<text:list>{item.format('inner', '')}</text:list>"
    numbers = (
        f'<text:list text:style-name="L1">{item.format("one", "")}{item.format("two", inner)}'
        "</text:list>"
        f'<text:list text:style-name="L1" text:continue-numbering="true">'
        f"{item.format('three', '<text:p>More of it.</text:p>')}</text:list>"
    )
    bullets = f'<text:list text:style-name="L2">{item.format("point", "")}</text:list>'
    assert text(numbers + bullets, automatic=styles) == (
        "1. one\n2. two\n2.a) inner\n3. three\n\nMore of it.\n\n• point"
    )


def test_headings_have_their_numbers() -> None:
    styles = (
        '<office:styles><text:outline-style style:name="Outline">'
        '<text:outline-level-style text:level="1" style:num-format="1"/>'
        '<text:outline-level-style text:level="2" style:num-format="1" text:display-levels="2"/>'
        "</text:outline-style></office:styles>"
    )
    heading = '<text:h text:outline-level="{}">{}</text:h>'
    body = "".join(
        heading.format(*each) for each in [(1, "A"), (2, "B"), (2, "C"), (1, "D"), (2, "E")]
    )
    assert text(body, styles=styles) == "1 A\n\n1.1 B\n\n1.2 C\n\n2 D\n\n2.1 E"
    assert text(body) == "A\n\nB\n\nC\n\nD\n\nE"


def test_changes_are_accepted_and_counted() -> None:
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><office:change-info>"
        "<dc:creator>Ada Quill</dc:creator></office:change-info><text:p>two or so</text:p>"
        "</text:deletion></text:changed-region></text:tracked-changes>"
        '<text:p>The fare is <text:change text:change-id="1"/><text:change-start/>three'
        "<text:change-end/> crowns.</text:p>"
    )
    document = read(body)
    assert document.text == "The fare is three crowns."
    assert document.warnings == ("left out of stdin: 3 words of deleted text",)


def test_hidden_text_is_left_out_and_counted() -> None:
    hidden = '<style:text-properties text:display="none"/>'
    styles = (
        f'<style:style style:name="H">{hidden}</style:style>'
        '<style:style style:name="T" style:parent-style-name="H"/>'
        '<style:style style:name="S" style:parent-style-name="S"/>'
    )
    body = (
        '<text:p>Seen<text:span text:style-name="T"> hidden words</text:span>.</text:p>'
        '<text:p text:style-name="H">All of this.</text:p>'
        '<text:p><text:hidden-paragraph text:is-hidden="true"/>And this.</text:p>'
        '<text:section text:display="none"><text:p>This, too.</text:p></text:section>'
        '<text:section><text:p text:style-name="S">Also seen.</text:p></text:section>'
    )
    document = read(body, automatic=styles)
    assert document.text == "Seen.\n\nAlso seen."
    assert document.warnings == ("left out of stdin: 9 words of hidden text",)


def test_notes_and_comments_follow_their_paragraph() -> None:
    note = (
        '<text:note text:note-class="{}"><text:note-citation>7</text:note-citation>'
        "<text:note-body><text:p>{}</text:p></text:note-body></text:note>"
    )
    comment = (
        "<office:annotation><dc:creator>Ada Quill</dc:creator><dc:date>2026</dc:date>"
        "<text:p>Too low.</text:p></office:annotation>"
    )
    document = read(
        f"<text:p>The fare{note.format('footnote', 'Before tax.')} is three crowns."
        f"{note.format('endnote', 'See the law.')}{comment}</text:p><text:p>Paid.</text:p>"
    )
    assert document.text == (
        "The fare is three crowns.\n\nNote 1: Before tax.\n\nEndnote 1: See the law.\n\n"
        "Comment by Ada Quill: Too low.\n\nPaid."
    )
    assert reference(document, "Before tax") == "¶ 1, note 1"
    assert reference(document, "Too low") == "¶ 1, comment by Ada Quill"
    assert reference(document, "Paid") == "¶ 2"


def test_boxes_breaks_fields_and_ruby_are_text() -> None:
    box = "<draw:frame><draw:text-box><text:p>In a box.</text:p></draw:text-box></draw:frame>"
    assert text(f"<text:p>Around it.{box}</text:p>{box}") == (
        "Around it.\n\nIn a box.\n\nIn a box."
    )
    inline = (
        "<text:p>3 Quay Street<text:line-break/>Harbour<text:tab/>Town<text:s text:c='3'/>"
        "<text:a><text:bookmark-ref>now</text:bookmark-ref></text:a></text:p>"
        "<text:p><text:ruby><text:ruby-base>字</text:ruby-base><text:ruby-text>じ</text:ruby-text>"
        "</text:ruby></text:p>"
    )
    assert text(inline) == "3 Quay Street\nHarbour Town now\n\n字"


def test_headers_and_footers_in_use_are_read_once() -> None:
    master = (
        '<style:master-page style:name="{}"><style:header><text:p>{}</text:p></style:header>'
        "<style:footer><text:p>Page <text:page-number>3</text:page-number></text:p></style:footer>"
        "</style:master-page>"
    )
    styles = (
        "<office:master-styles>"
        + master.format("Standard", "Harbour board")
        + master.format("Unused", "Never seen")
        + master.format("Last", "Harbour board")
        + "</office:master-styles>"
    )
    used = '<style:style style:name="P1" style:master-page-name="Last"/>'
    document = read(REPORT, styles=styles, automatic=used)
    assert document.text.startswith("Harbour board\n\nReport on the ferry")
    assert document.text.count("Harbour board") == 1
    assert "Never" not in document.text
    assert "Page" not in document.text
    assert reference(document, "Harbour board") == "header"


def test_embedded_files_are_counted() -> None:
    frame = "<draw:frame><draw:object/></draw:frame>"
    assert read(f"<text:p>Words.{frame}</text:p>").warnings == (
        "left out of stdin: 1 embedded file",
    )


def test_text_without_words_is_empty_or_pictures() -> None:
    with pytest.raises(EmptyDocument, match="^stdin holds no text$"):
        read("<text:p/>")
    with pytest.raises(ImageOnlyDocument, match="only pictures"):
        read("<text:p><draw:frame><draw:image/></draw:frame></text:p>")


def test_encrypted_text_is_refused() -> None:
    parts = opendocument.parts(REPORT)
    parts["META-INF/manifest.xml"] = "<manifest><encryption-data/></manifest>"
    parts["content.xml"] = bytes(range(256))
    with pytest.raises(ProtectedDocument, match="^stdin is encrypted with a password$"):
        read(archive(parts))


@pytest.mark.parametrize(
    ("part", "error", "message"),
    [
        ("<w", CorruptDocument, "not well-formed XML"),
        ('<!DOCTYPE w [<!ENTITY a "b">]><w/>', CorruptDocument, "it declares XML entities"),
        ("<w>" + " " * (1 << 25) + "</w>", DocumentTooLong, "over 250 times its size"),
        ("<w>" * 300 + "</w>" * 300, CorruptDocument, "nests its elements too deeply"),
    ],
)
def test_hostile_or_damaged_part_is_refused(
    part: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        read(archive(opendocument.parts(REPORT) | {"content.xml": part}))


def test_deep_nesting_is_read() -> None:
    lists = "<text:list><text:list-item>" * 100
    ends = "</text:list-item></text:list>" * 100
    assert text(f"{lists}<text:p>deep</text:p>{ends}") == "• deep"
    spans = "<text:span>" * 200 + "deep" + "</text:span>" * 200
    assert text(f"<text:p>{spans}</text:p>") == "deep"


def test_text_that_lacks_its_content_is_damaged() -> None:
    parts = opendocument.parts(REPORT)
    del parts["content.xml"]
    with pytest.raises(CorruptDocument, match=r"its part 'content\.xml' is missing"):
        read(archive(parts))
