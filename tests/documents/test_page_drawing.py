"""Pictures, lines, places and outlines of a PDF's pages, from a process that may die."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pdf_faults as faults
import pdfs
import pypdf
import pytest
from PIL import Image

from longsum.documents import page_artist
from longsum.documents.document import Span
from longsum.documents.drawing_replies import OutlineItem, PageSize
from longsum.documents.page_artist import PageArtist
from longsum.documents.page_drawing import MAX_PIXELS, MAX_TITLE
from longsum.documents.places import Part
from longsum.documents.read import parse_document
from longsum.documents.sentences import split_sentences
from longsum.errors import CorruptDocument, LongsumError, NoSuchPage, PasswordError, UsageError

PROSE = pdfs.text_pages(pdfs.wrapped(pdfs.WORDS), pdfs.wrapped(pdfs.WORDS))


@pytest.fixture(scope="module")
def artist() -> Iterator[PageArtist]:
    """Return one that all tests open their documents with: a process starts slowly."""
    with PageArtist() as made:
        yield made


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[PageArtist]:
    """Return one whose process does what a document's words say."""
    monkeypatch.setattr(page_artist, "DRAWING", "scripted_reader:open_scripted_drawing")
    with PageArtist(seconds=2) as made:
        yield made


def picture(drawn: bytes) -> Image.Image:
    found = Image.open(io.BytesIO(drawn))
    found.load()
    return found


def changed(data: bytes, change: Callable[[pypdf.PdfWriter], object]) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def is_dark(image: Image.Image, box: tuple[float, float, float, float]) -> bool:
    """Return whether anything is drawn in a part of a picture, given in fractions."""
    x, y, w, h = box
    sides = image.width, image.height
    part = image.convert("L").crop(
        (int(x * sides[0]), int(y * sides[1]), int((x + w) * sides[0]), int((y + h) * sides[1]))
    )
    lightest_and_darkest = part.getextrema()
    return bool(lightest_and_darkest[0] < 128)  # type: ignore[operator]


# --- pages ----------------------------------------------------------------------------------------


def test_pages_are_listed_as_they_are_shown(artist: PageArtist) -> None:
    def change(writer: pypdf.PdfWriter) -> None:
        writer.pages[0].rotate(90)
        writer.pages[1].cropbox = pypdf.generic.RectangleObject((100, 100, 300, 400))

    assert artist.open(changed(PROSE, change)) == [
        PageSize(1, None, 792, 612),
        PageSize(2, None, 200, 300),
    ]


def test_printed_labels_are_listed(artist: PageArtist) -> None:
    assert [page.label for page in artist.open(pdfs.labelled())] == ["i", "ii", "1"]


@pytest.mark.parametrize("width", [480, 720, 961, 2400])
def test_a_picture_is_as_wide_as_it_was_asked_for(artist: PageArtist, width: int) -> None:
    artist.open(PROSE)
    found = picture(artist.picture(2, width))
    assert (found.format, found.mode, found.width) == ("PNG", "RGB", width)
    assert abs(found.height - width * pdfs.HEIGHT / pdfs.WIDTH) <= 1


def test_a_picture_shows_words_on_white(artist: PageArtist) -> None:
    artist.open(PROSE)
    found = picture(artist.picture(1, 960))
    (rects,) = artist.rectangles([Part(1, ((0, 13),))])
    assert is_dark(found, rects[0])
    assert found.getpixel((5, 5)) == (255, 255, 255)


def test_form_fields_and_notes_are_drawn(artist: PageArtist) -> None:
    artist.open(faults.form())
    found = picture(artist.picture(1, 1200))
    value = 112 / pdfs.WIDTH, 1 - 710 / pdfs.HEIGHT, 60 / pdfs.WIDTH, 14 / pdfs.HEIGHT
    assert is_dark(found, value)


def test_a_blank_page_is_white_and_has_no_lines(artist: PageArtist) -> None:
    artist.open(pdfs.mixed("tb"))
    assert picture(artist.picture(2, 480)).getextrema() == ((255, 255),) * 3
    assert artist.lines(2) == []


@pytest.mark.parametrize("box", [b"/MediaBox[0 0 100 14400]", b"/MediaBox[0 0 14400 14400]"])
def test_a_huge_page_has_a_picture_of_bounded_size(artist: PageArtist, box: bytes) -> None:
    artist.open(faults.pages(faults.text_at(faults.SEEN, 10, 700), boxes=[box]))
    found = picture(artist.picture(1, 4000))
    assert found.width * found.height <= 1.01 * MAX_PIXELS


def test_a_page_without_a_size_is_drawn_in_the_usual_one(artist: PageArtist) -> None:
    artist.open(faults.pages(faults.text_at(faults.SEEN, 72, 700), boxes=[b"/MediaBox[0 0 0 0]"]))
    assert picture(artist.picture(1, 612)).size == (612, 792)


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, -1, 3, 10**9])
def test_pages_that_are_not_there_are_refused(artist: PageArtist, number: int) -> None:
    artist.open(PROSE, name="two.pdf")
    asked: list[Callable[[], object]] = [
        lambda: artist.picture(number, 480),
        lambda: artist.lines(number),
        lambda: artist.rectangles([Part(number, ((0, 1),))]),
    ]
    for ask in asked:
        with pytest.raises(NoSuchPage, match=rf"two\.pdf has no page {number:,}; it has 2 pages"):
            ask()


@pytest.mark.parametrize("width", [0, -5, 15, 4001, 10**9])
def test_widths_out_of_range_are_refused(artist: PageArtist, width: int) -> None:
    artist.open(PROSE)
    with pytest.raises(UsageError, match="pixels wide"):
        artist.picture(1, width)


@pytest.mark.parametrize("piece", [(-1, 2), (0, 0), (0, -3), (0, 10**9), (10**9, 1)])
def test_characters_that_are_not_there_are_refused(
    artist: PageArtist, piece: tuple[int, int]
) -> None:
    artist.open(PROSE)
    with pytest.raises(UsageError, match="page 1 does not have the characters"):
        artist.rectangles([Part(1, (piece,))])
    assert artist.rectangles([Part(1, ((0, 3),))])[0]


def test_nothing_is_drawn_before_a_document_is_open() -> None:
    with PageArtist() as closed, pytest.raises(UsageError, match="no document is open"):
        closed.picture(1, 480)


def test_an_encrypted_file_needs_its_password(artist: PageArtist) -> None:
    data = pdfs.encrypted(user="secret")
    for password, said in ((None, "needs a password"), ("wrong", "does not open")):
        with pytest.raises(PasswordError, match=said):
            artist.open(data, password, name="a.pdf")
    assert len(artist.open(data, "secret")) == 1
    assert picture(artist.picture(1, 480)).width == 480
    document = parse_document(data, "a.pdf", password="secret")
    (places,) = artist.places(document, [Span(0, 20)])
    assert places.exact


@pytest.mark.parametrize("data", [b"%PDF-1.7 no more", pdfs.truncated()[:400], b"words"])
def test_a_damaged_file_is_refused_and_the_next_is_opened(artist: PageArtist, data: bytes) -> None:
    with pytest.raises(CorruptDocument, match=r"a\.pdf is damaged"):
        artist.open(data, name="a.pdf")
    assert len(artist.open(PROSE)) == 2


def test_pages_of_an_attached_file_are_its_own(artist: PageArtist) -> None:
    data = faults.with_files({"inner.pdf": PROSE}, portfolio=False)
    assert len(artist.open(data)) == 1
    assert len(artist.open(data, attachment="inner.pdf")) == 2
    document = parse_document(data, "a.pdf", attachment="inner.pdf")
    (places,) = artist.places(document, [Span(0, len(document.text))])
    assert [mark.page for mark in places.marks] == [1, 2]
    assert places.exact


# --- places, lines, outline -----------------------------------------------------------------------


def test_every_sentence_has_its_place(artist: PageArtist) -> None:
    data = pdfs.with_running_heads()
    document = parse_document(data, "a.pdf")
    artist.open(data)
    spans = split_sentences(document.text)
    found = artist.places(document, spans)
    assert len(found) == len(spans)
    for span, places in zip(spans, found, strict=True):
        assert places.exact
        assert tuple(mark.page for mark in places.marks) == document.pages_of(span)
        assert all(mark.rects for mark in places.marks)


def test_a_file_that_was_changed_has_only_pages(artist: PageArtist) -> None:
    document = parse_document(pdfs.with_running_heads(), "a.pdf")
    artist.open(PROSE)
    (places,) = artist.places(document, [Span(0, 20)])
    assert places.as_dict() == {"marks": [{"page": 1, "rects": []}], "exact": False}


def test_lines_are_the_page_s_in_reading_order(artist: PageArtist) -> None:
    data = pdfs.two_columns()
    artist.open(data)
    lines = artist.lines(1)
    assert [line.text for line in lines] == [
        *(f"Left column line {i} of the page." for i in range(1, 9)),
        *(f"Right column line {i} of the page." for i in range(1, 9)),
    ]
    x, y, w, h, _ = lines[0]
    assert (round(x * pdfs.WIDTH), round((y + h) * pdfs.HEIGHT)) == (72, pytest.approx(94, abs=3))
    assert 0.1 < w < 0.4
    assert 0.01 < h < 0.03


def test_lines_that_nobody_sees_are_left_out(artist: PageArtist) -> None:
    artist.open(faults.hidden("white"))
    assert [line.text for line in artist.lines(1)] == [faults.SEEN]


def test_outline_names_titles_pages_and_levels(artist: PageArtist) -> None:
    def change(writer: pypdf.PdfWriter) -> None:
        first = writer.add_outline_item(title="One\x1b[2J\n  part", page_number=0)
        writer.add_outline_item(title="x" * 500, page_number=1, parent=first)

    artist.open(changed(PROSE, change))
    first, second = artist.outline()
    assert (first.page, first.level) == (1, 0)
    assert "\x1b" not in first.title
    assert second == OutlineItem("x" * MAX_TITLE, 2, 1)


def test_a_file_without_an_outline_has_none(artist: PageArtist) -> None:
    artist.open(PROSE)
    assert artist.outline() == []


# --- a process that dies --------------------------------------------------------------------------


def kill(artist: PageArtist) -> None:
    assert artist._process is not None
    os.kill(artist._process._process.pid, signal.SIGKILL)
    artist._process._process.wait(10)


def test_a_process_that_died_between_requests_is_replaced(artist: PageArtist) -> None:
    artist.open(PROSE)
    before = artist.picture(1, 480)
    kill(artist)
    assert artist.picture(1, 480) == before


def test_a_process_killed_at_work_is_one_error(scripted: PageArtist) -> None:
    scripted.seconds = 30
    scripted.open(b"stall")
    caught: list[LongsumError] = []

    def ask() -> None:
        try:
            scripted.picture(1, 480)
        except LongsumError as error:
            caught.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.3)
    kill(scripted)
    thread.join(20)
    (error,) = caught
    assert isinstance(error, CorruptDocument)
    assert "page 1 of the document cannot be drawn: it crashed its reader" in error.message
    assert scripted.outline() == []


def test_a_page_that_takes_too_long_is_one_error(scripted: PageArtist) -> None:
    scripted.open(b"stall", name="slow.pdf")
    with pytest.raises(CorruptDocument, match=r"page 2 of slow\.pdf cannot be drawn: .* over 2 s"):
        scripted.picture(2, 480)
    assert scripted.outline() == []


@pytest.mark.parametrize("word", [b"crash", b"memory"])
def test_a_page_that_ends_its_process_is_one_error(scripted: PageArtist, word: bytes) -> None:
    scripted.open(word)
    with pytest.raises(CorruptDocument, match="crashed its reader, or took over"):
        scripted.lines(1)
    assert scripted.outline() == []


@pytest.mark.parametrize(
    ("ask", "reply"),
    [
        ("picture", {}),
        ("picture", {"picture": "AAAA"}),
        ("picture", {"picture": "é"}),
        ("picture", {"picture": 1}),
        ("lines", {"lines": [[0, 0, 1, 1]]}),
        ("lines", {"lines": [[0, 0, 2, 1, "x"]]}),
        ("lines", {"lines": [[0, 0, 1, 1, 5]]}),
        ("lines", {"lines": None}),
        ("rectangles", {"rects": []}),
        ("rectangles", {"rects": [[[0, 0, 1]]]}),
        ("rectangles", {"rects": [[[-0.5, 0, 1, 1]]]}),
        ("rectangles", {"rects": [[[0, 0, 1, float("nan")]]]}),
        ("rectangles", {"rects": [[[0, 0, 1, True]]]}),
        ("outline", {"outline": [["x", 9, 0]]}),
        ("outline", {"outline": [["x", 1, -1]]}),
        ("outline", {"outline": [["x", 1]]}),
        ("outline", {"outline": {}}),
    ],
)
def test_replies_that_do_not_add_up_are_refused(
    scripted: PageArtist, ask: str, reply: dict[str, Any]
) -> None:
    scripted.open(json.dumps(reply).encode())
    asked: dict[str, Callable[[], object]] = {
        "picture": lambda: scripted.picture(1, 480),
        "lines": lambda: scripted.lines(1),
        "rectangles": lambda: scripted.rectangles([Part(1, ((0, 1),))]),
        "outline": scripted.outline,
    }
    with pytest.raises(CorruptDocument, match="took over its reader"):
        asked[ask]()
    assert scripted._process is None


def test_words_of_a_reply_are_safe_to_print(scripted: PageArtist) -> None:
    scripted.open(b'{"outline": [["\\u001b[2J", 1, 0]]}')
    assert scripted.outline() == [OutlineItem("\\x1b[2J", 1, 0)]
