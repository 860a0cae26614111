"""The likelihood of a continuation is that of one forward pass over both."""

from __future__ import annotations

import pytest
import torch
from tiny import tiny_llama, tiny_model

from longsum.engine.likelihood import log_likelihoods

PROMPTS = [[5, 9, 200, 31], [7], list(range(2, 60))]


@pytest.mark.parametrize("continuation", [[44, 3, 120], [8]])
@pytest.mark.parametrize("chunk_tokens", [8, 512])
def test_it_is_the_sum_over_the_continuations_tokens(
    continuation: list[int], chunk_tokens: int
) -> None:
    found = log_likelihoods(
        tiny_llama(), PROMPTS, continuation, chunk_tokens=chunk_tokens, check=lambda: None
    )
    model = tiny_model()
    for prompt, likelihood in zip(PROMPTS, found, strict=True):
        with torch.no_grad():
            logits = model(torch.tensor([prompt + continuation])).logits[0].log_softmax(-1)
        places = range(len(prompt) - 1, len(prompt) + len(continuation) - 1)
        expected = sum(float(logits[i, t]) for i, t in zip(places, continuation, strict=True))
        assert likelihood == pytest.approx(expected, abs=1e-3)


def test_order_of_prompts_does_not_matter() -> None:
    model = tiny_llama()
    there, back = (
        log_likelihoods(model, each, [4, 5], chunk_tokens=64, check=lambda: None)
        for each in (PROMPTS, PROMPTS[::-1])
    )
    assert there == back[::-1]


def test_it_stops_between_two_prompts() -> None:
    calls = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        log_likelihoods(tiny_llama(), PROMPTS, [4], chunk_tokens=64, check=check)


def test_no_prompts_have_no_likelihoods() -> None:
    assert log_likelihoods(tiny_llama(), [], [4], chunk_tokens=64, check=lambda: None) == []
