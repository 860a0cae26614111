"""Clean paragraphs of the training texts."""

from __future__ import annotations

from recipes.mini.corpus import clean, join_wrapped_lines


def test_hard_wrapped_lines_are_joined_and_verse_is_not() -> None:
    line = "word " * 13
    assert "\n" not in join_wrapped_lines(f"{line}\n{line}\nend.")
    assert join_wrapped_lines("roses are red\nviolets are blue\nfin").count("\n") == 2


def test_control_characters_and_soft_hyphens_are_removed() -> None:
    assert clean("prior\x02\nity\x00 claim\u00ad ant") == "priority claimant"
