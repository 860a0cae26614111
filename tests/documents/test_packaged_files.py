"""What all formats that are read through lxml have in common: cost, limits, damage."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import books
import opendocument
import pdfs
import pytest
import word
from batch.standin import standin_job
from helpers import LIVE, environment, run
from pptx import Presentation

from longsum.batch.run import folder_inputs, run_batch
from longsum.documents.document import Document
from longsum.documents.isolated import read_document as read_isolated
from longsum.documents.read import parse_document, read_document
from longsum.documents.replies import unpacked_document
from longsum.documents.serving import packed_document
from longsum.errors import (
    DocumentError,
    DocumentTooLong,
    LongsumError,
    ProtectedDocument,
    UnsupportedDocument,
)

PAGE = (
    "<html><head><title>Ferry</title></head><body><nav>Home</nav><h1>Ferry</h1><p>It left at "
    "nine.<ul><li>one<ol start=3><li>two</ol></ul><table><tr><td>a<td>b</table><pre>x\n y</pre>"
)


def deck() -> bytes:
    found = Presentation()
    slide = found.slides.add_slide(found.slide_layouts[1])
    slide.shapes.title.text = "Fares"
    slide.placeholders[1].text = "Three crowns.\nHalf for pupils."
    slide.notes_slide.notes_text_frame.text = "Pause here."
    buffer = io.BytesIO()
    found.save(buffer)
    return buffer.getvalue()


def report() -> bytes:
    document = word.new()
    document.add_heading("Fares", 1)
    document.add_paragraph("Three crowns.", "List Number")
    document.add_table(1, 2).cell(0, 0).text = "Berth"
    note = f'<w:footnote w:id="1"><w:p>{word.run("Net.")}</w:p></w:footnote>'
    return word.saved(document, {"footnotes": note})


def files() -> dict[str, bytes]:
    """Return a small document of every format, by name."""
    return {
        "a.docx": report(),
        "a.pptx": deck(),
        "a.odt": opendocument.text(
            '<text:h text:outline-level="1">Fares</text:h><text:list><text:list-item>'
            '<text:p>Three<text:s text:c="2"/>crowns.</text:p></text:list-item></text:list>'
        ),
        "a.epub": books.book({"a.xhtml": "<h1>A</h1><p>One.</p>"}, [("A", "a.xhtml#top")]),
        "a.html": PAGE.encode(),
    }


INSERTED = (b"<", b">", b"\0", b'"', b"-1", b"9" * 20, b"&#x110000;", b"&#xD800;", b"\xed\xa0\x80")


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return bytes with some changed, removed, repeated or inserted."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 2, 5, 20))):
        at, other = sorted((chance.randrange(len(found) + 1), chance.randrange(len(found) + 1)))
        kind = chance.randrange(4)
        if kind == 0 and at < len(found):
            found[at] = chance.randrange(256)
        elif kind == 1:
            del found[at : at + chance.choice((1, 10, 100))]
        elif kind == 2:
            found[at:at] = found[other : other + chance.choice((1, 10, 300))]
        else:
            found[at:at] = chance.choice(INSERTED)
    return bytes(found)


def damaged(name: str, data: bytes, chance: random.Random) -> bytes:
    """Return a document with one of its parts, or the whole file, mutated."""
    if name.endswith("html") or chance.random() < 0.3:
        return mutated(data, chance)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    part = chance.choice([each for each in parts if each.endswith(("ml", ".rels", ".opf"))])
    return books.archive(parts | {part: mutated(parts[part], chance)})


def read_or_refused(data: bytes, name: str) -> Document | LongsumError:
    """Return what a file holds, or the error that it costs."""
    try:
        return parse_document(data, name)
    except LongsumError as error:
        return error


@pytest.mark.parametrize("name", files())
def test_damaged_document_is_read_or_refused(name: str) -> None:
    data = files()[name]
    chance = random.Random(name)
    found = [read_or_refused(damaged(name, data, chance), name) for _ in range(120)]
    documents = [each for each in found if isinstance(each, Document)]
    assert documents
    for document in documents:
        reply = json.loads(json.dumps(packed_document(document)))
        assert unpacked_document(reply["document"], name) == document
    for error in (each for each in found if isinstance(each, LongsumError)):
        assert error.hint
        assert not LIVE.search(error.message + error.hint)


@pytest.mark.parametrize("name", files())
def test_document_is_read_by_the_command_line(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(files()[name])
    result = run("plan", path)
    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize("name", [each for each in files() if each != "a.html"])
def test_archive_with_too_many_parts_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(files()[name] + b"PK\x01\x02" * 20_001)
    with pytest.raises(DocumentTooLong, match="it has over 20,000 parts"):
        read_isolated(path)


def test_archive_in_an_archive_is_not_unpacked(tmp_path: Path) -> None:
    inner = books.archive({"a": b" " * (1 << 24)})
    path = tmp_path / "a.docx"
    path.write_bytes(word.changed(report(), {"word/embeddings/inner.docx": inner}))
    assert "Three crowns." in read_isolated(path).text
    path.write_bytes(books.archive({"inner.docx": inner}))
    with pytest.raises(UnsupportedDocument, match="^a.docx is a zip archive"):
        read_isolated(path)


def test_encrypted_office_document_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.docx"
    path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    )
    with pytest.raises(ProtectedDocument, match="encrypted with a password$"):
        read_isolated(path)


def outcome_of(code: str, *arguments: object) -> str:
    """Return what Python code prints in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_reading_a_pdf_or_a_text_imports_no_lxml(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdfs.mixed("t"))
    (tmp_path / "a.txt").write_text("It left at nine.")
    (tmp_path / "a.html").write_text(PAGE)
    code = (
        "import sys; from longsum.documents.read import read_document; "
        "read_document(sys.argv[1]); print('lxml' in sys.modules)"
    )
    found = [outcome_of(code, tmp_path / f"a.{suffix}") for suffix in ("pdf", "txt", "html")]
    assert found == ["False", "False", "True"]


def test_missing_library_gives_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.html"
    path.write_text(PAGE)
    monkeypatch.setitem(sys.modules, "lxml", None)
    with pytest.raises(DocumentError, match="needs lxml, which is not installed") as caught:
        read_document(path)
    assert caught.value.hint == "pip install lxml"
    (tmp_path / "lxml.py").write_text("raise ImportError")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DocumentError, match="needs lxml, which is not installed"):
        read_isolated(path)


def test_batch_reads_every_format_and_passes_over_lock_files(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, data in files().items():
        (folder / name).write_bytes(data)
    (folder / "~$a.docx").write_bytes(b"lock")
    (folder / ".b.docx").write_bytes(report())
    job = standin_job(tmp_path / "out")
    outcome = run_batch(job, folder_inputs(folder, job))
    assert (outcome.tally.done, outcome.tally.skipped, outcome.tally.failed) == (5, 0, 0)
    assert set(outcome.counts.work) == {"DOCX", "PPTX", "ODT", "EPUB", "HTML"}


@pytest.mark.parametrize(
    ("name", "part", "outer", "level", "inner"),
    [
        ("a.docx", "word/document.xml", "document body p", "smartTag", "r t"),
        ("a.pptx", "ppt/slides/slide1.xml", "sld cSld spTree", "grpSp", "sp txBody p r t"),
    ],
)
def test_deep_nesting_is_read_or_refused(
    name: str, part: str, outer: str, level: str, inner: str
) -> None:
    def nested(levels: int) -> Document | LongsumError:
        tags = [*outer.split(), *[level] * levels, *inner.split()]
        whole = "".join(f"<{tag}>" for tag in tags) + "deep"
        whole += "".join(f"</{tag}>" for tag in reversed(tags))
        return read_or_refused(word.changed(files()[name], {part: whole.encode()}), name)

    document = nested(200)
    assert isinstance(document, Document)
    assert "deep" in document.text
    refusal = nested(400)
    assert isinstance(refusal, LongsumError)
    assert "nests its elements too deeply" in refusal.message
