from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pdfs
import pytest

from longsum.documents.document import Document, Span
from longsum.documents.read import read_document
from longsum.errors import (
    CorruptDocument,
    DocumentNotFound,
    DocumentTooLong,
    EmptyDocument,
    ImageOnlyDocument,
    LongsumError,
    NoSuchPage,
    PasswordError,
    UndecodableText,
    UnsupportedDocument,
    UsageError,
)
from longsum.settings import Setting
from longsum.terminal import shown_name


def read(data: bytes, **options: str | None) -> Document:
    return read_document("-", stdin=io.BytesIO(data), **options)


def failure(data: bytes, kind: type[LongsumError], **options: str | None) -> LongsumError:
    with pytest.raises(kind) as caught:
        read(data, **options)
    assert type(caught.value) is kind
    assert caught.value.hint
    return caught.value


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


# --- what can be read ---


def test_a_pdf_file_becomes_a_document(tmp_path: Path) -> None:
    data = pdfs.text_pages(pdfs.wrapped(pdfs.WORDS), title="The  River")
    path = tmp_path / "river.pdf"
    path.write_bytes(data)
    document = read_document(path)
    assert document.text == pdfs.WORDS
    assert document.name == "river.pdf"
    assert document.sha256 == hashlib.sha256(data).hexdigest()
    assert document.total_pages == 1
    assert document.title == "The River"
    assert document.warnings == ()


def test_the_kind_is_decided_by_content_not_by_name(tmp_path: Path) -> None:
    path = tmp_path / "story.pdf"
    path.write_text("Once there was a river.")
    assert read_document(str(path)).text == "Once there was a river."


def test_stdin_may_be_pdf_or_text() -> None:
    assert read(pdfs.text_pages(["A line of text."])).pages[0].number == 1
    assert read(b"A line of text.").pages == ()
    assert read(b"A line of text.").name == "stdin"


def test_a_pdf_header_may_follow_some_bytes() -> None:
    assert read(b"junk\n" * 20 + pdfs.text_pages(["A line of text."])).text == "A line of text."


def test_a_text_about_pdf_headers_is_text() -> None:
    assert read(b"A PDF begins with %PDF-1.7 and ends with a mark.").pages == ()


def test_pages_tile_the_text() -> None:
    document = read(pdfs.mixed("tbtt"))
    assert document.pages[0].start == 0
    for before, after in zip(document.pages, document.pages[1:], strict=False):
        assert before.start <= before.end <= after.start
    assert document.pages[-1].end == len(document.text)
    for number in (1, 3, 4):
        at = document.text.index(f"Page {number} tells")
        page = document.page_at(at)
        assert page is not None
        assert page.number == number


def test_chosen_pages_keep_their_numbers() -> None:
    document = read(pdfs.mixed("tttttt"), pages="2,5-")
    assert [page.number for page in document.pages] == [2, 5, 6]
    assert document.total_pages == 6
    assert "Page 3" not in document.text
    at = document.text.index("Page 5 tells")
    assert document.reference(Span(at, at + 10)) == "p. 5"


def test_running_heads_go_even_when_one_page_is_chosen() -> None:
    document = read(pdfs.with_running_heads(), pages="4")
    assert document.text.startswith("Chapter text number 4 begins here.")
    assert "SMITH" not in document.text


def test_page_labels_are_kept_where_they_differ() -> None:
    assert [page.label for page in read(pdfs.labelled()).pages] == ["i", "ii", "1"]


def test_importing_the_door_loads_no_reader() -> None:
    code = (
        "import sys, longsum.documents.read as _; "
        "print({'pypdf', 'pypdfium2', 'charset_normalizer', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# --- what can not ---


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DocumentNotFound, match="no such file"):
        read_document(tmp_path / "none.pdf")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentNotFound, match="is a folder"):
        read_document(tmp_path)


def test_a_file_without_permission_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret.txt"
    path.write_text("text")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DocumentNotFound, match="permission denied") as caught:
        read_document(path)
    assert "chmod" in (caught.value.hint or "")


def test_a_nul_in_the_path_does_not_crash() -> None:
    with pytest.raises(DocumentNotFound, match=r"a\\x00b"):
        read_document("a\0b")


def test_names_cannot_reach_the_terminal_alive(tmp_path: Path) -> None:
    path = tmp_path / "evil\x1b[2J\n\u202e.txt"
    with pytest.raises(DocumentNotFound) as caught:
        read_document(path)
    assert "\x1b" not in caught.value.message
    assert "\n" not in caught.value.message
    assert shown_name("a\x1bb\nc\u202ed\udcff") == "a\\x1bb\\nc\\u202ed\\udcff"
    path.write_text("A short story.")
    assert read_document(path).name == "evil\\x1b[2J\\n\\u202e.txt"


@pytest.mark.parametrize("data", [b"", b" \n\t\r\n", b"\f\f", b"\xef\xbb\xbf \n"])
def test_nothing_but_white_space_is_empty(data: bytes) -> None:
    failure(data, EmptyDocument)


def test_a_pdf_of_blank_pages_is_empty() -> None:
    assert "2 pages but no text" in failure(pdfs.mixed("bb"), EmptyDocument).message


@pytest.mark.parametrize(
    ("data", "kind", "hint"),
    [
        (zipped("content.xml"), "an OpenDocument spreadsheet", "export it as PDF"),
        (zipped("Index/Document.iwa"), "an Apple iWork document", "export it as PDF"),
        (zipped("xl/workbook.xml"), "an Excel workbook", "export"),
        (zipped("a.txt"), "a zip archive", "unpack"),
        (b"PK\x03\x04 cut off", "a zip archive", "unpack"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image", "ocrmypdf"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG image", "ocrmypdf"),
        (b"GIF89a\0\0\0", "a GIF image", "ocrmypdf"),
        (b"\x7fELF\x02\x01\x01\0", "an ELF program", "HTML and text can be read"),
        (b"\x1f\x8b\x08\0\0\0", "a gzip archive", "unpack"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "an old Office document", "export"),
        (b"{\\rtf1\\ansi Hello}", "an RTF document", "export"),
        (b"%!PS-Adobe-3.0\n", "a PostScript file", "ps2pdf"),
        (b"\0\0\0\x18ftypmp42", "an MP4", "transcribe"),
        (bytes(range(256)) * 8, "a binary file of an unknown kind", "export"),
    ],
)
def test_other_kinds_are_named_with_a_way_out(data: bytes, kind: str, hint: str) -> None:
    error = failure(data, UnsupportedDocument)
    assert kind in error.message
    assert hint in (error.hint or "")


def test_a_missing_password_asks_for_the_setting() -> None:
    error = failure(pdfs.encrypted(user="secret"), PasswordError)
    assert "needs a password" in error.message
    assert error.remedies == (Setting("password"),)


def test_a_wrong_password_says_so_and_is_not_repeated() -> None:
    error = failure(pdfs.encrypted(user="secret"), PasswordError, password="hunter2")
    assert "does not open" in error.message
    assert "hunter2" not in error.message


@pytest.mark.parametrize("password", ["secret", "owner"])
def test_either_password_opens(password: str) -> None:
    assert read(pdfs.encrypted(user="secret"), password=password).text == pdfs.WORDS


def test_an_empty_user_password_opens_without_asking() -> None:
    assert read(pdfs.encrypted(user="")).text == pdfs.WORDS


def test_pictures_alone_name_ocrmypdf(tmp_path: Path) -> None:
    path = tmp_path / "my scan.pdf"
    path.write_bytes(pdfs.image_only())
    with pytest.raises(ImageOnlyDocument, match="pages 1-2 of 2") as caught:
        read_document(path)
    assert f"ocrmypdf '{path}' out.pdf" in (caught.value.hint or "")
    assert "ocrmypdf in.pdf out.pdf" in (failure(pdfs.image_only(1), ImageOnlyDocument).hint or "")


def test_letters_drawn_as_outlines_are_pictures() -> None:
    failure(pdfs.outlined(), ImageOnlyDocument)


def test_some_pictures_warn_and_blank_pages_do_not() -> None:
    document = read(pdfs.mixed("ttitbiii"))
    (warning,) = document.warnings
    assert warning.startswith("pages 3, 6-8 of 8 hold no text (scanned?); they were not read")
    assert "ocrmypdf" in warning
    assert read(pdfs.mixed("tit")).warnings[0].startswith("page 2 of 3 holds no text")
    assert read(pdfs.mixed("tbt")).warnings == ()


def test_a_short_page_with_a_picture_is_not_a_scan() -> None:
    paper, out = pdfs.canvas()
    paper.drawImage(pdfs.picture(), 100, 100, 200, 200)
    pdfs.draw(paper, ["The bridge before the flood."])
    paper.save()
    document = read(out.getvalue())
    assert (document.text, document.warnings) == ("The bridge before the flood.", ())


@pytest.mark.parametrize("data", [pdfs.truncated(), b"%PDF-1.7\nnot much", b"%PDF-1.4\n\0\0\0"])
def test_a_damaged_pdf_is_one_clear_error(data: bytes) -> None:
    assert "damaged or incomplete" in failure(data, CorruptDocument).message


def test_truncation_is_named() -> None:
    assert "is truncated" in failure(pdfs.truncated(), CorruptDocument).message


def test_undecodable_text_names_iconv() -> None:
    error = failure("\ufeffa".encode("utf-16-le") + b"\x00\xd8" * 9, UndecodableText)
    assert "iconv" in (error.hint or "")


def test_pages_of_a_text_are_a_usage_error() -> None:
    failure(b"A text without pages.", UsageError, pages="2")


def test_pages_that_are_not_there_name_the_count() -> None:
    error = failure(pdfs.mixed("tt"), NoSuchPage, pages="2-5")
    assert "2 pages" in error.message


def test_a_huge_file_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("longsum.documents.source.MAX_FILE_BYTES", 10)
    failure(b"A text of more than ten bytes.", DocumentTooLong)


def test_a_pdf_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("longsum.documents.pdf.MAX_CHARACTERS", 100)
        failure(pdfs.mixed("tt"), DocumentTooLong)
    monkeypatch.setattr("longsum.documents.glyphs.MAX_PAGE_CHARACTERS", 100)
    failure(pdfs.mixed("tt"), DocumentTooLong)
