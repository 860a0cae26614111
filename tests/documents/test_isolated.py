from __future__ import annotations

import ast
import io
import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pdfs
import pytest
from helpers import REPOSITORY, environment
from scripted_reader import Trap

import longsum
from longsum.corpus.texts import read_corpus
from longsum.documents import isolated
from longsum.documents.frames import MAX_MESSAGE_BYTES, header
from longsum.documents.isolated import IsolatedReader
from longsum.documents.isolated import read_document as read_isolated
from longsum.documents.read import read_document
from longsum.documents.reading_process import ReadingProcess
from longsum.errors import (
    CorruptDocument,
    DocumentNotFound,
    DocumentTooLong,
    EmptyDocument,
    LongsumError,
    NoSuchPage,
    PasswordError,
)
from longsum.events import Listener


def test_document_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "pages.pdf"
    path.write_bytes(pdfs.with_running_heads())
    assert read_isolated(path, pages="2-3") == read_document(path, pages="2-3")


def test_standard_input_and_password_are_passed_on() -> None:
    data = pdfs.encrypted(user="secret")
    document = read_isolated("-", stdin=io.BytesIO(data), password="secret")
    assert document == read_document("-", stdin=io.BytesIO(data), password="secret")


@pytest.mark.parametrize(
    ("data", "kind", "options"),
    [
        (pdfs.encrypted(user="secret"), PasswordError, {}),
        (pdfs.truncated(), CorruptDocument, {}),
        (pdfs.mixed("tt"), NoSuchPage, {"pages": "9"}),
    ],
)
def test_errors_are_the_same(
    data: bytes, kind: type[LongsumError], options: dict[str, str]
) -> None:
    errors = []
    for read in (read_document, read_isolated):
        with pytest.raises(kind) as caught:
            read("-", stdin=io.BytesIO(data), **options)
        errors.append((type(caught.value), caught.value.message, caught.value.hint))
    assert errors[0] == errors[1]


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DocumentNotFound, match=r"none\.pdf"):
        read_isolated(tmp_path / "none.pdf")


def test_what_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "PLAIN", "scripted_reader:open_scripted")
    with IsolatedReader(seconds=2) as reader:
        with pytest.raises(DocumentTooLong, match="stopped reading stdin: .* over 2 s"):
            reader.read("-", stdin=io.BytesIO(b"stall"))
        assert reader.read("-", stdin=io.BytesIO(b"go on")).text == "go on"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is no such limit")
def test_what_takes_too_much_memory_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    path.write_bytes(b"A line of text.\n" * 2_000_000)
    with pytest.raises(CorruptDocument, match="took over 64 MiB of memory"):
        read_isolated(path, memory_bytes=64 << 20)


def test_modules_beside_a_document_are_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hashlib.py").write_text("open('ran', 'w'); raise SystemExit")
    (tmp_path / "story.txt").write_text("Once there was a river.")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p not in ("", ".")])
    assert read_isolated("story.txt").text == "Once there was a river."
    assert not Path("ran").exists()


# --- a process that a file took over ---


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return what reads such a document."""
    monkeypatch.setattr(isolated, "PLAIN", "scripted_reader:open_scripted")
    with IsolatedReader(seconds=60) as reader:
        yield lambda word: reader.read("-", stdin=io.BytesIO(word.encode()))


def test_one_process_reads_one_document_after_another(scripted: Any) -> None:
    pids = set()
    for text in ("One.", "Two.", "bug", "Three."):
        if text == "bug":
            with pytest.raises(RuntimeError, match="a bug"):
                scripted(text)
        else:
            assert scripted(text).text == text
        pids.add(scripted.__closure__[0].cell_contents._process._process.pid)
    assert len(pids) == 1


def test_after_a_crash_another_process_reads_on(scripted: Any) -> None:
    with pytest.raises(CorruptDocument, match="crashed its reader"):
        scripted("crash")
    assert scripted("go on").text == "go on"


def test_bug_comes_through_with_its_traceback(scripted: Any) -> None:
    with pytest.raises(RuntimeError, match="a bug") as caught:
        scripted("bug")
    assert "ValueError: a bug" in caught.value.__notes__[0]


RAW = {
    "a pickle": pickle.dumps(Trap("/nowhere")),
    "a pickle in a frame": header(len(pickle.dumps(Trap("/nowhere")))) + pickle.dumps(Trap("/n")),
    "a frame too large": header(MAX_MESSAGE_BYTES + 1) + b"{}",
    "a list": header(2) + b"[]",
    "nesting": header(200_000) + b"[" * 200_000,
    "nothing JSON": header(4) + b"\xff{}}",
}


@pytest.mark.parametrize("data", RAW.values(), ids=RAW.keys())
def test_what_is_not_a_message_is_refused_and_ends_the_process(scripted: Any, data: bytes) -> None:
    with pytest.raises(CorruptDocument, match="crashed its reader"):
        scripted(f"raw {data.hex()}")
    assert scripted("go on").text == "go on"


DOCUMENT = {
    "text": "Words.",
    "pages": [{"number": 1, "start": 0, "end": 6, "label": None}],
    "sha256": "0" * 64,
    "name": "a.pdf",
    "total_pages": 1,
    "title": None,
    "line_anchors": [],
    "warnings": [],
    "unit": None,
    "places": [],
}
PAGE = DOCUMENT["pages"][0]


def test_document_is_taken_in(scripted: Any) -> None:
    document = scripted(json.dumps({"document": DOCUMENT | {"title": "\x1b[2J"}}))
    assert (document.text, document.name) == ("Words.", "stdin")
    assert document.title == "\\x1b[2J"


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": None},
        {"unit": "furlong"},
        {"places": [[7, "00:00:01"]]},
        {"places": [[3, "00:00:01"], [1, "00:00:02"]]},
        {"places": [[0, ""]]},
        {"places": [[0, "x" * 500]]},
        {"places": [[0]]},
        {"text": "Live \x1b[2J"},
        {"text": "Half \ud800"},
        {"pages": 1},
        {"pages": [[]]},
        {"pages": [PAGE | {"end": 7}]},
        {"pages": [PAGE | {"start": -1}]},
        {"pages": [PAGE, PAGE]},
        {"pages": [PAGE | {"number": True}]},
        {"pages": [PAGE | {"number": 1 << 80}]},
        {"line_anchors": [[0, 1, 2]]},
        {"line_anchors": [[9, 1]]},
        {"sha256": 1},
        {"warnings": "many"},
        {"runs": [0, 1, 1]},
        {"runs": [0, 1, 1, "0"]},
        {"runs": [0, 1, 1, 0.5]},
        {"runs": [0, 7, 1, 0]},
        {"runs": [-1, 1, 1, 0]},
        {"runs": [2, 2, 1, 0]},
        {"runs": [2, 4, 1, 0, 3, 5, 1, 9]},
        {"runs": [0, 1, 0, 0]},
        {"runs": [0, 1, 1, -1]},
        {"runs": [0, 1, 1, 1 << 62]},
        {"runs": [0, 1, 1, 1 << 80]},
        {"total_pages": "1"},
    ],
)
def test_document_that_does_not_add_up_is_refused(scripted: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(CorruptDocument, match="crashed its reader"):
        scripted(json.dumps({"document": DOCUMENT | wrong}))


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"error": "Path", "message": "x", "hint": None},
        {"error": "LongsumError", "message": "x", "hint": None},
        {"error": "OutputError", "message": "x", "hint": None},
        {"error": "EmptyDocument", "message": 1, "hint": None},
        {"error": ["EmptyDocument"], "message": "x", "hint": None},
    ],
)
def test_only_errors_about_documents_are_believed(scripted: Any, reply: dict[str, Any]) -> None:
    with pytest.raises(CorruptDocument, match="crashed its reader"):
        scripted(json.dumps(reply))


def test_words_of_an_error_are_safe_to_print(scripted: Any) -> None:
    with pytest.raises(EmptyDocument) as caught:
        scripted(json.dumps({"error": "EmptyDocument", "message": "\x1b[2J", "hint": "\x07"}))
    assert (caught.value.message, caught.value.hint) == ("\\x1b[2J", "\\x07")


# --- who reads how ---


def test_no_pickle_is_loaded_from_a_process_that_read_a_file() -> None:
    """Batch's readers answered through `Connection.recv`, which unpickles."""
    folder = REPOSITORY / "longsum"
    names = ("isolated", "reading_process", "serving", "frames", "replies")
    paths = [folder / "documents" / f"{name}.py" for name in names]
    for path in (*paths, folder / "batch" / "reading.py", folder / "batch" / "readers.py"):
        code = path.read_text(encoding="utf-8")
        assert not re.search(r"\.recv\(|^\s*(?:from|import) (?:pickle|marshal)\b", code, re.M), path


def test_nothing_but_a_reading_process_reads_where_it_is() -> None:
    """`longsum.read_document`, extend and evaluate parsed foreign files in their own process."""
    allowed = {"documents/serving.py", "batch/reading.py", "evaluate/reference_pairs.py"}
    folder = REPOSITORY / "longsum"
    found = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.module == "longsum.documents.read"
    }
    assert found == allowed
    pairs = (folder / "evaluate" / "reference_pairs.py").read_text(encoding="utf-8")
    assert "import parse_text" in pairs, "a row of JSON is text already"


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_python_interface_reads_in_a_process_of_its_own() -> None:
    assert longsum.read_document is read_isolated


def test_commands_that_read_many_files_read_them_in_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    class Counted(ReadingProcess):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            started.append(1)
            super().__init__(*arguments, **options)

    monkeypatch.setattr(isolated, "ReadingProcess", Counted)
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.txt").write_text(f"Text {name}.")
    texts = [text.text for text in read_corpus([tmp_path], Listener())]
    assert texts == ["Text a.", "Text b.", "Text c."]
    assert len(started) == 1


@pytest.mark.parametrize("attribute", ["executable", "frozen"])
def test_where_no_python_can_be_started_the_way_out_is_named(
    monkeypatch: pytest.MonkeyPatch, attribute: str
) -> None:
    """It read in its own process without a word; a frozen program would have started itself."""
    monkeypatch.setattr(sys, attribute, "" if attribute == "executable" else True, raising=False)
    with pytest.raises(LongsumError, match="no Python interpreter") as caught:
        read_isolated("-", stdin=io.BytesIO(b"A river."))
    assert "longsum.documents.read.read_document" in (caught.value.hint or "")


# --- standard input by its other names ---


PIPED = "import sys; from longsum import read_document; d = read_document(sys.argv[1]); "
PIPED += "print(d.name, d.text)"


@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="needs /dev/stdin")
@pytest.mark.parametrize("name", ["-", "/dev/stdin", "/dev/fd/0"])
@pytest.mark.parametrize("piped", [True, False])
def test_standard_input_has_more_names_than_one(tmp_path: Path, name: str, piped: bool) -> None:
    """`longsum plan /dev/stdin` said that stdin was empty: its reader opened its own."""
    path = tmp_path / "story.txt"
    path.write_text("A river.")
    with path.open("rb") as file:
        given = {"input": path.read_bytes()} if piped else {"stdin": file}
        done = subprocess.run(
            [sys.executable, "-c", PIPED, name], capture_output=True, env=environment(), **given
        )
    assert done.stdout.decode() == "stdin A river.\n", done.stderr.decode()


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs /dev/fd")
def test_a_descriptor_of_the_caller_can_be_named() -> None:
    """`longsum plan <(cat x.pdf)` reported that /dev/fd/63 does not exist."""
    reading, writing = os.pipe()
    os.write(writing, b"A river.")
    os.close(writing)
    name = f"/dev/fd/{reading}"
    done = subprocess.run(
        [sys.executable, "-c", PIPED, name],
        capture_output=True,
        env=environment(),
        pass_fds=[reading],
    )
    os.close(reading)
    assert done.stdout.decode() == f"{name} A river.\n", done.stderr.decode()


def test_closed_standard_input_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(DocumentNotFound, match="standard input is closed"):
        read_isolated("-")
