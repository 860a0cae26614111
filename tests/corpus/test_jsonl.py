from __future__ import annotations

import gzip
import json
import lzma

import pytest

from longsum.corpus import jsonl
from longsum.corpus.jsonl import is_jsonl, read_jsonl
from longsum.errors import CorruptDocument, DocumentNotFound, UndecodableText

ROWS = [{"id": "a", "text": "Grüße"}, {"id": "b", "text": "two\nlines"}]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("rows.jsonl", LINES),
        ("rows.jsonl", LINES.removesuffix(b"\n")),
        ("rows.jsonl", LINES.replace(b"\n", b"\r\n")),
        ("rows.jsonl.gz", gzip.compress(LINES)),
        ("rows.jsonl.xz", lzma.compress(LINES)),
        ("ROWS.JSONL.GZ", gzip.compress(LINES[:30]) + gzip.compress(LINES[30:])),
    ],
)
def test_rows_come_with_their_line_numbers(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    assert is_jsonl(path)
    assert list(read_jsonl(path)) == list(enumerate(ROWS, start=1))


def test_byte_order_mark_and_blank_lines_are_skipped(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'\xef\xbb\xbf\n  \n{"a": 1}\n\n{"a": 2}')
    assert list(read_jsonl(path)) == [(3, {"a": 1}), (5, {"a": 2})]


def test_empty_file_has_no_rows(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"")
    assert list(read_jsonl(path)) == []


def test_file_names_decide_what_is_json_lines(tmp_path):
    names = ["a.jsonl", "a.JSONL.xz", "a.json", "a.txt", "jsonl", "a.jsonl.zip"]
    assert [is_jsonl(tmp_path / name) for name in names] == [True, True, *[False] * 4]


@pytest.mark.parametrize(
    ("line", "error", "said"),
    [
        (b'{"a": ', CorruptDocument, "line 2 is not JSON"),
        (b"[1]", CorruptDocument, "line 2 is not an object but an array"),
        (b'"a"', CorruptDocument, "a string"),
        (b"null", CorruptDocument, "null"),
        (b"true", CorruptDocument, "a boolean"),
        (b"12", CorruptDocument, "a number"),
        (b'{"a": ' + b"1" * 5000 + b"}", CorruptDocument, "line 2"),
        (b"[" * 100_000, CorruptDocument, "line 2"),
        (b'{"a": "\xe9"}', UndecodableText, "line 2 is not UTF-8"),
    ],
)
def test_bad_line_is_named(tmp_path, line, error, said):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": 1}\n' + line + b"\n")
    rows = read_jsonl(path)
    assert next(rows) == (1, {"a": 1})
    with pytest.raises(error, match=said) as found:
        next(rows)
    assert found.value.hint


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip.compress), ("xz", lzma.compress)])
@pytest.mark.parametrize("damage", ["cut", "flipped", "plain"])
def test_damaged_compression_is_one_error(tmp_path, suffix, pack, damage):
    rows = b"".join(b'{"number": %d}\n' % (7919 * i) for i in range(2000))
    data = pack(rows)
    middle = len(data) // 2
    spoilt = {
        "cut": data[:middle],
        "flipped": data[:middle] + bytes(b ^ 0xFF for b in data[middle:]),
        "plain": rows,
    }
    path = tmp_path / f"rows.jsonl.{suffix}"
    path.write_bytes(spoilt[damage])
    with pytest.raises(CorruptDocument):
        list(read_jsonl(path))


def test_compressed_bomb_is_refused_before_it_is_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonl, "MAX_LINE_BYTES", 1 << 20)
    path = tmp_path / "bomb.jsonl.xz"
    path.write_bytes(lzma.compress(b" " * (1 << 23)))
    with pytest.raises(CorruptDocument, match="line 1 is longer than 1 MiB"):
        list(read_jsonl(path))


def test_missing_file_or_folder_is_not_found(tmp_path):
    with pytest.raises(DocumentNotFound, match="no such file"):
        list(read_jsonl(tmp_path / "none.jsonl"))
    with pytest.raises(DocumentNotFound, match="is a folder"):
        list(read_jsonl(tmp_path))


def test_name_in_an_error_is_safe_to_print(tmp_path):
    path = tmp_path / "a\x1b[31m.jsonl"
    path.write_bytes(b"{")
    with pytest.raises(CorruptDocument) as found:
        list(read_jsonl(path))
    assert "\x1b" not in found.value.message
