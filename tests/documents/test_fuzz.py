"""Whatever a stranger's file holds, it costs one clear error: no crash, no hang, no blow-up.

`LONGSUM_FUZZ_SECONDS=600` reads damaged files for so long, with other seeds each time.
"""

from __future__ import annotations

import io
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import LIVE, REPOSITORY, environment, run
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import fatal_files, mutated, sound_files

from longsum.documents.document import Document
from longsum.documents.isolated import read_document as read_isolated
from longsum.documents.read import read_document
from longsum.errors import CorruptDocument, DocumentTooLong, LongsumError
from longsum.terminal import shown_name

SECONDS = int(os.environ.get("LONGSUM_FUZZ_SECONDS", "0"))
FIXED = settings(derandomize=not SECONDS, deadline=None, max_examples=100 + 20 * SECONDS)
ENCODINGS = (
    *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "shift_jis"),
    *("gb18030", "koi8-r", "cp437", "iso2022_jp"),
)


def outcomes(*arguments: object) -> list[str]:
    """Read files in a process of their own; return its lines if it came to its end."""
    found = subprocess.run(
        [
            sys.executable,
            "-X",
            "faulthandler",
            REPOSITORY / "tests/fuzzing.py",
            *map(str, arguments),
        ],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = found.stdout.splitlines()
    assert found.returncode == 0, f"{lines[-1:]}\n{found.stderr[-3000:]}"
    return lines


def outcome_of(lines: list[str], name: str) -> str:
    return next(line.removeprefix(f"{name}: ") for line in lines if line.startswith(f"{name}: "))


@pytest.mark.timeout(300 + 2 * SECONDS)
def test_damaged_pdfs_are_read_or_refused():
    start = random.randrange(1 << 30) if SECONDS else 0
    lines = outcomes("seeds", start, 250, SECONDS)
    assert len(lines) >= 250
    kinds = {line.split(": ")[1].split()[-1] for line in lines}
    assert {"characters", "CorruptDocument"} <= kinds


def test_traps_neither_crash_nor_hang():
    lines = outcomes("traps")
    assert outcome_of(lines, "count of 65536") == "DocumentTooLong"
    assert outcome_of(lines, "page tree that holds itself").endswith("characters")


def test_decompression_bombs_are_refused_by_size():
    lines = outcomes("bombs")
    assert len(lines) == 8
    assert {line.split(": ")[1] for line in lines} == {"DocumentTooLong"}


@pytest.mark.parametrize("data", [data for _, data in fatal_files()], ids=["forms", "streams"])
def test_what_kills_a_native_reader_is_an_error_here(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "fatal.pdf"
    path.write_bytes(data)
    with pytest.raises((CorruptDocument, DocumentTooLong), match=r"fatal\.pdf") as caught:
        read_isolated(path, seconds=20, memory_bytes=256 << 20)
    assert caught.value.hint


def test_command_line_shows_no_traceback(tmp_path: Path) -> None:
    sound = sound_files()
    for seed in range(1000, 1004):
        path = tmp_path / f"{seed}.pdf"
        path.write_bytes(mutated(sound, seed))
        result = run("plan", path)
        assert "Traceback" not in result.stderr
        assert result.exit_code in (0, 3), result
        assert not LIVE.search(result.stdout + result.stderr)
        assert (result.exit_code == 3) == ("error: " in result.stderr)


def read_or_refused(data: bytes) -> Document | None:
    """Read bytes, and check the document, or the error's words."""
    try:
        document = read_document("-", stdin=io.BytesIO(data))
    except LongsumError as error:
        refusal = error
    else:
        assert document.text.strip()
        assert "\r" not in document.text
        bounds = [at for page in document.pages for at in (page.start, page.end)]
        assert sorted([0, *bounds, len(document.text)]) == [0, *bounds, len(document.text)]
        return document
    assert refusal.hint
    assert not LIVE.search(refusal.message + refusal.hint)
    return None


@FIXED
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    if not data.strip():
        assert read_or_refused(data) is None
    else:
        read_or_refused(data)


@FIXED
@given(st.text(max_size=400), st.sampled_from(ENCODINGS))
def test_any_text_in_any_encoding_is_read_or_refused(text: str, encoding: str) -> None:
    document = read_or_refused(text.encode(encoding, errors="ignore"))
    if document and encoding == "utf-8":
        assert set(re.findall(r"[b-z]", document.text)) <= set(text.lower())


@FIXED
@given(
    st.lists(st.sampled_from(["\n", "\f", "- ", "```\n", "# ", "|", "a", "\u00ad\n", " ", "1. "]))
)
def test_any_layout_of_a_text_is_read_or_refused(parts: list[str]) -> None:
    text = "".join(parts)
    assert bool(read_or_refused(text.encode())) == bool(text.replace("\u00ad", "").strip(" \n\f"))


SHAPES = (
    [
        "WEBVTT\n\n",
        "1\n",
        "00:00:01,000 --> 00:00:02,000\n",
        "99:99:99.999 --> x\n",
        "<v Ada>",
        "\n",
    ]
    + ["From: a@b\n", "To: c\n", "Subject: =?utf-8?q?=FF?=\n", "Content-Type: multipart/mixed\n"]
    + [
        "[19:00] <ada> ",
        "Ada: ",
        "12/03/2024, 19:00 - Bo: ",
        "**a** ",
        "[a](b) ",
        "<!--",
        "-->",
        "~{",
    ]
    + [
        "The board met. ",
        "and then\n",
        "[Events]\n",
        "Dialogue: 0,0:00:01.00,0:00:02.00,",
        "\x1b$B",
    ]
)


@FIXED
@given(st.lists(st.sampled_from(SHAPES), max_size=40))
def test_any_mixture_of_subtitles_mails_chats_and_marks_is_read_or_refused(
    parts: list[str],
) -> None:
    read_or_refused("".join(parts).encode())


@FIXED
@given(st.text(max_size=80))
def test_any_name_is_safe_to_print(name: str) -> None:
    assert not LIVE.search(shown_name(name))
    assert "\n" not in shown_name(name)
