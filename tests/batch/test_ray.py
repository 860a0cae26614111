from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from batch.standin import Recorder, folder_of, standin_job
from helpers import REPOSITORY, environment

from longsum.batch.batch_events import Stop
from longsum.batch.batch_journal import journal_path, journal_rows
from longsum.batch.progress_db import Ledger
from longsum.batch.ray_cluster import Share, divide
from longsum.batch.ray_engine import Control, RayEngine, require_ray
from longsum.batch.recorder import RowRecorder
from longsum.errors import ModelNotFound, UsageError

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")


def on_two_nodes(folder: Path, output: Path) -> dict:
    """Run a batch on two nodes, in a process of its own: Ray is on the network's loopback."""
    places = f"{REPOSITORY}:{REPOSITORY / 'tests'}"
    done = subprocess.run(
        [sys.executable, REPOSITORY / "tests/batch/ray_run.py", folder, output],
        env=environment() | {"PYTHONPATH": places},
        capture_output=True,
        text=True,
        timeout=240,
    )
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("TOLD ")] or [""]
    assert line, done.stderr[-3000:]
    told: dict = json.loads(line.removeprefix("TOLD "))
    return told


@pytest.mark.ray
@needs_ray
def test_every_document_is_done_exactly_once_though_a_worker_is_killed(tmp_path):
    texts = {f"d{i:02}": f"Word{i} SLEEP 0.3" for i in range(16)}
    folder = folder_of(tmp_path / "in", **texts, bad="Bad CRASH", long="LONG", crash="x")
    told = on_two_nodes(folder, tmp_path / "out")
    assert told["killed"]
    assert told["address"].startswith("127.0.0.1:")
    outcomes = Counter(row["document"] for row in told["rows"])
    assert set(outcomes) == {path.name for path in folder.iterdir()}
    assert set(outcomes.values()) == {1}
    failed = {row["document"] for row in told["rows"] if row["outcome"] != "done"}
    assert failed == {"bad.txt", "long.txt", "crash.txt"}
    workers = {row["worker"].split("-")[1] for row in told["rows"] if row["worker"]}
    assert len(workers) == 2, "both nodes have worked"
    kept = [row["document"] for _, row in journal_rows(journal_path(tmp_path / "out"))]
    assert sorted(kept) == sorted(outcomes)
    for i in range(16):
        assert (tmp_path / "out" / f"d{i:02}.txt.md").read_text() == f"Word{i}\n"
    assert told["calls"].count("bad.txt") == 2
    assert (told["again"]["done_before"], told["again"]["failed_before"]) == (16, 3)
    assert told["again"]["done"] == 0


class Said:
    """A dataset whose actors say what it is given."""

    def __init__(self, *said: tuple[str, object]) -> None:
        self.said = said

    def iter_batches(self, **_):
        for each in self.said:
            yield {"messages": [pickle.dumps(each)]}


class Remote:
    """A control actor that notes whether it was asked."""

    def __init__(self) -> None:
        self.stop, self.asked = self, False

    def remote(self) -> None:
        self.asked = True


@pytest.fixture
def engine(tmp_path, monkeypatch) -> Iterator[RayEngine]:
    monkeypatch.setattr("longsum.batch.ray_engine.require_ray", lambda: None)
    path = journal_path(tmp_path)
    path.parent.mkdir()
    ledger = Ledger()
    listener = Recorder()
    recorder = RowRecorder(path, ledger, listener)
    yield RayEngine(standin_job(tmp_path), listener, Stop(), recorder)
    recorder.close()
    ledger.close()


ROW = {"document": "a", "outcome": "done", "receipt": None, "error": None}
TWO = Share(1, 2, 1.0, 0.0, 1, 1.0)


def test_rows_are_recorded_as_they_arrive(engine):
    engine._collect(Said(("row", ROW), ("row", ROW | {"document": "b"})), TWO, Remote())
    assert engine.recorder.tally.done == 2
    assert engine.listener.begun_names == ["a"]
    assert [row["document"] for _, row in journal_rows(engine.recorder.path)] == ["a", "b"]


def test_model_that_cannot_be_opened_on_a_node_stops_the_run(engine):
    with pytest.raises(ModelNotFound):
        engine._collect(Said(("broken", ModelNotFound("gone")), ("row", ROW)), TWO, Remote())
    assert engine.recorder.tally.done == 0


def test_asked_to_stop_it_records_what_is_in_progress(engine):
    engine.stop.ask()
    control = Remote()
    said = Said(("left", "one"), ("row", ROW), ("left", "one"), ("left", "two"), ("row", ROW))
    engine._collect(said, TWO, control)
    assert control.asked
    assert engine.recorder.tally.done == 1


def test_asked_twice_it_records_nothing(engine):
    engine.stop.ask()
    engine.stop.ask()
    engine._collect(Said(("row", ROW)), TWO, Remote())
    assert engine.recorder.tally.done == 0


def test_without_the_extra_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setattr("longsum.batch.ray_engine.find_spec", lambda name: None)
    with pytest.raises(UsageError) as caught:
        require_ray()
    assert caught.value.hint == "pip install 'longsum[ray]'"


@pytest.mark.parametrize(
    ("cluster", "share"),
    [
        # 2 nodes of 16 CPUs and 4 GPUs each: a worker a GPU, two readers each
        ((2, 32, 16, 8, None, None), (8, 1.0, 1.0, 16, 1.0)),
        # the same without GPUs: a worker a node, which gets what the readers leave
        ((2, 32, 16, 0, None, None), (2, 14.0, 0.0, 4, 1.0)),
        ((2, 4, 2, 0, 2, None), (2, 1.0, 0.0, 2, 1.0)),
        # one CPU: reading takes what is not there
        ((1, 1, 1, 0, None, None), (1, 1.0, 0.0, 1, 0.0)),
    ],
)
def test_cluster_is_shared_out(cluster, share):
    nodes, cpus, smallest, gpus, workers, readers = cluster
    found = divide(
        nodes=nodes,
        cpus=cpus,
        smallest_cpus=smallest,
        gpus=gpus,
        workers=workers,
        readers=readers,
    )
    assert found == Share(nodes, *share)
    assert found.workers * found.worker_cpus + found.readers * found.reader_cpus <= cpus


def test_cluster_that_is_too_small_is_refused():
    with pytest.raises(UsageError, match="has 2 CPUs"):
        divide(nodes=2, cpus=2, smallest_cpus=1, gpus=0, workers=3, readers=None)
    with pytest.raises(UsageError, match="has 2 GPUs"):
        divide(nodes=2, cpus=16, smallest_cpus=8, gpus=2, workers=3, readers=None)


def test_control_counts_beginnings_until_a_document_is_finished():
    control = Control()
    assert [control.begin("a"), control.begin("a"), control.begin("b")] == [1, 2, 1]
    control.end("a")
    assert control.begin("a") == 1
    control.stop()
    assert control.begin("c") == 0
