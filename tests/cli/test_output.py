from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from helpers import LIVE, assert_refused, printed, report_pdf, run
from tiny import save_checkpoint

from longsum.cli.output import as_json_text, check_output, deliver, write_atomically
from longsum.errors import OutputError


@pytest.fixture
def unread(monkeypatch) -> None:
    """Fail when a document is opened."""
    monkeypatch.setattr(
        "longsum.documents.isolated.read_document",
        lambda *_, **__: pytest.fail("began to read"),
    )


# ---- through the command


def test_summary_goes_to_its_file_whole_and_alone(tmp_path):
    model = save_checkpoint(tmp_path / "tiny", max_position_embeddings=8192)
    pdf, folder = report_pdf(tmp_path / "report.pdf"), tmp_path / "out"
    folder.mkdir()
    arguments = ("summarize", pdf, "-m", model, "--verbatim", "-l", "20")
    result = run(*arguments, "-o", folder / "summary.txt")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "read " in result.stderr
    assert [path.name for path in folder.iterdir()] == ["summary.txt"]
    text = (folder / "summary.txt").read_text()
    assert text == run(*arguments).stdout
    assert printed(text)
    assert_refused(run(*arguments, "-o", folder / "summary.txt"), 1, "exists", "--force")
    result = run(*arguments, "-o", folder / "summary.txt", "--force", "--json")
    assert result.exit_code == 0
    assert json.loads((folder / "summary.txt").read_text())["sentences"]


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize(
    ("output", "parts"),
    [
        ("there.txt", ["exists", "--force"]),
        ("absent/out.txt", ["absent does not exist"]),
        (".", ["is a folder"]),
    ],
)
def test_file_that_cannot_be_written_is_refused_before_any_work(tmp_path, output, parts):
    (tmp_path / "there.txt").write_text("precious")
    result = run("summarize", report_pdf(tmp_path / "report.pdf"), "-o", tmp_path / output)
    assert_refused(result, 1, *parts)
    assert (tmp_path / "there.txt").read_text() == "precious"


@pytest.mark.usefixtures("unread")
def test_folder_that_may_not_be_written_is_refused_before_any_work(tmp_path, monkeypatch):
    """The superuser may write anywhere, so that permissions alone would prove nothing."""
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    result = run("ask", "report.pdf", "Who?", "-o", tmp_path / "out.txt")
    assert_refused(result, 1, "cannot be written")


# ---- atomic writing


def test_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "out.txt"
    path.write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_interrupted_write_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "out.txt", "new")
    assert list(tmp_path.iterdir()) == []


def test_written_file_has_the_usual_permissions(tmp_path):
    path = tmp_path / "out.txt"
    before = os.umask(0o027)
    try:
        write_atomically(path, "Grüße")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.read_bytes() == "Grüße".encode()


def test_existing_file_needs_force(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("old")
    with pytest.raises(OutputError, match="exists"):
        check_output(path, force=False)
    check_output(path, force=True)
    check_output(None, force=False)


# ---- JSON


def test_json_keeps_letters_readable():
    assert "Grüße 资金" in as_json_text({"text": "Grüße 资金"})


@pytest.mark.parametrize("character", ["\x1b", "\x9b", "\x7f", "\u202e", "\u2066", "\u2028"])
def test_json_holds_nothing_a_terminal_obeys_and_loses_nothing(character):
    payload = {"text": f"a{character}b"}
    text = as_json_text(payload)
    assert not LIVE.search(text)
    assert json.loads(text) == payload


def test_text_on_stdout_was_streamed_and_only_its_line_is_ended(capsys):
    deliver({}, "streamed already", as_json=False, output=None)
    assert capsys.readouterr().out == "\n"
