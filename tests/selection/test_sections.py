from __future__ import annotations

from longsum.documents.document import Span
from longsum.selection.sections import sections_named, without_overlaps

TEXT = "Boats\n\nThey came.\n\n2. Fares\n\nThey rose.\n\nIn May.\n\n## Piers\n\nThey fell."


def named(text: str, name: str) -> list[str]:
    return [text[span.start : span.end].strip() for span in sections_named(text, name)]


def test_section_ends_at_the_next_heading() -> None:
    assert named(TEXT, "fares") == ["They rose.\n\nIn May."]
    assert named(TEXT, "piers") == ["They fell."]
    assert named(TEXT, "trains") == []


def test_section_that_is_named_in_its_paragraph_ends_with_it() -> None:
    text = "They came.\n\nFARES: They rose.\n\nThey fell."
    assert named(text, "fares") == ["FARES: They rose."]


def test_sections_that_begin_within_another_are_left_out() -> None:
    found = [(Span(10, 20), "b"), (Span(0, 12), "a"), (Span(12, 15), "c")]
    assert without_overlaps(found) == [(Span(0, 12), "a"), (Span(12, 15), "c")]
