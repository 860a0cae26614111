"""Answers through a CUDA graph are those without, on a CUDA device."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny import save_checkpoint, tiny_model

from longsum.config import DecodeConfig
from longsum.engine import fallback, graphs
from longsum.engine.attention import register
from longsum.engine.engine import Engine
from longsum.events import Listener
from longsum.model.checkpoint import read_config, read_shape
from longsum.model.loader import load_model
from longsum.model.memory import plan_memory
from longsum.model.rope import read_rope

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
PROMPT = torch.randint(2, 300, (70,), generator=torch.Generator().manual_seed(1)).tolist()


def answers(engine: Engine) -> list[list[int]]:
    engine.read(PROMPT)
    config = DecodeConfig(lookup=False)
    return [
        list(engine.write(suffix, config, max_new_tokens=16, stop_ids=()))
        for suffix in ([5, 6], [9, 8, 7], [5, 6])
    ]


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_graph_writes_what_is_written_without(kv_heads: int) -> None:
    model = tiny_model(num_key_value_heads=kv_heads).to("cuda")
    model.set_attn_implementation(register())
    plain = Engine(model, capacity=128, chunk_tokens=32)
    plain.stepper._works = False
    ours = Engine(model, capacity=128, chunk_tokens=32)
    assert answers(ours) == answers(plain)
    assert ours.stepper._run is not None, "the recording failed"


def test_replayed_logits_are_those_of_reading() -> None:
    model = tiny_model().to("cuda")
    model.set_attn_implementation(register())
    two = [Engine(model, capacity=128, chunk_tokens=32) for _ in range(2)]
    for engine in two:
        engine.read(PROMPT)
    for token_id in PROMPT[:30]:
        expected = two[0].reader.read([token_id])
        torch.testing.assert_close(two[1].stepper(token_id), expected, rtol=1e-3, atol=1e-3)
    assert two[1].stepper._run is not None, "the recording failed"


def test_nf4_weights_are_recorded_too(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path)
    config = read_config(folder)
    plan = plan_memory(
        read_shape(config),
        tokens=128,
        device="cuda",
        dtype="bfloat16",
        free_bytes=8 << 30,
        quantize="nf4",
    )
    engine = Engine(
        load_model(folder, config, read_rope(config), plan, listener=Listener()),
        capacity=128,
        chunk_tokens=32,
    )
    assert len(answers(engine)[0]) == 16
    assert engine.stepper._run is not None, "the recording failed"


def test_a_step_that_waits_for_the_gpu_falls_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(fallback, "_told", set())
    model = tiny_model().to("cuda")
    model.set_attn_implementation(register())
    plain = Engine(model, capacity=128, chunk_tokens=32)
    plain.stepper._works = False
    ours = Engine(model, capacity=128, chunk_tokens=32)
    run = graphs.StaticStep.run
    monkeypatch.setattr(
        graphs.StaticStep, "run", lambda step: run(step) * int(step.position.item() >= 0)
    )
    assert answers(ours) == answers(plain)
    assert ours.stepper._run is None
    assert "no CUDA graph" in caplog.text
