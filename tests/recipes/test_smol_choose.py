"""The head over smol's states: what is read of a document, and what is made of it."""

from __future__ import annotations

import json
import lzma
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from ggufs import write_gguf
from safetensors.numpy import load_file
from tiny import tiny_model

from longsum.config import LoadConfig, SummaryConfig
from longsum.documents.document import Document, Span
from longsum.documents.read import parse_text
from longsum.model.find import find_model
from longsum.opening import open_session
from longsum.selection import head as heads
from longsum.selection.token_states import TokenStates
from longsum.selection.vocabulary import vocabulary_of
from recipes.mini import examples, read
from recipes.smol import choose, states

NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
FILES = {"stories": 3}


def story(number: int, sentences: int) -> str:
    """Return a text whose sentences differ."""
    return " ".join(
        f"On day {NUMBERS[(i + number) % 8]} the {NUMBERS[i % 8]} ships of harbour {number} "
        f"carried {NUMBERS[(3 * i) % 8]} crates of salt to the northern islands."
        for i in range(sentences)
    )


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three documents with summaries, the third with one for a part of it."""
    rows = [
        {"id": f"s{n}", "task": "summ", "doc": story(n, 6 + 8 * n), "target": story(n, 2)}
        for n in range(3)
    ]
    rows.append(rows[-1] | {"id": "s2-salt", "query": "What happened to the salt?"})
    (tmp_path / "pairs").mkdir()
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "pairs" / "stories.jsonl.xz").write_bytes(lzma.compress(lines.encode()))
    for module in (examples, read, choose):
        monkeypatch.setattr(module, "FILES", FILES)
        monkeypatch.setattr(module, "VALIDATION", {})
    monkeypatch.setattr(states, "LAYERS", (1, heads.LAST))
    monkeypatch.setattr(states, "DIRECTIONS", 4)
    monkeypatch.setattr(states, "SLACK", 50)
    return tmp_path


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A tiny Llama as a GGUF file."""
    return write_gguf(tmp_path / "tiny.gguf", tiny_model(max_position_embeddings=8192))


def run(stage: object, monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> None:
    monkeypatch.setattr(sys, "argv", ["recipe", *map(str, arguments)])
    stage.main()  # type: ignore[attr-defined]


def test_from_documents_to_a_head_that_the_program_finds(
    data: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, out = tmp_path / "states", tmp_path / "head.safetensors"
    of_states = ("--data", data, "--base", base, "--out", kept, "--tokens", "900")
    run(states, monkeypatch, *of_states, "--limit", "1")
    first = sorted(kept.iterdir())
    run(states, monkeypatch, *of_states)
    assert len(first) == 2
    assert len(sorted(kept.iterdir())) == 4
    run(choose, monkeypatch, "--data", data, "--base", base, "--states", kept, "--out", out)
    monkeypatch.setattr(heads, "SHIPPED", (out,))
    with open_session(parse_text(story(1, 9), "s"), load=LoadConfig(model=str(base))) as session:
        answer = session.summarize(SummaryConfig(words=40, verbatim=True))
    head = heads.shipped_head(find_model(LoadConfig(model=str(base))).checkpoint.fingerprint())
    assert head is not None
    assert [matrix.shape for matrix in head.projections.values()] == [(64, 4), (64, 4)]
    assert answer.sentences
    assert answer.receipt.answer_tokens == 0


def test_a_window_of_a_long_document_begins_at_a_sentence(
    data: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = find_model(LoadConfig(model=str(base)))
    begins = set()
    for number in range(12):
        document = parse_text(story(number, 30), "s")
        window = states.window_of(model, document, 900)
        assert len(window.ids) == len(window.starts) == 900
        begin = int(window.starts[0])
        assert document.text[begin:].lstrip().startswith("On day")
        again = states.window_of(model, document, 900)
        assert again.starts[0] == begin
        begins.add(begin)
    assert 0 in begins
    assert len(begins) > 4


def test_a_document_that_is_a_little_longer_is_read_whole(data: Path, base: Path) -> None:
    model = find_model(LoadConfig(model=str(base)))
    document = parse_text(story(1, 8), "s")
    tokens = len(model.tokenizer.encode_document(document.text))
    assert len(states.window_of(model, document, tokens - 50).ids) == tokens
    assert len(states.window_of(model, document, tokens - 51).ids) == tokens - 51


def test_states_that_are_kept_are_those_the_program_takes(data: Path, base: Path) -> None:
    model = find_model(LoadConfig(model=str(base)))
    reader = states.StateReader(model, 300)
    rng = np.random.default_rng(0)
    projections = {1: rng.normal(size=(64, 4)), heads.LAST: rng.normal(size=(64, 3))}
    ids = model.tokenizer.encode_document(story(1, 2))
    found = reader(ids, {n: each.astype(np.float32) for n, each in projections.items()})
    weights = tiny_model(max_position_embeddings=8192)
    with torch.inference_mode():
        tokens = torch.tensor([[*reader.prefix, *ids]])
        last = weights.model(tokens).last_hidden_state[0, len(reader.prefix) :].numpy()
    assert found.shape == (len(ids), 7)
    expected = last @ projections[heads.LAST]
    np.testing.assert_allclose(found[:, 4:], expected, atol=0.1, rtol=0.05)


def document_of(*sentences: str) -> tuple[Document, list[Span]]:
    document = parse_text(" ".join(sentences), "s")
    starts = [document.text.index(each) for each in sentences]
    return document, [Span(s, s + len(each)) for s, each in zip(starts, sentences, strict=True)]


def test_only_sentences_that_were_read_whole_are_known() -> None:
    document, spans = document_of("The cat sat.", "It rained all day.", "Then it stopped.")
    starts = np.array([0, 4, 8, 11, 12, 15, 22])
    held = TokenStates(np.zeros((7, 2), np.float32), starts)
    assert choose.read_in(spans, held, document.text + " More." * 9).tolist() == [
        True, False, False,
    ]  # fmt: skip
    to_the_end = TokenStates(held.values, starts + 13)
    assert choose.read_in(spans, to_the_end, document.text).tolist() == [False, True, True]


def test_words_are_known_where_a_sentence_with_them_was_read() -> None:
    words = vocabulary_of([["cat", "sat"], ["rain", "sat"], ["dry"]])
    found = choose.terms_in(words, np.array([False, True, False]))
    assert {term for term, known in zip(words.terms, found, strict=True) if known} == {
        "rain", "sat",
    }  # fmt: skip


def test_a_word_cut_by_the_window_is_no_word() -> None:
    text = "under the understanding of all"
    starts = np.array([0, 6, 10, 15])  # the last is in the middle of `understanding`
    held = TokenStates(np.array([[1], [2], [3], [4]], np.float32), starts)
    found = choose.states_of_words(text, ["under", "the", "understanding"], held, whole=False)
    assert found.ravel().tolist() == [1, 2, 0]


def test_saved_states_are_half_precision(
    data: Path, base: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = tmp_path / "states"
    run(states, monkeypatch, "--data", data, "--base", base, "--out", kept, "--limit", "1")
    (path,) = (each for each in kept.iterdir() if each.name != states.PROJECTIONS)
    held = load_file(path)
    assert held["states"].dtype == np.float16
    assert held["states"].shape == (len(held["starts"]), 8)
