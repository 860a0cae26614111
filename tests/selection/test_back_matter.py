from __future__ import annotations

import pytest

from longsum.documents.sentences import split_sentences
from longsum.selection.back_matter import in_back_matter


def of(text: str) -> dict[str, bool]:
    """Return whether each sentence is in the back matter, by its first word."""
    spans = split_sentences(text)
    found = in_back_matter(text, spans).tolist()
    return {text[a:b].split()[0]: each for (a, b), each in zip(spans, found, strict=True)}


@pytest.mark.parametrize(
    "heading", ["Acknowledgments", "## Author Contributions", "Funding", "9. Glossary", "EXERCISES"]
)
def test_sentences_about_the_publication_are_back_matter(heading: str) -> None:
    found = of(f"Results\n\nBoats came.\n\n{heading}\n\nAnna wrote it.\n\nNotes\n\nFares rose.")
    assert found["Anna"]
    assert not found["Boats"]
    assert not found["Fares"]


def test_name_at_the_beginning_of_a_paragraph_names_its_section() -> None:
    found = of("Boats came.\n\nFunding: The town paid.\n\nFares rose.")
    assert found == {"Boats": False, "Funding:": True, "Fares": False}


def test_word_within_a_heading_or_a_sentence_is_not_its_name() -> None:
    found = of("Funding the harbour\n\nBoats came.\n\nFunding was hard to find.")
    assert not any(found.values())
