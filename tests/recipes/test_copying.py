"""How the recipe comes to copying: rows that ask for it, weights that begin with it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import LlamaForCausalLM

from recipes.mini.initial import set_induction_circuit
from recipes.mini.mixture import Mixture
from recipes.mini.pretrain import length_at
from recipes.mini.settle import aim_position_heads, freeze_position_heads
from recipes.mini.settle import length_at as settled_length_at
from recipes.mini.shapes import SHAPES
from recipes.mini.tasks import Row, copies, facts

VOCABULARY = 512


class Bytes:
    """Stands in for the rows' tokenizer and texts: one token a byte."""

    begin = 0
    vocab_size = VOCABULARY

    def encode(self, text: str) -> list[int]:
        return [6 + byte for byte in text.encode()]

    def text(self, rng: np.random.Generator, length: int) -> np.ndarray:
        return rng.integers(300, VOCABULARY, length)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def made(task, number: int, length: int = 400) -> Row:  # type: ignore[no-untyped-def]
    return task(Bytes(), np.random.default_rng([1, number]), length)


@pytest.mark.parametrize("task", [copies, facts])
@pytest.mark.parametrize("number", range(20))
def test_rows_are_as_long_as_asked_and_begin_as_texts_do(task, number: int) -> None:  # type: ignore[no-untyped-def]
    row = made(task, number)
    assert len(row.ids) == len(row.plain) == len(row.copied) == 400
    assert row.ids[0] == Bytes.begin
    assert not row.plain[0]
    assert not row.copied[0]
    assert row.copied.any()


@pytest.mark.parametrize("number", range(20))
def test_what_is_asked_for_stands_earlier_in_the_row(number: int) -> None:
    row = made(facts, number)
    text = bytes(token - 6 if 6 <= token < 262 else 0 for token in row.ids).decode("latin-1")
    answers = "".join(c if copied else "|" for c, copied in zip(text, row.copied, strict=True))
    found = [answer for answer in answers.split("|") if answer]
    assert found
    for answer in found:
        assert answer.endswith(".")
        assert text.count(answer[:-1]) >= 2


@pytest.mark.parametrize("number", range(20))
def test_every_copied_token_follows_the_tokens_it_followed_before(number: int) -> None:
    row = made(copies, number)
    at = np.flatnonzero(row.copied)
    period = at[0] - 2  # the first to be copied is the passage's second
    assert (row.ids[at] == row.ids[at - period]).all()


def test_rows_too_short_for_a_fact_become_copies() -> None:
    row = made(facts, 3, length=40)
    assert len(row.ids) == 40
    assert row.copied.any()


def test_copied_tokens_weigh_a_set_share_of_the_row_and_never_less_than_plain_ones() -> None:
    mixture = Mixture(copied_share=0.3)
    few = Row(np.zeros(100), np.arange(100) > 0, np.arange(100) >= 97)
    many = Row(np.zeros(100), np.arange(100) > 0, np.arange(100) >= 10)
    assert mixture.weights(few)[97:] == pytest.approx([10, 10, 10])
    assert mixture.weights(few)[:3] == pytest.approx([0, 1, 1])
    assert mixture.weights(many)[10:].max() == 1


def test_rows_grow_to_the_window_and_never_beyond() -> None:
    assert [length_at(step, 100, 2048) for step in (1, 50, 80)] == [512, 1024, 2048]
    assert [length_at(step, 100, 256) for step in (1, 50, 80)] == [256] * 3


def copied_share(model: LlamaForCausalLM) -> float:
    """Share of random tokens told right when the sequence comes a second time."""
    ids = torch.randint(6, VOCABULARY, (4, 48), generator=torch.Generator().manual_seed(1))
    twice = torch.cat([ids, ids], dim=1)
    with torch.no_grad():
        told = model(twice).logits[:, 48:-1].argmax(-1)
    return (told == twice[:, 49:]).float().mean().item()


def test_the_circuit_copies_before_any_training() -> None:
    torch.manual_seed(0)
    model = LlamaForCausalLM(SHAPES["small"].config(VOCABULARY))
    assert copied_share(model) < 0.05
    set_induction_circuit(model)
    assert copied_share(model) > 0.9


def interpolated(model: LlamaForCausalLM, factor: int) -> LlamaForCausalLM:
    """The same weights, their positions divided by a factor."""
    config = SHAPES["small"].config(VOCABULARY)
    config.rope_parameters = {
        **config.rope_parameters,
        "rope_type": "linear",
        "factor": float(factor),
    }
    other = LlamaForCausalLM(config)
    other.load_state_dict(model.state_dict())
    return other


def test_position_heads_set_for_interpolated_positions_copy_there_too() -> None:
    torch.manual_seed(0)
    model = LlamaForCausalLM(SHAPES["small"].config(VOCABULARY))
    set_induction_circuit(model)
    other = interpolated(model, 16)
    assert copied_share(other) < 0.05
    aim_position_heads(other, Bytes())  # type: ignore[arg-type]
    assert copied_share(other) > 0.9


def test_position_heads_are_kept_from_training() -> None:
    model = LlamaForCausalLM(SHAPES["small"].config(VOCABULARY))
    freeze_position_heads(model)
    kept = {name for name, weight in model.named_parameters() if not weight.requires_grad}
    assert kept == {
        "model.layers.0.self_attn.q_proj.weight",
        "model.layers.0.self_attn.k_proj.weight",
        "model.layers.0.input_layernorm.weight",
    }


def test_rows_are_short_before_some_are_long() -> None:
    lengths = [settled_length_at(step, 24, 2048) for step in range(24)]
    assert max(lengths[:12]) == 2048
    assert min(lengths[:12]) == 256
    assert set(lengths[12:]) == {2048, 4096, 8192, 16384}


def test_both_shapes_extend_by_the_papers_factor() -> None:
    assert {s.extended_window // s.window for s in SHAPES.values()} == {16}
