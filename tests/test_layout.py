from __future__ import annotations

import pytest
from terminal_report import SENTENCES, SOURCE

from longsum.grounding.sources import Sources
from longsum.layout import laid_out


def printed(sentences, style):
    return "".join(piece + mark for _, piece, mark in laid_out(sentences, style))


@pytest.mark.parametrize(
    ("style", "lines"),
    [
        ("paragraph", ["{0} {1} {2}"]),
        ("bullets", ["- {0}", "- {1}", "- {2}"]),
        ("executive", ["{0}", "", "- {1}", "- {2}"]),
    ],
)
def test_layout_of_verbatim_sentences(style, lines):
    marked = [f"{s.text} [{s.reference}]" for s in SENTENCES]
    assert printed(SENTENCES, style) == "\n".join(line.format(*marked) for line in lines)


def test_one_sentence_needs_no_key_points():
    assert printed(SENTENCES[:1], "executive") == f"{SENTENCES[0].text} [p. 1]"


def test_verbatim_sources_are_on_lines_of_their_own():
    sentences = [Sources(SOURCE).added(each) for each in SENTENCES[:2]]
    shown = printed(sentences, "paragraph")
    assert shown == (
        "The terminal cost 412 million euros. [p. 1]\n"
        "    p. 1: The terminal cost 412 million euros.\n"
        "Anna Berg chairs the board. [p. 1]\n"
        "    p. 1: Anna Berg chairs the board."
    )
