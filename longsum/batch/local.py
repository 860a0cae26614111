"""The engine of one machine: processes that read ahead, processes that hold the model.

Each document passes from the list to a reader, to a worker, to the journal. A process that dies,
or takes too long to read, costs its document, never the run.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import wait
from typing import Any

from longsum.batch.batch_events import BatchListener, Stop
from longsum.batch.devices import reader_count, worker_environments
from longsum.batch.failures import died
from longsum.batch.job import Job
from longsum.batch.outcome import failed_row, row_of_reading
from longsum.batch.readers import (
    JobReader,
    died_reading,
    lost_reading,
    too_slow,
    unpacked_reading,
    unreadable_reply,
)
from longsum.batch.reading import ReadResult, ReadTask
from longsum.batch.recorder import Book
from longsum.batch.worker import WORKER
from longsum.child import BROKEN, NOTICE, PROGRESS, READY, WARNING, Child
from longsum.documents.replies import raise_reported
from longsum.errors import LongsumError
from longsum.settings import Setting

AHEAD = 2
"""Documents a worker is given at a time: one to work on, one at hand."""
MOST_READY_CHARACTERS = 64 << 20
"""Text that waits for workers, at most."""
STRIKES = 2
"""Workers a document may kill before it counts as failed."""
MOST_FAILED_OPENINGS = 3
TICK_S = 0.5


class _Worker:
    """A process with the model and what it is at; the first of `in_hand` is being worked on."""

    def __init__(self, number: int, job: Job, environment: dict[str, str]) -> None:
        self.number, self.job, self.environment = number, job, environment
        self.in_hand: deque[ReadResult] = deque()
        self.ready = False
        self.failed_openings = 0
        self.child: Child | None = None

    def start(self) -> None:
        """Start the process, or another in a dead one's place."""
        self.ready = False
        self.child = Child(WORKER, self.job, environment=self.environment)


class LocalEngine:
    """Works through documents with the processes of this machine.

    Args:
        job: what is asked of every document.
        listener: hears how it goes.
        stop: a request to stop.
        book: takes finished rows.
    """

    def __init__(self, job: Job, listener: BatchListener, stop: Stop, book: Book) -> None:
        self.job, self.listener, self.stop, self.book = job, listener, stop, book
        environments = worker_environments(job.load.device, job.batch.workers)
        self.workers = [
            _Worker(number, job, environment) for number, environment in enumerate(environments)
        ]
        self.readers: list[JobReader] = []
        self.ready: deque[ReadResult] = deque()
        self.strikes: dict[str, int] = {}
        self.most_readers = reader_count(job.batch)
        self._draining = False

    def run(self, tasks: Iterator[ReadTask]) -> None:
        """Work on all documents, or until asked to stop.

        Raises:
            LongsumError: when the model cannot be opened.
        """
        try:
            waiting = next(tasks, None)
            while self.stop.level < 2:
                if self.stop.level and not self._draining:
                    self._drain()
                while waiting is not None and not self._draining and self._give_reader(waiting):
                    waiting = next(tasks, None)
                self._feed_workers()
                if self._is_idle() and (waiting is None or self._draining):
                    break
                self._listen()
                self._end_slow_readers()
                self.listener.tick()
        finally:
            self._end()

    # ---- giving

    def _give_reader(self, task: ReadTask) -> bool:
        """Give a document to a reader that is free; False when there is none, or enough is read."""
        text = sum(len(r.document.text) for r in self.ready if r.document)
        enough = AHEAD * len(self.workers) + self.most_readers
        if len(self.ready) >= enough or text > MOST_READY_CHARACTERS:
            return False
        free = next((reader for reader in self.readers if reader.task is None), None)
        if free is None and len(self.readers) < self.most_readers:
            free = JobReader(self.job)
            self.readers.append(free)
        if free is None:
            return False
        free.give(task)
        return True

    def _feed_workers(self) -> None:
        """Give what is read to the workers; each is started when there is something for it."""
        for depth in range(1, AHEAD + 1):
            for worker in self.workers:
                if not self.ready:
                    return
                if len(worker.in_hand) >= depth or (worker.in_hand and not worker.ready):
                    continue
                if worker.child is None:
                    worker.start()
                reading = self.ready.popleft()
                worker.in_hand.append(reading)
                assert worker.child is not None
                worker.child.send(reading)
                if len(worker.in_hand) == 1 and worker.ready:
                    self.listener.begun(worker.number, reading.name)

    def _is_idle(self) -> bool:
        at_work = any(worker.in_hand for worker in self.workers)
        reading = any(reader.task for reader in self.readers)
        return not (self.ready or at_work or reading)

    # ---- listening

    def _listen(self) -> None:
        """Take in what the processes have said since."""
        owners: dict[Any, JobReader | _Worker] = {reader.bell: reader for reader in self.readers}
        owners |= {w.child.connection: w for w in self.workers if w.child is not None}
        for connection in wait(list(owners), timeout=TICK_S):
            owner = owners[connection]
            if isinstance(owner, JobReader):
                self._hear_reader(owner)
            else:
                self._hear_worker(owner)

    def _hear_reader(self, reader: JobReader) -> None:
        said = reader.hear()
        if said is None:
            self._bury_reader(reader)
        elif not reader.ready:
            if "ready" not in said:
                raise_reported(said, "documents", document=False)
                raise LongsumError("a process for reading cannot be started")
            reader.ready, reader.since = True, time.monotonic()
        elif reader.task is not None:
            task, reader.task = reader.task, None
            try:
                reading = unpacked_reading(task, said)
            except ValueError:  # a document took it over
                self._end_reader(reader)
                reading = lost_reading(task, unreadable_reply())
            self._take_reading(reading)

    def _take_reading(self, reading: ReadResult) -> None:
        """Pass a document on, unless reading has settled it."""
        row = row_of_reading(self.job, reading)
        if row is not None:
            self.book.finish(row, None)
        elif reading.unchanged:
            self.book.unchanged(reading)
        elif not self._draining:
            self.ready.append(reading)

    def _bury_reader(self, reader: JobReader) -> None:
        """Make a dead reader's document a failed row."""
        error = died_reading(reader.process)
        code = self._end_reader(reader)
        if not reader.ready:
            raise LongsumError(
                f"a process for reading cannot be started (exit code {code})",
                hint=f"raise {Setting('read_memory')}, or free some memory",
            )
        if reader.task is not None:
            self._take_reading(lost_reading(reader.task, error))

    def _end_slow_readers(self) -> None:
        """End readers that have been at one document for too long."""
        limit = self.job.batch.read_limit_s
        for reader in list(self.readers):
            if reader.task and reader.ready and time.monotonic() - reader.since > limit:
                self._end_reader(reader)
                self._take_reading(lost_reading(reader.task, too_slow(limit), limit))

    def _end_reader(self, reader: JobReader) -> int | None:
        """End a reading process, and return its exit code."""
        self.readers.remove(reader)
        return reader.end()

    def _hear_worker(self, worker: _Worker) -> None:
        assert worker.child is not None
        said = worker.child.receive()
        if said is None:
            self._replace_worker(worker)
            return
        word, value = said
        if word == BROKEN:
            raise value
        if word == READY:
            worker.ready, worker.failed_openings = True, 0
            if worker.in_hand:
                self.listener.begun(worker.number, worker.in_hand[0].name)
        elif word == NOTICE:
            self.listener.notice(value)
        elif word == WARNING:
            self.listener.warning(value)
        elif word == PROGRESS:
            self.listener.prefill(worker.number, *value)
        else:
            # asked to stop, we may have let go of what it had begun already
            if worker.in_hand and worker.in_hand[0].name == value["document"]:
                worker.in_hand.popleft()
            self.strikes.pop(value["document"], None)
            value["worker"] = value["worker"] or f"local-{worker.number}"
            self.book.finish(value, worker.number)
            if worker.in_hand:
                self.listener.begun(worker.number, worker.in_hand[0].name)

    def _replace_worker(self, worker: _Worker) -> None:
        """Start another in a dead worker's place; its document gets a second chance."""
        assert worker.child is not None
        code = worker.child.join()
        worker.child = None
        if not worker.ready:
            worker.failed_openings += 1
            if worker.failed_openings >= MOST_FAILED_OPENINGS:
                raise LongsumError(
                    f"the model's process died {MOST_FAILED_OPENINGS} times while loading "
                    f"(exit code {code})",
                    hint=f"use fewer {Setting('workers')}, {Setting('quantize', 'nf4')}, or a "
                    f"smaller {Setting('model')}",
                )
        elif worker.in_hand and not self._draining:
            struck = worker.in_hand[0]
            self.strikes[struck.name] = self.strikes.get(struck.name, 0) + 1
            if self.strikes[struck.name] >= STRIKES:
                worker.in_hand.popleft()
                self.strikes.pop(struck.name)
                self.book.finish(failed_row(self.job, struck, died("held the model", code)), None)
        if not self._draining:
            self.ready.extendleft(reversed(worker.in_hand))
        worker.in_hand.clear()

    # ---- ending

    def _drain(self) -> None:
        """Let go of everything but the documents that workers are at."""
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
                worker.in_hand.clear()
            while len(worker.in_hand) > 1:
                worker.in_hand.pop()
            if worker.child is not None:
                worker.child.drain()

    def _end(self) -> None:
        """End all processes."""
        for reader in self.readers:
            reader.end()
        for worker in self.workers:
            if worker.child is not None:
                worker.child.kill()
