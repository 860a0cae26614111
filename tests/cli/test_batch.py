from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
from batch.standin import HERE, calls, folder_of, standin_job
from helpers import LIVE, assert_refused, environment, printed, report_pdf, run, start, story

PATCH = f"""
from dataclasses import replace
import longsum.batch.job
longsum.batch.job.with_model = lambda job, notice=None: replace(
    job, open_worker="{HERE}:open_standin", open_reader="{HERE}:open_bad_reader"
)
"""
"""Puts the stand-in in the model's place, in a process of its own."""


@pytest.fixture
def standin(monkeypatch):
    """Put the stand-in in the model's place."""
    places = {"open_worker": f"{HERE}:open_standin", "open_reader": f"{HERE}:open_bad_reader"}
    monkeypatch.setattr(
        "longsum.batch.job.with_model", lambda job, notice=None: replace(job, **places)
    )


@pytest.fixture
def folder(tmp_path) -> Path:
    return folder_of(tmp_path / "in", a="Alpha one", b="Beta", sub__c="Gamma")


def batch(folder, *arguments, **options):
    return run("batch", folder, "-o", folder.parent / "out", "--readers", 1, *arguments, **options)


def exported(out: Path) -> dict[str, dict]:
    rows = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    return {row["document"]: row for row in rows}


# ---- with the bundled model


def test_folder_is_summarized_sentence_by_sentence_with_pages(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    report_pdf(folder / "report.pdf")
    folder_of(folder, notes="The harbour was closed for repairs in the spring of 1903. " * 3)
    result = batch(folder, "-l", 40)
    assert result.exit_code == 0, result.stderr
    sentences = printed((tmp_path / "out" / "report.pdf.md").read_text())
    assert sentences
    for text, place in sentences:
        assert text in story()[int(place.removeprefix("p. ")) - 1]
    row = exported(tmp_path / "out")["report.pdf"]
    assert row["receipt"]["model"] == "mini"
    assert row["receipt"]["tokens_read"] == row["receipt"]["tokens_total"]
    assert "done     2" in result.stdout
    assert "documents/hour" in result.stdout


def test_document_read_in_part_is_said_in_every_result_and_to_a_quiet_run(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    report_pdf(folder / "report.pdf")
    result = batch(folder, "-q", "-l", 40, "--context", "600", "--truncate", "tail")
    assert result.exit_code == 0, result.stderr
    assert "warning: 1 document was read in part (--truncate)" in result.stderr
    out = tmp_path / "out"
    row = exported(out)["report.pdf"]
    missing = row["receipt"]["left_out"]
    assert "page" in missing
    assert f"{missing} LEFT OUT" in (out / "report.pdf.md").read_text()
    assert f"{missing} of 3 LEFT OUT" in (out / "index.md").read_text()
    assert missing in (out / "results.csv").read_text()


def test_several_files_are_a_batch_too(folder, standin):
    result = run("batch", folder / "a.txt", folder / "b.txt", "-o", folder.parent / "out")
    assert result.exit_code == 0, result.stderr
    assert "done     2" in result.stdout
    mixed = run("batch", folder, folder / "a.txt", "-o", folder.parent / "out")
    assert_refused(mixed, 2, "is a folder among files")


# ---- what is shown


def test_closing_table_counts_what_became_of_the_documents(folder, standin):
    folder_of(folder, bad="LONG")
    (folder / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    result = batch(folder, "-r")
    assert result.exit_code == 1
    table = dict(line.split(None, 1) for line in result.stdout.splitlines())
    assert table["done"] == "3"
    assert table["skipped"] == "1 in a format that cannot be read"
    assert table["failed"] == "1"
    assert table["results"].endswith("out/index.md")
    assert "documents/hour" in table["pace"]
    assert "warning: bad.txt: 12 tokens over the window" in result.stderr
    assert "5 documents to work on" in result.stderr
    assert not LIVE.search(result.stdout)
    again = batch(folder, "-r", "--json")
    told = json.loads(again.stdout)
    assert (told["done_before"], told["failed_before"], told["done"]) == (3, 1, 0)
    assert again.exit_code == 1


def test_quiet_run_prints_failures_alone(folder, standin):
    folder_of(folder, bad="LONG")
    result = batch(folder, "-q", "--fail-on", "never")
    assert (result.exit_code, result.stdout) == (0, "")
    opened, failed = result.stderr.splitlines()
    assert opened == "warning: it is no model"  # of opening it, which a quiet run must not hide
    assert failed == "warning: bad.txt: 12 tokens over the window: 112 of 100"


@pytest.mark.parametrize(("fail_on", "good", "code"), [("all", 1, 0), ("all", 0, 1), ("any", 1, 1)])
def test_fail_on_decides_the_exit_code(tmp_path, standin, fail_on, good, code):
    texts = {"bad": "LONG"} | ({"good": "Fine"} if good else {})
    folder = folder_of(tmp_path / "in", **texts)
    assert batch(folder, "--fail-on", fail_on).exit_code == code


def test_names_of_documents_cannot_reach_the_terminal_as_escapes(tmp_path, standin):
    folder = folder_of(tmp_path / "in", good="Fine")
    (folder / "evil\x1b[31m\u202e.txt").write_text("LONG")
    result = batch(folder, strip=False)
    assert "evil\\x1b[31m" in result.stderr
    for text in (result.stdout, result.stderr, (tmp_path / "out" / "index.md").read_text()):
        assert "\x1b[31m" not in text
        assert "\u202e" not in text


# ---- which documents


def test_list_from_a_file_or_stdin_names_the_documents(folder, standin):
    out = folder.parent / "out"
    (folder.parent / "list").write_text("b.txt\nsub/c.txt\ngone.txt\n")
    result = batch(folder, "--files-from", folder.parent / "list")
    assert result.exit_code == 1
    assert set(exported(out)) == {"b.txt", "sub/c.txt", "gone.txt"}
    assert exported(out)["gone.txt"]["error"]["type"] == "DocumentNotFound"
    lines = "\n".join(str(folder / name) for name in ("a.txt", "b.txt"))
    result = run("batch", "-o", out, "--files-from", "-", "--readers", 1, stdin=lines.encode())
    assert result.exit_code == 0, result.stderr
    assert (out / str(folder).lstrip("/") / "a.txt.md").read_text() == "Alpha\n"


def test_named_picture_is_a_failure_a_found_one_is_not(folder, standin):
    (folder / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    assert batch(folder).exit_code == 0
    named = run(
        *("batch", folder, "-o", folder.parent / "named", "--files-from", "-", "--readers", 1),
        stdin=b"x.png",
    )
    assert named.exit_code == 1


# ---- parts


def test_parts_are_merged(folder, standin):
    out = folder.parent / "out"
    for part in ("1/2", "2/2"):
        result = batch(folder, "-r", "--shard", part)
        assert result.exit_code == 0
        assert "longsum batch merge" in result.stderr
    merged = run("batch", "merge", out)
    assert (merged.exit_code, merged.stdout) == (0, "2 journals merged: 3 done\n")
    assert set(exported(out)) == {"a.txt", "b.txt", "sub/c.txt"}
    assert json.loads(run("batch", "merge", out, "--json").stdout)["outcomes"] == {"done": 3}
    batch(folder, "-r", "--shard", "2/3")
    missing = run("batch", "merge", out)
    assert missing.exit_code == 1
    assert "part 1/3 has no journal" in missing.stderr


@pytest.mark.parametrize(
    "output", [("-o", "out"), ("-oout",), ("-ro", "out"), ("--output", "out"), ("--output=out",)]
)
def test_folder_called_merge_is_batched_where_an_output_is_named(
    tmp_path, standin, monkeypatch, output
):
    """`batch merge` was always the command that brings parts together."""
    monkeypatch.chdir(tmp_path)
    folder_of(tmp_path / "merge", a="Alpha one")
    result = run("batch", "merge", *output, "--readers", 1)
    assert result.exit_code == 0, result.stderr
    assert set(exported(tmp_path / "out")) == {"a.txt"}


# ---- refusals


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        ((), 2, "no FOLDER given"),
        (("in",), 2, "-o OUT"),
        (("in", "-o", "in"), 2, "the same folder"),
        (("gone", "-o", "out"), 3, "does not exist"),
        (("in", "-o", "in/a.txt"), 1, "is a file"),
        (
            ("in", "-o", "out", "--include", "*.pdf"),
            3,
            "no PDF, DOCX, PPTX, ODT, EPUB, HTML or text files found",
        ),
        (("in", "-o", "out", "--files-from", "gone"), 3, "gone cannot be read"),
        (("in", "-o", "out", "--task", "ask"), 2, "needs a --question"),
        (("in", "-o", "out", "--question", " "), 2, "is empty"),
        (("in", "-o", "out", "--task", "summarize", "--question", "x"), 2, "--question"),
        (("in", "-o", "out", "--question", "x", "--length", "short"), 2, "--length"),
        (("in", "-o", "out", "--shard", "3/2"), 2, "--shard 3/2"),
        (("in", "-o", "out", "--shard", "1/2", "--engine", "ray"), 2, "--shard"),
        (("in", "-o", "out", "--ray-address", "auto"), 2, "--engine ray"),
        (("in", "-o", "out", "--read-limit", "0"), 2, "--read-limit"),
        (("in", "-o", "out", "--read-memory", "1M"), 2, "--read-memory"),
        (("merge", "in"), 3, "holds no results"),
    ],
)
def test_what_cannot_work_is_refused_in_two_lines(
    folder, standin, monkeypatch, arguments, exit_code, message
):
    monkeypatch.chdir(folder.parent)
    assert_refused(run("batch", *arguments), exit_code, message)
    assert not list(folder.parent.glob("out/*.md"))


def test_missing_model_exits_5_and_leaves_no_folder(folder):
    assert_refused(batch(folder, "-m", "./nowhere"), 5, "does not exist")
    assert not (folder.parent / "out").exists()


def test_ray_without_the_extra_names_the_command_that_installs_it(folder, standin, monkeypatch):
    monkeypatch.setattr("longsum.batch.ray_engine.find_spec", lambda name: None)
    result = batch(folder, "--engine", "ray")
    assert result.exit_code == 2
    assert "pip install 'longsum[ray]'" in result.stderr


# ---- Ctrl-C, kills, two at a time


@pytest.fixture
def slow(tmp_path) -> Path:
    """A folder whose second document takes its time."""
    return folder_of(
        tmp_path / "in", a="Alpha " * 90, b="Beta SLEEP 1.5 " * 5, c="Gamma SLEEP 60", d="Delta"
    )


def begin(folder: Path, waits_for: str, **options) -> subprocess.Popen[bytes]:
    """Start a batch in a process of its own and wait until a document is begun."""
    out = folder.parent / "out"
    arguments = ("batch", folder, "-o", out, "--readers", 1)
    os.environ["PYTHONPATH"] = str(Path(__file__).parent.parent)
    try:
        running = start(PATCH, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    finally:
        del os.environ["PYTHONPATH"]
    deadline = time.monotonic() + 60
    job = standin_job(out)
    while waits_for not in calls(job):
        assert time.monotonic() < deadline
        assert running.poll() is None, running.communicate()
        time.sleep(0.02)
    return running


def ended(running: subprocess.Popen[bytes]) -> tuple[str, str]:
    try:
        stdout, stderr = running.communicate(timeout=60)
    finally:
        running.kill()
    return stdout.decode(), stderr.decode()


def test_first_ctrl_c_finishes_the_document_in_hand_and_the_next_run_continues(slow):
    running = begin(slow, "b.txt")
    running.send_signal(signal.SIGINT)
    _, stderr = ended(running)
    assert running.returncode == 130, stderr
    assert "finishing the current document" in stderr
    assert "run the same command again" in stderr
    assert "Traceback" not in stderr
    out = slow.parent / "out"
    assert set(exported(out)) == {"a.txt", "b.txt"}
    (slow / "c.txt").write_text("Gamma")
    job = standin_job(out)
    assert calls(job) == ["a.txt", "b.txt"]


def test_second_ctrl_c_stops_at_once_and_keeps_what_is_finished(slow, standin):
    running = begin(slow, "c.txt")
    running.send_signal(signal.SIGINT)
    time.sleep(0.3)
    running.send_signal(signal.SIGINT)
    _, stderr = ended(running)
    assert running.returncode == 130, stderr
    assert "Traceback" not in stderr
    (slow / "c.txt").write_text("Gamma")
    result = batch(slow, "--json")
    told = json.loads(result.stdout)
    assert (told["done_before"], told["done"]) == (2, 2)


def test_killed_run_loses_nothing_and_leaves_no_process_or_lock(slow, standin):
    running = begin(slow, "c.txt")
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(running.pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    refused = batch(slow)
    assert refused.exit_code == 1
    assert "another run is writing" in refused.stderr
    running.send_signal(signal.SIGKILL)
    ended(running)
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}/cmdline").exists() for pid in children):
        assert time.monotonic() < deadline, "processes outlive the run"
        time.sleep(0.05)
    (slow / "c.txt").write_text("Gamma")
    told = json.loads(batch(slow, "--json").stdout)
    assert (told["done_before"], told["done"], told["failed"]) == (2, 2, 0)
    assert not list((slow.parent / "out").glob(".*.md"))


def test_help_needs_no_torch(tmp_path):
    import sys

    code = (
        "import sys\nfrom longsum.cli import main\ntry: main()\nfinally:\n"
        "    heavy = {'torch', 'transformers', 'ray', 'jinja2'} & set(sys.modules)\n"
        "    assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "batch", "--help"],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for option in ("--files-from", "--retry-failed", "--shard", "--engine"):
        assert option in done.stdout
