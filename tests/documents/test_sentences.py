from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longsum.documents.sentences import is_statement, split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "text",  # `|` stands where one sentence ends and the next begins
    [
        "He came.| She left.",
        "Mr. Smith met Dr. Jones.| They spoke.",
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


@pytest.mark.parametrize(
    "text",
    [
        "The committee met in the morning and heard the report.",
        "“We will not go,” the mayor said to them.",
        "In 2010, Congress enacted the Act (124 Stat. 119) to cover more people.",
        "38 U. S. C. §5103(a) requires the Secretary to notify every claimant.",
        "The Court in Smith v. Jones, 5 U. S. 1 (1803), held that the tax was void.",
        "Table 1 shows a sample of the structure in which we are interested.",
        "1. The framework conflicts with the requirement of the statute.",
        "The President fired the director on the ninth of May.42",
        "我们在今天的会议上讨论了这条河的问题。",
    ],
)
def test_statements(text: str) -> None:
    assert is_statement(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I",
        "Held:",
        "He came.",
        "and so they went on to the river.",
        "The committee met in the morning and heard the report",
        "SUPREME COURT OF THE UNITED STATES OF AMERICA.",
        "The Origins And Growth Of River Law.",
        "6.1 Overview . . . . . . . . . . . . . . . . . . . . 8.",
        "Public Statements that he had No Connection to Russia . . . 58 4.",
        "President Trump has Dinner with FBI Director Comey . . . .",
        "Figure 3: The river at the bridge in the spring of that year.",
        "Table 2. The height of the water in feet by month.",
        "[12] A. Smith and B. Jones. The law of rivers. Journal of Water, 1999.",
        "Smith, J. R. (2004). The law of rivers and lakes. River Press.",
        "See United States v. Detroit Timber & Lumber Co., 200 U. S. 321, 337.",
        "Brown v. Board of Education, 347 U. S. 483 (1954).",
        "38 U. S. C. §5103(a); 38 CFR §3.159(b) (2008).",
        "Brief for United States 50 and see also id., at 7.",
        "6 In an attempt to recast the mandate, the dissent suggests otherwise.",
        "146Yates told the lawyers about it in the afternoon.",
        "12 + 34 = 46, 56 / 7 = 8, 9 * 9 = 81, and 3 - 2 = 1.",
        "One line of the text\nand another line of it.",
        "Word " * 130 + "end.",
        "你好。",
    ],
)
def test_no_statements(text: str) -> None:
    assert not is_statement(text)
