from __future__ import annotations

import io

import pytest

from longsum.documents.document import Document, Span
from longsum.documents.html import matches
from longsum.documents.read import read_document
from longsum.errors import CorruptDocument, DocumentTooLong, EmptyDocument, UsageError

PAGE = (
    "<html><head><title>Ferry</title><style>p{color:red}</style>"
    "<script>var x = 'The script is not a text.';</script></head>"
    "<body><nav>Home | About | Login</nav><h1>The ferry</h1>"
    "<p>The harbour board met on Monday.</p><h2>Fares</h2>"
    "<p>The fare is three crowns &amp; a half&nbsp;for pupils.</p><p>Nobody objected.</p>"
    "</body></html>"
)
TEXT = (
    "The ferry\n\nThe harbour board met on Monday.\n\nFares\n\n"
    "The fare is three crowns & a half for pupils.\n\nNobody objected."
)


def read(page: str | bytes, **options: str | None) -> Document:
    data = page.encode() if isinstance(page, str) else page
    return read_document("-", stdin=io.BytesIO(data), **options)


@pytest.mark.parametrize(
    "before",
    [
        "",
        "\n\n  ",
        "<!DOCTYPE html>\n",
        "<!-- saved from url=(0020)https://example.org/ -->\n<!DOCTYPE html>",
        '<?xml version="1.0" encoding="utf-8"?>\n',
        '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" '
        '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n',
        "\ufeff<!-- one --><!-- two -->",
    ],
)
def test_page_is_known_by_its_beginning(before: str) -> None:
    """A comment or an XML declaration before `<html>`: tags and scripts were read as text."""
    assert read(before + PAGE).text == TEXT


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_page_in_unicode_is_known_in_every_form(encoding: str) -> None:
    assert read(PAGE.encode(encoding)).text == TEXT


def test_piece_of_a_page_is_read_as_one() -> None:
    assert read("<h2>Fares</h2>\n<p>Three crowns.</p>\n").text == "Fares\n\nThree crowns."


@pytest.mark.parametrize(
    "text",
    [
        '<p align="center"><img src="logo.png"></p>\n\n# The project\n\nIt does things.\n',
        "Use <html> to begin a page, and </html> to end it.",
        "<p>This sentence begins with a tag, but goes on as text",
        "1 < 2, and 3 > 2.",
        '<?xml version="1.0"?><note><p>XML of another kind.</p></note>',
        "",
    ],
)
def test_text_that_mentions_tags_is_no_page(text: str) -> None:
    assert not matches(text.encode())


def test_place_is_the_heading_and_the_paragraph_below_it() -> None:
    document = read(PAGE)
    assert document.unit == "paragraph"
    assert document.title == "Ferry"
    references = [
        document.reference(Span(at := document.text.index(words), at + 3))
        for words in ("The harbour", "Fares", "The fare", "Nobody")
    ]
    assert references == [
        "§ “The ferry” ¶ 1",
        "§ “Fares”",
        "§ “Fares” ¶ 1",
        "§ “Fares” ¶ 2",
    ]


def test_what_is_left_out_is_counted() -> None:
    assert read(PAGE).warnings == ("left out of stdin: 5 words of navigation, headers and footers",)
    page = "<html><p>Read me.</p><p hidden>Not me, please.</p><p><del>Old</del> New.</p></html>"
    document = read(page)
    assert document.text == "Read me.\n\nNew."
    assert document.warnings == (
        "left out of stdin: 3 words of hidden text and 1 word of deleted text",
    )
    assert read("<html><p>All of it.</p></html>").warnings == ()


def test_page_of_nothing_but_menus_is_read() -> None:
    assert read("<html><nav><a href='/'>Home</a></nav>").text == "Home"
    links = "".join(f"<p><a href='{n}'>Chapter {n} of the book</a></p>" for n in range(30))
    assert read(f"<html><div class='with-sidebar'>{links}</div>").text.startswith("Chapter 0")


def test_pages_cannot_be_selected() -> None:
    with pytest.raises(UsageError, match="this one has paragraphs, which cannot be selected"):
        read(PAGE, pages="1")


def test_page_without_text_is_empty() -> None:
    with pytest.raises(EmptyDocument, match="^stdin holds no text$"):
        read("<html><script>var text = 'none';</script></html>")


def test_declared_entities_are_refused() -> None:
    bomb = '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">'
    with pytest.raises(CorruptDocument, match="it declares XML entities"):
        read(f"<!DOCTYPE html [{bomb}]><html><p>&b;</p></html>")


def test_too_deep_a_page_is_refused_as_a_whole() -> None:
    """The parser stops there, and what follows would be missing without a word."""
    assert read("<html>" + "<div>" * 1500 + "deep").text == "deep"
    with pytest.raises(DocumentTooLong, match="its elements are nested too deeply"):
        read("<html>" + "<div>" * 5000 + "deep")


def test_named_encoding_goes_before_the_declared_one() -> None:
    page = "<html><meta charset=windows-1252><p>Паром ушёл в девять.</p></html>"
    assert read(page.encode("cp1251"), encoding="cp1251").text == "Паром ушёл в девять."
    assert read("Паром <b>ушёл</b>.".encode("cp1251"), encoding="cp1251").text.startswith(
        "Паром <b>"
    )
