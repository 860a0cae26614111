from __future__ import annotations

import io
from pathlib import Path

import books
import pytest

from longsum.documents.document import Document, Span
from longsum.documents.epub import chapter_place
from longsum.documents.isolated import read_document as read_isolated
from longsum.documents.read import read_document
from longsum.errors import (
    CorruptDocument,
    DocumentTooLong,
    EmptyDocument,
    NoSuchPage,
    ProtectedDocument,
)

CHAPTERS = {
    "cover.xhtml": '<img src="cover.png" alt="Cover"/>',
    "one.xhtml": "<h1>The Quay</h1><p>The ferry left at nine.</p><p>Nobody waved.</p>",
    "two.xhtml": "<h1>The Storm</h1><p>The wind rose.</p>",
    "rest.xhtml": "<p>It fell again.</p>",
}
ENTRIES = [("The Quay", "one.xhtml"), ("The Storm", "two.xhtml#top")]
ENCRYPTION = """<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"
 xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptedData>
 <e:EncryptionMethod Algorithm="{algorithm}"/><e:CipherData><e:CipherReference URI="{uri}"/>
 </e:CipherData></e:EncryptedData></encryption>"""
AES = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"


def read(data: bytes, **options: str | None) -> Document:
    return read_document("-", stdin=io.BytesIO(data), **options)


def references(document: Document, *words: str) -> list[str]:
    return [document.reference(Span(at := document.text.index(each), at + 3)) for each in words]


@pytest.mark.parametrize("version", [2, 3])
def test_book_is_read_chapter_by_chapter(version: int) -> None:
    document = read(books.book(CHAPTERS, ENTRIES, version=version))
    assert document.text == (
        "The Quay\n\nThe ferry left at nine.\n\nNobody waved.\n\n"
        "The Storm\n\nThe wind rose.\n\nIt fell again."
    )
    assert (document.title, document.unit, document.total_pages) == ("The Ferry", "chapter", 2)
    assert references(document, "Nobody", "It fell") == [
        "ch. 1 “The Quay”",
        "ch. 2 “The Storm”",
    ]


def test_book_is_known_by_its_bytes_not_its_name(tmp_path: Path) -> None:
    path = tmp_path / "book.pdf"
    path.write_bytes(books.book(CHAPTERS, ENTRIES))
    assert read_isolated(path).counted.name == "chapter"


def test_reading_order_is_that_of_the_spine() -> None:
    parts = books.parts(CHAPTERS, ENTRIES, order=["two.xhtml", "one.xhtml"])
    assert read(books.archive(parts)).text.startswith("The Storm")


def test_chapters_can_be_selected() -> None:
    data = books.book(CHAPTERS, ENTRIES)
    document = read(data, pages="2")
    assert document.text == "The Storm\n\nThe wind rose.\n\nIt fell again."
    assert [page.number for page in document.pages] == [2]
    with pytest.raises(NoSuchPage, match="asks for chapter 9; the document has 2 chapters"):
        read(data, pages="9")


def test_several_chapters_of_one_file_are_told_apart() -> None:
    body = (
        '<h2 id="a">Part one</h2><p>First.</p><h3 id="a1">Within</h3><p>Inner.</p>'
        '<h2 id="b">Part two</h2><p>Second.</p>'
    )
    nested = (
        '<nav epub:type="toc"><ol><li><a href="x.xhtml#a">Part one</a><ol>'
        '<li><a href="x.xhtml#a1">Within</a></li></ol></li>'
        '<li><a href="x.xhtml#b">Part two</a></li></ol></nav>'
    )
    parts = books.parts({"x.xhtml": body})
    parts["OEBPS/nav.xhtml"] = books.chapter(nested)
    document = read(books.archive(parts))
    assert references(document, "First", "Inner", "Second") == [
        "ch. 1 “Part one”",
        "ch. 1 “Part one”",
        "ch. 2 “Part two”",
    ]


def test_book_without_contents_has_a_chapter_per_file() -> None:
    document = read(books.book(CHAPTERS))
    assert references(document, "Nobody", "The wind", "It fell") == [
        "ch. 1 “The Quay”",
        "ch. 2 “The Storm”",
        "ch. 3",
    ]


def test_file_with_a_heading_that_the_contents_lack_is_a_chapter() -> None:
    chapters = CHAPTERS | {"end.xhtml": "<h1>Afterword</h1><p>The end.</p>"}
    document = read(books.book(chapters, ENTRIES))
    assert references(document, "The end") == ["ch. 3 “Afterword”"]


def test_place_has_the_number_that_selects_the_chapter() -> None:
    assert chapter_place("Chapter 3: The Storm", 5) == "ch. 5 “Chapter 3: The Storm”"
    assert chapter_place(None, 5) == "ch. 5"


def test_hidden_words_are_counted_and_contents_are_not() -> None:
    chapters = {"a.xhtml": "<nav>Here and there</nav><p>Text.</p><p hidden=''>Not me.</p>"}
    document = read(books.book(chapters))
    assert document.text == "Text."
    assert document.warnings == ("left out of stdin: 2 words of hidden text",)
    assert read(books.book(CHAPTERS, ENTRIES)).warnings == ()


def test_missing_chapter_is_reported() -> None:
    parts = books.parts(CHAPTERS, ENTRIES)
    del parts["OEBPS/two.xhtml"]
    document = read(books.archive(parts))
    assert document.warnings == (
        "stdin is incomplete: a chapter that it lists cannot be found in it",
    )


def test_encrypted_text_is_refused() -> None:
    parts = books.parts(CHAPTERS, ENTRIES)
    parts["META-INF/encryption.xml"] = ENCRYPTION.format(algorithm=AES, uri="OEBPS/one.xhtml")
    with pytest.raises(ProtectedDocument, match="^stdin is protected by DRM"):
        read(books.archive(parts))


@pytest.mark.parametrize(
    ("algorithm", "uri"),
    [("http://www.idpf.org/2008/embedding", "OEBPS/one.xhtml"), (AES, "OEBPS/font.otf")],
)
def test_encrypted_fonts_are_no_obstacle(algorithm: str, uri: str) -> None:
    parts = books.parts(CHAPTERS, ENTRIES)
    parts["META-INF/encryption.xml"] = ENCRYPTION.format(algorithm=algorithm, uri=uri)
    assert "Nobody waved." in read(books.archive(parts)).text


def test_book_of_pictures_is_empty() -> None:
    with pytest.raises(EmptyDocument, match="^stdin holds no text$"):
        read(books.book({"cover.xhtml": CHAPTERS["cover.xhtml"]}))


@pytest.mark.parametrize(
    ("name", "data", "error", "message"),
    [
        ("META-INF/container.xml", "<container/>", CorruptDocument, "name its list of files"),
        ("OEBPS/book.opf", "<package/>", CorruptDocument, "it lists no chapters"),
        ("OEBPS/book.opf", "<package>", CorruptDocument, "is not well-formed XML"),
        ("OEBPS/book.opf", "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", CorruptDocument, "XML entities"),
        ("OEBPS/one.xhtml", b" " * (1 << 25), DocumentTooLong, "250 times its size"),
        ("OEBPS/one.xhtml", "<html>" + "<b>" * 5000, DocumentTooLong, "nested too deeply"),
    ],
)
def test_hostile_or_damaged_part_is_refused(
    name: str, data: str | bytes, error: type[Exception], message: str
) -> None:
    parts = books.parts(CHAPTERS, ENTRIES)
    parts[name] = data
    with pytest.raises(error, match=message):
        read(books.archive(parts))


def test_book_that_lacks_its_list_of_files_is_damaged() -> None:
    parts = books.parts(CHAPTERS, ENTRIES)
    del parts["OEBPS/book.opf"]
    with pytest.raises(CorruptDocument, match=r"its part 'OEBPS/book\.opf' is missing"):
        read(books.archive(parts))
