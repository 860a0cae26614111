"""The engine for one machine: processes that read ahead, and processes that hold the model.

Each document passes from the list to a reader, to a worker, to the journal. If a process dies or
takes too long to read, only its document fails, never the run.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import wait
from typing import Any

from longsum.batch.batch_events import BatchListener, Stop
from longsum.batch.devices import reader_count, worker_environments
from longsum.batch.failures import died_error
from longsum.batch.job import Job
from longsum.batch.outcome import failed_row, row_of_reading
from longsum.batch.readers import (
    JobReader,
    failed_reading,
    invalid_reply_error,
    reader_died_error,
    time_limit_error,
    unpacked_reading,
)
from longsum.batch.reading import ReadResult, ReadTask
from longsum.batch.recorder import RowRecorder
from longsum.batch.worker import WORKER
from longsum.child import BROKEN, NOTICE, PROGRESS, READY, WARNING, Child
from longsum.documents.replies import raise_reported
from longsum.errors import LongsumError
from longsum.settings import Setting

AHEAD = 2
"""Documents assigned to a worker at a time: one in progress, one waiting."""
MAX_READY_CHARACTERS = 64 << 20
"""Characters of text that may wait for workers."""
MAX_ATTEMPTS = 2
"""Workers a document may kill before it counts as failed."""
MAX_FAILED_STARTS = 3
TICK_S = 0.5


class _Worker:
    """A process with the model, and its documents; the first of `assigned` is in progress."""

    def __init__(self, number: int, job: Job, environment: dict[str, str]) -> None:
        self.number, self.job, self.environment = number, job, environment
        self.assigned: deque[ReadResult] = deque()
        self.ready = False
        self.failed_starts = 0
        self.child: Child | None = None

    def start(self) -> None:
        """Start the process, or a replacement for a dead one."""
        self.ready = False
        self.child = Child(WORKER, self.job, environment=self.environment)


class LocalEngine:
    """Works through documents with the processes of this machine.

    Args:
        job: what is asked of every document.
        listener: receives the events of the run.
        stop: a request to stop.
        recorder: takes finished rows.
    """

    def __init__(
        self, job: Job, listener: BatchListener, stop: Stop, recorder: RowRecorder
    ) -> None:
        self.job, self.listener, self.stop, self.recorder = job, listener, stop, recorder
        environments = worker_environments(job.load.device, job.batch.workers)
        self.workers = [
            _Worker(number, job, environment) for number, environment in enumerate(environments)
        ]
        self.readers: list[JobReader] = []
        self.ready: deque[ReadResult] = deque()
        self.deaths: dict[str, int] = {}
        self.most_readers = reader_count(job.batch)
        self._draining = False

    def run(self, tasks: Iterator[ReadTask]) -> None:
        """Work on all documents, or until asked to stop.

        Raises:
            LongsumError: when the model cannot be loaded.
        """
        try:
            waiting = next(tasks, None)
            while self.stop.level < 2:
                if self.stop.level and not self._draining:
                    self._drain()
                while waiting is not None and not self._draining and self._assign_reader(waiting):
                    waiting = next(tasks, None)
                self._feed_workers()
                if self._is_idle() and (waiting is None or self._draining):
                    break
                self._listen()
                self._end_slow_readers()
                self.listener.tick()
        finally:
            self._end()

    # ---- assigning

    def _assign_reader(self, task: ReadTask) -> bool:
        """Assign a document to a free reader; False if there is none, or enough is read."""
        text = sum(len(r.document.text) for r in self.ready if r.document)
        enough = AHEAD * len(self.workers) + self.most_readers
        if len(self.ready) >= enough or text > MAX_READY_CHARACTERS:
            return False
        free = next((reader for reader in self.readers if reader.task is None), None)
        if free is None and len(self.readers) < self.most_readers:
            free = JobReader(self.job)
            self.readers.append(free)
        if free is None:
            return False
        free.assign(task)
        return True

    def _feed_workers(self) -> None:
        """Assign what is read to workers, starting each when there is something for it."""
        for depth in range(1, AHEAD + 1):
            for worker in self.workers:
                if not self.ready:
                    return
                if len(worker.assigned) >= depth or (worker.assigned and not worker.ready):
                    continue
                if worker.child is None:
                    worker.start()
                reading = self.ready.popleft()
                worker.assigned.append(reading)
                assert worker.child is not None
                worker.child.send(reading)
                if len(worker.assigned) == 1 and worker.ready:
                    self.listener.begun(worker.number, reading.name)

    def _is_idle(self) -> bool:
        at_work = any(worker.assigned for worker in self.workers)
        reading = any(reader.task for reader in self.readers)
        return not (self.ready or at_work or reading)

    # ---- listening

    def _listen(self) -> None:
        """Handle the messages that processes have sent."""
        owners: dict[Any, JobReader | _Worker] = {reader.wakeup: reader for reader in self.readers}
        owners |= {w.child.connection: w for w in self.workers if w.child is not None}
        for connection in wait(list(owners), timeout=TICK_S):
            owner = owners[connection]
            if isinstance(owner, JobReader):
                self._receive_from_reader(owner)
            else:
                self._receive_from_worker(owner)

    def _receive_from_reader(self, reader: JobReader) -> None:
        message = reader.receive()
        if message is None:
            self._remove_dead_reader(reader)
        elif not reader.ready:
            if "ready" not in message:
                raise_reported(message, "documents", document=False)
                raise LongsumError("could not start a reader process")
            reader.ready, reader.since = True, time.monotonic()
        elif reader.task is not None:
            task, reader.task = reader.task, None
            try:
                reading = unpacked_reading(task, message)
            except ValueError:  # a document has taken it over
                self._end_reader(reader)
                reading = failed_reading(task, invalid_reply_error())
            self._take_reading(reading)

    def _take_reading(self, reading: ReadResult) -> None:
        """Queue a document for the workers, unless reading has settled it."""
        row = row_of_reading(self.job, reading)
        if row is not None:
            self.recorder.finish(row, None)
        elif reading.unchanged:
            self.recorder.unchanged(reading)
        elif not self._draining:
            self.ready.append(reading)

    def _remove_dead_reader(self, reader: JobReader) -> None:
        """Record the document of a dead reader as failed."""
        error = reader_died_error(reader.process)
        code = self._end_reader(reader)
        if not reader.ready:
            raise LongsumError(
                f"could not start a reader process (exit code {code})",
                hint=f"raise {Setting('read_memory')}, or free some memory",
            )
        if reader.task is not None:
            self._take_reading(failed_reading(reader.task, error))

    def _end_slow_readers(self) -> None:
        """End readers that have spent too long on one document."""
        limit = self.job.batch.read_limit_s
        for reader in list(self.readers):
            if reader.task and reader.ready and time.monotonic() - reader.since > limit:
                self._end_reader(reader)
                self._take_reading(failed_reading(reader.task, time_limit_error(limit), limit))

    def _end_reader(self, reader: JobReader) -> int | None:
        """End a reader process and return its exit code."""
        self.readers.remove(reader)
        return reader.end()

    def _receive_from_worker(self, worker: _Worker) -> None:
        assert worker.child is not None
        message = worker.child.receive()
        if message is None:
            self._replace_worker(worker)
            return
        word, value = message
        if word == BROKEN:
            raise value
        if word == READY:
            worker.ready, worker.failed_starts = True, 0
            if worker.assigned:
                self.listener.begun(worker.number, worker.assigned[0].name)
        elif word == NOTICE:
            self.listener.notice(value)
        elif word == WARNING:
            self.listener.warning(value)
        elif word == PROGRESS:
            self.listener.prefill(worker.number, *value)
        else:
            # after a request to stop, it may have been dropped although it was begun
            if worker.assigned and worker.assigned[0].name == value["document"]:
                worker.assigned.popleft()
            self.deaths.pop(value["document"], None)
            value["worker"] = value["worker"] or f"local-{worker.number}"
            self.recorder.finish(value, worker.number)
            if worker.assigned:
                self.listener.begun(worker.number, worker.assigned[0].name)

    def _replace_worker(self, worker: _Worker) -> None:
        """Make place for a dead worker's replacement; its document gets a second attempt."""
        assert worker.child is not None
        code = worker.child.join()
        worker.child = None
        if not worker.ready:
            worker.failed_starts += 1
            if worker.failed_starts >= MAX_FAILED_STARTS:
                raise LongsumError(
                    f"the model's process died {MAX_FAILED_STARTS} times while loading "
                    f"(exit code {code})",
                    hint=f"use fewer {Setting('workers')}, {Setting('quantize', 'nf4')}, or a "
                    f"smaller {Setting('model')}",
                )
        elif worker.assigned and not self._draining:
            suspect = worker.assigned[0]
            self.deaths[suspect.name] = self.deaths.get(suspect.name, 0) + 1
            if self.deaths[suspect.name] >= MAX_ATTEMPTS:
                worker.assigned.popleft()
                self.deaths.pop(suspect.name)
                row = failed_row(self.job, suspect, died_error("held the model", code))
                self.recorder.finish(row, None)
        if not self._draining:
            self.ready.extendleft(reversed(worker.assigned))
        worker.assigned.clear()

    # ---- ending

    def _drain(self) -> None:
        """Drop everything except the documents in progress."""
        self._draining = True
        self.ready.clear()
        for reader in self.readers:
            reader.end()
        self.readers.clear()
        for worker in self.workers:
            if worker.child is None:
                continue
            if not worker.ready:
                worker.child.kill()
                worker.child = None
                worker.assigned.clear()
            while len(worker.assigned) > 1:
                worker.assigned.pop()
            if worker.child is not None:
                worker.child.drain()

    def _end(self) -> None:
        """End all processes."""
        for reader in self.readers:
            reader.end()
        for worker in self.workers:
            if worker.child is not None:
                worker.child.kill()
