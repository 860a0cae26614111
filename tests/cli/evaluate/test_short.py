from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import assert_refused, run, story
from tiny import save_checkpoint


@pytest.fixture(scope="module")
def other(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("m") / "other"
    return save_checkpoint(folder, seed=1, max_position_embeddings=4096)


def short(*arguments: object):
    return run("evaluate", "short", *arguments, "--device", "cpu", "--dtype", "float32")


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
def test_mistakes_are_refused(model, items, options, said):
    result = short(model, "--data", items, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_pairs_are_no_items(model, pairs):
    assert_refused(short(model, "--data", pairs), 3, "line 1 has no question or context")


def test_help_says_what_is_measured(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    text = run("evaluate", "short", "--help").stdout
    for words in ("--make-cloze", "is not comparable", "--batch-size", "lm-evaluation-harness"):
        assert words in text
