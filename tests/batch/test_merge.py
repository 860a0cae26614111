from __future__ import annotations

import json
import shutil

import pytest
from batch.standin import calls, everything, folder_of, standin_job

from longsum.batch.batch_journal import BatchJournal, journal_path, journals
from longsum.batch.lock import locked
from longsum.batch.merge import merge
from longsum.batch.run import run_batch
from longsum.errors import DocumentNotFound, OutputError


@pytest.fixture
def folder(tmp_path):
    return folder_of(tmp_path / "in", **{f"d{i}": f"Word{i}" for i in range(12)}, bad="LONG")


def part(folder, output, shard):
    job = standin_job(output, shard=shard)
    return run_batch(job, everything(folder, job))


def documents(output) -> list[str]:
    lines = (output / "results.jsonl").read_text().splitlines()
    return [json.loads(line)["document"] for line in lines]


def test_parts_in_one_folder_come_together(folder, tmp_path):
    out = tmp_path / "out"
    outcomes = [part(folder, out, (i, 3)) for i in (1, 2, 3)]
    assert sum(outcome.tally.finished for outcome in outcomes) == 13
    assert not (out / "index.md").exists()
    merged = merge(out, [])
    assert (merged.outcomes, merged.missing) == ({"done": 12, "failed": 1}, ())
    assert documents(out) == sorted([f"d{i}.txt" for i in range(12)] + ["bad.txt"])
    assert journals(out) == [journal_path(out)]
    job = standin_job(out)
    whole = run_batch(job, everything(folder, job))
    assert (whole.counts.done_before, whole.counts.failed_before, whole.tally.finished) == (
        12,
        1,
        0,
    )


def test_whole_run_knows_what_parts_have_done(folder, tmp_path):
    part(folder, tmp_path / "out", (1, 2))
    job = standin_job(tmp_path / "out")
    run_batch(job, everything(folder, job))
    assert sorted(calls(job)) == sorted(documents(tmp_path / "out"))


def test_part_without_documents_is_done_all_the_same(tmp_path):
    folder = folder_of(tmp_path / "in", one="Word")
    outcomes = [part(folder, tmp_path / "out", (i, 5)) for i in range(1, 6)]
    assert [outcome.exit_code("any") for outcome in outcomes] == [0] * 5
    assert merge(tmp_path / "out", []).outcomes == {"done": 1}


def test_parts_in_their_own_folders_are_copied(folder, tmp_path):
    for i in (1, 2):
        part(folder, tmp_path / f"part{i}", (i, 2))
    out = tmp_path / "out"
    merged = merge(out, [tmp_path / "part1", tmp_path / "part2"])
    assert merged.outcomes == {"done": 12, "failed": 1}
    assert len(list(out.glob("d*.txt.md"))) == 12
    assert (out / "d3.txt.md").read_text() == "Word3\n"
    assert len(journals(tmp_path / "part1")) == 1


def test_missing_parts_are_reported(folder, tmp_path):
    part(folder, tmp_path / "out", (2, 3))
    assert merge(tmp_path / "out", []).missing == ("1/3", "3/3")


def test_killed_merge_can_be_repeated(folder, tmp_path):
    out = tmp_path / "out"
    for i in (1, 2):
        part(folder, out, (i, 2))
    half = tmp_path / "half"
    shutil.copytree(out, half)
    (half / ".longsum" / "journal.jsonl").write_bytes(
        (half / ".longsum" / "shard-1-of-2.jsonl").read_bytes()[:-20]
    )
    assert merge(half, []).outcomes == merge(out, []).outcomes
    assert documents(half) == documents(out)


def test_running_part_and_foreign_folders_are_refused(folder, tmp_path):
    part(folder, tmp_path / "out", (1, 2))
    with locked(tmp_path / "out", (2, 2)), pytest.raises(OutputError, match="another run"):
        merge(tmp_path / "out", [])
    with pytest.raises(DocumentNotFound, match="holds no results"):
        merge(tmp_path / "in", [])


def test_foreign_journal_cannot_copy_over_other_folders(tmp_path):
    bad = tmp_path / "bad"
    (bad / ".longsum").mkdir(parents=True)
    (tmp_path / "secret.md").write_text("mine")
    (bad / "x.md").write_text("theirs")
    journal = BatchJournal(journal_path(bad, (1, 1)))
    journal.append(
        {"document": "x", "outcome": "done", "result": "../secret.md", "finished_at": ""}
        | {"answers": [], "receipt": None, "error": None}
    )
    journal.close()
    merge(tmp_path / "out", [bad])
    assert (tmp_path / "secret.md").read_text() == "mine"
