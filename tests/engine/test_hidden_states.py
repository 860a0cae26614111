"""Recorded states are those of the last norm, whatever the chunks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny import tiny_llama, tiny_model

from longsum.engine.engine import Engine
from longsum.engine.hidden_states import LAST, recording

IDS = torch.randint(2, 300, (40,), generator=torch.Generator().manual_seed(1)).tolist()


@pytest.mark.parametrize("chunk", [7, 40])
def test_states_are_the_projected_last_hidden_states(chunk: int) -> None:
    model = tiny_model()
    with torch.inference_mode():
        hidden = model.model(torch.tensor([IDS])).last_hidden_state[0].numpy()
    projection = np.random.default_rng(0).normal(size=(hidden.shape[1], 5)).astype(np.float32)
    model = tiny_llama()
    with recording(model, {LAST: projection}) as recorder:
        Engine(model, capacity=64, chunk_tokens=chunk).read(IDS)
    assert recorder.states.dtype == torch.float16
    np.testing.assert_allclose(recorder.states.numpy(), hidden @ projection, rtol=3e-3, atol=3e-3)


def test_nothing_is_recorded_afterwards() -> None:
    model = tiny_llama()
    with recording(model, {LAST: np.eye(64, dtype=np.float32)}) as recorder:
        Engine(model, capacity=64, chunk_tokens=16).read(IDS[:10])
    Engine(model, capacity=64, chunk_tokens=16).read(IDS)
    assert len(recorder.states) == 10
    assert not model.model.norm._forward_hooks


@pytest.mark.parametrize("chunk", [7, 40])
def test_states_of_several_layers_are_beside_one_another_in_the_order_given(chunk: int) -> None:
    reference = tiny_model()
    with torch.inference_mode():
        states = reference.model(torch.tensor([IDS]), output_hidden_states=True).hidden_states
    first, last = states[1][0], states[-1][0]
    first = torch.nn.functional.rms_norm(first, first.shape[-1:], eps=1e-6)
    matrices = [torch.randn(64, 3, generator=torch.Generator().manual_seed(i)) for i in (0, 1)]
    expected = torch.cat([first @ matrices[0], last @ matrices[1]], 1)
    model = tiny_llama()
    with recording(model, {1: matrices[0].numpy(), LAST: matrices[1].numpy()}) as recorder:
        Engine(model, capacity=64, chunk_tokens=chunk).read(IDS)
    np.testing.assert_allclose(recorder.states.numpy(), expected.numpy(), rtol=3e-3, atol=3e-3)
