from __future__ import annotations

import gzip
import json
import os

import pytest
from helpers import REPEATED, Recorder, report_pdf

from longsum.corpus.texts import read_corpus
from longsum.errors import (
    CorruptDocument,
    DocumentNotFound,
    EmptyDocument,
    UnsupportedDocument,
)


def corpus(*paths):
    """Return the texts as pairs, and the notices."""
    listener = Recorder()
    return [(t.name, t.text) for t in read_corpus(paths, listener)], listener.notices


def test_files_come_in_the_order_named(tmp_path):
    (tmp_path / "b.txt").write_text("Second text.")
    (tmp_path / "a.txt").write_text("First text.")
    texts, notices = corpus(tmp_path / "b.txt", tmp_path / "a.txt")
    assert [(name, text.strip()) for name, text in texts] == [
        ("b.txt", "Second text."),
        ("a.txt", "First text."),
    ]
    assert notices == []


def test_pdf_is_read_like_any_document(tmp_path):
    [(name, text)], _ = corpus(report_pdf(tmp_path / "report.pdf"))
    assert name == "report.pdf"
    assert REPEATED in text


def test_rows_are_named_by_their_id_or_place(tmp_path):
    rows = [
        {"text": "one", "id": "first"},
        {"text": "two"},
        {"text": "three", "id": 3},
        {"text": "four", "id": ""},
        {"text": "five", "id": "\x1b[2J"},
    ]
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    texts, _ = corpus(path)
    assert texts[:4] == [
        ("first", "one"),
        ("rows.jsonl.gz:2", "two"),
        ("3", "three"),
        ("rows.jsonl.gz:4", "four"),
    ]
    assert "\x1b" not in texts[4][0]


def test_halves_of_characters_become_whole_or_replaced(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a\\ud83d\\ude00b\\ud800c"}')
    [(_, text)], _ = corpus(path)
    assert text == "a😀b\ufffdc"


def test_folder_is_read_sorted_and_below_without_hidden_files(tmp_path):
    for name in ("z.txt", "sub/a.txt", ".hidden.txt", ".git/x.txt", "a.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        text = '{"text": "in a row"}' if name.endswith("jsonl") else f"Text of {name}."
        (tmp_path / name).write_text(text)
    texts, _ = corpus(tmp_path)
    assert [name for name, _ in texts] == ["a.jsonl:1", "sub/a.txt", "z.txt"]


def test_unreadable_files_of_a_folder_are_skipped_and_counted(tmp_path):
    (tmp_path / "a.txt").write_text("Text.")
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    (tmp_path / "c.txt").write_text("")
    (tmp_path / "d.jsonl").write_text('{"text": "read"}\n{"no": 1}\n')
    (tmp_path / "e.txt").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "f.txt")
    texts, notices = corpus(tmp_path)
    assert [name for name, _ in texts] == ["a.txt", "d.jsonl:1"]
    assert len([line for line in notices if line.startswith("skipped: ")]) == 5
    assert notices[-1] == "5 of 6 files could not be read"


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(50), UnsupportedDocument),
        ("a.txt", b" \n", EmptyDocument),
        ("a.jsonl", b'{"text": 5}', CorruptDocument),
        ("a.jsonl", b'{"body": "x"}', CorruptDocument),
        ("a.jsonl", b"", EmptyDocument),
        ("a.jsonl", b'{"text": " "}\n{"text": ""}', EmptyDocument),
    ],
)
def test_named_file_that_fails_is_an_error(tmp_path, name, data, error):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(error) as found:
        corpus(tmp_path / name)
    assert found.value.hint


def test_row_without_text_names_its_line(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "x"}\n\n{"body": "x"}')
    with pytest.raises(CorruptDocument, match=r"a\.jsonl, line 3 has no text"):
        corpus(tmp_path / "a.jsonl")


def test_no_files_is_an_error(tmp_path):
    with pytest.raises(DocumentNotFound, match="no files in"):
        corpus(tmp_path)
    with pytest.raises(DocumentNotFound):
        corpus(tmp_path / "none.txt")


def test_empty_texts_among_others_are_reported(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "x"}\n{"text": ""}')
    texts, notices = corpus(tmp_path / "a.jsonl")
    assert len(texts) == 1
    assert notices == ["1 of 2 texts are empty"]
