"""The engine for several machines: Ray Data reads ahead and passes documents to model actors.

Every actor runs the same function on a document as a worker of the local engine, and its rows go
into the same journal. Ray restarts actors that die, and gives them their documents again; one that
has killed its actors twice fails. FOLDER, OUT and the model must be on storage that all nodes
share.
"""

from __future__ import annotations

import contextlib
import pickle
import queue
import threading
from collections.abc import Iterator
from dataclasses import asdict
from importlib.util import find_spec
from typing import Any

from longsum.batch.batch_events import BatchListener, Stop
from longsum.batch.failures import died_error
from longsum.batch.job import Job
from longsum.batch.local import MAX_ATTEMPTS, TICK_S
from longsum.batch.outcome import failed_row, row_of_reading
from longsum.batch.ray_cluster import Share, connected, share_out
from longsum.batch.readers import (
    failed_reading,
    invalid_reply_error,
    reader_died_error,
    start_reader,
    time_limit_error,
    unpacked_reading,
)
from longsum.batch.reading import ReadResult, ReadTask
from longsum.batch.recorder import RowRecorder
from longsum.batch.worker import open_worker
from longsum.child import NOTICE, WARNING
from longsum.documents.reading_process import ReadingProcess
from longsum.settings import Setting

MAX_BLOCKS = 10_000
"""Ray's unit of work is a block; with more documents than that, a block holds several."""
CLOSING_S = 30.0
"""Seconds for Ray to end the actors before we leave the cluster."""
_ROW, _UNCHANGED, _LEFT, _BROKEN = "row", "unchanged", "left", "broken"
"""First items of an actor's messages, which are (word, value) pairs."""


class RayReader:
    """An actor that reads documents in a separate process, which may die.

    Args:
        job: pages, password, the model's tokenizer, limits.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self._process: ReadingProcess | None = None

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Read the documents of a block."""
        tasks = [pickle.loads(data) for data in batch["task"]]
        return {"reading": [pickle.dumps(self._read(task)) for task in tasks]}

    def _read(self, task: ReadTask) -> ReadResult:
        process = self._process = self._process or self._open()
        limit = self.job.batch.read_limit_s
        process.send({"task": asdict(task)}, seconds=limit)
        try:
            message = process.receive(limit)
        except TimeoutError:
            self._end()
            return failed_reading(task, time_limit_error(limit), limit)
        if message is None:
            error = reader_died_error(process)
            self._end()
            return failed_reading(task, error)
        try:
            return unpacked_reading(task, message)
        except ValueError:  # a document has taken it over
            self._end()
            return failed_reading(task, invalid_reply_error())

    def _end(self) -> None:
        """End the process; the next document gets another one."""
        if self._process is not None:
            self._process.kill()
        self._process = None

    def _open(self) -> ReadingProcess:
        """Start the process and wait until it is ready."""
        process = start_reader(self.job)
        message = process.receive()
        if message is None or "ready" not in message:
            process.kill()
            raise RuntimeError(f"could not start a reader process: {message}")
        return process


class RayWorker:
    """An actor that holds the model.

    Args:
        job: what is asked of every document.
        control: handle of the `Control` actor.
    """

    def __init__(self, job: Job, control: Any) -> None:
        import ray

        context = ray.get_runtime_context()
        actor = str(context.get_actor_id())
        self.name = f"ray-{context.get_node_id()[:6]}-{actor[:12]}"
        self.job, self._control = job, control
        self._error: Exception | None = None
        self._lines: list[tuple[str, str]] = []
        try:
            self._answer = open_worker(job, lambda word, line: self._lines.append((word, line)))
        except Exception as error:  # if it were raised here, Ray would only retry
            self._error = error

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Answer about the documents of a block."""
        answered = [self._answer_one(pickle.loads(data)) for data in batch["reading"]]
        lines, self._lines = self._lines, []
        return {"messages": [pickle.dumps(each) for each in [*lines, *answered]]}

    def _answer_one(self, reading: ReadResult) -> tuple[str, Any]:
        import ray

        row = row_of_reading(self.job, reading)
        if row is not None:
            return _ROW, row
        if reading.unchanged:
            return _UNCHANGED, reading
        if self._error is not None:
            return _BROKEN, self._error
        attempt = ray.get(self._control.begin.remote(reading.name))
        if not attempt:
            return _LEFT, self.name
        if attempt > MAX_ATTEMPTS:
            row = failed_row(self.job, reading, died_error("held the model", None))
        else:
            row = self._answer(reading)
        self._control.end.remote(reading.name)
        return _ROW, row | {"worker": self.name}


class Control:
    """An actor that all others ask whether to continue, and how often a document was begun."""

    def __init__(self) -> None:
        self._stop = False
        self._begun: dict[str, int] = {}

    def stop(self) -> None:
        """Refuse new work."""
        self._stop = True

    def begin(self, name: str) -> int:
        """Return how often a document has been begun, including this time; 0 to leave it."""
        if self._stop:
            return 0
        self._begun[name] = self._begun.get(name, 0) + 1
        return self._begun[name]

    def end(self, name: str) -> None:
        """Forget a finished document."""
        self._begun.pop(name, None)


class RayEngine:
    """Works through documents on a Ray cluster.

    Args:
        job: what is asked of every document.
        listener: receives the events of the run.
        stop: a request to stop.
        recorder: takes finished rows.

    Raises:
        UsageError: when Ray is not installed.
    """

    def __init__(
        self, job: Job, listener: BatchListener, stop: Stop, recorder: RowRecorder
    ) -> None:
        require_ray()
        self.job, self.listener, self.stop, self.recorder = job, listener, stop, recorder
        self._begun = False

    def run(self, tasks: Iterator[ReadTask]) -> None:
        """Work on all documents, or until asked to stop.

        Raises:
            LongsumError: when there is no cluster, or the model cannot be loaded.
        """
        with connected(self.job.batch) as ray:
            share = share_out(self.job)
            for line in share.lines():
                self.listener.notice(line)
            control = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(Control).remote()
            self._collect(_dataset(self.job, list(tasks), share, control), share, control)
        if not self.stop.level:
            self._fail_lost()

    def _fail_lost(self) -> None:
        """Record documents that Ray has lost, if any, as failed; the next run retries them."""
        error = {
            "type": "LostByRay",
            "message": "Ray lost it",
            "hint": "run the same command again; Ray's logs may say more",
        }
        for task in list(self.recorder.remaining()):
            row = failed_row(self.job, failed_reading(task, error), error)
            self.recorder.finish(row | {"again": True}, None)

    def _collect(self, dataset: Any, share: Share, control: Any) -> None:
        """Record rows as they arrive, until there are no more or the run is to stop."""
        over = threading.Event()
        inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        thread = threading.Thread(target=_iterate, args=(dataset, inbox, over), daemon=True)
        thread.start()
        try:
            self._collect_from(inbox, share, control)
        finally:
            over.set()
            thread.join(0.0 if self.stop.level > 1 else CLOSING_S)

    def _collect_from(self, inbox: queue.SimpleQueue[Any], share: Share, control: Any) -> None:
        stopping = False
        left: set[str] = set()
        while self.stop.level < 2 and len(left) < share.workers:
            self.listener.tick()
            if self.stop.level and not stopping:
                control.stop.remote()
                stopping = True
            try:
                message = inbox.get(timeout=TICK_S)
            except queue.Empty:
                continue
            if message is None:
                return
            if isinstance(message, BaseException):
                raise message
            word, value = message
            if word == _BROKEN:
                raise value
            if word == _LEFT:
                left.add(value)  # once all have, none has a document in progress
            elif word in (NOTICE, WARNING):
                getattr(self.listener, word)(value)
            elif word == _UNCHANGED:
                self.recorder.unchanged(value)
            else:
                self._begin(value["document"])
                self.recorder.finish(value, None)

    def _begin(self, name: str) -> None:
        """Report once that documents are being worked on."""
        if not self._begun:
            self._begun = True
            self.listener.begun(0, name)


def require_ray() -> None:
    """Require that Ray is installed.

    Raises:
        UsageError: when it is not; the hint is the command that installs it.
    """
    from longsum.errors import UsageError

    if find_spec("ray") is None or find_spec("pyarrow") is None:
        raise UsageError(
            f"{Setting('engine', 'ray')} needs Ray, which is not installed",
            hint="pip install 'longsum[ray]'",
        )


def _dataset(job: Job, tasks: list[ReadTask], share: Share, control: Any) -> Any:
    """Return the pipeline: documents, read ahead, then answered."""
    import ray

    items = [{"task": pickle.dumps(task)} for task in tasks]
    return (
        ray.data.from_items(items, override_num_blocks=min(len(items), MAX_BLOCKS))
        .map_batches(
            RayReader,
            fn_constructor_args=(job,),
            batch_size=1,
            concurrency=(1, share.readers),
            num_cpus=share.reader_cpus,
        )
        .map_batches(
            RayWorker,
            fn_constructor_args=(job, control),
            batch_size=1,
            concurrency=share.workers,
            num_cpus=share.worker_cpus,
            num_gpus=share.worker_gpus,
        )
    )


def _iterate(dataset: Any, inbox: queue.SimpleQueue[Any], over: threading.Event) -> None:
    """Put the actors' messages into a queue, None at the end; runs in a thread.

    Leaving the loop makes Ray end the actors.
    """
    try:
        for batch in dataset.iter_batches(batch_size=None, prefetch_batches=0):
            for data in batch["messages"]:
                inbox.put(pickle.loads(data))
            if over.is_set():
                break
        inbox.put(None)
    except BaseException as error:
        with contextlib.suppress(Exception):
            inbox.put(error)
