from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path

import pytest
from batch.standin import standin_job
from documents.story_format import HERE, MAGIC, STORY

from longsum.batch.run import folder_inputs, run_batch
from longsum.documents import formats, isolated
from longsum.documents.document import Document
from longsum.documents.formats import DocumentFormat, FormatReader, format_names, format_of_name
from longsum.documents.isolated import read_document as read_isolated
from longsum.documents.read import read_document
from longsum.errors import EmptyDocument, UnsupportedDocument

STORY_FILE = MAGIC + b"The Ferry\fThe ferry left at nine.\fNobody paid for it.\n"


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file of a format that is made up, which is read from here on."""
    monkeypatch.setattr(formats, "READERS", (STORY, *formats.READERS))
    path = tmp_path / "in" / "ferry.story"
    path.parent.mkdir()
    path.write_bytes(STORY_FILE)
    return path


@pytest.mark.parametrize("each", formats.READERS, ids=lambda each: each.name)
def test_reader_offers_what_the_protocol_asks(each: DocumentFormat):
    for name in ("matches", "read"):
        offered = inspect.signature(getattr(each.reader(), name)).parameters
        asked = list(inspect.signature(getattr(FormatReader, name)).parameters)[1:]
        named = ["encoding"] if each.takes_encoding and name == "read" else []
        assert list(offered) == asked + named


def test_message_names_every_format(monkeypatch: pytest.MonkeyPatch):
    assert format_names() == "PDF, DOCX, PPTX, ODT, EPUB, HTML or text"
    assert format_names("nor") == "PDF, DOCX, PPTX, ODT, EPUB, HTML nor text"
    monkeypatch.setattr(formats, "READERS", (STORY, *formats.READERS))
    assert format_names("and") == "story, PDF, DOCX, PPTX, ODT, EPUB, HTML and text"


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a/B.PDF", "PDF"),
        ("a.pdf.txt", "text"),
        ("pdf", "text"),
        ("a.xlsx", "text"),
        ("a.HTM", "HTML"),
    ],
)
def test_name_speaks_for_a_format(name: str, format: str):
    assert format_of_name(name) == format


def is_the_story(document: Document) -> bool:
    assert document.text == "The ferry left at nine.\n\nNobody paid for it."
    assert [page.number for page in document.pages] == [1, 2]
    return (document.title, document.name) == ("The Ferry", "ferry.story")


def test_added_format_is_read(story: Path):
    assert is_the_story(read_document(story))
    assert read_document(story, pages="2").text == "Nobody paid for it."
    assert format_of_name(story.name) == "story"


def test_added_format_is_read_in_a_process_of_its_own(story: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(isolated, "PLAIN", f"{HERE}:open_stories")
    assert is_the_story(read_isolated(story))


def test_added_format_without_text_is_empty(story: Path):
    story.write_bytes(MAGIC + b"The Ferry\f \f\n")
    with pytest.raises(EmptyDocument, match=r"^ferry\.story holds no text$"):
        read_document(story)


def test_format_that_was_not_added_is_refused(tmp_path: Path):
    path = tmp_path / "ferry.story"
    path.write_bytes(STORY_FILE)
    with pytest.raises(
        UnsupportedDocument,
        match="of an unknown kind, not PDF, DOCX, PPTX, ODT, EPUB, HTML or text",
    ):
        read_document(path)


def test_batch_reads_an_added_format(story: Path, tmp_path: Path):
    (story.parent / "note.txt").write_text("Quite another thing.")
    job = replace(standin_job(tmp_path / "out"), open_reader=f"{HERE}:open_story_reader")
    outcome = run_batch(job, folder_inputs(story.parent, job))
    assert (outcome.tally.done, outcome.tally.skipped) == (2, 0)
    assert {name: work.documents for name, work in outcome.counts.work.items()} == {
        "story": 1,
        "text": 1,
    }
    assert (tmp_path / "out" / "ferry.story.md").read_text() == "The\n"
