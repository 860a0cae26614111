from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import assert_refused, run

FILLER = " ".join(f"Witness number {n} told the court about event {7 * n}." for n in range(12))
DOCUMENTS = {
    "moor": f"The pier was built in 1871 by Anna Berg. Gulls came every day. {FILLER}",
    "hill": f"The mine was closed after a fire. Nobody paid the miners. {FILLER}",
}
QUESTIONS = [
    ("moor", "Who built the pier?", ["Anna Berg", "Berg"]),
    ("hill", "Why was the mine closed?", "there was a fire"),
    ("moor", "When was the pier built?", "1871"),
]


@pytest.fixture
def questions(tmp_path) -> Path:
    path = tmp_path / "questions.jsonl"
    rows = [
        {"id": f"q{i}", "doc": DOCUMENTS[name], "query": query, "target": target}
        for i, (name, query, target) in enumerate(QUESTIONS)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def answers(*arguments: object):
    return run("evaluate", "answers", *arguments, "--device", "cpu", "--dtype", "float32")


def test_table_has_measures_differences_and_notes(model, questions, tmp_path):
    output, plot = tmp_path / "r.json", tmp_path / "r.png"
    options = ("--data", questions, "--words", 8, "--output", output, "--plot", plot)
    result = answers("mini", model, *options)
    assert result.exit_code == 0, result.stderr
    first = [line.split("  ")[0].strip() for line in result.stdout.splitlines()]
    assert first[0] == "system"
    assert set(first[1:]) >= {"mini", "tiny", "tiny - mini"}
    assert "answered, wrong document" in result.stdout
    assert "(seed 0)" in result.stdout
    report = json.loads(output.read_text())
    found = {(row["system"], row["key"]): row for row in report["rows"]}
    assert found["mini", "evidence_1"]["value"] == 100.0
    assert found["mini", "evidence_1"]["n"] == 3
    assert found["mini", "wrong_answered"]["n"] == 3
    assert found["mini", "supported"]["value"] == 100.0
    assert ("tiny", "sure") not in found
    assert found["tiny - mini", "evidence_1"]["n"] == 3
    assert report["settings"]["documents"] == 2
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert not list(tmp_path.glob("*.journal"))


def test_abstention_can_be_left_out(questions):
    result = answers("mini", "--data", questions, "--limit", 1, "--wrong-documents", 0, "--json")
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    keys = {row["key"] for row in report["rows"]}
    assert "evidence_1" in keys
    assert not {"wrong_answered", "wrong_sure"} & keys
    assert {row["n"] for row in report["rows"] if row["key"] == "evidence_1"} == {1}


def test_too_few_documents_are_refused_with_the_option_that_helps(questions):
    result = answers("mini", "--data", questions, "--wrong-documents", 2)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--wrong-documents 2 is too many" in result.stderr
    assert "set --wrong-documents 1" in result.stderr


def test_rows_without_questions_are_refused(pairs):
    result = answers("mini", "--data", pairs)
    assert_refused(result, 3, "none of the 3 rows", "has a question")


def test_missing_file_exits_3():
    assert_refused(answers("mini", "--data", "absent.jsonl"), 3, "absent.jsonl: no such file")


def test_interrupted_run_continues(questions, tmp_path, monkeypatch):
    from longsum.evaluate import answers as module

    output = tmp_path / "r.json"
    options = ("mini", "--data", questions, "--output", output)
    whole = json.loads(answers(*options[:-2], "--json").stdout)
    original, asked = module.ask, []

    def stopping(session, question, config):
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(question)
        return original(session, question, config)

    monkeypatch.setattr(module, "ask", stopping)
    assert answers(*options).exit_code == 130
    assert not output.exists()

    def counted(session, question, config):
        asked.append(question)
        return original(session, question, config)

    monkeypatch.setattr(module, "ask", counted)
    result = answers(*options)
    assert result.exit_code == 0
    assert "continuing: 2 parts were measured before" in result.stderr
    assert len(asked) == 2 * len(QUESTIONS)

    def measured(report):
        costs = ("question_ms", "peak_mib")
        return [row for row in report["rows"] if row["key"] not in costs]

    assert measured(json.loads(output.read_text())) == measured(whole)
