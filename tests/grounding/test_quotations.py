from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longsum.documents.document import Span
from longsum.grounding.quotations import MAX_GAP, QuotableText, is_checkable, quotations_in

SOURCE = (
    "The committee’s final re\u00adport was late. It said: “the costs were well-\n"
    "known to every-\nbody in  the\nministry” – and rose by 3.5 percent\n\n"
    "over pages 3–4 of the exam-\nple. Efﬁcient o\u0308ffices save 1.5 million a year."
)


def find(quotation: str, source: str = SOURCE) -> str | None:
    span = QuotableText(source).find(quotation)
    return None if span is None else source[span.start : span.end]


@pytest.mark.parametrize(
    ("quotation", "place"),
    [
        ("The committee's final report was late", "The committee’s final re\u00adport was late"),
        ("known to everybody in the ministry", "known to every-\nbody in  the\nministry"),
        ("well-known to everybody", "well-\nknown to every-\nbody"),
        ("in the ministry” — and rose by", "in  the\nministry” – and rose by"),
        ("rose by 3.5 percent over pages 3-4", "rose by 3.5 percent\n\nover pages 3–4"),
        ("pages 3–4 of the example", "pages 3–4 of the exam-\nple"),
        ("Efficient öffices save", "Efﬁcient o\u0308ffices save"),
        ("save 1.5 million a year,", "save 1.5 million a year"),
        ("report was late …", "re\u00adport was late"),
    ],
)
def test_typesetting_makes_no_difference(quotation, place):
    assert find(quotation) == place


@pytest.mark.parametrize(
    "quotation",
    [
        "the costs were unknown to everybody",
        "The Committee's final report",  # case counts
        "known to everybody in a ministry",
        "rose by 3.5 percents over",
        "5 percent over pages",  # of 3.5
        "rose by 3.55 percent",
        "Efficient öffices save 1",  # of 1.5
        "over pages 34 of the example",
        "mmittee's final report",  # half a word
        "final report was lat",
        "",
    ],
)
def test_what_the_source_does_not_say_is_not_found(quotation):
    assert find(quotation) is None


def test_ellipsis_joins_parts_in_order():
    assert find("the costs … rose by 3.5 percent").startswith("the costs were")
    assert find("The committee's final report [...] rose by") is not None
    assert find("rose by 3.5 percent ... the costs were") is None


def test_ellipsis_does_not_splice_distant_places():
    far = "We will never " + "and so on " * (MAX_GAP // 5) + "raise any taxes."
    assert find("We will never … raise any taxes", far) is None
    assert find("We will never... raise any taxes", "We will never, ever, raise any taxes.")


def test_ellipsis_of_the_source_itself():
    assert find("wait ... for the train", "Please wait... for the train") == "wait... for the train"
    assert find("wait . . . for the train", "Please wait... for the train")


def test_place_near_the_evidence_is_preferred():
    source = "the same old phrase. " * 3
    text = QuotableText(source)
    assert text.find("the same old phrase") == Span(0, 19)
    assert text.find("the same old phrase", Span(45, 50)) == Span(42, 61)
    assert text.find("the same old phrase", Span(900, 950)) == Span(0, 19)


@pytest.mark.parametrize(
    ("text", "quotations"),
    [
        ("He said “the costs were high” twice.", ["the costs were high"]),
        ('He said "the costs were high," twice.', ["the costs were high,"]),
        ("Er sagte „die Kosten waren hoch“.", ["die Kosten waren hoch"]),
        ("Il dit « les coûts sont élevés ».", [" les coûts sont élevés "]),
        ("Er sagte »die Kosten waren hoch«.", ["die Kosten waren hoch"]),
        ("彼は「費用はとても高い」と言った", ["費用はとても高い"]),
        ('A "short" word, and 5" by 7" prints.', []),
        (
            "“One whole quotation.” “Another whole one.”",
            ["One whole quotation.", "Another whole one."],
        ),
        ('An "unclosed quotation that goes on', []),
        ("“... … ...........”", []),
    ],
)
def test_quotation_marks_of_many_languages(text, quotations):
    assert [text[q.start : q.end] for q in quotations_in(text)] == quotations


def test_short_quotations_are_not_checked():
    assert not is_checkable("New Deal")
    assert is_checkable("the New Deal")


def test_arabic_source():
    source = "قالت الوزيرة إن الميزانية ستزداد بنسبة خمسة في المئة هذا العام."
    assert find("الميزانية ستزداد بنسبة خمسة", source) == "الميزانية ستزداد بنسبة خمسة"
    assert find("الميزانية ستنخفض بنسبة خمسة", source) is None


@given(st.text(alphabet="ab -\u00ad\n’“–é\u0301ﬁ1.…", max_size=40))
def test_spans_cover_what_was_asked_for(source):
    """Whatever the folding does, a span points into the text and holds the letters asked for."""
    span = QuotableText(source).find(source)
    if span is not None:
        assert 0 <= span.start < span.end <= len(source)
        core = [c for c in source if c.isascii() and c.isalnum()]
        assert core == [c for c in source[span.start : span.end] if c.isascii() and c.isalnum()]


def test_large_source():
    source = "Every word of this sentence is repeated; it isn’t new – at all.\n" * 3000
    text = QuotableText(source + "But this one is new.")
    assert text.find("But this one is new") == Span(len(source), len(source) + 19)
    assert text.find("sentence is repeated … and never found") is None
