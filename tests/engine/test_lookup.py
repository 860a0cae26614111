"""Guessing changes how fast an answer is written, never what it says."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import REPOSITORY, run
from hypothesis import given
from hypothesis import strategies as st
from tiny import tiny_llama

from longsum.config import DecodeConfig
from longsum.engine.decode import Drafts
from longsum.engine.engine import Engine
from longsum.engine.llama import Llama
from longsum.engine.lookup import (
    FIRST_DRAFT,
    FIRST_PAUSE,
    JUDGED_PASSES,
    MAX_DRAFT,
    MAX_PAUSE,
    NGRAMS,
    Drafter,
    DraftLength,
    NgramIndex,
)
from longsum.engine.prefill import Reader
from longsum.errors import UsageError
from longsum.events import Listener

IDS = st.lists(st.integers(0, 4), max_size=60)


def last_place(ids: Sequence[int], run: Sequence[int]) -> int | None:
    """Return the position after the last place of a run: the slow form of `NgramIndex.find`."""
    n = len(run)
    return next((e for e in range(len(ids), n - 1, -1) if list(ids[e - n : e]) == list(run)), None)


# --- the index and the drafts ---


@given(IDS, st.lists(st.integers(0, 4), min_size=4, max_size=4))
def test_index_finds_the_last_place(ids: list[int], newest: list[int]) -> None:
    index = NgramIndex(ids)
    for n in NGRAMS:
        assert index.find(newest[-n:]) == last_place(ids, newest[-n:])


def test_runs_that_share_a_hash_are_distinguished(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    from longsum.engine import lookup

    def one_hash(ids, n):
        return np.zeros(max(0, len(ids) - n + 1), dtype=np.uint64)

    monkeypatch.setattr(lookup, "_hashes", one_hash)
    assert NgramIndex([1, 2, 3, 4]).find([1, 2]) is None
    assert NgramIndex([1, 2, 3, 4]).find([3, 4]) == 4


@given(IDS, IDS)
def test_drafts_are_what_followed_the_newest_tokens(document: list[int], answer: list[int]) -> None:
    drafter = Drafter(NgramIndex(document))
    for count, token in enumerate(answer, 1):
        drafter.push(token)
        draft = drafter.draft(5)
        assert len(draft) <= 5
        if draft:
            with_it = [*answer[max(0, count - 2) : count], *draft]
            assert any(
                text[at : at + len(with_it)] == with_it
                for text in (document, answer[:count])
                for at in range(len(text))
            )


def test_copying_goes_on_where_it_is_and_not_at_a_later_place() -> None:
    drafter = Drafter(NgramIndex([1, 2, 3, 4, 5, 6, 7, 8, 9, 4, 5, 6, 0]))
    for token in (1, 2, 3):
        drafter.push(token)
        drafter.draft(1)
    for token in (4, 5, 6):
        drafter.push(token)
    assert drafter.draft(3) == [7, 8, 9]


def test_nothing_known_gives_no_draft() -> None:
    drafter = Drafter(NgramIndex([]))
    assert drafter.draft(4) == []
    drafter.push(1)
    drafter.push(2)
    assert drafter.draft(4) == []


# --- how long, and whether at all ---


def test_accepted_drafts_grow_and_refused_ones_shrink() -> None:
    length = DraftLength()
    assert length.limit() == FIRST_DRAFT
    for _ in range(9):
        length.checked(length.limit(), length.limit())
    assert length.limit() == MAX_DRAFT
    length.checked(MAX_DRAFT, 3)
    assert length.limit() == 4
    length.checked(4, 0)
    assert length.limit() == 2
    assert (length.drafted, length.accepted) == (
        sum((4, 8)) + 8 * MAX_DRAFT + 4,
        sum((4, 8)) + 7 * MAX_DRAFT + 3,
    )


def test_drafts_that_do_not_pay_stop_for_longer_and_longer() -> None:
    length = DraftLength()
    pauses = []
    for _ in range(7):
        for _ in range(JUDGED_PASSES):
            assert length.limit() > 0
            length.checked(length.limit(), 0)
        pauses.append(0)
        while length.limit() == 0:
            length.wrote_plainly()
            pauses[-1] += 1
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pauses[-1] == MAX_PAUSE


def test_drafts_that_pay_continue_although_some_are_refused() -> None:
    length = DraftLength()
    for number in range(10 * JUDGED_PASSES):
        assert length.limit() > 0
        length.checked(length.limit(), 2 * (number % 2))


# --- the same tokens ---


@pytest.fixture(scope="module")
def model() -> Llama:
    return tiny_llama(max_position_embeddings=1024)


def answer(
    engine: Engine, suffix: list[int], count: int, stop: Sequence[int] = (), **decode: float
) -> list[int]:
    config = DecodeConfig(**decode)
    return list(engine.write(suffix, config, max_new_tokens=count, stop_ids=stop))


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draft at every chance, whether it pays or not."""
    monkeypatch.setattr(DraftLength, "limit", lambda self: self._length)
    monkeypatch.setattr(DraftLength, "_judge", lambda self: None)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kv_cache", ["native", "int8", "int4"])
def test_same_tokens_with_and_without(kv_cache, seed: int) -> None:
    model = tiny_llama(seed, vocab_size=40, max_position_embeddings=1024)
    draw = random.Random(seed)
    engine = Engine(model, capacity=420, chunk_tokens=64, kv_cache=kv_cache)
    engine.read([draw.randrange(2, 40) for _ in range(300)])
    plain = answer(engine, [5, 6, 7], 100, lookup=False)
    assert engine.stats.drafted_tokens == 0
    assert answer(engine, [5, 6, 7], 100) == plain
    assert engine.stats.drafted_tokens > 0
    # a document that says what will be answered, but for every ninth token
    engine.read_ids = [2 if i % 9 == 8 else token for i, token in enumerate(plain)]
    assert answer(engine, [5, 6, 7], 100) == plain
    assert engine.stats.drafted_tokens > engine.stats.accepted_tokens > 30
    assert engine.stats.decode_tokens == 100
    assert engine.reader.length == 300


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("temperature", [0.3, 1.0])
def test_same_samples_with_the_same_seed(temperature: float) -> None:
    """A guess is right when the sampler picks it: the picks are those of plain sampling."""
    model = tiny_llama(1, vocab_size=12, max_position_embeddings=1024)
    engine = Engine(model, capacity=400, chunk_tokens=64)
    engine.read([*range(2, 12)] * 20)
    for seed in range(5):
        options = {"temperature": temperature, "top_p": 0.9, "seed": seed}
        plain = answer(engine, [3], 60, lookup=False, **options)
        assert answer(engine, [3], 60, **options) == plain
        assert engine.stats.drafted_tokens > 0


@pytest.mark.usefixtures("eager")
def test_end_inside_a_draft_is_the_same_end(model: Llama) -> None:
    engine = Engine(model, capacity=400, chunk_tokens=64)
    engine.read([*range(2, 100)] * 3)
    whole = answer(engine, [3], 80, lookup=False)
    for count in (1, 2, 7, 40):
        assert answer(engine, [3], count) == whole[:count]
        assert engine.stats.finish_reason == "length" or len(whole) <= count
    for stop in whole[:4]:
        expected = answer(engine, [3], 80, stop=[stop], lookup=False)
        assert answer(engine, [3], 80, stop=[stop]) == expected
        assert engine.stats.finish_reason == "stop"


@pytest.mark.usefixtures("eager")
def test_drafts_never_outgrow_the_cache(model: Llama) -> None:
    document = [7, 8, 9] * 20
    engine = Engine(model, capacity=len(document) + 1 + 11, chunk_tokens=16)
    engine.read(document)
    plain = answer(engine, [7], 12, lookup=False)
    assert answer(engine, [7], 12) == plain


def test_logits_after_each_token_are_those_of_reading_them_one_by_one(
    model: Llama,
) -> None:
    reader = Reader(model, 120, 32)
    reader.read([*range(2, 80)])
    at_once = reader.read_all([5, 6, 7, 8, 9])
    assert at_once.shape == (5, 300)
    reader.rewind(78)
    singly = torch.stack([reader.read([token]) for token in (5, 6, 7, 8, 9)])
    torch.testing.assert_close(at_once, singly, rtol=1e-4, atol=1e-4)


def test_index_is_built_once_and_follows_what_is_read(
    model: Llama, monkeypatch: pytest.MonkeyPatch
) -> None:
    from longsum.engine import engine as module

    built: list[list[int]] = []

    class Counted(NgramIndex):
        def __init__(self, token_ids: Sequence[int]) -> None:
            built.append(list(token_ids))
            super().__init__(token_ids)

    monkeypatch.setattr(module, "NgramIndex", Counted)
    engine = Engine(model, capacity=100, chunk_tokens=16)
    engine.read([2, 3, 4])
    engine.read([5, 6])
    answer(engine, [7], 3)
    answer(engine, [8], 3)
    engine.reader.rewind(1)
    engine.read([9, 9])
    answer(engine, [8], 3)
    assert built == [[2, 3, 4, 5, 6], [2, 9, 9]]


def test_bundled_model_says_the_same() -> None:
    """At the real size of everything, in float32, timed and adapted as in use."""
    from longsum.config import LoadConfig
    from longsum.loading.loader import load_model
    from longsum.model.find import find_model, plan_for

    load = LoadConfig(device="cpu", dtype="float32")
    found = find_model(load)
    plan = plan_for(found, load, 2000)
    model = load_model(found.checkpoint, plan, listener=Listener())
    text = (REPOSITORY / "examples" / "handbook.md").read_text()[:4000]
    engine = Engine(model, capacity=1800, chunk_tokens=256)
    engine.read(found.tokenizer.encode_document(text))
    assert 500 < engine.reader.length < 1600
    copied = text[1500:1700]
    suffix = found.tokenizer.encode_prompt(f"\n\n{copied}")
    plain = answer(engine, suffix, 60, lookup=False)
    assert answer(engine, suffix, 60) == plain
    assert engine.stats.drafted_tokens > 0


@pytest.mark.parametrize("command", ["summarize", "ask"])
def test_option_switches_guessing_off(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    def prepare(document: object, tasks: list[Any], *_: object, **__: object) -> None:
        seen.extend(task.decode.lookup for task in tasks)
        raise UsageError("enough seen")

    monkeypatch.setattr("longsum.opening.prepare", prepare)
    path = tmp_path / "story.txt"
    path.write_text("Once there was a river.")
    for option in ((), ("--lookup",), ("--no-lookup",)):
        question = ("What was there?",) if command == "ask" else ()
        assert "enough seen" in run(command, path, *question, "--free", *option).stderr
    assert seen == [True, True, False]


def test_drafts_take_the_newest_token_first() -> None:
    drafts = Drafts(NgramIndex([1, 2, 3, 4, 5]))
    assert drafts.take(1, 9) == []
    assert drafts.take(2, 9) == [3, 4, 5]
    assert drafts.take(3, 1) == [4]
    assert drafts.take(4, 0) == []
