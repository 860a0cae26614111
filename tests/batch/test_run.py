"""Whole runs of the local engine, with a stand-in for the model in real processes."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace

import pytest
from batch.standin import HERE, Recorder, calls, everything, folder_of, standin_job

from longsum.batch.batch_events import Stop
from longsum.batch.batch_journal import journal_path, journal_rows
from longsum.batch.export import LINES
from longsum.batch.job import Job
from longsum.batch.lock import locked
from longsum.batch.readers import start_reader
from longsum.batch.run import Outcome, run_batch
from longsum.errors import DocumentNotFound, LongsumError, ModelNotFound, OutputError


@pytest.fixture
def folder(tmp_path):
    return folder_of(tmp_path / "in", a="Alpha one", b="Beta", sub__c="Gamma " * 50)


@pytest.fixture
def job(tmp_path):
    return standin_job(tmp_path / "out")


def work(folder, job: Job, recorder: Recorder | None = None, stop: Stop | None = None) -> Outcome:
    return run_batch(job, everything(folder, job), listener=recorder, stop=stop)


def results(job: Job) -> dict[str, str]:
    return {
        path.relative_to(job.output).as_posix(): path.read_text()
        for path in job.output.rglob("*.txt.md")
    }


def exported(job: Job) -> dict[str, dict]:
    rows = [json.loads(line) for line in (job.output / LINES).read_text().splitlines()]
    return {row["document"]: row for row in rows}


def errors(job: Job) -> dict[str, str]:
    return {n: r["error"]["type"] for n, r in exported(job).items() if r["error"]}


# ---- what is made


def test_every_document_gets_its_result_in_a_mirrored_folder(folder, job):
    outcome = work(folder, job)
    assert results(job) == {
        "a.txt.md": "Alpha\n",
        "b.txt.md": "Beta\n",
        "sub/c.txt.md": "Gamma\n",
    }
    assert (outcome.tally.done, outcome.failed, outcome.exit_code("any")) == (3, 0, 0)
    assert outcome.per_hour > 0


def test_rows_hold_hash_settings_receipt_and_seconds(folder, job):
    work(folder, job)
    rows = {row["document"]: row for _, row in journal_rows(journal_path(job.output))}
    row = rows["a.txt"]
    import hashlib

    assert row["sha256"] == hashlib.sha256(b"Alpha one").hexdigest()
    assert len(row["settings"]) == 16
    assert row["receipt"]["tokens_read"] == 9
    assert row["seconds"] > 0
    assert row["worker"] == "local-0"
    assert row["size"] == 9


def test_longest_come_first(folder, job):
    recorder = Recorder()
    work(folder, job, recorder)
    assert [row["document"] for row in recorder.rows] == ["sub/c.txt", "a.txt", "b.txt"]
    assert recorder.begun_names == ["sub/c.txt", "a.txt", "b.txt"]


def test_two_workers_and_two_readers_give_the_same(folder, job, tmp_path):
    work(folder, job)
    other = standin_job(tmp_path / "two", workers=2, readers=2)
    work(folder, other)
    assert results(other) == results(job)
    assert set(exported(other)) == set(exported(job))


def test_folder_without_documents_is_refused(tmp_path, job):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / ".hidden").write_text("x")
    with pytest.raises(DocumentNotFound, match="no PDF, DOCX, .* or text files found") as caught:
        work(tmp_path / "in", job)
    assert "1 hidden" in (caught.value.hint or "")


# ---- going on


def test_second_run_does_nothing(folder, job):
    work(folder, job)
    before = (job.output / LINES).stat().st_mtime_ns
    outcome = work(folder, job)
    assert (outcome.counts.done_before, outcome.tally.finished) == (3, 0)
    assert len(calls(job)) == 3
    assert (job.output / LINES).stat().st_mtime_ns == before


def test_changed_and_new_documents_are_done_touched_ones_are_not(folder, job):
    work(folder, job)
    (folder / "a.txt").write_text("Changed it")
    folder_of(folder, new="New")
    os.utime(folder / "b.txt", (1, 1))
    outcome = work(folder, job)
    assert (outcome.tally.done, outcome.tally.unchanged, outcome.counts.done_before) == (2, 1, 1)
    assert sorted(calls(job)[3:]) == ["a.txt", "new.txt"]
    assert results(job)["a.txt.md"] == "Changed\n"
    assert work(folder, job).counts.done_before == 4


def test_other_settings_redo_everything(folder, job):
    work(folder, job)
    other = replace(job, decode=replace(job.decode, seed=7))
    assert work(folder, other).tally.done == 3
    machine = replace(other, load=replace(job.load, device="cpu", memory_bytes=1 << 30))
    assert work(folder, machine).counts.done_before == 3


def test_redo_redoes_everything(folder, job):
    work(folder, job)
    assert work(folder, replace(job, batch=replace(job.batch, redo=True))).tally.done == 3


@pytest.mark.parametrize("spoil", [lambda p: p.unlink(), lambda p: p.write_text("")])
def test_result_that_is_missing_or_emptied_is_made_again(folder, job, spoil):
    work(folder, job)
    spoil(job.output / "a.txt.md")
    assert work(folder, job).tally.done == 1
    assert results(job)["a.txt.md"] == "Alpha\n"


def test_journal_alone_brings_the_overviews_back(folder, job):
    work(folder, job)
    whole = (job.output / LINES).read_text()
    (job.output / LINES).unlink()
    work(folder, job)
    assert (job.output / LINES).read_text() == whole


# ---- failures


def test_failures_are_rows_and_the_others_continue(folder, job):
    folder_of(folder, long="LONG", empty="", gone="x")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))

    def inputs(passed):
        for each in everything(folder, job)(passed):
            if each.name == "gone.txt":
                (folder / "gone.txt").unlink()
            yield each

    outcome = run_batch(job, inputs)
    assert (outcome.tally.done, outcome.tally.failed, outcome.tally.skipped) == (3, 3, 1)
    assert errors(job) == {
        "long.txt": "DocumentTooLong",
        "empty.txt": "EmptyDocument",
        "gone.txt": "DocumentNotFound",
        "picture.png": "UnsupportedDocument",
    }
    assert "112 of 100" in exported(job)["long.txt"]["error"]["message"]
    assert exported(job)["picture.png"]["outcome"] == "skipped"
    assert [outcome.exit_code(when) for when in ("any", "all", "never")] == [1, 0, 0]


def test_failed_documents_wait_for_retry_failed(folder, job):
    folder_of(folder, long="LONG")
    work(folder, job)
    again = work(folder, job)
    assert (again.counts.failed_before, again.tally.finished, again.exit_code("any")) == (1, 0, 1)
    retried = work(folder, replace(job, batch=replace(job.batch, retry_failed=True)))
    assert (retried.tally.failed, retried.counts.done_before) == (1, 3)
    (folder / "long.txt").write_text("Short again")
    assert work(folder, job).exit_code("any") == 0


def test_result_that_cannot_be_written_fails_and_is_tried_again(folder, job):
    work(folder, job)
    (job.output / "b.txt.md").unlink()
    (job.output / "b.txt.md").mkdir()
    outcome = work(folder, job)
    assert outcome.tally.failed == 1
    assert errors(job) == {"b.txt": "OutputError"}
    (job.output / "b.txt.md").rmdir()
    assert work(folder, job).tally.done == 1


def test_document_that_kills_its_worker_twice_fails_alone(folder, job):
    folder_of(folder, bad="CRASH " * 100, unlucky="Delta CRASH-ONCE")
    outcome = work(folder, job)
    assert (outcome.tally.done, outcome.tally.failed) == (4, 1)
    assert errors(job) == {"bad.txt": "ProcessDied"}
    assert "signal 9" in exported(job)["bad.txt"]["error"]["message"]
    assert calls(job).count("bad.txt") == 2
    assert calls(job).count("unlucky.txt") == 2
    assert results(job)["unlucky.txt.md"] == "Delta\n"


def test_documents_that_crash_fill_or_stall_a_reader_fail_alone(folder, tmp_path):
    job = standin_job(tmp_path / "out", read_limit_s=1.0)
    folder_of(folder, crash="x", fill="x", hang="x")
    outcome = work(folder, job)
    assert (outcome.tally.done, outcome.tally.failed) == (3, 3)
    assert errors(job) == {
        "crash.txt": "ProcessDied",
        "fill.txt": "InsufficientMemory",
        "hang.txt": "TimeLimit",
    }
    assert exported(job)["crash.txt"]["error"]["message"] == (
        "the process that read it died (signal 11)"
    )
    assert "1 seconds" in exported(job)["hang.txt"]["error"]["message"]


def test_documents_that_take_their_reader_over_fail_alone(folder, tmp_path, monkeypatch):
    """Readers answered in pickle: one that a document took over could run code in the parent."""
    monkeypatch.setenv("LONGSUM_TEST_TRAP", str(tmp_path / "sprung"))
    job = standin_job(tmp_path / "out", read_limit_s=20.0)
    folder_of(folder, pickle="x", huge="x", garbage="x")
    outcome = work(folder, job)
    assert (outcome.tally.done, outcome.tally.failed) == (3, 3)
    assert errors(job) == dict.fromkeys(
        ("garbage.txt", "huge.txt", "pickle.txt"), "CorruptDocument"
    )
    assert not (tmp_path / "sprung").exists()


def test_what_a_worker_says_of_loading_is_reported(folder, job):
    recorder = Recorder()
    work(folder, job, recorder)
    assert recorder.lines == [("notice", "the stand-in is open"), ("warning", "it is no model")]


def test_readers_are_reused_from_document_to_document(folder, tmp_path, monkeypatch):
    started = []

    def start(*arguments, **options):
        started.append(1)
        return start_reader(*arguments, **options)

    monkeypatch.setattr("longsum.batch.readers.start_reader", start)
    job = standin_job(tmp_path / "out")
    assert work(folder, job).tally.done == 3
    assert len(started) == 1


def test_model_that_cannot_be_opened_stops_the_run(folder, job):
    with pytest.raises(ModelNotFound) as caught:
        work(folder, replace(job, open_worker=f"{HERE}:open_missing"))
    assert caught.value.hint == "fetch it"
    with pytest.raises(LongsumError, match="died 3 times while loading"):
        work(folder, replace(job, open_worker=f"{HERE}:open_dying"))
    assert work(folder, job).tally.done == 3


# ---- stopping, and two at a time


class Asking(Recorder):
    """Asks to stop when the first document is begun, and again if told."""

    def __init__(self, stop: Stop, *, twice: bool) -> None:
        super().__init__()
        self.stop, self.twice = stop, twice

    def begun(self, worker: int, name: str) -> None:
        super().begun(worker, name)
        if self.stop.level == 0:
            self.stop.ask()
            if self.twice:
                self.stop.ask()


def test_asked_once_the_run_finishes_what_is_in_progress(folder, job):
    (folder / "sub" / "c.txt").write_text("Gamma SLEEP 0.3 " * 9)
    stop = Stop()
    outcome = work(folder, job, Asking(stop, twice=False), stop)
    assert outcome.stopped
    assert outcome.exit_code("never") == 130
    assert results(job) == {"sub/c.txt.md": "Gamma\n"}
    assert set(exported(job)) == {"sub/c.txt"}
    assert work(folder, job).tally.done == 2


def test_asked_twice_the_run_drops_what_is_in_progress(folder, job):
    (folder / "sub" / "c.txt").write_text("Gamma SLEEP 60 " * 9)
    stop = Stop()
    started = time.monotonic()
    outcome = work(folder, job, Asking(stop, twice=True), stop)
    assert time.monotonic() - started < 30
    assert outcome.stopped
    assert results(job) == {}


def test_second_run_on_the_same_folder_is_refused(folder, job):
    with locked(job.output), pytest.raises(OutputError, match="another run"):
        work(folder, job)
    part = replace(job, batch=replace(job.batch, shard=(1, 2)))
    with locked(job.output), pytest.raises(OutputError, match="another run"):
        work(folder, part)
    with locked(job.output, (1, 2)), pytest.raises(OutputError, match="another run"):
        work(folder, job)
    with locked(job.output, (2, 2)):
        work(folder, part)
    assert work(folder, job).succeeded == 3
