"""Words count page by page: those under another page's number are lost and wrong."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from helpers import report_pdf

from benchmarks.reading import recall


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    return report_pdf(tmp_path / "report.pdf")


def pages_of(pdf: Path) -> list[str]:
    return [" ".join(each.elements()) for each in recall.our_pages(pdf)]


def test_same_words_on_the_same_pages_are_all_found(
    pdf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = pages_of(pdf)
    monkeypatch.setattr(recall, "reference_pages", lambda path, reference: iter(pages))
    row = recall.measured(pdf, "pdftotext")
    assert (row["outcome"], row["recall"], row["precision"]) == ("text", 1.0, 1.0)


def test_words_under_another_number_are_not_found(
    pdf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = ["", *pages_of(pdf)]
    monkeypatch.setattr(recall, "reference_pages", lambda path, reference: iter(pages))
    assert float(str(recall.measured(pdf, "pdftotext")["recall"])) < 0.7


def test_lost_and_added_words_are_told_apart(pdf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = pages_of(pdf)
    more = [f"{pages[0]} {pages[0]}", *pages[1:]]
    monkeypatch.setattr(recall, "reference_pages", lambda path, reference: iter(more))
    row = recall.measured(pdf, "pdftotext")
    assert float(str(row["recall"])) < 1
    assert row["precision"] == 1.0


def test_errors_are_counted_by_their_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4 nothing")
    monkeypatch.setattr(recall, "reference_pages", lambda path, reference: iter(()))
    row = recall.measured(tmp_path / "a.pdf", "pdftotext")
    assert row["outcome"] == "CorruptDocument"
    found = recall.summary([row, row | {"outcome": "text", "recall": 0.5, "precision": 1.0}])
    assert found["outcomes"] == {"CorruptDocument": 1, "text": 1}
    assert found["recall"] == {"files": 1, "mean": 0.5, "median": 0.5, "at least 0.95": 0}


def test_hyphens_at_line_ends_are_closed() -> None:
    assert recall.bag("Har-\nbour board, HARBOUR") == Counter(harbour=2, board=1)
