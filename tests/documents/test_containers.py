from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pdf_faults as faults
import pdfs
import pytest
from helpers import run

from longsum.documents.document import Document
from longsum.documents.isolated import read_document as read_isolated
from longsum.documents.read import read_document
from longsum.errors import CoverOnly, NoSuchAttachment
from longsum.settings import Setting

INNER = pdfs.text_pages(pdfs.wrapped(pdfs.WORDS))


def read(data: bytes, **options: str) -> Document:
    return read_document("-", stdin=io.BytesIO(data), **options)


def test_portfolio_lists_its_files_instead_of_summarizing_its_cover() -> None:
    data = faults.with_files({"minutes.pdf": INNER, "b\x1b[2J.txt": b"Bee."})
    with pytest.raises(CoverOnly, match="portfolio of 2 files") as caught:
        read(data)
    assert "minutes.pdf" in caught.value.message
    assert "\x1b" not in caught.value.message
    assert caught.value.remedies[0].name == "attachment"


@pytest.mark.parametrize("name", ["minutes.pdf", "MINUTES.PDF"])
def test_attachment_is_read_instead_of_its_pdf(name: str, tmp_path: Path) -> None:
    data = faults.with_files({"minutes.pdf": INNER, "b.txt": b"A line of text."})
    document = read(data, attachment=name)
    assert document.text == pdfs.WORDS
    assert document.sha256 == hashlib.sha256(data).hexdigest()
    assert read(data, attachment="b.txt").text == "A line of text."
    path = tmp_path / "all.pdf"
    path.write_bytes(data)
    assert read_isolated(path, attachment=name).name == f"all.pdf: {name}"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (faults.with_files({"a.txt": b"A."}), "has no file 'b.txt'; it holds a.txt"),
        (INNER, "has no files attached"),
        (b"A line of text.", "is not a PDF"),
    ],
)
def test_attachment_that_is_not_there_is_named(data: bytes, message: str) -> None:
    with pytest.raises(NoSuchAttachment, match=message) as caught:
        read(data, attachment="b.txt")
    assert caught.value.hint


def test_attached_files_of_a_document_are_reported() -> None:
    document = read(faults.with_files({"a.xml": b"<a/>"}, portfolio=False, words=faults.SEEN))
    assert document.text == faults.SEEN
    (warning,) = document.warnings
    assert "has 1 file attached, which was not read: a.xml" in warning
    assert str(Setting("attachment", "a.xml")) in warning


def test_form_that_only_some_programs_show_is_refused() -> None:
    """The notice in its place was summarized, with exit code 0."""
    with pytest.raises(CoverOnly, match="XFA form") as caught:
        read(faults.xfa())
    assert "print it to a new PDF" in (caught.value.hint or "")
    assert "river" in read(faults.xfa("The river rose. " * 180)).text


def test_commands_read_attachments(tmp_path: Path) -> None:
    path = tmp_path / "all.pdf"
    path.write_bytes(faults.with_files({"minutes.pdf": INNER}))
    refused = run("summarize", path)
    assert refused.exit_code == 3
    assert "--attachment minutes.pdf" in refused.stderr
    for command in (["summarize", path], ["ask", path, "What had risen?"], ["plan", path]):
        result = run(*command, "--attachment", "minutes.pdf")
        assert result.exit_code == 0, result.stderr
    batch = run("batch", path, "--attachment", "minutes.pdf", "-o", tmp_path / "out")
    assert batch.exit_code == 0, batch.stderr
    (result_file,) = (tmp_path / "out").rglob("all.pdf.md")
    assert "water had risen" in result_file.read_text(encoding="utf-8")
