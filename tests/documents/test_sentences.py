from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longsum.documents.sentences import split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "text",  # `|` marks where one sentence ends and the next begins
    [
        "He came.| She left.",
        "Mr. Smith met Dr. Jones.| They spoke.",
        "It was a ”J. Edgar Hoover moment” for him.| He left.",
        "It is on the list “100 Years...100 Movies”.| So is this.",
        "Use a tool, e.g. a saw, i.e. something sharp.| Then cut.",
        "See Fig. 3 for it.| No. 5 is shown vs. No. 6.",
        "Is that so? No.| It is not.".replace("? No", "?| No"),
        "He lives in the U.S. The law is strict.".replace("U.S. ", "U.S.| "),
        "He lives in the U.S. Virgin Islands.",
        "It cites 38 U. S. C. §5103(a) and 18 U. S. C. §924(e).| Both apply.",
        "Acme Inc. said so.| Acme Inc. The others did not.".replace("Inc. The", "Inc.| The"),
        "Tsarfaty et al. (2012) and J. R. R. Tolkien agree.| So do we.",
        "The value is 3.2 in §4.1.| It rose to 4.5 later.",
        "In Brown v. Board of Education, 347 U. S. 483 (1954), it held so.| It was right.",
        "Congress used the words (CA9 2008).| The Court agreed.",
        "1. Do this.| 2. Do that.",
        "He said “stop.”| She stopped.",
        'He said "stop."| She stopped.',
        "“Stop!” he cried.| “Why?” she asked.",
        "He left (she stayed).| (Nobody knew why.)| It rained.",
        "He waited...| Then he left.",
        "He waited . . . and left.| It was over.",
        "It promised peace . . . .| Nothing came of it.",
        "See https://example.org/a.b?c=d.e and mail me@example.org.| Open README.md now.",
        "Really?!| Yes!| Good.",
        "我们在这里。|你好吗？|很好！",
        "他说：“好。”|她走了。",
        "هل أنت بخير؟| نعم أنا بخير.",
        "The mandate falls.6| To an economist, there is none.",
        "She arrived on Jan. 5 at 9 a.m. and left on Dec. 6.| Nobody saw her.",
        "The War ended.| 5 years passed.",
        "Das gilt z. B. für Wasser.| Der Fluß stieg.",
        "Gen. Lee and Lt. Col. North met Gov. Brown in Washington, D. C., in May.| They left.",
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str) -> None:
    plain = text.replace("|", "")
    assert sentences(plain) == [part.strip() for part in text.split("|")]


def test_sentences_never_cross_a_newline() -> None:
    assert sentences("A heading\n\nOne. Two\nThree.") == ["A heading", "One.", "Two", "Three."]


def test_spans_have_no_white_space_at_their_ends() -> None:
    assert sentences("  One.   Two. \n \n") == ["One.", "Two."]
    assert sentences("") == sentences(" \n ") == []


@given(st.text(alphabet="aA1 .?!\n“”()。v§"))
def test_spans_rise_and_leave_only_white_space(text: str) -> None:
    spans = split_sentences(text)
    assert all(a.end <= b.start for a, b in zip(spans, spans[1:], strict=False))
    covered = "".join(text[a:b] for a, b in spans)
    assert "".join(covered.split()) == "".join(text.split())
