from __future__ import annotations

import csv
import json
import os

import pytest
from batch.standin import everything, folder_of, standin_job

from longsum.batch.batch_journal import BatchJournal, journal_path
from longsum.batch.export import export, first_lines, index_entry, table_rows
from longsum.batch.progress_db import Ledger
from longsum.batch.result_files import (
    MAX_NAME_BYTES,
    as_markdown,
    result_name,
    with_quotes,
    write_result,
)
from longsum.batch.run import run_batch


@pytest.mark.parametrize(
    ("name", "format", "result"),
    [
        ("report.pdf", "md", "report.pdf.md"),
        ("a/b/report.pdf", "json", "a/b/report.pdf.json"),
        ("index", "md", "index.document.md"),
        ("a/index", "md", "a/index.md"),
    ],
)
def test_result_keeps_the_documents_name_and_folder(name, format, result):
    assert result_name(name, format) == result


def test_long_names_are_shortened_and_stay_distinct(tmp_path):
    names = ["x/" + "ü" * 120 + end for end in ("a.txt", "b.txt")]
    results = {result_name(name, "md") for name in names}
    assert len(results) == 2
    for result in results:
        assert len(os.fsencode(result.removeprefix("x/"))) <= MAX_NAME_BYTES
        assert write_result(tmp_path, result, "text\n") == 5
        assert (tmp_path / result).read_text() == "text\n"


def test_names_cannot_write_markdown_or_escapes():
    assert as_markdown("a[b](c)<d>*e*\x1b[1m\n") == r"a\[b\](c)\<d\>\*e\*\\x1b\[1m\\n"
    assert as_markdown("caf\udce9") == r"caf\\udce9"


def row(name: str, text: str, **more) -> dict:
    answers = [{"question": None, "text": text}]
    done = {"document": name, "outcome": "done", "result": f"{name}.md", "answers": answers}
    return done | {"error": None, "receipt": {"tokens_read": 3}, "finished_at": "x"} | more


def test_index_links_escapes_and_shows_the_first_lines():
    entry = index_entry(row("a b#.txt", "One *two* <three>. " * 50))
    assert entry.startswith("\n## [a b\\#.txt](a%20b%23.txt.md)\n\nOne \\*two\\* \\<three\\>. One")
    assert entry.rstrip().endswith("…")
    assert first_lines("short\ntext") == "short text"


def test_table_has_a_row_per_question_and_no_formulas():
    asked = [{"question": "Why?", "text": "=1+1"}, {"question": "Who?", "text": "Ann"}]
    lines = [list(map(str, line)) for line in table_rows(row("@a.txt", "", answers=asked))]
    assert [line[:4] for line in lines] == [
        ["'@a.txt", "done", "Why?", "'=1+1"],
        ["'@a.txt", "done", "Who?", "Ann"],
    ]
    failed = row("b.txt", "", outcome="failed", answers=[], error={"message": "no", "hint": "go"})
    ((document, outcome, *_, result, error, hint), *rest) = [
        line[:7] for line in table_rows(failed)
    ]
    assert (document, outcome, result, error, hint) == ("b.txt", "failed", "b.txt.md", "no", "go")
    assert not rest


def test_overviews_hold_the_newest_row_of_every_document_by_name(tmp_path):
    path = journal_path(tmp_path)
    path.parent.mkdir()
    journal = BatchJournal(path)
    for each in (row("b", "Old"), row("a", "First"), row("b", "New", finished_at="y")):
        journal.append(each)
    journal.close()
    ledger = Ledger()
    ledger.load(path)
    export(tmp_path, ledger)
    ledger.close()
    lines = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert [(x["document"], x["answers"][0]["text"]) for x in lines] == [
        ("a", "First"),
        ("b", "New"),
    ]
    with (tmp_path / "results.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [(x["document"], x["text"], x["tokens_read"]) for x in table] == [
        ("a", "First", "3"),
        ("b", "New", "3"),
    ]
    index = (tmp_path / "index.md").read_text()
    assert "2 done" in index
    assert index.index("First") < index.index("New")


def test_strange_file_names_go_through_a_whole_run(tmp_path):
    folder = folder_of(tmp_path / "in", a="Alpha")
    for name in (b"\xff\xfe.txt", b"new\nline.txt", "😀 ü.txt".encode(), b"-.txt", b"-"):
        (folder / os.fsdecode(name)).write_text("Word here")
    job = standin_job(tmp_path / "out")
    assert run_batch(job, everything(folder, job)).tally.done == 6
    again = run_batch(job, everything(folder, job))
    assert (again.counts.done_before, again.counts.todo) == (6, 0)
    assert "\n## [new\\\\nline.txt](new%0Aline.txt.md)\n" in (tmp_path / "out/index.md").read_text()
    assert len((tmp_path / "out/results.jsonl").read_text().splitlines()) == 6


def test_sources_are_quotations_in_markdown():
    """Indented lines would be code, and the next sentence a part of it."""
    marked = "One. [p. 1]\n    p. 1: One.\n    p. 2: Uno.\nTwo. [p. 2]\n    p. 2: Two."
    assert with_quotes(marked) == (
        "One. [p. 1]\n\n> p. 1: One.\n>\n> p. 2: Uno.\n\nTwo. [p. 2]\n\n> p. 2: Two."
    )
    assert with_quotes("- One. [p. 1]\n- Two.") == "- One. [p. 1]\n- Two."
