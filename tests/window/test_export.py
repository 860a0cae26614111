from __future__ import annotations

import io
import json

import docx
import pytest
from markdown_it import MarkdownIt

from longsum.errors import OutputError
from longsum.window import export
from longsum.window.export import exported, lines_of, mark_of

ABOUT = {"id": "1" * 64, "name": "report.pdf", "title": "A *report*", "total_pages": 3}
HOSTILE = "<img src=x onerror=alert(1)> [a](http://x) `c` *b* # d | e"


def sentence(start, text, **fields):
    plain = {
        "start": start,
        "end": start + len(text),
        "text": text,
        "supported": True,
        "refusal": False,
        "heading": False,
        "reference": "p. 2",
        "contrary": None,
        "quotations": [],
        "evidence": [],
    }
    return plain | fields


def answer(text, sentences, **fields):
    plain = {
        "job": "a",
        "kind": "summary",
        "question": None,
        "settings": {"focus": None},
        "asked": "2026-01-01T00:00:00+00:00",
        "text": text,
        "sentences": sentences,
        "receipt": ["read 10 of 10 tokens"],
        "cautions": [],
    }
    return plain | fields


LISTED = answer(
    "Perhaps:\n- One thing.\n- Another.",
    [sentence(11, "One thing."), sentence(24, "Another.", reference="pp. 2-3")],
    question="What is *it*?",
)
PLAIN = answer(
    "# Findings\nIt rained. It snowed.",
    [
        sentence(0, "# Findings", heading=True, reference=None),
        sentence(11, "It rained."),
        sentence(22, "It snowed.", supported=False, reference=None),
    ],
)


def test_every_sentence_is_followed_by_its_place():
    assert [tuple(line) for line in lines_of(LISTED)] == [
        ("text", "Perhaps:"),
        ("item", "One thing. [p. 2]"),
        ("item", "Another. [pp. 2-3]"),
    ]
    assert [tuple(line) for line in lines_of(PLAIN)] == [
        ("heading", "Findings"),
        ("text", "It rained. [p. 2] It snowed. [no support found]"),
    ]


def test_what_comes_nearest_is_set_apart_from_the_answer():
    refused = answer("None.", [sentence(0, "None.", refusal=True, reference=None)], question="Who?")
    one, two = sentence(0, "It rained."), sentence(0, "It snowed.", reference="p. 3")
    assert [tuple(line) for line in lines_of(refused | {"nearest": [one]})] == [
        ("text", "None."),
        ("text", 'Nearest: "It rained." [p. 2]'),
    ]
    assert [tuple(line) for line in lines_of(refused | {"nearest": [one, two]})] == [
        ("text", "None."),
        ("text", "Nearest:"),
        ("item", '"It rained." [p. 2]'),
        ("item", '"It snowed." [p. 3]'),
    ]
    assert [tuple(line) for line in lines_of(refused | {"nearest": []})] == [("text", "None.")]


@pytest.mark.parametrize(
    ("fields", "mark"),
    [
        ({}, " [p. 2]"),
        ({"supported": False}, " [no support found]"),
        ({"supported": False, "contrary": {"reference": "p. 3"}}, " [p. 3 says otherwise]"),
        ({"supported": False, "contrary": {"reference": "pp. 3-4"}}, " [pp. 3-4 say otherwise]"),
        ({"quotations": [{"found": False}]}, " [p. 2] [quotation not found]"),
        ({"quotations": [{"found": True}]}, " [p. 2]"),
        ({"refusal": True}, ""),
    ],
)
def test_what_is_missing_is_said_after_the_sentence(fields, mark):
    assert mark_of(sentence(0, "x", **fields)) == mark


def test_markdown_holds_everything_and_no_markup_of_the_documents():
    hostile = answer(HOSTILE, [sentence(0, HOSTILE)], question=HOSTILE, cautions=["nothing found"])
    data, kind = exported("markdown", ABOUT, [PLAIN, LISTED, hostile])
    assert kind.startswith("text/markdown")
    html = MarkdownIt().render(data.decode())
    assert "<img" not in html
    assert "<a " not in html
    assert "<em>" not in html
    assert "<code>" not in html
    assert "<li>One thing. [p. 2]</li>" in html
    assert "<h1>A *report*</h1>" in html
    assert "<h2>What is *it*?</h2>" in html
    assert "<h3>Findings</h3>" in html
    assert html.count("read 10 of 10 tokens") == 3
    assert "<strong>nothing found</strong>" in html


def test_word_holds_everything():
    hostile = answer("A \x0bbell\x07. " + HOSTILE, [], question="Q\x00?")
    data, _ = exported("word", ABOUT, [PLAIN, LISTED, hostile])
    file = docx.Document(io.BytesIO(data))
    lines = [(each.style.name, each.text) for each in file.paragraphs]
    assert ("Title", "A *report*") in lines
    assert ("Heading 1", "What is *it*?") in lines
    assert ("List Bullet", "Another. [pp. 2-3]") in lines
    assert ("Heading 2", "Findings") in lines
    assert any(HOSTILE in text for _, text in lines)


def test_word_without_its_library_says_what_to_install(monkeypatch):
    monkeypatch.setattr(export, "has_word", lambda: False)
    with pytest.raises(OutputError) as raised:
        exported("word", ABOUT, [PLAIN])
    assert "longsum[word]" in raised.value.hint


def test_json_holds_the_answers_as_they_are():
    data, _ = exported("json", ABOUT, [LISTED])
    held = json.loads(data)
    assert held["answers"] == [LISTED]
    assert held["document"]["name"] == "report.pdf"


def test_an_empty_export_is_a_title():
    assert exported("markdown", {"name": "x.txt", "title": None}, [])[0] == b"# x.txt\n\nx.txt\n"


def test_headings_of_parts_are_headings():
    """They have no sign of one in the text: the sentence says so."""
    head = "Part 1 of 2 (pages 1-3)"
    parts = answer(
        f"{head}\n\nIt rained.",
        [
            sentence(0, head, heading=True, reference=None),
            sentence(len(head) + 2, "It rained."),
        ],
    )
    assert list(lines_of(parts)) == [("heading", head), ("text", "It rained. [p. 2]")]
    written = exported("markdown", ABOUT, [parts])[0].decode()
    assert "### Part 1 of 2 (pages 1-3)" in written
