"""A worker that answers immediately, so that only the overhead around a model is measured."""

from __future__ import annotations

from longsum.batch.job import Job
from longsum.batch.outcome import DONE, Row, base_row
from longsum.batch.reading import ReadResult
from longsum.batch.result_files import result_name, write_result
from longsum.batch.worker import AnswerReading, TokenProgress
from longsum.child import Say

OPEN = "benchmarks.batch.standin:open_instant"


def open_instant(job: Job, say: Say) -> AnswerReading:
    """Return a worker that answers with a document's first 500 characters."""

    def answer(reading: ReadResult, progress: TokenProgress | None) -> Row:
        assert reading.document is not None
        text = reading.document.text
        name = result_name(reading.name, job.batch.format)
        return base_row(job, reading, DONE) | {
            "result": name,
            "result_bytes": write_result(job.output, name, text[:500] + "\n"),
            "answers": [{"question": None, "text": text[:500]}],
            "receipt": {"tokens_read": len(text), "tokens_total": len(text), "answer_tokens": 100},
        }

    return answer
