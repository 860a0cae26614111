"""What sentences need in brackets where others are gone from before them."""

from __future__ import annotations

from longsum.documents.document import Span
from longsum.selection.brackets import Bracket, References

TEXT = """Anna Lund kept the light of the Baltic Ferry Board (BFB). She said that the ice was \
thin. The BFB paid her. Her boat was the first one with a motor. Anna Lund argued with the keeper.

The BFB was closed in 1911. The keeper was asleep. She sold the boat."""


def span_of(sentence: str) -> Span:
    """Return where a sentence of the text is."""
    start = TEXT.index(sentence)
    return Span(start, start + len(sentence))


def written(*sentences: str) -> list[str]:
    """Return sentences with their brackets, shown in this order."""
    spans = [span_of(sentence) for sentence in sentences]
    found = []
    for sentence, brackets in zip(sentences, References(TEXT).shown(spans), strict=True):
        for bracket in brackets:
            sentence = bracket.added(sentence)
        found.append(sentence)
    return found


def test_person_and_short_form_are_named_in_the_documents_words() -> None:
    assert written("Her boat was the first one with a motor.", "The BFB was closed in 1911.") == [
        "Her [Anna Lund’s] boat was the first one with a motor.",
        "The BFB [Baltic Ferry Board] was closed in 1911.",
    ]


def test_nothing_is_explained_twice_or_after_it_was_said() -> None:
    first = "Anna Lund kept the light of the Baltic Ferry Board (BFB)."
    second = "She said that the ice was thin."
    assert written(first, second, "Her boat was the first one with a motor.") == [
        first,
        second,
        "Her boat was the first one with a motor.",
    ]
    assert written("The BFB paid her.", "The BFB was closed in 1911.") == [
        "The BFB [Baltic Ferry Board] paid her.",
        "The BFB was closed in 1911.",
    ]


def test_a_person_is_named_again_after_another_sentence() -> None:
    first, second = "She said that the ice was thin.", "The BFB was closed in 1911."
    third = "Her boat was the first one with a motor."
    assert written(first, second, third)[2] == (
        "Her [Anna Lund’s] boat was the first one with a motor."
    )


def test_it_is_left_open_where_it_is_not_sure() -> None:
    assert References(TEXT).subject(span_of("She sold the boat.")) is None
    assert References(TEXT).subject(span_of("The BFB paid her.")) is None


def test_places_are_the_sentences_that_name_the_person() -> None:
    text = "Anna Lund kept the light. Anna Lund said so. Lund said that the ice was thin. She left."
    found = References(text).subject(Span(text.index("She"), len(text)))
    assert found is not None
    assert [text[a:b] for a, b in found.places] == [
        "Lund said that the ice was thin.",
        "Anna Lund kept the light.",
    ]


def test_a_bracket_stands_after_its_word_or_in_place_of_it() -> None:
    bracket = Bracket("She", "Anna Lund", (Span(0, 1),))
    assert bracket.added("Later, she left the sheds.") == "Later, she [Anna Lund] left the sheds."
    assert bracket.instead("She left the sheds.") == "Anna Lund left the sheds."
    assert bracket.added("The sheds were closed.") == "The sheds were closed."


def test_explanations_of_short_forms_stay_few() -> None:
    shorts = [f"{a}{b}{c}" for a in "KL" for b in "MN" for c in "PQR"]
    meanings = [f"{a}elp {b}oor {c}ock" for a, b, c in shorts]
    defined = " ".join(f"The {m} ({s}) was kept." for s, m in zip(shorts, meanings, strict=True))
    told = [f"The {short} was closed by the board in the autumn of 1911." for short in shorts]
    text = f"{defined}\n\n{' '.join(told)}"
    spans = [Span(text.index(each), text.index(each) + len(each)) for each in told]
    found = [each for brackets in References(text).shown(spans) for each in brackets]
    assert [each.word for each in found] == shorts[: len(found)]
    words = sum(len(each.split()) for each in told)
    assert sum(len(each.meaning.split()) for each in found) == int(0.08 * words / 3) * 3


def test_several_are_explained_by_what_stands_for_several() -> None:
    text = (
        "The old tide gauges (OTGs) were kept by a harbour board (HB) on a "
        "tidal locus (TL).\n\nOTGs are slow. HBs are poor. TLs are wet. An OTG is heavy."
    )
    spans = [
        Span(text.index(each), text.index(each) + 8)
        for each in ("OTGs are", "HBs are", "TLs are", "An OTG")
    ]
    found = [[each.word for each in References(text).short_forms(span)] for span in spans]
    assert found == [["OTGs"], [], [], ["OTG"]]


def test_one_is_explained_by_what_stands_for_one_where_the_document_says_it() -> None:
    text = (
        "The tide gauges (TGs) and the lamp boxes (LB) were old. A tide gauge is slow. "
        "A TG broke. The LB too."
    )
    spans = [Span(text.index(each), text.index(each) + 6) for each in ("A TG", "The LB")]
    found = [[each.meaning for each in References(text).short_forms(span)] for span in spans]
    assert found == [["tide gauge"], ["lamp boxes"]]


def test_a_body_is_named_until_it_was() -> None:
    text = (
        "The Ninth Circuit reversed. The court held that ice is water. The ice is thin. "
        "The court sent it back. Nobody paid."
    )
    spans = [Span(text.index(each), text.index(each) + len(each)) for each in text.split(". ")]
    spans = [Span(a, b + 1) for a, b in spans]
    both = References(text)
    assert [[each.meaning for each in found] for found in both.shown([spans[1], spans[3]])] == [
        ["Ninth Circuit"],
        [],
    ]
    assert both.shown([spans[0], spans[1]]) == [[], []]
    assert both.shown([spans[2], spans[3]])[1][0].added("The court sent it back.") == (
        "The court [Ninth Circuit] sent it back."
    )
