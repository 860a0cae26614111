from __future__ import annotations

from longsum.documents.bibliography import bibliographies
from longsum.documents.statements import sentence_spans, statement_spans

PROSE = "The harbour board met on Monday to decide about the new ferry."
TITLE = "Modeling of the question answering task in the ferry system."
ENTRIES = f"[1] A. Quill and B. Marbeck. {TITLE} In Proceedings of the Bay, 2015."


def statements(text: str) -> list[str]:
    return [text[span.start : span.end] for span in statement_spans(text)]


def test_titles_in_a_list_of_sources_are_not_statements() -> None:
    """Two titles of a bibliography were sentences of a summary."""
    for heading in ("References", "7 REFERENCES", "Literaturverzeichnis", "## Bibliography"):
        text = f"{PROSE}\n\n{heading}\n\n{ENTRIES}\n\n{TITLE} Journal of Bays 4, 2011.\n"
        assert statements(text) == [PROSE]
        assert TITLE in [text[span.start : span.end] for span in sentence_spans(text)]


def test_text_after_a_list_of_sources_is_text() -> None:
    after = [f"{PROSE[:-1]}, and vote number {n} was taken." for n in range(5)]
    text = "\n\n".join([PROSE, "References", ENTRIES, "A Proofs", *after])
    assert statements(text) == [PROSE, *after]


def test_a_heading_without_entries_is_no_list_of_sources() -> None:
    assert bibliographies("\n\n".join(["References", PROSE, PROSE, PROSE])) == []
    assert bibliographies(PROSE) == []
