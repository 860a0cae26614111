from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from helpers import LIVE, assert_refused, run, start
from tiny import save_checkpoint

WORDS = "The grass is green and the sky is blue. There and back again. "


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("base") / "base"
    return save_checkpoint(folder, max_position_embeddings=1024)


@pytest.fixture
def text(tmp_path) -> Path:
    path = tmp_path / "words.txt"
    path.write_text(WORDS * 200)
    return path


def extend(base, text, output, *more, context="2k", steps=2):
    return run(
        *("extend", base, "--context", context, "--data", text, "--output", output),
        *("--steps", steps, "--device", "cpu", "--dtype", "float32", *more),
    )


def test_result_is_a_model_that_the_other_commands_take(base, text, tmp_path):
    result = extend(base, text, tmp_path / "out")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == f"extended: base to 2,048 tokens (pi) in {tmp_path / 'out'}"
    assert lines[1].startswith("held-out loss at 2,048: ")
    assert lines[2].startswith("held-out loss at 1,024: ")
    assert lines[3] == f"next: longsum summarize FILE --model {tmp_path / 'out'}"
    short = tmp_path / "short.txt"
    short.write_text(WORDS * 2)
    options = ("-m", tmp_path / "out", "--verbatim", "-l", "20")
    summary = run("summarize", short, *options)
    assert summary.exit_code == 0
    assert "2,048-token window, PI ×2" in summary.stderr


def test_progress_in_a_pipe_is_plain_lines(base, text, tmp_path):
    result = extend(base, text, tmp_path / "out")
    steps = [line for line in result.stderr.splitlines() if line.startswith("step ")]
    assert steps[0].startswith("step 1 of 2: loss ")
    assert steps[-1].endswith("tok/s, 0 s left")
    assert "\r" not in result.stderr


def test_quiet_run_prints_the_folder_alone(base, text, tmp_path):
    result = extend(base, text, tmp_path / "out", "--quiet")
    assert (result.stdout, result.stderr) == (f"{tmp_path / 'out'}\n", "")


def test_json_holds_the_losses(base, text, tmp_path):
    found = json.loads(extend(base, text, tmp_path / "out", "--json", "-q").stdout)
    assert len(found["losses"]) == 2
    assert found["output"] == str(tmp_path / "out")
    assert set(found["after"]) == {"native", "extended"}


def test_second_run_says_that_it_is_finished(base, text, tmp_path):
    extend(base, text, tmp_path / "out")
    again = extend(base, text, tmp_path / "out")
    assert again.exit_code == 0
    assert again.stdout.startswith("was finished before: base to 2,048 tokens")


def test_dry_run_shows_what_is_needed_and_writes_nothing(base, text, tmp_path):
    result = extend(base, text, tmp_path / "out", "--dry-run")
    assert result.exit_code == 0
    for start_of in ("data: words.txt: 1 texts,", "rows: 5 of 2,048 tokens, 1 more held out",
                     "training: 2 steps, 1 row each: ", "memory: ", "disk: "):  # fmt: skip
        assert start_of in result.stdout
    assert not (tmp_path / "out").exists()
    found = json.loads(extend(base, text, tmp_path / "out", "--dry-run", "--json").stdout)
    assert (found["rows"], found["held_out"]) == (5, 1)
    assert found["memory"]["total_bytes"] == found["memory_bytes"]


def test_dry_run_refuses_as_the_run_would(base, text, tmp_path):
    result = extend(base, text, tmp_path / "out", "--dry-run", "--memory", "1MiB")
    assert result.exit_code == 4
    assert "error: training needs" in result.stderr


def test_files_that_a_shell_expands_are_data_too(base, text, tmp_path):
    more = tmp_path / "more.txt"
    more.write_text(WORDS * 200)
    one = extend(base, text, tmp_path / "out", more, "--dry-run")
    other = extend(base, text, tmp_path / "out", "--data", more, "--dry-run")
    # what is free on the machine changes from one moment to the next
    assert re.sub(r"[\d.]+ GiB free", "", one.stdout) == re.sub(
        r"[\d.]+ GiB free", "", other.stdout
    )
    assert "data: more.txt" in one.stdout


@pytest.mark.parametrize(
    ("left_out", "said"),
    [("--context", "--context is missing"), ("--data", "--data is missing"),
     ("--output", "--output is missing")],
)  # fmt: skip
def test_what_is_needed_is_asked_for(base, text, tmp_path, left_out, said):
    given = {"--context": "2k", "--data": text, "--output": tmp_path / "out"}
    given.pop(left_out)
    assert_refused(run("extend", base, *sum(given.items(), ())), 2, said)


def test_refusals_have_their_exit_codes(base, text, tmp_path):
    output = tmp_path / "out"
    assert_refused(extend(base, text, output, context="1k"), 2, "not larger than the 1,024 tokens")
    assert_refused(extend(base, text, output, context="64k"), 3, "too little text", "65,536")
    assert_refused(extend(base, tmp_path / "none.txt", output), 3, "no such file")
    assert_refused(extend(base, text, output, "--memory", "1MiB"), 4, "training needs")
    assert_refused(extend(tmp_path / "none", text, output), 5)
    assert_refused(extend(base, text, tmp_path), 1, "is not empty")
    assert_refused(extend(base, text, output, "--method", "qlora"), 2, "needs a CUDA device")
    assert_refused(extend(base, text, output, "--keep-at", "1,x"), 2, "is not a list of steps")
    assert_refused(extend(base, text, output, "--targets", ","), 2, "--targets")
    assert not output.exists()


def test_names_of_files_are_safe_to_print(base, tmp_path):
    path = tmp_path / "a\x1b[31mb.txt"
    path.write_text(WORDS * 200)
    result = extend(base, path, tmp_path / "out", "--dry-run")
    assert "a\\x1b[31mb.txt" in result.stdout
    assert not LIVE.search(result.stdout)


def test_interrupt_says_where_the_same_command_continues(base, text, tmp_path):
    output = tmp_path / "out"
    arguments = ("extend", base, "--context", "2k", "--data", text, "--output", output)
    options = ("--steps", 5000, "--save-every", 1, "--device", "cpu", "--dtype", "float32")
    process = start("", *arguments, *options, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not list(output.glob("checkpoint/step-*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    for _ in range(20):  # Python may miss one inside a library's destructor
        process.send_signal(signal.SIGINT)
        try:
            process.wait(5)
            break
        except subprocess.TimeoutExpired:
            continue
    error = process.communicate()[1].decode()
    assert process.returncode == 130, error
    step = max(int(name.removeprefix("step-")) for name in os.listdir(output / "checkpoint")
               if name.startswith("step-"))  # fmt: skip
    assert "error: interrupted" in error
    assert f"hint: the same command continues from step {step:,}" in error
    assert "Traceback" not in error


def test_help_names_the_source_of_each_default(monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    text = run("extend", "--help").stdout
    for flag in ("--learning-rate", "--warmup-steps", "--warmup-start", "--beta1", "--beta2",
                 "--weight-decay", "--steps", "--batch"):  # fmt: skip
        [line] = [line for line in text.splitlines() if f"│ {flag} " in line]
        assert "arXiv 2306.15595" in line, line
    assert "2309.12307" in text
    assert "2309.00071" in text
