"""Whether a source asserts what a claim asserts, or only asks it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from longsum.grounding.clauses import Word

_ASKED = 0.6
"""Share of a claim's words in a question from which the source asks it."""


def only_asked(claim: Sequence[Word], source: Sequence[Word], ends: str) -> tuple[str, str] | None:
    """Return `whether`, or a question mark, if the source asks what the claim asserts.

    Args:
        claim: words of the claim.
        source: words of one sentence of the source.
        ends: the sentence's last characters.
    """
    if any(word.text in {"whether", "if"} for word in claim):
        return None
    said = {word.stem for word in claim if word.is_content}
    place = 0 if "?" in ends else next((w.place for w in source if w.text == "whether"), None)
    if place is None or not said:
        return None
    asked = {word.stem for word in source[place:] if word.is_content}
    if len(said & asked) < _ASKED * len(said):
        return None
    return "", "?" if "?" in ends else "whether"
