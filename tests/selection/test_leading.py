from __future__ import annotations

from longsum.documents.sentences import split_sentences
from longsum.selection.leading import leading
from longsum.selection.sentence_features import Sentences

TEXT = """The ferry has crossed the bay since 1902 and carries many people.

Its captain keeps a dog that sleeps on the upper deck all day.

We conclude that a second ferry would pay for itself within six years.

We also conclude that a second ferry would pay for itself in six years.

The results show that no fares need to rise before the next summer comes.
"""


def of(text: str, length: int, focus: str | None = None) -> list[str]:
    """Return the first words of the leading sentences."""
    sentences = Sentences(text, split_sentences(text), length, focus)
    return [sentences.texts[i].split()[1] for i in leading(sentences, [0.0] * len(sentences.spans))]


def test_conclusions_lead_and_say_something_once() -> None:
    assert of(TEXT, 150) == ["conclude", "results"]


def test_short_summary_has_one_conclusion() -> None:
    assert of(TEXT, 50) == ["conclude"]


def test_conclusion_may_be_the_whole_summary_and_no_longer() -> None:
    assert of(TEXT, 14) == ["conclude"]
    assert of(TEXT, 10) == []


def test_focus_decides_alone() -> None:
    assert of(TEXT, 150, "the dog") == []


def test_document_without_a_conclusion_has_none() -> None:
    assert of(TEXT[: TEXT.index("We conclude")], 150) == []


def test_better_gain_decides_between_equal_conclusions() -> None:
    text = (
        "We find that boats are slow on the northern side.\n\n"
        "We find that hardly anybody came by train this year."
    )
    sentences = Sentences(text, split_sentences(text), 80)
    assert leading(sentences, [0.0, 1.0])[0] == 1
    assert leading(sentences, [1.0, 0.0])[0] == 0


def test_conclusion_comes_with_the_sentence_it_refers_to() -> None:
    text = (
        "The board asked every captain about the night boat. "
        "We conclude that this boat would hardly pay for its crew."
    )
    assert of(text, 60) == ["board", "conclude"]
    assert of(text, 14) == ["conclude"]


def test_question_is_not_taken_along() -> None:
    text = (
        "Would a night boat pay for its crew and for its coal? "
        "We conclude that this boat would hardly pay for its crew."
    )
    assert of(text, 60) == ["conclude"]
