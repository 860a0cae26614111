"""Which body a noun stands for, and where that is left open."""

from __future__ import annotations

import pytest

from longsum.selection.namesakes import namesakes


def last(*texts: str) -> tuple[str, str, int] | None:
    """Return which body the last of some sentences speaks of."""
    found = namesakes(texts)[-1]
    return found and (found.noun, found.name, found.sentence)


@pytest.mark.parametrize(
    ("before", "text", "noun", "name"),
    [
        ("The Supreme Court of Sund met in May.", "The court held that ice is water.",
         "The court", "Supreme Court of Sund"),
        ("But the Ninth Circuit reversed.", "The court found that ice is water.",
         "The court", "Ninth Circuit"),
        ("In 1902 the Baltic Ferry Act was passed.", "This act was repealed in 1911.",
         "This act", "Baltic Ferry Act"),
        ("He taught at the Lund Boys' School.", "The school closed in 1911.",
         "The school", "Lund Boys' School"),
    ],
)  # fmt: skip
def test_the_only_body_of_its_kind_that_the_sentences_before_name(
    before: str, text: str, noun: str, name: str
) -> None:
    assert last(before, "Ice is thin.", text) == (noun, name, 0)


@pytest.mark.parametrize(
    "texts",
    [
        ["The Ninth Circuit and the Tenth Circuit differ.", "The court held that ice is water."],
        ["The Ninth Circuit reversed.", "A state court agreed.", "The court held that it is ice."],
        ["The Ninth Circuit reversed.", "Other courts agreed.", "The court held that it is ice."],
        ["The Ninth Circuit reversed.", "## The ice", "The court held that it is ice."],
        ["The Ninth Circuit reversed.", *["Ice is thin."] * 5, "The court held that it is ice."],
        ["The Court was full.", "The court held that it is ice."],
        ["The Ninth Circuit reversed.", "The court of Sund held that it is ice."],
        ["The Ninth Circuit reversed.", "The Court held that it is ice."],
        ["The Ninth Circuit reversed.", "The court asked the Tenth Circuit about ice."],
    ],
)
def test_it_is_left_open_where_it_may_be_another(texts: list[str]) -> None:
    assert last(*texts) is None
