from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pdfs
import pytest
from helpers import run

from longsum.documents.document import Document, Page, Span

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
