"""True and false variants of a sentence, by which grounding is measured."""

from __future__ import annotations

import json
import lzma
import random

import pytest

from benchmarks.answers import false_variants, references, true_variants
from benchmarks.answers.texts import documents, plain_sentences

DRAW = random.Random(0)
NOBODY = false_variants.Known(names=[], subjects=[])


@pytest.mark.parametrize(
    ("kind", "sentence", "variant"),
    [
        (
            "clause order",
            "When the storm came over the hills, the crew left the old ship.",
            "The crew left the old ship when the storm came over the hills.",
        ),
        (
            "active and passive",
            "The company built the bridge in 1990.",
            "The bridge was built by the company in 1990.",
        ),
        (
            "dropped aside",
            "The bridge, which was very old, fell into the river.",
            "The bridge fell into the river.",
        ),
        (
            "number respelled",
            "It holds 15 % of all the salt.",
            "It holds fifteen per cent of all the salt.",
        ),
    ],
)
def test_true_variant_says_the_same(kind, sentence, variant):
    assert true_variants.RULES[kind](sentence, "", DRAW) == variant


def test_pronoun_becomes_the_name_before_it():
    before = "Anna Berg was born in the north."
    found = true_variants.RULES["pronoun resolved"]("She left the town in spring.", before, DRAW)
    assert found == "Anna Berg left the town in spring."


@pytest.mark.parametrize(
    ("kind", "sentence", "variant"),
    [
        ("subject and object swapped", "The firm bought the mill.", "The mill bought the firm."),
        ("opposite", "The costs of the town increased.", "The costs of the town decreased."),
        ("other modal verb", "The crew must leave the ship.", "The crew may leave the ship."),
        ("other quantifier", "All ships left the harbour.", "Some ships left the harbour."),
        (
            "claim taken for fact",
            "The owners feared that the ice would close the old harbour.",
            "The ice would close the old harbour.",
        ),
        ("attempt taken for deed", "Anna tried to sell the mill.", "Anna sold the mill."),
    ],
)
def test_false_variant_says_something_else(kind, sentence, variant):
    assert false_variants.RULES[kind](sentence, NOBODY, DRAW) == variant


def test_negation_is_added_or_taken_away():
    rule = false_variants.RULES["negated"]
    assert rule("The bridge was open.", [], DRAW) in {
        "The bridge was not open.",
        "The bridge was never open.",
    }
    assert rule("The bridge was not open.", [], DRAW) == "The bridge was open."


def test_texts_of_a_folder_are_read(tmp_path):
    (tmp_path / "a.txt").write_text(
        "One two. The old bridge over the river was closed last year.\n"
    )
    (document,) = documents([tmp_path])
    assert [sentence for sentence, _ in plain_sentences(document)] == [
        "The old bridge over the river was closed last year."
    ]


def test_subject_of_another_sentence_takes_the_place_of_the_own():
    known = false_variants.Known(names=[], subjects=["The firm", "The mill"])
    rule = false_variants.RULES["other subject"]
    found = rule("The firm bought the harbour.", known, DRAW)
    assert found == "The mill bought the harbour."
    assert rule("The firm bought the harbour.", NOBODY, DRAW) is None


def test_sentences_are_looked_for_in_a_document_that_is_another(tmp_path, capsys, monkeypatch):
    """A file may ask several questions of a document."""
    file = tmp_path / "asked.jsonl.xz"
    harbour = "The harbour of Vester was closed for eleven days by the ice."
    mill = "Anna Berg built the mill of Norby with her own money in spring."
    rows = [{"doc": harbour, "target": harbour}] * 3 + [{"doc": mill, "target": [mill]}] * 2
    file.write_bytes(lzma.compress("\n".join(map(json.dumps, rows)).encode()))
    monkeypatch.setattr("sys.argv", ["references", str(file)])
    references.main()
    assert capsys.readouterr().out.splitlines()[-1] == "| asked | 2 | 100% | 0% |"
