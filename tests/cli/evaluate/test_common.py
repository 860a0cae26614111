from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers import LIVE, assert_refused, environment, run, start
from tiny import save_checkpoint

from longsum.evaluate.evaluation_journal import EvaluationJournal, evaluation_journal_path

MACHINE = ("--device", "cpu", "--dtype", "float32")
SMALL = ("--window", "32", "--window", "64", "--stride", "16", *MACHINE)


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> list[Path]:
    root = tmp_path_factory.mktemp("models")
    return [save_checkpoint(root / name, seed=seed) for seed, name in enumerate(("one", "two"))]


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    draw = random.Random(0)
    folder = tmp_path_factory.mktemp("texts")
    for name in "ab":
        words = " ".join(draw.choice(("river", "mill", "stone")) for _ in range(30))
        (folder / f"{name}.txt").write_text(words + "\n")
    return folder


def perplexity(*arguments: object):
    return run("evaluate", "perplexity", *arguments)


def test_models_stand_side_by_side_in_one_table(folders, data):
    result = perplexity(*folders, "--data", data, *SMALL)
    assert result.exit_code == 0, result.stderr
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0][:3] == ["model", "window", "perplexity"]
    rows = lines[1:5]
    assert [row[:2] for row in rows] == [["one", "32"], ["one", "64"], ["two", "32"], ["two", "64"]]
    assert all(float(row[2].replace(",", "")) > 1 for row in rows)
    assert "stride 16" in result.stdout
    assert not LIVE.search(result.stdout.replace("\n", ""))
    assert "one, window 32: perplexity" in result.stderr


def test_json_equals_the_file_and_the_table(folders, data, tmp_path):
    output, plot = tmp_path / "found.json", tmp_path / "found.png"
    result = perplexity(
        folders[0], "--data", data, *SMALL, "--json", "-o", output, "--plot", plot, "--quiet"
    )
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    found = json.loads(result.stdout)
    assert found == json.loads(output.read_text())
    assert found["kind"] == "perplexity"
    assert found["settings"]["windows"] == [32, 64]
    assert found["machine"]["dtype"] == "float32"
    assert found["seconds"] > 0
    assert [row["documents"] for row in found["rows"]] == [2, 2]
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["found.json", "found.png"]


def test_finished_output_is_not_measured_again_unless_asked(folders, data, tmp_path):
    output = tmp_path / "found.json"
    output.write_text("old")
    asked = (folders[0], "--data", data, *SMALL, "-o", output)
    assert_refused(perplexity(*asked), 1, f"{output} exists", "--redo")
    assert output.read_text() == "old"
    assert perplexity(*asked, "--redo").exit_code == 0
    assert json.loads(output.read_text())["kind"] == "perplexity"


def test_interrupted_run_continues_with_the_same_command(folders, data, tmp_path, monkeypatch):
    output = tmp_path / "found.json"
    asked = (*folders, "--data", data, *SMALL, "-o", output)
    whole = json.loads(perplexity(*asked, "--json", "--redo").stdout)["rows"]
    output.unlink()
    inner, added = EvaluationJournal.add, []

    def add(journal, unit, result):
        inner(journal, unit, result)
        added.append(unit)
        if len(added) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(EvaluationJournal, "add", add)
    result = perplexity(*asked)
    assert result.exit_code == 130
    assert "run the same command again to continue" in result.stderr
    assert result.stdout == ""
    assert sorted(p.name for p in tmp_path.iterdir()) == [evaluation_journal_path(output).name]
    other = perplexity(*asked, "--max-tokens", "90")
    assert_refused(other, 2, "max_tokens was unset, is now 90", "--redo")
    result = perplexity(*asked, "--json")
    assert "continuing: 3 parts" in result.stderr
    assert len(added) == len(set(added)) == 8  # two models, two windows, two documents
    assert json.loads(result.stdout)["rows"] == whole
    assert sorted(p.name for p in tmp_path.iterdir()) == ["found.json"]


def test_without_output_nothing_is_saved(folders, data, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(EvaluationJournal, "add", interrupt)
    result = perplexity(folders[0], "--data", data, *SMALL)
    assert result.exit_code == 130
    assert "with --output" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_redo_forgets_what_was_measured(folders, data, tmp_path):
    output = tmp_path / "found.json"
    journal = EvaluationJournal(evaluation_journal_path(output), {"kind": "another"})
    journal.add("unit", {})
    journal.close(finished=False)
    asked = (folders[0], "--data", data, *SMALL, "-o", output)
    assert_refused(perplexity(*asked), 2, "other settings", "--redo")
    assert perplexity(*asked, "--redo").exit_code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["found.json"]


def test_control_c_leaves_130_and_the_journal(folders, data, tmp_path):
    output = tmp_path / "found.json"
    text = tmp_path / "long.txt"
    text.write_text((data / "a.txt").read_text() * 400)
    command = ["evaluate", "perplexity", folders[0], "--data", data, "--data", text]
    command += ["--window", "128", "--stride", "1", *MACHINE, "--output", output]
    process = start("", *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    journal = evaluation_journal_path(output)
    try:
        while process.poll() is None and not (journal.exists() and b"unit" in journal.read_bytes()):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert b"run the same command again" in err
    assert b"Traceback" not in err
    assert out == b""
    assert journal.exists()
    assert not output.exists()


def test_untuned_positions_are_named_in_label_and_notes(folders, data):
    options = ("--data", data, "--window", "64", "--stride", "32", *MACHINE, "--json")
    plain, pi, none = (
        json.loads(perplexity(folders[0], *options, *more).stdout)
        for more in (
            (),
            ("--position", "pi", "--context", "1k"),
            ("--position", "none", "--context", "1k"),
        )
    )
    assert pi["rows"][0]["model"] == "one, pi 1,024"
    assert any("not tuned for it" in note for note in pi["notes"])
    assert pi["rows"][0]["perplexity"] != plain["rows"][0]["perplexity"]
    # inside the native window extrapolation is the model itself
    assert none["rows"][0]["perplexity"] == plain["rows"][0]["perplexity"]


def test_passkey_reports_k_max_by_length(folders, tmp_path):
    plot = tmp_path / "p.png"
    lengths = ("--length", "400", "--length", "500")
    options = ("--depths", "3", "--trials", "2", *MACHINE, "--plot", plot)
    result = run("evaluate", "passkey", *folders, *lengths, *options)
    assert result.exit_code == 0, result.stderr
    lines = [line.split() for line in result.stdout.splitlines()]
    assert {"found", "k_max", "trials"} <= set(lines[0])
    assert [row[:2] for row in lines[1:5]] == [
        [m, n] for m in ("one", "two") for n in ("400", "500")
    ]
    assert "2 random keys" in result.stdout
    assert plot.exists()


def test_speed_reports_reading_and_writing(folders):
    options = ("--length", "64", "--new-tokens", "4", "--runs", "2", *MACHINE, "--json")
    result = run("evaluate", "speed", folders[0], *options)
    (row,) = json.loads(result.stdout)["rows"]
    assert row["length"] == 64
    assert row["prefill_tps"] > 0
    assert row["decode_tps"] > 0
    assert len(row["runs"]) == 2


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        ((), 2, "missing option '--data'"),
        (("--data", "absent.txt"), 3, "absent.txt"),
        (("--data", "{data}", "--window", "16"), 2, "--window 16 is not above --stride 256"),
        (("--data", "{data}", "--window", "x"), 2, "not a context: 'x'"),
        (("--data", "{data}", "--window", "4k"), 3, "no document is as long as a window of 4,096"),
        (("--data", "{data}", "--position", "pi"), 2, "--position needs --context"),
        (("--data", "{data}", "--context", "99k"), 5, "weights were tuned for"),
        (("--data", "{data}", "--position", "pi", "--context", "64"), 2, "not larger than"),
        (("--data", "{data}", "--output", "{tmp}"), 1, "is a folder"),
        (("--data", "{data}", "--output", "{tmp}/absent/x.json"), 1, "does not exist"),
        (("--data", "{data}", "--plot", "{tmp}/absent/x.png"), 1, "does not exist"),
        (("--data", "{data}", "--plot", "{tmp}/x.docx"), 2, "an unknown format"),
        (("--data", "{data}", "-o", "{tmp}/x", "--plot", "{tmp}/x"), 2, "the same file"),
        (("--data", "{data}", "--memory", "1MiB"), 4, "one needs"),
        (("--data", "{data}", "--device", "abacus"), 2, "--device"),
    ],
)
def test_refusals_come_before_the_work(
    arguments, exit_code, message, folders, data, tmp_path, monkeypatch
):
    names = {"data": data, "tmp": tmp_path}
    given = [part.format_map(names) for part in arguments]
    if exit_code != 3:
        refuse = "longsum.loading.loader.load_model"
        monkeypatch.setattr(refuse, lambda *_, **__: pytest.fail("loaded"))
    assert_refused(perplexity(folders[0], *given), exit_code, message)
    assert list(tmp_path.iterdir()) == []


def test_unknown_model_among_several_is_refused_before_any_is_measured(folders, data, monkeypatch):
    monkeypatch.setattr("longsum.loading.loader.load_model", lambda *_, **__: pytest.fail("loaded"))
    assert_refused(perplexity(folders[0], "owner/absent", "--data", data), 5, "owner/absent")


def test_missing_matplotlib_is_said_before_the_work(folders, data, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr("longsum.loading.loader.load_model", lambda *_, **__: pytest.fail("loaded"))
    result = perplexity(folders[0], "--data", data, *SMALL, "--plot", tmp_path / "p.png")
    assert_refused(result, 2, "matplotlib", "pip install 'longsum[eval]'")


def test_text_of_names_is_harmless_on_a_terminal(folders, tmp_path):
    rows = {"id": "\x1b[31mred\u202e", "text": "stone mill river " * 20}
    data = tmp_path / "d.jsonl"
    data.write_text(json.dumps(rows) + "\n")
    result = perplexity(folders[0], "--data", data, *SMALL)
    assert not LIVE.search((result.stdout + result.stderr).replace("\n", ""))


def test_help_of_evaluate_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from longsum.cli import main\n"
        "try: main()\n"
        "finally:\n"
        "    heavy = {'torch', 'transformers', 'matplotlib', 'numpy'} & set(sys.modules)\n"
        "    assert not heavy, heavy\n"
    )
    for command in ("perplexity", "passkey", "speed"):
        done = subprocess.run(
            [sys.executable, "-c", code, "evaluate", command, "--help"],
            env=environment(),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert "--redo" in done.stdout
