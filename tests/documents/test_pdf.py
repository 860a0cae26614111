from __future__ import annotations

import threading

import pdfs
import pytest

from longsum.documents import pdf, pdf_pages
from longsum.documents.document import Document
from longsum.documents.glyphs import Glyphs
from longsum.documents.lines import Line, lines_of_text
from longsum.documents.read import parse_document
from longsum.errors import CorruptDocument


def read(data: bytes) -> Document:
    return parse_document(data, "a.pdf", path="a.pdf")


def test_heads_feet_and_page_numbers_go() -> None:
    text = read(pdfs.with_running_heads()).text
    for gone in ("SMITH", "Cite as", "river press"):
        assert gone not in text
    assert text.count("Chapter text number") == 8
    assert not any(line.isdigit() for line in text.split("\n"))


def test_columns_are_read_from_the_left() -> None:
    text = read(pdfs.two_columns()).text
    assert text.index("Left column line 8") < text.index("Right column line 1")


def test_a_paragraph_continues_across_the_page_and_its_footnote() -> None:
    document = read(pdfs.with_footnote())
    assert pdfs.WORDS in document.text
    note = document.text.index("1 See the minutes")
    first, second = document.pages
    assert first.start <= note < first.end
    assert note < document.text.index(pdfs.WORDS)
    assert document.text[second.start - 1] == " "  # the pages meet within the paragraph
    assert pdfs.WORDS.endswith(document.text[second.start : second.end])


def test_a_word_broken_by_the_page_is_rejoined_and_the_pages_touch() -> None:
    lines = pdfs.wrapped(pdfs.WORDS)
    document = read(pdfs.text_pages([*lines, "and the remain-"], ["der was lost in the flood."]))
    assert "the remainder was lost" in document.text
    first, second = document.pages
    assert first.end == second.start
    assert document.text[second.start :].startswith("der was lost")


def test_paragraphs_are_found_by_gap_indent_and_short_last_line() -> None:
    lines = pdfs.wrapped(pdfs.WORDS)
    assert read(pdfs.text_pages([*lines, "", *lines])).text == f"{pdfs.WORDS}\n\n{pdfs.WORDS}"
    short = [*lines[:-1], "snow fell.", *lines]
    assert read(pdfs.text_pages(short)).text.count("\n\n") == 1


def test_a_raised_number_begins_a_note_and_is_parted_from_its_text() -> None:
    paper, out = pdfs.canvas()
    y = pdfs.draw(paper, pdfs.wrapped(pdfs.WORDS))
    paper.setFont("Times-Roman", 5)
    paper.drawString(pdfs.LEFT, y - 17, "14")
    paper.setFont("Times-Roman", 8)
    paper.drawString(pdfs.LEFT + 5.2, y - 20, "7/15/17 Letter, at 3, and the town archive.")
    paper.save()
    text = read(out.getvalue()).text
    assert text == f"{pdfs.WORDS}\n\n14 7/15/17 Letter, at 3, and the town archive."


def test_a_heading_is_separate() -> None:
    text = read(pdfs.text_pages(["1 The River", "", *pdfs.wrapped(pdfs.WORDS)])).text
    assert text == f"1 The River\n\n{pdfs.WORDS}"


def test_contents_keep_their_lines() -> None:
    rows = [f"{i}.1 Part {i} . . . . . . . . . . . . . {i}" for i in range(1, 6)]
    assert read(pdfs.text_pages(rows)).text.split("\n") == rows


def test_pages_that_all_say_the_same_are_still_read() -> None:
    assert read(pdfs.text_pages(*[["The only line."]] * 3)).text.count("The only line.") == 3


def test_the_second_reader_reads_what_pdfium_finds_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_pages, "read_glyphs", lambda page, **_: Glyphs())
    assert read(pdfs.text_pages(pdfs.wrapped(pdfs.WORDS))).text == pdfs.WORDS


def test_the_second_reader_reads_right_to_left_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    reversed_line: list[Line] = lines_of_text("יכיבח")
    monkeypatch.setattr(pdf_pages, "read_glyphs", lambda page, **_: Glyphs(reversed_line))
    assert read(pdfs.text_pages(pdfs.wrapped(pdfs.WORDS))).text == pdfs.WORDS


def test_a_file_pdfium_cannot_open_is_read_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    import pypdfium2

    def refuse(*_: object, **__: object) -> None:
        raise pypdfium2.PdfiumError("no")

    monkeypatch.setattr(pypdfium2, "PdfDocument", refuse)
    document = read(pdfs.text_pages(pdfs.wrapped(pdfs.WORDS)))
    assert document.text == pdfs.WORDS
    assert "second reader" in document.warnings[0]
    with pytest.raises(CorruptDocument):
        read(pdfs.truncated())


def test_pypdf_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CorruptDocument):
        read(pdfs.truncated())
    assert capfd.readouterr() == ("", "")


def test_pdfium_is_used_by_one_thread_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It crashes or mixes pages otherwise, too rarely for a test to see."""
    entered: list[bool] = []

    def knock() -> None:
        entered.append(pdf._LOCK.acquire(blocking=False))

    def look(page: object, **_: object) -> Glyphs:
        other = threading.Thread(target=knock)
        other.start()
        other.join()
        return Glyphs(lines_of_text("A line of text."))

    monkeypatch.setattr(pdf_pages, "read_glyphs", look)
    read(pdfs.text_pages(["A line of text."]))
    assert entered == [False]


def test_threads_may_read_at_once() -> None:
    data = pdfs.with_running_heads()
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(read(data).text)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(texts) == 8
    assert len(set(texts)) == 1
