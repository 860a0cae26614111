from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from helpers import environment

from longsum.cli.output import check_output, write_atomically
from longsum.errors import OutputError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")

FOREIGN = "The ship Ж left the harbour in 1890 with \N{SNOWMAN} and \N{GRINNING FACE} aboard."
PRINTS = f"""
import json, sys
from longsum.cli.streams import finish_streams, prepare_streams
prepare_streams()
print({FOREIGN!a})
print(json.dumps([{FOREIGN!a}], ensure_ascii=False))
finish_streams()
"""
LIGHT = [
    ("--help",),
    ("--version",),
    ("models", "list"),
    ("models", "list", "--json"),
    ("models", "show", "mini"),
    ("cache", "list"),
]
"""Commands that load no model."""


def shell(line: str, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `longsum` in a shell line, as "$@"."""
    command = ["sh", "-c", line, "sh", sys.executable, "-m", "longsum", *map(str, arguments)]
    return subprocess.run(
        command, env=environment(**variables), capture_output=True, text=True, encoding="utf-8"
    )


def assert_one_error(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert [line.split(":")[0] for line in lines] == ["error", "hint"], done.stderr
    for part in parts:
        assert part in lines[0]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "story.txt"
    path.write_text(f"{FOREIGN}\n\nA second sentence speaks of other things.\n", encoding="utf-8")
    return path


# ---- an encoding that lacks a character


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1"])
def test_what_an_encoding_lacks_is_spelled_out_and_said_once(encoding: str) -> None:
    """The answer ended in a traceback of a UnicodeEncodeError."""
    done = subprocess.run(
        [sys.executable, "-c", PRINTS],
        env=environment(PYTHONIOENCODING=encoding),
        capture_output=True,
        check=True,
    )
    line, array = done.stdout.decode(encoding).splitlines()
    assert line == FOREIGN.encode("ascii", "backslashreplace").decode().replace(
        "\\U0001f600", "\\ud83d\\ude00"
    )
    assert json.loads(array) == [FOREIGN]
    said = done.stderr.decode(encoding)
    assert said.count("lacks some characters") == 1
    assert "charmap" not in said


def test_utf8_is_left_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINTS],
        env=environment(PYTHONIOENCODING="utf-8"),
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode().splitlines() == [FOREIGN, json.dumps([FOREIGN], ensure_ascii=False)]
    assert done.stderr == b""


def test_answer_comes_out_whatever_the_encoding(text: Path) -> None:
    arguments = ("summarize", text, "-l", "20", "--no-cache")
    done = shell('"$@"', *arguments, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "1890" in done.stdout


# ---- full, closed, gone


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", LIGHT, ids=" ".join)
def test_full_standard_output_is_one_error(arguments: tuple[str, ...]) -> None:
    done = shell('"$@" > /dev/full', *arguments)
    assert done.returncode == 1
    assert_one_error(done, "standard output cannot be written: no space left on device")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_summary_that_cannot_be_written_claims_no_result(text: Path) -> None:
    done = shell('"$@" > /dev/full', "summarize", text, "--no-cache", "-q")
    assert done.returncode == 1
    assert_one_error(done, "standard output cannot be written")


@pytest.mark.parametrize("arguments", LIGHT, ids=" ".join)
def test_closed_standard_output_is_one_error(arguments: tuple[str, ...]) -> None:
    done = shell('"$@" >&-', *arguments)
    assert done.returncode == 1
    assert_one_error(done, "standard output cannot be written: it is closed")


def test_no_document_is_read_for_a_closed_standard_output(tmp_path: Path) -> None:
    done = shell('"$@" >&-', "summarize", tmp_path / "absent.pdf")
    assert done.returncode == 1
    assert_one_error(done, "standard output cannot be written: it is closed")


def test_streams_do_not_matter_to_a_file(tmp_path: Path, text: Path) -> None:
    output = tmp_path / "out.txt"
    arguments = ("summarize", text, "--no-cache", "-o", output)
    done = shell('"$@" >&- 2>&- <&-', *arguments, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert FOREIGN in output.read_text(encoding="utf-8")


@pytest.mark.parametrize("closed", ["2>&-", "2> /dev/full"])
def test_messages_that_cannot_be_written_stop_nothing(closed: str) -> None:
    if "full" in closed and not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    done = shell(f'"$@" {closed}', "models", "list")
    assert done.returncode == 0
    assert "mini" in done.stdout
    assert shell(f'"$@" {closed}', "nothing").returncode == 2


def test_closed_standard_input_is_an_empty_document() -> None:
    done = shell('"$@" <&-', "plan", "-")
    assert done.returncode == 3
    assert_one_error(done, "stdin is empty")


@pytest.mark.parametrize("arguments", [("models", "list"), ("--help",)], ids=" ".join)
def test_reader_that_leaves_early_hears_no_complaint(arguments: tuple[str, ...]) -> None:
    done = shell('"$@" | head -1', *arguments)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


# ---- files that are none


def test_device_is_written_to_and_not_replaced() -> None:
    """As root, `-o /dev/null --force` put a file in the place of the device."""
    for name in ("/dev/null", "/dev/full"):
        path = Path(name)
        if not path.exists():
            pytest.skip(f"needs {name}")
        check_output(path, force=False)
        if name == "/dev/full":
            with pytest.raises(OutputError, match="No space left"):
                write_atomically(path, "an answer")
        else:
            write_atomically(path, "an answer")
        assert stat.S_ISCHR(path.stat().st_mode)


def test_pipe_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    heard: list[str] = []
    thread = threading.Thread(target=lambda: heard.append(path.read_text(encoding="utf-8")))
    thread.start()
    check_output(path, force=False)
    write_atomically(path, "an answer")
    thread.join(30)
    assert heard == ["an answer"]
    assert [each.name for each in tmp_path.iterdir()] == ["pipe"]


def test_standard_output_can_be_named_as_the_file(tmp_path: Path) -> None:
    code = "from pathlib import Path; from longsum.cli.output import write_atomically as write; "
    code += "write(Path('/dev/stdout'), 'an answer')"
    path = tmp_path / "log"
    path.write_text("before, ")
    with path.open("a") as file:
        command = [sys.executable, "-c", code]
        subprocess.run(command, env=environment(), stdout=file, check=True)
    assert path.read_text() == "before, an answer"
    assert Path("/dev/stdout").is_symlink()
