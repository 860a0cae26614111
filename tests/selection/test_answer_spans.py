"""Short answers begin and end at words, without the marks around them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from longsum.documents.document import Span
from longsum.selection.answer_spans import MAX_ANSWER_WORDS, answer_spans

TEXT = 'He said:  the court\ngave him "42 days" (until May). Then — nothing.'


def texts(text: str) -> list[str]:
    """All short answers in the order of their words."""
    spans = answer_spans(text, Span(0, len(text)))
    return [
        spans.text[spans.starts[first] : spans.ends[last]]
        for first in range(len(spans.starts))
        for last in spans.candidates(first)
    ]


def test_marks_around_an_answer_are_left_out() -> None:
    found = texts(TEXT)
    assert "42 days" in found
    assert "until May" in found
    assert "the court gave him" in found
    assert not any(each.startswith(('"', "(")) or each.endswith((".", ")", '"')) for each in found)


def test_places_are_those_of_the_document() -> None:
    sentence = Span(9, len(TEXT))
    spans = answer_spans(TEXT, sentence)
    first = next(
        i for i, start in enumerate(spans.starts) if spans.text[start:].startswith("court")
    )
    place = spans.span(first, first + 2)
    assert TEXT[place.start : place.end] == "court\ngave him"
    assert spans.text[spans.starts[first] : spans.ends[first + 2]] == "court gave him"


def test_a_dash_alone_is_no_word() -> None:
    assert "—" not in texts(TEXT)
    assert not texts("— … *")


@given(st.text(alphabet='ab "(.,\n—1', max_size=60))
def test_every_answer_is_part_of_the_text_it_is_from(text: str) -> None:
    spans = answer_spans(text, Span(0, len(text)))
    for first in range(len(spans.starts)):
        lasts = spans.candidates(first)
        assert len(lasts) <= MAX_ANSWER_WORDS
        for last in lasts:
            place = spans.span(first, last)
            shown = spans.text[spans.starts[first] : spans.ends[last]]
            assert shown
            assert " ".join(text[place.start : place.end].split()) == shown
