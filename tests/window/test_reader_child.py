"""The reader process's work, done in this process with the bundled model."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import report_pdf
from tiny import save_checkpoint

from longsum.child import _asked_to_stop
from longsum.config import AskConfig, DecodeConfig, LoadConfig, StoreConfig, SummaryConfig
from longsum.documents.read import parse_text, read_document
from longsum.errors import DocumentTooLong, ModelNotFound
from longsum.window import tasks
from longsum.window.reader_child import ReadingWorker

MINI = LoadConfig(model="mini", device="cpu")
SHORT = SummaryConfig(words=60)


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    return read_document(report_pdf(tmp_path_factory.mktemp("report") / "report.pdf"))


@pytest.fixture
def worker():
    return ReadingWorker()


def opening(document, **changes):
    plain = {
        "load": MINI,
        "summary": SHORT,
        "ask": AskConfig(),
        "decode": DecodeConfig(),
        "store": None,
    }
    return tasks.Open(document, **(plain | changes))


def done(worker, task):
    """Return what a task returned, and the events it reported."""
    heard = []
    ended, value = worker(task, heard.append)
    assert ended == "done", value
    return value, heard


def failed(worker, task):
    ended, error = worker(task, lambda event: None)
    assert ended == "failed"
    return error


def kinds(heard):
    return [kind for kind, _ in heard]


def test_opening_counts_plans_and_reads(worker, document):
    read, heard = done(worker, opening(document))
    counted = dict(heard)["counted"]
    assert sum(counted["pages"]) == counted["tokens"] == read["tokens"] == read["total_tokens"]
    assert len(counted["pages"]) == 3
    planned = dict(heard)["planned"]
    assert sum(part["bytes"] for part in planned["parts"]) == planned["total"]
    assert planned["fits"]
    assert kinds(heard).index("counted") < kinds(heard).index("prefill")
    assert dict(heard)["prefill"]["done"] == read["tokens"]
    assert dict(heard)["prefill"]["page"] == 3


def test_the_preferred_model_reads_where_none_is_named(worker, document, tmp_path, monkeypatch):
    folder = str(save_checkpoint(tmp_path / "tiny", max_position_embeddings=16_384))
    monkeypatch.setattr(
        "longsum.preferred.summary_model", lambda name, config: None if name else folder
    )
    unnamed = replace(MINI, model=None)
    plan = tasks.Plan(document, unnamed, SHORT, AskConfig(verbatim=True), DecodeConfig())
    found, _ = done(worker, plan)
    _, heard = done(worker, opening(document, load=unnamed, ask=AskConfig(verbatim=True)))
    assert found["counted"]["model"] == dict(heard)["counted"]["model"] == "tiny"
    little = replace(unnamed, memory_bytes=found["planned"]["total"] // 2)
    found, _ = done(worker, replace(plan, load=little))
    assert found["counted"]["model"] == "mini"


def test_a_summary_and_an_answer_come_sentence_by_sentence(worker, document):
    done(worker, opening(document))
    summary, heard = done(worker, tasks.Summarize(SHORT, DecodeConfig()))
    sentences = [data for kind, data in heard if kind == "sentence"]
    assert sentences
    assert all(each["evidence"][0]["reference"].startswith("p. ") for each in sentences)
    assert summary["receipt"][0].startswith("read ")
    assert summary["mode"] == "verbatim"
    question = "What did the night watchman describe?"
    answer, heard = done(worker, tasks.Ask(question, AskConfig(), DecodeConfig()))
    text = "".join(data["text"] for kind, data in heard if kind == "text")
    assert "night watchman" in text
    assert isinstance(answer["sure"], bool)
    assert answer["short"] is None


def test_a_refusal_reports_what_comes_nearest_apart(worker, document):
    done(worker, opening(document))
    question = "Which composer wrote an opera about the cathedral of Salzburg?"
    answer, heard = done(worker, tasks.Ask(question, AskConfig(), DecodeConfig()))
    assert answer["answered"] is False
    text = "".join(data["text"] for kind, data in heard if kind == "text")
    assert text == "No sentence found for this."
    (near,) = [data for kind, data in heard if kind == "nearest"]
    assert "cathedral" in near["text"]
    assert near["evidence"][0]["reference"] == near["reference"]
    _, heard = done(worker, tasks.Ask("Which quarks decay?", AskConfig(), DecodeConfig()))
    assert "nearest" not in kinds(heard)


def test_a_document_too_long_is_refused_with_its_counts_and_can_be_asked(worker):
    long = parse_text("The harbour was closed. " * 9000 + "The mayor paid for it.", "long.txt")
    heard = []
    ended, error = worker(opening(long), heard.append)
    assert ended == "failed"
    assert isinstance(error, DocumentTooLong)
    assert dict(heard)["counted"]["over"] > 0
    assert "words" in kinds(heard)
    _, heard = done(worker, tasks.Ask("Who paid for it?", AskConfig(), DecodeConfig()))
    assert "mayor" in "".join(data["text"] for kind, data in heard if kind == "text")
    error = failed(worker, tasks.Summarize(SHORT, DecodeConfig()))
    assert "needs the whole document read" in str(error)


def test_a_model_without_a_head_is_asked_about_a_document_too_long_for_it(worker, tiny):
    long = parse_text("The harbour was closed. " * 900 + "The mayor paid for it.", "long.txt")
    load = LoadConfig(model=str(tiny), device="cpu")
    verbatim = AskConfig(verbatim=True)
    ended, error = worker(opening(long, load=load, ask=verbatim), lambda event: None)
    assert isinstance(error, DocumentTooLong)
    done_, heard = done(worker, tasks.Ask("Who paid for it?", verbatim, DecodeConfig()))
    assert "judged" in done_["receipt"][1]
    assert "loading" not in [data["name"] for kind, data in heard if kind == "phase"]


def test_leaving_a_part_out_reads_the_rest_and_says_so(worker):
    long = parse_text("The harbour was closed for the winter of the year. " * 400, "long.txt")
    small = replace(MINI, context=1024, force_context=True)
    read, _ = done(worker, opening(long, truncate="tail", load=small))
    assert read["tokens"] < read["total_tokens"]
    assert read["left_out"]


def test_weights_in_memory_are_used_again(worker, document, monkeypatch):
    done(worker, opening(document))
    monkeypatch.setattr(
        "longsum.loading.weights.load_weights", lambda *_: pytest.fail("loaded again")
    )
    done(worker, opening(parse_text("Another document. It is short.", "other.txt")))


def test_a_second_opening_comes_from_the_cache(worker, document):
    store = StoreConfig(min_prefill_s=0.0)
    done(worker, opening(document, store=store))
    _, heard = done(worker, tasks.Save())
    assert heard == [("phase", {"name": "keeping", "line": "caching the document"})]
    read, heard = done(ReadingWorker(), opening(document, store=store))
    assert read["from_cache"]
    assert "prefill" not in kinds(heard)


def test_a_stop_ends_the_reading_and_the_worker_goes_on(worker, document):
    _asked_to_stop.set()
    try:
        assert worker(opening(document), lambda event: None) == ("stopped", None)
    finally:
        _asked_to_stop.clear()
    done(worker, opening(document))


def test_other_settings_are_planned_without_reading(worker, document):
    task = tasks.Plan(
        document, LoadConfig(model="llama-3.1-8b"), SHORT, AskConfig(), DecodeConfig()
    )
    plan, _ = done(worker, task)
    assert plan["counted"]["estimated"]
    assert plan["planned"]["model"] == "llama-3.1-8b"


def test_models_are_listed_with_the_default_and_whether_they_fit(worker):
    rows, _ = done(worker, tasks.ListModels())
    (mini,) = [row for row in rows if row["alias"] == "mini"]
    assert (mini["default"], mini["here"], mini["bytes"]) == (True, True, 0)
    assert {"fits", "licence", "window", "note"} <= mini.keys()


def test_a_model_that_is_not_here_is_an_error_not_an_end(worker, document):
    error = failed(worker, opening(document, load=LoadConfig(model="vicuna-7b-16k")))
    assert isinstance(error, ModelNotFound)
    done(worker, opening(document))


def test_nothing_is_answered_before_anything_is_open(worker):
    assert "not read yet" in str(failed(worker, tasks.Ask("Who?", AskConfig(), DecodeConfig())))


def test_a_bug_is_an_error_of_the_task(worker, document, monkeypatch):
    monkeypatch.setattr("longsum.window.reader_child.find_model", lambda load: 1 / 0)
    assert "ZeroDivisionError" in str(failed(worker, opening(document)))
