"""Facts put into a text that was read already, beside reading the whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from recipes.mini.recall import SHARES, number
from recipes.mini.splice import (
    MASKED,
    NEAR,
    Context,
    Fact,
    answer_loss,
    asked,
    found,
    hidden_states,
    read_context,
)

VOCABULARY, TOKENS = 97, 400
STATED, QUESTION, ANSWER = [11, 12, 13, 14, 15], [21, 22, 23], [31, 32]


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=3,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=16,
            max_position_embeddings=1024,
            rope_parameters={"rope_type": "linear", "rope_theta": 10_000.0, "factor": 4.0},
            initializer_range=0.3,
        )
    ).eval()


@pytest.fixture(scope="module")
def ids() -> list[int]:
    return np.random.default_rng(0).integers(0, VOCABULARY, TOKENS).tolist()


@pytest.fixture(scope="module")
def context(model: LlamaForCausalLM, ids: list[int]) -> Context:
    return read_context(model, ids, is_paper=False)


def read_whole(model: LlamaForCausalLM, ids: list[int]) -> torch.Tensor:
    with torch.no_grad():
        return model.model(torch.tensor([ids])).last_hidden_state[0]


def test_a_fact_at_the_end_is_read_as_the_whole_text_would_be(
    model: LlamaForCausalLM, ids: list[int], context: Context
) -> None:
    start = TOKENS - len(STATED)
    rows = asked(context, [Fact(STATED, QUESTION, ANSWER, start)])
    whole = read_whole(model, [*ids[:start], *STATED, *QUESTION, *ANSWER])
    torch.testing.assert_close(hidden_states(model, rows)[0], whole[start:], atol=1e-5, rtol=1e-4)


def test_a_fact_in_the_middle_sees_what_stands_before_it_and_nothing_behind(
    model: LlamaForCausalLM, ids: list[int], context: Context
) -> None:
    rows = asked(context, [Fact(STATED, QUESTION, ANSWER, 150)])
    whole = read_whole(model, [*ids[:150], *STATED])
    told = hidden_states(model, rows)[0, : len(STATED)]
    torch.testing.assert_close(told, whole[150:], atol=1e-5, rtol=1e-4)


def test_a_question_sees_all_but_what_the_fact_stands_in_place_of(context: Context) -> None:
    rows = asked(context, [Fact(STATED, QUESTION, ANSWER, 150)])
    unseen = torch.nonzero(rows.bias[0, len(STATED)] == MASKED).flatten().tolist()
    assert unseen == list(range(150, 150 + len(STATED)))


def test_loss_is_that_of_the_answer_alone_whatever_the_rows_beside_it(
    model: LlamaForCausalLM, ids: list[int], context: Context
) -> None:
    start = TOKENS - len(STATED)
    fact = Fact(STATED, QUESTION, ANSWER, start)
    longer = Fact([*STATED, *STATED], QUESTION, ANSWER, 20)
    whole = [*ids[:start], *STATED, *QUESTION, *ANSWER]
    with torch.no_grad():
        logits = model(torch.tensor([whole])).logits[0, -len(ANSWER) - 1 : -1]
    expected = torch.nn.functional.cross_entropy(logits, torch.tensor(ANSWER))
    with torch.no_grad():
        alone = answer_loss(model, asked(context, [fact]))
        both = answer_loss(model, asked(context, [fact, longer]))
        other = answer_loss(model, asked(context, [longer]))
    assert alone.item() == pytest.approx(expected.item(), rel=1e-4)
    assert both.item() == pytest.approx((alone.item() + other.item()) / 2, rel=1e-4)


def test_found_means_the_whole_answer(
    model: LlamaForCausalLM, ids: list[int], context: Context
) -> None:
    start = TOKENS - len(STATED)
    before = [*ids[:start], *STATED, *QUESTION]
    with torch.no_grad():
        first = int(model(torch.tensor([before])).logits[0, -1].argmax())
        second = int(model(torch.tensor([[*before, first]])).logits[0, -1].argmax())
    right = Fact(STATED, QUESTION, [first, second], start)
    wrong = Fact(STATED, QUESTION, [first, (second + 1) % VOCABULARY], start)
    assert found(model, asked(context, [right, wrong])) == [True, False]


def test_tokens_that_stand_for_their_neighbours_keep_the_sum_of_all_scores(
    context: Context,
) -> None:
    fact = Fact(STATED, QUESTION, ANSWER, 150)
    stride = 4
    totals = []
    for seed in range(200):
        rows = asked(context, [fact], np.random.default_rng(seed), stride)
        totals.append(rows.bias[0, -1].exp().sum().item())
    everything = asked(context, [fact]).bias[0, -1].exp().sum().item()
    assert np.mean(totals) == pytest.approx(everything, rel=0.02)


def test_tokens_near_a_fact_and_near_the_question_stand_for_themselves(context: Context) -> None:
    fact = Fact(STATED, QUESTION, ANSWER, 250)
    rows = asked(context, [fact], np.random.default_rng(0), 1000)
    # `<s>`, those in front of the fact, those in front of the question, and hardly any other
    assert 1 + 2 * NEAR <= rows.context.tokens < 1 + 2 * NEAR + 5


def test_gradients_reach_the_weights_through_fact_and_question(
    model: LlamaForCausalLM, context: Context
) -> None:
    model.zero_grad()
    rows = asked(context, [Fact(STATED, QUESTION, ANSWER, 150)], np.random.default_rng(0), 4)
    answer_loss(model, rows).backward()
    for layer in model.model.layers:
        assert layer.self_attn.k_proj.weight.grad is not None
        assert layer.self_attn.k_proj.weight.grad.abs().sum() > 0
    model.zero_grad()


def test_half_of_the_numbers_have_few_different_digits() -> None:
    numbers = [number(np.random.default_rng(seed)) for seed in range(1000)]
    assert all(len(each) == 5 for each in numbers)
    few = sum(len(set(each)) <= 3 for each in numbers) / len(numbers)
    # of five random digits, 19 % have three different ones or fewer
    assert 0.55 < few < 0.65


def test_every_kind_of_context_has_its_share() -> None:
    assert sum(SHARES.values()) == pytest.approx(1.0)
