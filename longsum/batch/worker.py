"""The function that local workers, parts of a job array and Ray actors all run on a document."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from longsum.batch.job import Job
from longsum.batch.outcome import Row, failed_row
from longsum.batch.reading import ReadResult
from longsum.child import NOTICE, WARNING, Say
from longsum.errors import InsufficientMemory
from longsum.events import Listener
from longsum.settings import Setting

WORKER = "longsum.batch.worker:open_worker"

TokenProgress = Callable[[Any], None]
"""Takes (tokens read, all tokens) of the document in progress."""
AnswerReading = Callable[[ReadResult, TokenProgress | None], Row]
"""Answers about a read document, writes its result and returns its row; may raise anything."""


class Worker:
    """Turns one read document after another into a row.

    Args:
        job: what is asked of every document.
        answer: answers about a document, with the model in memory.
    """

    def __init__(self, job: Job, answer: AnswerReading) -> None:
        self.job, self._answer = job, answer

    def __call__(self, reading: ReadResult, progress: TokenProgress | None = None) -> Row:
        """Answer about a document; an error becomes a row, too, and must not affect the others."""
        started = time.perf_counter()
        try:
            row = self._answer(reading, progress)
        except MemoryError:
            error = InsufficientMemory(
                "memory ran out",
                hint=f"close other programs, or use fewer {Setting('workers')}",
            )
            row = failed_row(self.job, reading, error)
        except (BrokenPipeError, ConnectionError):
            raise  # the parent has died
        except Exception as error:
            row = failed_row(self.job, reading, error)
        row["seconds"] = round(reading.seconds + time.perf_counter() - started, 6)
        return row


class _SayListener(Listener):
    """Passes on the messages about loading that the user should see."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def notice(self, line: str) -> None:
        """Take a line the user should see."""
        self._say(NOTICE, line)

    def warning(self, line: str) -> None:
        """Take a line that the user should see even in a quiet run."""
        self._say(WARNING, line)


def open_worker(job: Job, say: Say) -> Worker:
    """Load a job's model.

    Args:
        job: what is asked of every document.
        say: takes `notice` or `warning`, and a line about loading.

    Raises:
        LongsumError: when the model cannot be used.
    """
    module, _, name = job.open_worker.partition(":")
    return Worker(job, getattr(import_module(module), name)(job, _SayListener(say)))
