from __future__ import annotations

import json

import pytest
from helpers import assert_refused, run


def summaries(*arguments: object):
    return run("evaluate", "summaries", *arguments, "--device", "cpu", "--dtype", "float32")


def test_table_has_models_baselines_differences_and_failures(model, pairs, tmp_path):
    saved, output, plot = (tmp_path / name for name in ("s.jsonl", "r.json", "r.png"))
    result = summaries(
        *("mini", model, "--data", pairs, "--baselines", "lead,luhn", "--save-summaries", saved),
        *("--output", output, "--plot", plot),
    )
    assert result.exit_code == 0, result.stderr
    first = [line.split("  ")[0].strip() for line in result.stdout.splitlines()]
    assert first[:11] == [
        *("system", "mini", "tiny", "lead", "luhn", "mini - lead", "mini - luhn"),
        *("tiny - mini", "tiny - lead", "tiny - luhn", "tiny"),
    ]
    assert "d2: " in result.stdout
    assert "is too long" in result.stdout
    report = json.loads(output.read_text())
    assert [row["n"] for row in report["rows"][:4]] == [3, 2, 3, 3]
    assert report["settings"]["sha256"]
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert len(saved.read_text().splitlines()) == 4 * 3
    assert not list(tmp_path.glob("*.journal"))


def test_limit_filters_and_json(pairs):
    result = summaries(
        *("mini", "--data", pairs, "--limit", 1, "--task-filter", "summ", "--json"),
        *("--baselines", "none", "--words", 20, "--stemmer"),
    )
    report = json.loads(result.stdout)
    (row,) = report["rows"]
    assert (row["system"], row["n"]) == ("mini", 1)
    assert report["settings"]["limit"] == 1
    assert "stemmed" in report["notes"][0]


def test_papers_protocol_is_named(model, pairs, monkeypatch):
    monkeypatch.setattr("longsum.evaluate.summarizing.PAPER_ANSWER", 16)
    result = summaries(
        model, "--data", pairs, "--zero-shot-prompt", "paper", "--limit", 1, "--baselines", "lead"
    )
    assert result.exit_code == 0
    assert "section 3.5: the first 15,000 tokens" in result.stdout


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--baselines", "lexrnk"), 2, "'lexrnk' is not known"),
        (("--task-filter", "qa"), 3, "none of the 3 rows"),
        (("--words", "0"), 2, "--words 0 is below 1"),
        (("--zero-shot-prompt", "paper", "--words", "50"), 2, "--words has no place"),
        (("--zero-shot-prompt", "paper", "--verbatim"), 2, "no place in the paper's protocol"),
        (("--data", "absent.jsonl"), 3, "absent.jsonl: no such file"),
    ],
)
def test_mistakes_are_refused(pairs, options, code, said):
    result = summaries("mini", "--data", pairs, *options)
    assert_refused(result, code, said) if code != 2 else refused(result, said)


def refused(result, said: str) -> None:
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_existing_files_are_not_overwritten(pairs, tmp_path):
    saved = tmp_path / "s.jsonl"
    saved.write_text("mine")
    result = summaries("mini", "--data", pairs, "--save-summaries", saved)
    assert_refused(result, 1, "s.jsonl exists")
    assert saved.read_text() == "mine"
    result = summaries("mini", "--data", pairs, "--save-summaries", saved, "--output", saved)
    refused(result, "the same file")


def test_interrupted_run_continues(pairs, tmp_path, monkeypatch):
    from longsum.evaluate import summaries as module

    output = tmp_path / "r.json"
    options = ("mini", "--data", pairs, "--limit", 2, "--baselines", "lead", "--output", output)
    whole = json.loads(summaries(*options[:-2], "--json").stdout)
    original = module.summarize_pair
    done: list[str] = []

    def stopping(summarizer, pair, config, listener):
        if done:
            raise KeyboardInterrupt
        done.append(pair.id)
        return original(summarizer, pair, config, listener)

    monkeypatch.setattr(module, "summarize_pair", stopping)
    result = summaries(*options)
    assert result.exit_code == 130
    assert not output.exists()

    def counted(summarizer, pair, config, listener):
        done.append(pair.id)
        return original(summarizer, pair, config, listener)

    monkeypatch.setattr(module, "summarize_pair", counted)
    assert summaries(*options).exit_code == 0
    assert done == ["d0", "d2"]
    assert json.loads(output.read_text())["rows"] == whole["rows"]


def test_help_says_what_is_measured(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    text = run("evaluate", "summaries", "--help").stdout
    for words in ("--zero-shot-prompt", "--baselines", "--save-summaries", "--query-filter"):
        assert words in text
