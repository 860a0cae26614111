"""The real model's worker, in this process, against the commands for one document."""

from __future__ import annotations

import json
from array import array
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import report_pdf
from tiny import save_checkpoint

from longsum.batch.config import BatchConfig
from longsum.batch.job import Job, with_model
from longsum.batch.readers import read_settings
from longsum.batch.reading import DocumentReader, ReadResult, ReadTask
from longsum.batch.worker import open_worker
from longsum.config import AskConfig, LoadConfig, ReadConfig, SummaryConfig, WeightsConfig
from longsum.documents.read import read_document
from longsum.errors import InsufficientMemory, UsageError
from longsum.loading import quantized_cache
from longsum.opening import ask_document, summarize_document


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    return save_checkpoint(folder, max_position_embeddings=8192)


@pytest.fixture
def job(checkpoint, tmp_path) -> Job:
    load = LoadConfig(model=str(checkpoint), device="cpu", dtype="float32")
    task = SummaryConfig(words=40, verbatim=True)
    return with_model(Job(output=tmp_path / "out", load=load, task=task))


def silent(word: str, line: str) -> None:
    """Hear nothing."""


def read(job: Job, path: Path) -> ReadResult:
    found = path.stat()
    return DocumentReader(read_settings(job)).read(
        ReadTask(path.name, str(path), found.st_size, found.st_mtime_ns)
    )


def test_summary_is_what_the_command_for_one_document_gives(job, tmp_path):
    path = report_pdf(tmp_path / "report.pdf")
    worker = open_worker(job, silent)
    heard: list = []
    row = worker(read(job, path), heard.append)
    alone = summarize_document(read_document(path), config=job.task, load=job.load)
    assert row["answers"] == [{"question": None, "text": alone.text}]
    assert row["receipt"]["tokens_read"] == alone.receipt.tokens_read
    assert heard[-1] == (alone.receipt.tokens_read,) * 2
    written = (job.output / row["result"]).read_text()
    assert written.startswith("# report.pdf\n\n" + alone.marked)
    assert len(written.encode()) == row["result_bytes"]
    assert worker(read(job, path))["answers"] == row["answers"]


def test_questions_answered_verbatim_need_no_reading(job, tmp_path, monkeypatch):
    from longsum.reading import Reading

    readings = []
    original = Reading._read

    def counted(self, *args, **kwargs):
        readings.append(1)
        return original(self, *args, **kwargs)

    path = report_pdf(tmp_path / "report.pdf")
    questions = ("Who inspected the lighthouse?", "What did the judge describe?")
    task = AskConfig(verbatim=True)
    asking = replace(job, task=task, questions=questions, batch=BatchConfig(format="json"))
    worker = open_worker(asking, silent)
    monkeypatch.setattr(Reading, "_read", counted)
    row = worker(read(asking, path))
    assert not readings
    alone = ask_document(read_document(path), list(questions), config=task, load=job.load)
    assert row["answers"] == [
        {"question": a.question, "text": a.text, "answered": True, "nearest": []} for a in alone
    ]
    written = json.loads((job.output / "report.pdf.json").read_text())
    assert [each["question"] for each in written] == list(questions)
    assert written[0]["sentences"] == alone[0].as_dict()["sentences"]


def test_the_bundled_model_answers_by_words_without_its_weights(job, tmp_path, monkeypatch):
    """A document was read for seconds, and what was read was never looked at."""
    path = report_pdf(tmp_path / "report.pdf")
    questions = ("Who inspected the lighthouse?", "Which quarks decay in Uzbekistan?")
    load = LoadConfig(model="mini", device="cpu")
    asking = replace(job, load=load, task=AskConfig(), questions=questions)
    monkeypatch.setattr("longsum.loading.loader.load_model", lambda *_, **__: pytest.fail("loaded"))
    row = open_worker(with_model(asking), silent)(read(asking, path))
    assert [each["answered"] for each in row["answers"]] == [True, False]
    assert row["receipt"]["model_used"] is False
    assert "ranked by words" in (job.output / row["result"]).read_text()


@pytest.mark.parametrize("form", ["md", "json"])
def test_refusal_names_what_comes_nearest(job, tmp_path, form):
    path = report_pdf(tmp_path / "report.pdf")
    asked = "Which composer wrote an opera about the cathedral of Salzburg?"
    load, batch = LoadConfig(model="mini", device="cpu"), BatchConfig(format=form)
    asking = replace(job, load=load, task=AskConfig(), questions=(asked,), batch=batch)
    row = open_worker(with_model(asking), silent)(read(asking, path))
    (answer,) = row["answers"]
    (near,) = answer["nearest"]
    assert (answer["answered"], answer["text"]) == (False, "No sentence found for this.")
    assert "cathedral" in near["text"]
    written = (job.output / row["result"]).read_text()
    if form == "json":
        (found,) = json.loads(written)["nearest"]
        assert (found["text"], found["reference"]) == (near["text"], near["reference"])
    else:
        said = f'{answer["text"]}\n\nNearest: "{near["text"]}" [{near["reference"]}]\n\n---'
        assert said in written


def test_document_that_is_too_long_fails_with_its_numbers_and_is_cut_only_when_asked(job, tmp_path):
    path = report_pdf(tmp_path / "long.pdf", pages=12)
    row = open_worker(job, silent)(read(job, path))
    assert row["outcome"] == "failed"
    assert row["error"]["type"] == "DocumentTooLong"
    assert "reads 8,192" in row["error"]["message"]
    assert not job.output.exists()
    cutting = replace(job, read=ReadConfig(truncate="tail"))
    row = open_worker(cutting, silent)(read(cutting, path))
    assert row["outcome"] == "done"
    receipt = row["receipt"]
    assert (receipt["truncated"], receipt["truncate"]) == (True, "tail")
    assert any("LEFT OUT (truncate tail)" in line for line in row["warnings"])
    text = (cutting.output / row["result"]).read_text()
    assert f"{receipt['left_out']} LEFT OUT" in text


def test_documents_tokens_are_those_read_ahead(job, tmp_path, monkeypatch):
    from longsum.checkpoint.tokenizer import Tokenizer

    path = report_pdf(tmp_path / "report.pdf")
    reading = read(job, path)
    worker = open_worker(job, silent)
    monkeypatch.setattr(Tokenizer, "encode_document", lambda *_: pytest.fail("read twice"))
    row = worker(reading)
    assert row["outcome"] == "done", row["error"]
    assert reading.input_ids is not None
    assert row["receipt"]["tokens_total"] == len(reading.input_ids)


@pytest.mark.parametrize("wrong", ["control", "unknown"])
def test_tokens_that_no_text_has_are_not_taken_over(job, tmp_path, wrong):
    """A reader that a document took over could send control tokens: a chat turn of its own."""
    reading = read(job, report_pdf(tmp_path / "report.pdf"))
    worker = open_worker(job, silent)
    row = worker(reading)
    inner = worker._answer.loaded.found.tokenizer.inner
    bad = inner.all_special_ids[0] if wrong == "control" else len(inner)
    ids = reading.input_ids + array("I", [bad])
    again = worker(replace(reading, input_ids=ids))
    assert again["receipt"]["tokens_total"] == row["receipt"]["tokens_total"]
    assert again["answers"] == row["answers"]


def test_cached_weights_are_reported(job, tmp_path, monkeypatch):
    monkeypatch.setattr(quantized_cache, "weights_config", lambda _: WeightsConfig(min_load_s=0.0))
    folder = save_checkpoint(tmp_path / "wide", intermediate_size=128, max_position_embeddings=8192)
    load = replace(job.load, model=str(folder), quantize="nf4")
    said = []
    open_worker(with_model(replace(job, load=load)), lambda *line: said.append(line))
    assert [word for word, line in said if "cached the nf4 weights" in line] == ["notice"]


def test_what_cannot_work_for_any_document_is_refused_at_once(job, tmp_path):
    template = tmp_path / "mine.jinja"
    template.write_text("{{ document }} {{ wrods }}")
    wrong = replace(job, task=SummaryConfig(prompt=template))
    with pytest.raises(UsageError, match="wrods"):
        open_worker(wrong, silent)
    small = replace(job, load=replace(job.load, memory_bytes=1 << 20))
    with pytest.raises(InsufficientMemory, match="needs"):
        open_worker(small, silent)


def test_errors_and_full_memory_are_rows(job, tmp_path, monkeypatch):
    reading = read(job, report_pdf(tmp_path / "report.pdf"))
    worker = open_worker(job, silent)
    for error, expected in (
        (MemoryError(), "InsufficientMemory"),
        (RuntimeError("boom"), "RuntimeError"),
        (OSError(28, "No space left on device"), "OutputError"),
    ):

        def fail(*args, error=error, **kwargs):
            raise error

        place = "longsum.files.tempfile.mkstemp" if isinstance(error, OSError) else None
        with monkeypatch.context() as patch:
            patch.setattr(place or "longsum.session.summarize_reading", fail)
            row = worker(reading)
        assert row["error"]["type"] == expected
        assert bool(row.get("again")) == (expected == "OutputError")
    assert worker(reading)["outcome"] == "done"


def test_a_document_over_the_window_is_read_in_parts_if_asked(job, tmp_path):
    path = report_pdf(tmp_path / "long.pdf", pages=15)
    job = replace(job, read=ReadConfig(parts=True))
    worker = open_worker(job, silent)
    row = worker(read(job, path), None)
    alone = summarize_document(read_document(path), config=job.task, load=job.load, parts=True)
    assert len(row["receipt"]["parts"]) == len(alone.parts) > 1
    assert row["answers"] == [{"question": None, "text": alone.text}]
    written = (job.output / row["result"]).read_text()
    assert written.startswith("# long.pdf\n\n" + alone.marked)
    short = report_pdf(tmp_path / "short.pdf")
    assert worker(read(job, short), None)["receipt"]["parts"] == ()
