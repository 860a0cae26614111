"""The reader process's work on a document in parts, done in this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from helpers import story
from in_parts import MINI, PAGES, report_of_parts, tiny_model_of_parts

from longsum.child import _asked_to_stop
from longsum.config import AskConfig, DecodeConfig, StoreConfig, SummaryConfig
from longsum.documents.document import Span
from longsum.errors import DocumentTooLong, InsufficientMemory
from longsum.reading import Reading
from longsum.window import tasks
from longsum.window.reader_child import ReadingWorker

SHORT = SummaryConfig(words=40)
DECODE = DecodeConfig(max_new_tokens=400)


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    return report_of_parts(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_model_of_parts(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def worker():
    return ReadingWorker()


def opening(document, load=MINI, *, parts=True, **changes):
    plain = {"summary": SHORT, "ask": AskConfig(), "decode": DecodeConfig(), "store": None}
    return tasks.Open(document, load, **(plain | changes), parts=parts)


def done(worker, task):
    """Return what a task returned, and the events it reported."""
    heard = []
    ended, value = worker(task, heard.append)
    assert ended == "done", value
    return value, heard


def of(heard, kind):
    return [data for each, data in heard if each == kind]


def text_of(heard):
    return "".join(data["text"] for data in of(heard, "text"))


def test_opening_divides_and_reads_nothing(worker, document):
    value, heard = done(worker, opening(document))
    assert [(part["first"], part["last"]) for part in value["parts"]] == [(1, 4), (5, 8), (9, 12)]
    assert value["line"] == "3 parts: pages 1-4, 5-8, 9-12"
    assert of(heard, "planned")[-1]["fits"]
    assert of(heard, "counted")[-1]["over"] > 0
    assert of(heard, "prefill") == []


def test_without_the_setting_it_is_refused_with_how_many_parts_fit(worker, document):
    ended, error = worker(opening(document, parts=False), lambda event: None)
    assert ended == "failed"
    assert isinstance(error, DocumentTooLong)
    assert error.facts["parts"] == 3


def test_a_document_that_fits_is_read_at_once_all_the_same(worker, document):
    value, _ = done(worker, opening(document, replace(MINI, context=8192)))
    assert "parts" not in value
    assert value["tokens"] == value["total_tokens"]


def test_a_summary_has_the_parts_headings_and_places_in_the_whole(worker, document):
    done(worker, opening(document))
    value, heard = done(worker, tasks.Summarize(SHORT, DecodeConfig()))
    assert [data["number"] for data in of(heard, "part")] == [1, 2, 3, None]
    said, text = of(heard, "sentence"), text_of(heard)
    assert [text[each["start"] : each["end"]] for each in said] == [each["text"] for each in said]
    heads = [each["text"] for each in said if each["heading"]]
    assert heads == [
        "Part 1 of 3 (pages 1-4)",
        "Part 2 of 3 (pages 5-8)",
        "Part 3 of 3 (pages 9-12)",
        "All parts",
    ]
    for each in said:
        for place in each["evidence"]:
            assert document.text[place["start"] : place["end"]] == each["text"]
            assert each["pages"] == list(document.pages_of(Span(place["start"], place["end"])))
    dones = [data["done"] for data in of(heard, "prefill")]
    assert dones == sorted(dones)
    assert dones[-1] == of(heard, "prefill")[-1]["total"]
    assert value["receipt"][0].endswith("tokens in 3 parts (12 pages)")
    assert len(value["receipt"]) == 3


def test_questions_to_the_bundled_model_need_no_part(worker, document):
    done(worker, opening(document))
    value, heard = done(worker, tasks.Ask("Who paid?", AskConfig(), DecodeConfig()))
    assert of(heard, "part") == of(heard, "prefill") == []
    assert value["receipt"][0].startswith("searched all sentences")


@pytest.fixture
def written(monkeypatch):
    """Have the model write what is in a list, an answer after another."""
    answers = []

    def write(self, *_) -> Iterator[str]:
        yield answers.pop(0)

    monkeypatch.setattr(Reading, "write", write)
    return answers


def test_a_question_to_a_model_that_writes_is_put_to_every_part_and_followed_up(
    worker, document, tiny, written
):
    value, _ = done(worker, opening(document, tiny, decode=DECODE))
    many = len(value["parts"])
    last = story(PAGES)[-1][0]
    written += ["Not in the document."] * (many - 1) + [last]
    ask = AskConfig(verbatim=False)
    value, heard = done(worker, tasks.Ask("Who paid?", ask, DECODE))
    assert [data["number"] for data in of(heard, "part")] == list(range(1, many + 1))
    said, text = of(heard, "sentence"), text_of(heard)
    assert [text[each["start"] : each["end"]] for each in said] == [each["text"] for each in said]
    heading, answer, missing = said
    assert heading["text"].startswith(f"Part {many} of {many} (page")
    assert answer["text"] == last
    assert answer["supported"]
    (place,) = answer["evidence"]
    assert document.text[place["start"] : place["end"]] == last
    assert answer["pages"] == [PAGES]
    assert missing["refusal"]
    assert missing["text"].startswith("Nothing found in part 1 (page")
    assert f"in {many} parts" in value["receipt"][0]
    written += ["Not in the document."] * many
    value, heard = done(worker, tasks.Ask("And when?", ask, DECODE))
    (missing,) = of(heard, "sentence")
    assert missing["text"] == f"Nothing found in any of the {many} parts."
    assert not value["answered"]


def test_the_model_is_loaded_once_for_all_parts_answers_and_openings(worker, document, monkeypatch):
    done(worker, opening(document))
    done(worker, tasks.Summarize(SHORT, DecodeConfig()))
    monkeypatch.setattr(
        "longsum.loading.weights.load_weights", lambda *_: pytest.fail("loaded again")
    )
    done(worker, tasks.Summarize(SHORT, DecodeConfig()))
    done(worker, opening(document))
    done(worker, tasks.Summarize(SHORT, DecodeConfig()))


def test_parts_come_from_the_cache_the_second_time(worker, document):
    store = StoreConfig(min_prefill_s=0.0)
    done(worker, opening(document, store=store))
    _, heard = done(worker, tasks.Summarize(SHORT, DecodeConfig()))
    assert of(heard, "prefill")
    value, heard = done(worker, tasks.Summarize(SHORT, DecodeConfig()))
    assert of(heard, "prefill") == []
    assert [data["number"] for data in of(heard, "part")] == [1, 2, 3, None]
    assert "already read" in value["receipt"][2]


def test_a_stop_ends_the_answer_and_the_next_one_reads_the_parts_again(worker, document):
    done(worker, opening(document))
    heard = []

    def report(event):
        heard.append(event)
        if event[0] == "part" and event[1]["number"] == 2:
            _asked_to_stop.set()

    try:
        assert worker(tasks.Summarize(SHORT, DecodeConfig()), report) == ("stopped", None)
    finally:
        _asked_to_stop.clear()
    assert of(heard, "part")[-1]["number"] == 2
    assert [each["heading"] for each in of(heard, "sentence")].count(True) <= 2
    done(worker, tasks.Summarize(SHORT, DecodeConfig()))


def test_parts_that_do_not_fit_the_memory_are_refused(worker, document):
    little = replace(MINI, memory_bytes=1 << 20)
    ended, error = worker(opening(document, little), lambda event: None)
    assert ended == "failed"
    assert isinstance(error, InsufficientMemory)
