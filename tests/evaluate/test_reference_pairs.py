from __future__ import annotations

import json
import lzma
from dataclasses import replace
from pathlib import Path

import pytest

from longsum.documents.read import read_document
from longsum.errors import CorruptDocument, DocumentNotFound, EmptyDocument
from longsum.evaluate.reference_pairs import Pair, pairs_hash, read_pairs
from longsum.settings import Setting
from longsum.similarity import count_words


def row(number: int, **more: object) -> dict[str, object]:
    return {
        "id": f"d{number}",
        "task": "summ",
        "doc": f"Document {number}.",
        "query": None,
        "target": "Two words.",
    } | more


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    text = "".join(json.dumps(each) + "\n" for each in rows)
    if path.suffix == ".xz":
        path.write_bytes(lzma.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def test_rows_become_pairs(tmp_path):
    rows = [row(0), row(1, target=["One.", "Three more words."], query=" Why? ", task="qa")]
    path = write(tmp_path / "pairs.jsonl.xz", rows)
    first, second = read_pairs([path])
    assert first == Pair("d0", "pairs.jsonl.xz:1", "summ", "Document 0.", None, ("Two words.",))
    assert second.references == ("One.", "Three more words.")
    assert (second.query, second.task) == ("Why?", "qa")
    assert second.words == 2  # (1 + 3) / 2


def test_limit_is_evenly_spaced_over_all(tmp_path):
    path = write(tmp_path / "p.jsonl", [row(i) for i in range(10)])
    assert [p.id for p in read_pairs([path], limit=2)] == ["d2", "d7"]
    assert [p.id for p in read_pairs([path], limit=99)] == [f"d{i}" for i in range(10)]


def test_filters_come_before_the_limit(tmp_path):
    rows = [row(i, task="qa" if i % 2 else "summ", query=f"Ask {i % 3}") for i in range(12)]
    path = write(tmp_path / "p.jsonl", rows)
    assert [p.id for p in read_pairs([path], task="qa", query="ASK 0")] == ["d3", "d9"]
    assert [p.id for p in read_pairs([path], task="qa", query="ask 0", limit=1)] == ["d9"]


def test_several_files_are_read_in_their_order(tmp_path):
    a, b = write(tmp_path / "a.jsonl", [row(1)]), write(tmp_path / "b.jsonl", [row(2)])
    assert [p.place for p in read_pairs([b, a])] == ["b.jsonl:1", "a.jsonl:1"]


def test_nothing_left_says_why(tmp_path):
    path = write(tmp_path / "p.jsonl", [row(1)])
    with pytest.raises(EmptyDocument, match="none of the 1 rows") as found:
        read_pairs([path], task="qa")
    assert found.value.remedies == (Setting("task_filter"), Setting("query_filter"))
    with pytest.raises(EmptyDocument, match="no rows"):
        read_pairs([write(tmp_path / "e.jsonl", [])])
    with pytest.raises(DocumentNotFound):
        read_pairs([tmp_path / "absent.jsonl"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"target": None}, "line 2 has no target"),
        ({"target": []}, "no target"),
        ({"target": ["a", 3]}, "no target"),
        ({"target": "  "}, "no target"),
        ({"doc": None}, "line 2 has no doc"),
        ({"doc": 7}, "line 2 has a doc that is not a string"),
        ({"query": ["x"]}, "line 2 has a query that is not a string"),
    ],
)
def test_broken_rows_are_named(tmp_path, change, said):
    with pytest.raises(CorruptDocument, match=said):
        read_pairs([write(tmp_path / "p.jsonl", [row(1), row(2, **change)])])


def test_row_without_id_is_called_by_its_place(tmp_path):
    rows = [row(1, id=None), row(2, id=17), row(3, id="a\x1b[31mb")]
    found = [p.id for p in read_pairs([write(tmp_path / "p.jsonl", rows)])]
    assert found[:2] == ["p.jsonl:1", "17"]
    assert "\x1b" not in found[2]


@pytest.mark.parametrize(
    "query",
    [
        "Summarize the whole meeting.",
        "Summarize the meeting",
        "summarise this entire document!",
        "What is the plot of the story?",
        None,
    ],
)
def test_query_for_the_whole_is_no_focus(query):
    assert Pair("a", "p:1", None, "x", query, ("y",)).focus is None


@pytest.mark.parametrize(
    "query", ["Summarize the discussion about costs.", "Who is Noork?", "What is the setting?"]
)
def test_other_queries_are_the_focus(query):
    assert Pair("a", "p:1", None, "x", query, ("y",)).focus == query


def test_document_is_read_as_a_text_file_is(tmp_path):
    text = "It was a dark and stormy night,\nand rain fell in tor-\nrents on us.\n\n* An item\n"
    path = tmp_path / "file.txt"
    path.write_text(text)
    found = Pair("a", "p:1", None, text, None, ("y",)).document
    assert found == replace(read_document(path), name="a")
    assert "\ud800" not in Pair("a", "p:1", None, "Half \ud800 one.", None, ("y",)).document.text
    with pytest.raises(EmptyDocument):
        _ = Pair("a", "p:1", None, " ", None, ("y",)).document


def test_words_are_parted_by_space_or_are_characters():
    assert count_words("one two-three  four") == 3
    assert count_words("我爱北京 beijing") == 5
    assert count_words("") == 0


def test_fingerprint_changes_with_what_is_scored():
    pair = Pair("a", "p:1", None, "x", None, ("y",))
    others = [
        Pair("b", "p:1", None, "x", None, ("y",)),
        Pair("a", "p:1", None, "z", None, ("y",)),
        Pair("a", "p:1", None, "x", "q", ("y",)),
        Pair("a", "p:1", None, "x", None, ("y", "z")),
    ]
    assert len({pairs_hash([each]) for each in [pair, *others]}) == 5
    assert pairs_hash([pair]) == pairs_hash([Pair("a", "q:9", "qa", "x", None, ("y",))])
