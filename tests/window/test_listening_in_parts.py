from __future__ import annotations

import pytest
from helpers import report_pdf

from longsum.child import _asked_to_stop
from longsum.documents.document import Span
from longsum.documents.read import parse_text, read_document
from longsum.grounding.quoted import ground_verbatim
from longsum.part_events import ALL_PARTS, MERGING
from longsum.receipt import ReadPart
from longsum.window.listening import Stopped
from longsum.window.listening_in_parts import PartsListener

PARTS = [ReadPart("pages 1-2", "page", 1, 2, 100), ReadPart("page 3", "page", 3, 3, 60)]


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    return read_document(report_pdf(tmp_path_factory.mktemp("report") / "report.pdf"))


@pytest.fixture
def heard():
    return []


@pytest.fixture
def listener(heard, document):
    return PartsListener(heard.append, document, PARTS, [50, 49, 60], [1, 2, 3])


def of(heard, kind):
    return [data for each, data in heard if each == kind]


def test_the_part_is_named_before_it_is_read(listener, heard):
    listener.part(2)
    assert heard == [("part", {"number": 2, "of": 2, "where": "page 3", "first": 3})]


def test_progress_is_that_of_all_parts_and_its_page_is_one_of_the_part(listener, heard):
    listener.part(1)
    listener.prefill(50, 160)
    listener.prefill(100, 160)  # a token more than its pages have in the whole
    listener.part(2)
    listener.prefill(160, 160)
    assert [data["page"] for data in of(heard, "prefill")] == [1, 2, 3]
    assert [data["done"] for data in of(heard, "prefill")] == [50, 100, 160]
    assert of(heard, "prefill")[1]["seconds_left"] >= 0
    assert of(heard, "phase") == [{"name": "reading", "line": "reading"}] * 2


def test_steps_between_parts_are_said_but_not_that_one_is_cached(listener, heard):
    listener.part(1)
    for step in ("loading mini", "choosing sentences", "caching the document", "writing"):
        listener.phase(step)
    assert [data["name"] for data in of(heard, "phase")] == ["loading", "choosing", "writing"]


def test_after_the_last_part_all_are_summarized(listener, heard):
    listener.part(2)
    listener.phase(MERGING)
    assert of(heard, "part")[-1]["number"] is None
    assert of(heard, "phase")[-1]["name"] == "choosing"


def test_headings_and_remarks_are_where_the_text_has_them(listener, heard, document):
    listener.part(1)
    listener.heading("Part 1 of 2 (pages 1-2)")
    (sentence,) = ground_verbatim(document, [Span(0, 40)])
    listener.sentence(sentence.text, " [p. 1]", sentence)
    listener.text("\n\n")
    listener.part(2)
    listener.heading("Part 2 of 2 (page 3)")
    listener.sentence(sentence.text, " [p. 1]", sentence)
    listener.text("\n\n")
    listener.heading(ALL_PARTS)
    listener.remark("Nothing found in part 2 (page 3).")
    text = "".join(data["text"] for data in of(heard, "text"))
    said = of(heard, "sentence")
    assert [text[each["start"] : each["end"]] for each in said] == [each["text"] for each in said]
    assert [each["heading"] for each in said] == [True, False, True, False, True, False]
    assert [each["pages"] for each in said if each["heading"]] == [[1], [3], []]
    assert said[-1]["refusal"]
    assert said[1]["start"] < said[3]["start"]
    assert not any(each["evidence"] for each in said if each["heading"])


def test_headings_of_a_text_without_pages_lead_nowhere(heard):
    parts = [ReadPart("lines 1-20", "line", 1, 20, 100)]
    listener = PartsListener(heard.append, parse_text("It rained.", "x.txt"), parts)
    listener.part(1)
    listener.heading("Part 1 of 1 (lines 1-20)")
    listener.prefill(50, 100)
    assert of(heard, "sentence")[0]["pages"] == []
    assert of(heard, "prefill")[0]["page"] is None


def test_an_answer_that_reads_nothing_is_reported_like_any_other(listener, heard):
    listener.phase("loading smol")
    assert heard == [("phase", {"name": "choosing", "line": "choosing smol"})]


def test_a_stop_is_heard_between_parts(listener):
    _asked_to_stop.set()
    try:
        with pytest.raises(Stopped):
            listener.part(2)
        with pytest.raises(Stopped):
            listener.phase("caching the document")
    finally:
        _asked_to_stop.clear()
