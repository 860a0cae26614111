from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pdfs
import pytest
from helpers import run

from longsum.documents.document import Document, Page, Span
from longsum.documents.extent import extent_of

PAGES = (Page(9, 0, 10, "iv"), Page(10, 10, 20, "1"), Page(11, 20, 30))
DOCUMENT = Document("x" * 30, PAGES, "0" * 64, "a.pdf", total_pages=11)


@pytest.mark.parametrize(
    ("span", "plain", "labelled"),
    [
        (Span(2, 5), "p. 9", "p. 9 (printed iv)"),
        (Span(5, 15), "pp. 9-10", "pp. 9-10 (printed iv-1)"),
        (Span(22, 25), "p. 11", "p. 11"),
        (Span(15, 25), "pp. 10-11", "pp. 10-11 (printed 1)"),
    ],
)
def test_printed_pages_are_named_beside_the_files_when_asked(
    span: Span, plain: str, labelled: str
) -> None:
    assert DOCUMENT.reference(span) == plain
    assert replace(DOCUMENT, shows_labels=True).reference(span) == labelled


def test_option_names_printed_pages_and_says_when_there_are_none(tmp_path: Path) -> None:
    labelled, plain = tmp_path / "labelled.pdf", tmp_path / "plain.pdf"
    labelled.write_bytes(pdfs.labelled())
    plain.write_bytes(pdfs.text_pages(pdfs.wrapped(pdfs.WORDS)))
    shown = run("summarize", labelled, "--page-labels", "--no-cache")
    assert "(printed i" in shown.stdout, shown
    assert "no printed page numbers" not in shown.stderr
    said = run("summarize", plain, "--page-labels", "--no-cache").stderr
    assert "plain.pdf has no printed page numbers" in said


TIMED = Document(
    "x" * 30,
    (),
    "0" * 64,
    "talk.srt",
    line_anchors=((0, 1), (10, 2), (20, 3)),
    unit="cue",
    places=((0, "00:00:01"), (10, "00:00:04"), (20, "00:12:05")),
)


@pytest.mark.parametrize(
    ("span", "reference", "places"),
    [
        (Span(0, 5), "00:00:01", ("00:00:01",)),
        (Span(12, 25), "00:00:04", ("00:00:04", "00:12:05")),
        (Span(20, 30), "00:12:05", ("00:12:05",)),
    ],
)
def test_a_named_place_is_cited_by_its_name(
    span: Span, reference: str, places: tuple[str, ...]
) -> None:
    assert TIMED.reference(span) == reference
    assert TIMED.places_of(span) == places
    assert DOCUMENT.places_of(span) == ()


def test_several_named_places_are_each_cited_once() -> None:
    spans = [Span(20, 25), Span(0, 5), Span(21, 22)]
    assert TIMED.reference_of(spans) == "00:12:05, 00:00:01"


def test_slides_and_chapters_are_cited_by_their_own_word() -> None:
    slides = replace(DOCUMENT, unit="slide")
    assert slides.reference(Span(2, 5)) == "slide 9"
    assert slides.reference(Span(5, 15)) == "slides 9-10"
    assert replace(DOCUMENT, unit="chapter").reference(Span(15, 25)) == "chs. 10-11"
    lines = replace(TIMED, places=())
    assert lines.reference(Span(12, 25)) == "cue 2"
    assert replace(lines, unit=None).reference_of([Span(12, 25), Span(0, 3)]) == "line 2, line 1"


def test_what_was_read_is_counted_by_the_documents_own_unit() -> None:
    slides = extent_of(replace(DOCUMENT, unit="slide"), [(0, 12)])
    assert slides.has_pages
    assert slides.what_is_missing() == "slide 11 and part of slide 10"
    cues = extent_of(TIMED, [(0, 20)])
    assert not cues.has_pages
    assert cues.what_is_missing() == "cue 3"
