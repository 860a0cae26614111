from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from documents.encoded import SHORT, TEXTS, WRONG
from helpers import run

from longsum.config import ReadConfig
from longsum.documents.decoding import decode
from longsum.documents.document import Document
from longsum.documents.read import read_document
from longsum.errors import UndecodableText, UsageError

FERRY = "The harbour board met on Monday to decide about the new ferry.\n"
MENU = "It had its lunch in a café by the pier.\n"


def read(data: bytes, **options: Any) -> Document:
    return read_document("-", stdin=io.BytesIO(data), **options)


CASES = [(name, encoding) for name, (_, encodings) in TEXTS.items() for encoding in encodings]


@pytest.mark.parametrize("times", [1, 12])
@pytest.mark.parametrize(("name", "encoding"), CASES)
def test_text_of_a_language_is_read_in_its_usual_encodings(
    name: str, encoding: str, times: int
) -> None:
    text = (TEXTS[name][0] + "\n") * times
    decoded = decode(text.encode(encoding), "a.txt")
    assert decoded.text == text
    assert "not UTF-8" in decoded.warnings[0]


@pytest.mark.parametrize(("text", "encoding"), SHORT)
def test_a_few_words_are_enough_for_the_common_ones(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), "a.txt").text == text


@pytest.mark.parametrize(("text", "encoding"), WRONG)
def test_where_too_little_is_known_another_encoding_is_named(text: str, encoding: str) -> None:
    decoded = decode(text.encode(encoding), "a.txt")
    assert decoded.text != text
    assert "though it may be" in decoded.warnings[0]


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "latin-1"])
@pytest.mark.parametrize("at", [0, 100, 200])
def test_one_accent_in_a_long_text_is_enough(encoding: str, at: int) -> None:
    lines = [FERRY] * 200
    lines.insert(at, MENU)
    text = "".join(lines)
    decoded = decode(text.encode(encoding), "a.txt")
    assert decoded.text == text
    (warning,) = decoded.warnings
    assert ("mac_roman" if encoding == "mac_roman" else "cp1252") in warning


def test_a_line_names_the_encoding_and_the_setting_that_overrides_it() -> None:
    (warning,) = read(MENU.encode("cp1252")).warnings
    assert warning.startswith("stdin is not UTF-8: it was read as cp1252 (Windows, Western Europe)")
    assert "‹encoding›" in warning


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_text_that_says_what_it_is_needs_no_line(encoding: str) -> None:
    decoded = decode((FERRY + MENU).encode(encoding), "a.txt")
    assert (decoded.text, decoded.warnings) == (FERRY + MENU, [])


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("name", ["en", "ru", "zh", "he", "ja"])
@pytest.mark.parametrize("times", [1, 40])
def test_utf_16_is_known_without_its_mark(encoding: str, name: str, times: int) -> None:
    text = (TEXTS[name][0] + "\n") * times
    document = read(text.encode(encoding))
    assert TEXTS[name][0].split()[-1] in document.text
    assert f"read as {encoding}" in document.warnings[0]


def test_a_binary_file_is_not_taken_for_utf_16() -> None:
    decoded = decode("A short text.".encode("utf-16-le") + b"\0", "a.bin", "utf-16-le")
    assert decoded.text.startswith("A short text.")
    from longsum.errors import UnsupportedDocument

    for data in (bytes(range(256)) * 8, b"\0\1\2\3" * 400, b"\0" * 500):
        with pytest.raises(UnsupportedDocument):
            read(data)


def test_a_bad_byte_costs_one_character_and_is_named() -> None:
    text = (FERRY + MENU) * 20
    data = bytearray(text.encode())
    data[700] = 0xFF
    document = read(bytes(data))
    (warning,) = document.warnings
    assert "byte 700 (0xff) is not UTF-8; it was read as �" in warning
    assert document.text.count("�") == 1
    assert len(document.text) == len(read(text.encode()).text)


def test_several_bad_bytes_are_counted() -> None:
    data = (MENU * 50).encode().replace(MENU.encode(), MENU.encode()[:-3] + b"\xff\xfe.\n", 3)
    (warning,) = read(data).warnings
    assert "6 places are not UTF-8, the first byte" in warning


def test_a_character_that_is_cut_at_the_end_is_named() -> None:
    document = read((TEXTS["ja"][0] * 12).encode()[:-1])
    assert document.text.endswith("�")
    assert "is not UTF-8; it was read as" in document.warnings[0]


def test_lines_of_two_encodings_are_each_read_in_theirs() -> None:
    text = (TEXTS["fr"][0] + "\n") * 3
    document = read(text.encode() + text.encode("cp1252"))
    assert document.text.count(TEXTS["fr"][0]) == 6
    (warning,) = document.warnings
    assert "is UTF-8 except for" in warning
    assert "cp1252" in warning


def test_an_encoding_that_is_named_is_taken() -> None:
    text = "Señor Núñez spoke first.\n"
    data = text.encode("mac_roman")
    assert decode(data, "a.txt", "mac-roman").text == text
    assert decode(data, "a.txt", "mac-roman").warnings == []
    assert decode("a “word”".encode("cp1252"), "a.txt", "latin-1").text == "a “word”"
    assert decode("\ufeffword".encode(), "a.txt", "utf8").text == "word"
    assert read("A plain word.".encode("cp500"), encoding="cp500").text == "A plain word."


def test_what_does_not_fit_a_named_encoding_is_counted() -> None:
    (warning,) = decode((FERRY * 5 + MENU).encode("cp1252"), "a.txt", "utf-8").warnings
    assert "is not UTF-8" in warning
    with pytest.raises(UndecodableText, match="it is not ascii"):
        decode(TEXTS["ru"][0].encode("cp1251"), "a.txt", "ascii")


@pytest.mark.parametrize("name", ["klingon", "base64", "rot13", "", "utf-8\0", "undefined"])
def test_an_unknown_encoding_is_a_usage_error(name: str) -> None:
    with pytest.raises(UsageError, match="is not a known encoding"):
        ReadConfig(encoding=name)
    with pytest.raises(UsageError):
        read(b"A word.", encoding=name)


@pytest.mark.parametrize("command", [("summarize",), ("plan",), ("ask", "Who spoke?")])
def test_commands_take_an_encoding(tmp_path: Path, command: tuple[str, ...]) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(("Señor Núñez spoke first at the meeting. " + FERRY).encode("mac_roman"))
    name, *questions = command
    named = run(name, path, *questions, "--encoding", "mac-roman")
    assert named.exit_code == 0, named
    assert "is not UTF-8" not in named.stderr
    guessed = run(name, path, *questions)
    assert "is not UTF-8: it was read as" in guessed.stderr
    assert "--encoding" in guessed.stderr
    refused = run(name, path, *questions, "--encoding", "klingon")
    assert (refused.exit_code, "--encoding 'klingon'" in refused.stderr) == (2, True)


def test_a_batch_takes_an_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(("Señor Núñez spoke first at the meeting. " + FERRY).encode("mac_roman"))
    out = tmp_path / "out"
    ended = run("batch", path, "-o", out, "--encoding", "mac-roman", "--format", "json")
    assert ended.exit_code == 0, ended
    texts = [json.loads(each.read_text()) for each in out.rglob("a*.json")]
    assert any("Núñez" in json.dumps(each, ensure_ascii=False) for each in texts), texts
