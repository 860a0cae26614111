from __future__ import annotations

import pytest

from longsum.child import _asked_to_stop
from longsum.documents.document import Span
from longsum.documents.read import parse_text
from longsum.grounding.grounder import GroundedSentence
from longsum.grounding.quoted import ground_verbatim
from longsum.settings import Setting
from longsum.window.listening import AnswerListener, ReadingListener, Stopped

DOCUMENT = parse_text("It rained. The bridge fell.\n", "x.txt")


@pytest.fixture
def heard():
    return []


def test_progress_names_the_page_and_the_time_left(heard):
    listener = ReadingListener(heard.append, [100, 0, 300], [1, 2, 5])
    for done in (50, 100, 101, 400):
        listener.prefill(done, 400)
    assert heard.pop(0) == ("phase", {"name": "reading", "line": "reading"})
    assert [data["page"] for _, data in heard] == [1, 1, 5, 5]
    assert heard[-1][1]["seconds_left"] == 0
    assert all(data["tokens_per_s"] for _, data in heard)


def test_progress_without_pages_names_none(heard):
    ReadingListener(heard.append).prefill(5, 10)
    assert heard[1][1]["page"] is None


def test_nothing_read_yet_promises_nothing(heard):
    ReadingListener(heard.append).prefill(0, 10)
    assert heard[1][1]["seconds_left"] is None
    assert heard[1][1]["tokens_per_s"] is None


def test_steps_and_lines_are_said_in_words(heard):
    listener = ReadingListener(heard.append)
    listener.phase("loading smol")
    listener.phase("choosing sentences")
    listener.notice(f"see {Setting('model')}")
    listener.warning("careful")
    assert heard == [
        ("phase", {"name": "loading", "line": "loading smol"}),
        ("phase", {"name": "choosing", "line": "choosing sentences"}),
        ("notice", {"line": "see model"}),
        ("warning", {"line": "careful"}),
    ]


def test_a_stop_is_heard_at_the_next_check(heard):
    listener = ReadingListener(heard.append)
    listener.check()
    _asked_to_stop.set()
    try:
        with pytest.raises(Stopped):
            listener.check()
        with pytest.raises(Stopped):
            listener.phase("writing")
    finally:
        _asked_to_stop.clear()


def test_sentences_of_a_list_are_where_the_text_has_them(heard):
    listener = AnswerListener(heard.append, DOCUMENT)
    for each in ground_verbatim(DOCUMENT, [Span(0, 10), Span(11, 27)]):
        listener.sentence(f"\n- {each.text}", " [line 1]", each)
    text = "".join(data["text"] for kind, data in heard if kind == "text")
    assert text == "\n- It rained.\n- The bridge fell."
    sentences = [data for kind, data in heard if kind == "sentence"]
    assert [text[s["start"] : s["end"]] for s in sentences] == ["It rained.", "The bridge fell."]
    assert sentences[1]["evidence"][0] | {"score": 1.0} == {
        "start": 11,
        "end": 27,
        "text": "The bridge fell.",
        "reference": "line 1",
        "score": 1.0,
    }


def test_what_comes_nearest_is_no_part_of_the_answers_text(heard):
    listener = AnswerListener(heard.append, DOCUMENT)
    (near,) = ground_verbatim(DOCUMENT, [Span(11, 27)])
    listener.nearest('\n\nNearest: "The bridge fell."', " [line 1]", near)
    ((kind, data),) = heard
    assert (kind, data["text"], data["reference"]) == ("nearest", "The bridge fell.", "line 1")
    assert (data["evidence"][0]["start"], data["evidence"][0]["end"]) == (11, 27)


def test_loading_a_model_for_an_answer_is_not_reading_again(heard):
    AnswerListener(heard.append, DOCUMENT).phase("loading smol")
    assert heard[-1][1]["name"] == "choosing"


def test_a_written_sentence_keeps_its_own_offsets(heard):
    listener = AnswerListener(heard.append, DOCUMENT)
    listener.text("# A heading\nIt rai")
    listener.sentence("ned.", "", GroundedSentence("It rained.", 12, 22))
    assert heard[-1][1]["start"] == 12
    assert heard[-1][1]["end"] == 22
    assert heard[-1][1]["contrary"] is None
    assert heard[-1][1]["drafted"] is None
    again = GroundedSentence("It poured.", 12, 22, supported=True, drafted="It rained.")
    listener.sentence("It poured.", "", again)
    assert heard[-1][1]["drafted"] == "It rained."


def test_a_long_passage_is_cut_visibly(heard):
    document = parse_text("word " * 1000, "x.txt")
    listener = AnswerListener(heard.append, document)
    (long,) = ground_verbatim(document, [Span(0, 4999)])
    listener.sentence(long.text, "", long)
    assert heard[-1][1]["evidence"][0]["text"].endswith(" …")
    assert heard[-1][1]["evidence"][0]["end"] == 4999
