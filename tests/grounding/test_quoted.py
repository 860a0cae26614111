"""Sentences of a document as an answer quotes them: their places, and what may be left out."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from paged import paged

from longsum.documents.document import Document, Span
from longsum.grounding.quoted import ground_verbatim

PAGE_1 = """Report of the Harbour Commission

Fishermen protested against the loss of their moorings, and a court ordered the commission to pay \
them compen-
"""
PAGE_2 = """sation. In a letter to the minister, Tom Lund wrote: “The dredging of the northern \
channel has destroyed the eelgrass meadows, and nobody
"""
PAGE_3 = """will bring them back.” Water samples taken in 2021 showed less oxygen than before.
"""


@pytest.fixture(scope="module")
def report() -> Document:
    return paged(PAGE_1, PAGE_2, PAGE_3)


def test_verbatim_sentences_keep_their_places(report):
    first = report.text.index("Fishermen")
    spans = [Span(first, first + 70), Span(len(PAGE_1 + PAGE_2) - 8, len(PAGE_1 + PAGE_2) + 26)]
    grounded = ground_verbatim(report, spans)
    joined = " ".join(sentence.text for sentence in grounded)
    for sentence, span in zip(grounded, spans, strict=True):
        assert joined[sentence.start : sentence.end] == sentence.text
        assert sentence.evidence[0].span == span
        assert sentence.supported
        assert "\n" not in sentence.text
    assert grounded[0].reference == "p. 1"
    assert (grounded[1].pages, grounded[1].reference) == ((2, 3), "pp. 2-3")


def test_verbatim_sentences_are_shortened_where_they_still_say_it(report):
    first = report.text.index("Fishermen")
    spans = [Span(first, first + 70), Span(len(PAGE_1 + PAGE_2) - 8, len(PAGE_1 + PAGE_2) + 26)]
    whole = ground_verbatim(report, spans)
    cut = ground_verbatim(report, spans, lambda text, follows: text.rpartition(" ")[0] or text)
    joined = " ".join(sentence.text for sentence in cut)
    for sentence, before in zip(cut, whole, strict=True):
        assert joined[sentence.start : sentence.end] == sentence.text
        assert sentence.original == before.text
        assert before.text.startswith(sentence.text)
        assert (sentence.evidence, sentence.reference) == (before.evidence, before.reference)


def test_it_is_known_whether_a_sentence_follows_the_one_before_it():
    text = "The port froze. However, nobody left. The ice broke.\n\nBut it froze again."
    ends = [text.index(".", at) + 1 for at in (0, 16, 38, 54)]
    document = Document(text, pages=(), sha256="", name="frost.txt")
    spans = [Span(a, b) for a, b in zip((0, 16, 38, 54), ends, strict=True)]
    seen = []

    def watch(sentence: str, *, follows: bool) -> str:
        seen.append((sentence, follows))
        return sentence

    ground_verbatim(document, spans, watch)
    assert [follows for _, follows in seen] == [False, True, True, True]
    seen.clear()
    ground_verbatim(document, [spans[0], spans[2], spans[0]], watch)
    assert [follows for _, follows in seen] == [False, False, False]


@pytest.mark.parametrize("change", [
    lambda text, follows: text.replace(" not ", " "),
    lambda text, follows: text.replace("three", "two"),
    lambda text, follows: "Nothing of the kind was ever written.",
])  # fmt: skip
def test_a_sentence_stays_whole_where_shortening_would_change_what_it_says(change):
    text = "The harbour board did not sell ice to the three fishermen of Lund in 1807."
    document = paged(text)
    (sentence,) = ground_verbatim(document, [Span(0, len(text))], change)
    assert sentence.text == text
    assert sentence.original is None


class Added(NamedTuple):
    """A bracket after a word."""

    word: str
    meaning: str
    places: tuple[Span, ...]

    def added(self, text: str) -> str:
        """Return a sentence with the bracket."""
        return text.replace(self.word, f"{self.word} [{self.meaning}]", 1)


def test_brackets_are_added_with_the_place_that_bears_them_out(report):
    first = report.text.index("a court")
    span = Span(first, first + 60)
    place = Span(0, len("Report of the Harbour Commission"))
    bracket = Added("commission", "Harbour Commission", (place,))
    (sentence,) = ground_verbatim(report, [span], None, [[bracket]])
    whole = " ".join(report.text[span.start : span.end].split())
    assert sentence.text == whole.replace("commission", "commission [Harbour Commission]")
    assert sentence.original == whole
    assert sentence.evidence[0].span == span
    assert sentence.end == len(sentence.text)
    (found,) = sentence.resolved
    assert (found.word, found.meaning, found.span, found.reference) == (
        "commission",
        "Harbour Commission",
        place,
        "p. 1",
    )


@pytest.mark.parametrize(
    "bracket",
    [
        Added("commission", "Fishery Board", (Span(0, 6),)),
        Added("captain", "Harbour Commission", (Span(0, 32),)),
    ],
)
def test_a_bracket_that_the_document_does_not_bear_out_is_left_out(report, bracket):
    first = report.text.index("a court")
    (sentence,) = ground_verbatim(report, [Span(first, first + 60)], None, [[bracket]])
    assert "[" not in sentence.text
    assert (sentence.original, sentence.resolved) == (None, ())
