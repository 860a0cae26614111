from __future__ import annotations

from longsum.config import LoadConfig
from longsum.documents.document import Document, Page
from longsum.documents.read import parse_text
from longsum.window.open_file import OpenFile
from longsum.window.options import ReadingSettings

SIZES = [{"number": n, "label": None, "width": 595.0, "height": 842.0} for n in (1, 2, 3)]


def opened(data=b"%PDF-1.7", document=None, sizes=None):
    file = OpenFile("x.pdf", data, None, ReadingSettings(LoadConfig(), "2", None))
    file.document, file.sizes = document, sizes
    return file


def test_a_pdf_is_known_by_its_beginning():
    assert opened(b"%PDF-1.7").is_pdf
    assert opened(b"\n\n%PDF-1.7").is_pdf
    assert not opened(b"PK\x03\x04").is_pdf


def test_pages_are_shown_before_the_text_is_read():
    about = opened(sizes=SIZES).about()
    assert (about["kind"], about["total_pages"], about["characters"]) == ("pdf", 3, None)
    assert [page["read"] for page in about["pages"]] == [False] * 3


def test_of_a_selection_all_pages_are_shown_and_those_read_are_known():
    document = Document("Some words.", (Page(2, 0, 11, "ii"),), "0" * 64, "x.pdf", total_pages=3)
    about = opened(document=document, sizes=SIZES).about()
    assert [page["read"] for page in about["pages"]] == [False, True, False]
    assert about["pages"][1]["start"] == 0
    assert about["pages"][1]["end"] == 11
    assert (about["selected"], about["words"], about["unit"]["short"]) == ("2", 2, "p.")


def test_a_text_has_no_pages_to_draw():
    about = opened(b"words", parse_text("Some words.", "x.txt")).about()
    assert (about["kind"], about["pages"], about["unit"]["name"]) == ("text", [], "line")


def test_slides_have_numbers_but_no_pictures():
    document = Document(
        "One\n\nTwo", (Page(1, 0, 3), Page(2, 5, 8)), "0" * 64, "x.pptx", 2, unit="slide"
    )
    about = opened(b"PK", document).about()
    assert about["kind"] == "text"
    assert [(p["number"], p["width"], p["start"]) for p in about["pages"]] == [
        (1, None, 0),
        (2, None, 5),
    ]


def test_the_reading_view_is_made_once_a_document():
    file = opened(b"words", parse_text("Some words.", "x.txt"))
    assert file.view is file.view
    before = file.view
    file.document = parse_text("Other words.", "x.txt")
    assert file.view is not before
