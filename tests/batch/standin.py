"""A worker without a model, whose documents say what befalls it; runs in processes of its own.

`open_standin` and `open_bad_reader` stand in a job for the functions that open the real ones.
"""

from __future__ import annotations

import os
import pickle
import re
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scripted_reader import Trap, send_raw

from longsum.batch.batch_events import BatchListener
from longsum.batch.config import BatchConfig
from longsum.batch.inputs import Passed
from longsum.batch.job import Job
from longsum.batch.outcome import DONE, Row, base_row, failed_row
from longsum.batch.reading import DocumentReader, ReadResult, ReadTask, open_reader
from longsum.batch.result_files import result_name, write_result
from longsum.batch.run import FindInputs, folder_inputs
from longsum.documents.frames import header
from longsum.errors import DocumentTooLong, ModelNotFound
from longsum.events import Listener

HERE = "batch.standin"


@dataclass
class StandIn:
    """Answers with the document's first word; obeys CRASH, CRASH-ONCE, SLEEP, LONG and MEMORY."""

    job: Job

    def __call__(self, reading: ReadResult, progress: Any = None) -> Row:
        assert reading.document is not None
        text = reading.document.text
        note(self.job, reading.name)
        if "CRASH-ONCE" in text and calls(self.job).count(reading.name) == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if "CRASH" in text and "ONCE" not in text:
            os.kill(os.getpid(), signal.SIGKILL)
        if match := re.search(r"SLEEP ([\d.]+)", text):
            time.sleep(float(match[1]))
        if "LONG" in text:
            error = DocumentTooLong("12 tokens over the window: 112 of 100", hint="cut it")
            return failed_row(self.job, reading, error)
        if progress is not None:
            progress((len(text), len(text)))
        name = result_name(reading.name, self.job.batch.format)
        answer = text.split()[0]
        return base_row(self.job, reading, DONE) | {
            "result": name,
            "result_bytes": write_result(self.job.output, name, answer + "\n"),
            "answers": [{"question": None, "text": answer}],
            "receipt": {"tokens_read": len(text), "tokens_total": len(text), "answer_tokens": 1},
        }


def log_of(job: Job) -> Path:
    return job.output.parent / "calls.log"


def note(job: Job, name: str) -> None:
    """Note a call where every process sees it, and a crash leaves it."""
    with log_of(job).open("a", errors="surrogateescape") as file:
        file.write(f"{name}\n")


def calls(job: Job) -> list[str]:
    """Return the documents that workers have begun, crashes included."""
    path = log_of(job)
    return path.read_text(errors="surrogateescape").splitlines() if path.exists() else []


def open_standin(job: Job, listener: Listener) -> StandIn:
    listener.notice("the stand-in is open")
    listener.warning("it is no model")
    return StandIn(job)


def open_missing(job: Job, listener: Listener) -> StandIn:
    raise ModelNotFound("owner/name is not on this disk", hint="fetch it")


def open_dying(job: Job, listener: Listener) -> StandIn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("is dead")


@dataclass
class BadReader:
    """Reads, unless a document's name says that it takes over, crashes, hangs or fills it."""

    reader: DocumentReader

    def __call__(self, request: dict[str, Any], data: bytes) -> dict[str, Any]:
        name = request["task"]["name"]
        if "crash" in name:
            os.kill(os.getpid(), signal.SIGSEGV)
        if "hang" in name:
            time.sleep(600)
        if "garbage" in name:
            return {"reading": {"error": None, "document": {"text": 7}}}
        if "pickle" in name:
            send_raw(pickle.dumps(Trap(os.environ["LONGSUM_TEST_TRAP"])))
        if "huge" in name:
            send_raw(header(1 << 40) + b"x" * 100)
        if "fill" in name:
            original = self.reader._read

            def fill(task: ReadTask) -> Any:
                bytearray(1 << 40)
                return original(task)

            self.reader._read = fill  # type: ignore[method-assign]
        return self.reader(request, data)


def open_bad_reader(argument: dict[str, Any]) -> BadReader:
    return BadReader(open_reader(argument))


def standin_job(output: Path, **batch: Any) -> Job:
    """Return a job for the stand-in, one reader unless asked otherwise."""
    return Job(
        output=output,
        batch=BatchConfig(**{"readers": 1} | batch),
        open_worker=f"{HERE}:open_standin",
        open_reader=f"{HERE}:open_bad_reader",
    )


def folder_of(path: Path, **texts: str) -> Path:
    """Write a folder of texts; `a__b` is `a/b`, and every name gets `.txt`."""
    for name, text in texts.items():
        file = path / f"{name.replace('__', '/')}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return path


def everything(folder: Path, job: Job) -> FindInputs:
    return folder_inputs(folder, replace(job, batch=replace(job.batch, recursive=True)))


class Recorder(BatchListener):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.begun_names: list[str] = []
        self.passed: Passed | None = None
        self.lines: list[tuple[str, str]] = []

    def notice(self, line: str) -> None:
        self.lines.append(("notice", line))

    def warning(self, line: str) -> None:
        self.lines.append(("warning", line))

    def planned(self, counts: Any, passed: Passed, workers: int) -> None:
        self.passed = passed

    def begun(self, worker: int, name: str) -> None:
        self.begun_names.append(name)

    def finished(self, row: Row, worker: int | None) -> None:
        self.rows.append(row)
