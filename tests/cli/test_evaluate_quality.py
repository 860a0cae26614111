from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers import assert_refused, run, story
from tiny import save_checkpoint

TEXTS = ["\n\n".join(" ".join(page) for page in story(n)) for n in (1, 2)]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("m") / "tiny", max_position_embeddings=4096)


@pytest.fixture(scope="module")
def other(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("m") / "other"
    return save_checkpoint(folder, seed=1, max_position_embeddings=4096)


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def pairs(tmp_path) -> Path:
    target = "The harbour commission inspected the lighthouse. A judge described the granary."
    rows = [
        {"id": f"d{i}", "task": "summ", "doc": text, "target": target}
        for i, text in enumerate([*TEXTS, " ".join(TEXTS) * 2])
    ]
    return lines(tmp_path / "pairs.jsonl", rows)


@pytest.fixture
def items(tmp_path) -> Path:
    return lines(
        tmp_path / "items.jsonl",
        [
            {"question": "The sky is", "choices": ["blue", "so"], "answer": 0, "category": "x"},
            {"question": "Two and two", "choices": ["make", "sleep", "or"], "answer": 0},
        ],
    )


def summaries(*arguments: object):
    return run("evaluate", "summaries", *arguments, "--device", "cpu", "--dtype", "float32")


def short(*arguments: object):
    return run("evaluate", "short", *arguments, "--device", "cpu", "--dtype", "float32")


# ---- summaries


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


def test_existing_files_are_kept(pairs, tmp_path):
    saved = tmp_path / "s.jsonl"
    saved.write_text("mine")
    result = summaries("mini", "--data", pairs, "--save-summaries", saved)
    assert_refused(result, 1, "s.jsonl exists")
    assert saved.read_text() == "mine"
    result = summaries("mini", "--data", pairs, "--save-summaries", saved, "--output", saved)
    refused(result, "the same file")


def test_interrupted_run_goes_on(pairs, tmp_path, monkeypatch):
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


# ---- short


def test_models_are_compared_with_the_first(model, other, items, tmp_path):
    output, plot = tmp_path / "r.json", tmp_path / "r.png"
    result = short(model, other, "--data", items, "--output", output, "--plot", plot)
    assert result.exit_code == 0, result.stderr
    report = json.loads(output.read_text())
    assert [(row["model"], row["kind"]) for row in report["rows"]] == [
        *(("tiny", "model"), ("tiny", "category"), ("other", "model"), ("other", "category")),
        ("other - tiny", "difference"),
    ]
    assert report["rows"][0]["chance"] == pytest.approx(100 * (1 / 2 + 1 / 3) / 2)
    assert "other - tiny" in result.stdout
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_batch_size_changes_nothing(model, items):
    rows = [
        json.loads(short(model, "--data", items, "--batch-size", size, "--json").stdout)["rows"]
        for size in (1, 8)
    ]
    assert rows[0] == rows[1]


def test_cloze_is_made_of_texts_by_seed(model, tmp_path):
    for number in range(4):
        words = (f"{who}{number}" for page in story(3) for who in " ".join(page).split())
        (tmp_path / f"t{number}.txt").write_text(" ".join(words))
    options = (model, "--data", tmp_path, "--make-cloze", 3, "--json")
    reports = [json.loads(short(*options, "--seed", seed).stdout) for seed in (1, 1, 2)]
    assert reports[0]["rows"] == reports[1]["rows"]
    assert reports[0]["rows"][0]["n"] == 3
    assert reports[0]["rows"][0]["chance"] == 25
    hashes = [report["settings"]["sha256"] for report in reports]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--length", "4"), "--length 4 is below 8"),
        (("--length", "9999"), "--length 9,999"),
        (("--batch-size", "0"), "--batch-size 0 is below 1"),
    ],
)
def test_mistakes_of_short_are_refused(model, items, options, said):
    refused(short(model, "--data", items, *options), said)


def test_pairs_are_no_items(model, pairs):
    assert_refused(short(model, "--data", pairs), 3, "line 1 has no question or context")


@pytest.mark.parametrize(
    ("command", "promised"),
    [
        ("summaries", ["--zero-shot-prompt", "--baselines", "--save-summaries", "--query-filter"]),
        (
            "short",
            ["--make-cloze", "Our own construction", "--batch-size", "lm-evaluation-harness"],
        ),
    ],
)
def test_help_says_what_is_measured(command, promised, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    text = run("evaluate", command, "--help").stdout
    for words in promised:
        assert words in text
