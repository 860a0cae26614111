"""`--json` says where on a PDF's pages the sentences of an answer are."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pdf_faults as faults
import pdfs
import pytest
from helpers import report_pdf, run, story
from marked import words_in

from longsum.cli.output import as_json_text
from longsum.cli.places import SourceFile, add_places
from longsum.documents.document import Document
from longsum.documents.page_artist import PageArtist
from longsum.documents.read import parse_document, read_document
from longsum.errors import CorruptDocument


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    return report_pdf(tmp_path / "report.pdf")


def about(document: Document, *texts: str) -> dict[str, Any]:
    """Return an answer of some sentences of a document, as JSON values."""
    starts = [document.text.index(text) for text in texts]
    spans = [{"start": at, "end": at + len(t)} for at, t in zip(starts, texts, strict=True)]
    return {"sentences": [{"spans": [span], "contrary": None} for span in spans]}


def spans_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [span for sentence in answer["sentences"] for span in sentence["spans"]]


def assert_marked(answer: dict[str, Any]) -> None:
    assert spans_of(answer)
    for sentence in answer["sentences"]:
        for span in sentence["spans"]:
            assert span["exact"]
            assert [mark["page"] for mark in span["marks"]] == sentence["pages"]
            assert all(len(rect) == 4 for mark in span["marks"] for rect in mark["rects"])


def test_summary_has_the_rectangles_of_its_sentences(pdf: Path) -> None:
    answer = json.loads(run("summarize", pdf, "--json", "-q").stdout)
    assert_marked(answer)
    for sentence in answer["sentences"]:
        (span,) = sentence["spans"]
        (mark,) = span["marks"]
        assert words_in(pdf.read_bytes(), mark["page"], mark["rects"]) == sentence["text"]


def test_answers_have_rectangles_from_standard_input_too(pdf: Path) -> None:
    question = f"What about {story()[0][0].split()[-1]}?"
    result = run("ask", "-", question, "--json", "-q", "--sources", stdin=pdf.read_bytes())
    answer = json.loads(result.stdout)
    for sentence in answer["sentences"]:
        for each in (*sentence["spans"], *sentence["sources"]):
            assert each["exact"]


def test_without_json_no_page_is_opened(pdf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(PageArtist, "open", fail)
    assert run("summarize", pdf, "-q").exit_code == 0


def test_a_text_has_no_marks(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("A harbour. A ferry.", encoding="utf-8")
    document = read_document(path)
    answer = about(document, "A ferry.")
    add_places([answer], document, SourceFile(str(path)))
    assert spans_of(answer) == [{"start": 11, "end": 19}]


def test_marks_of_what_says_otherwise_and_of_sources(pdf: Path) -> None:
    document = read_document(pdf)
    (sentence,) = about(document, story()[0][0])["sentences"]
    sentence["contrary"] = {"spans": [{"start": 0, "end": 5}]}
    sentence["sources"] = [{"text": document.text[:9], "start": 0, "end": 9}]
    add_places([{"sentences": [sentence]}], document, SourceFile(str(pdf)))
    assert sentence["contrary"]["spans"][0]["exact"]
    assert sentence["sources"][0]["exact"]


@pytest.mark.parametrize("change", ["changed", "removed"])
def test_a_file_that_is_not_what_was_read_has_pages_only(pdf: Path, change: str) -> None:
    document = read_document(pdf)
    if change == "removed":
        pdf.unlink()
    else:
        pdf.write_bytes(pdfs.with_running_heads())
    answer = about(document, story()[1][0])
    add_places([answer], document, SourceFile(str(pdf)))
    (span,) = spans_of(answer)
    assert (span["marks"], span["exact"]) == ([{"page": 2, "rects": []}], False)


def test_an_answer_survives_pages_that_cannot_be_drawn(
    pdf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise CorruptDocument("it crashed")

    monkeypatch.setattr(PageArtist, "open", fail)
    document = read_document(pdf)
    answer = about(document, story()[1][0])
    add_places([answer], document, SourceFile(str(pdf)))
    assert spans_of(answer)[0]["exact"] is False


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert SourceFile(str(path)).load() is None


def test_an_encrypted_file_and_an_attached_one_are_opened_as_they_were_read() -> None:
    data = pdfs.encrypted(user="secret")
    document = parse_document(data, "a.pdf", password="secret")
    answer = about(document, document.text[:10])
    add_places([answer], document, SourceFile("-", "secret", data=data))
    assert spans_of(answer)[0]["exact"]
    data = faults.with_files({"inner.pdf": pdfs.text_pages(["One harbour."])}, portfolio=False)
    document = parse_document(data, "a.pdf", attachment="inner.pdf")
    answer = about(document, "One harbour.")
    add_places([answer], document, SourceFile("-", attachment="inner.pdf", data=data))
    assert spans_of(answer)[0]["exact"]


def test_a_rectangle_is_on_one_line_and_texts_stay_as_they_are() -> None:
    payload = {"rects": [[0.1, 0.25, 1e-05, 1.0]], "text": "[\n 1,\n 2,\n 3,\n 4\n]"}
    text = as_json_text(payload)
    assert "[0.1, 0.25, 1e-05, 1.0]" in text
    assert json.loads(text) == payload


def test_words_that_answer_and_what_brackets_say_have_rectangles(pdf: Path) -> None:
    document = read_document(pdf)
    sentence = story()[0][0]
    answer = about(document, sentence)
    at = document.text.index(sentence)
    first, second, _ = sentence.split(maxsplit=2)
    answer["short"] = {"start": at, "end": at + len(first)}
    begins = at + len(first) + 1
    resolved = {"span": {"start": begins, "end": begins + len(second)}}
    answer["sentences"][0]["resolved"] = [resolved]
    add_places([answer], document, SourceFile(str(pdf)))
    for each, word in ((answer["short"], first), (resolved["span"], second)):
        assert each["exact"]
        (mark,) = each["marks"]
        assert words_in(pdf.read_bytes(), mark["page"], mark["rects"]) == word
