"""Answers through a CUDA graph are those without, on a CUDA device."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny import save_checkpoint, tiny_llama

from longsum.checkpoint.files import read_config, read_shape
from longsum.checkpoint.formats import open_checkpoint
from longsum.config import DecodeConfig, KVCache
from longsum.engine import fallback, graphs
from longsum.engine.engine import Engine
from longsum.engine.llama import Llama
from longsum.events import Listener
from longsum.loading.loader import load_model
from longsum.model.memory import plan_memory

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
PROMPT = torch.randint(2, 300, (70,), generator=torch.Generator().manual_seed(1)).tolist()
KERNEL_SIZES = {"head_dim": 32}
"""What the kernels take at least."""


def on_gpu(dtype: torch.dtype = torch.float32, **options: int) -> Llama:
    return tiny_llama(**KERNEL_SIZES | options).to("cuda", dtype)


def answers(engine: Engine) -> list[list[int]]:
    engine.read(PROMPT)
    config = DecodeConfig(lookup=False)
    return [
        list(engine.write(suffix, config, max_new_tokens=16, stop_ids=()))
        for suffix in ([5, 6], [9, 8, 7], [5, 6])
    ]


def without(engine: Engine) -> Engine:
    """Disable graphs."""
    assert engine.read_one is not None
    engine.read_one = None
    return engine


def sizes(engine: Engine) -> list[int]:
    """Return how many tokens each recorded pass reads."""
    assert engine.read_one is not None
    return list(engine.read_one.recorded)


@pytest.mark.parametrize("kv_cache", ["native", "int8", "int4"])
@pytest.mark.parametrize("groups", [1, 3, 4, 8])
def test_graph_writes_what_is_written_without(groups: int, kv_cache: KVCache) -> None:
    model = on_gpu(num_attention_heads=2 * groups, num_key_value_heads=2)
    plain = without(Engine(model, capacity=128, chunk_tokens=32, kv_cache=kv_cache))
    ours = Engine(model, capacity=128, chunk_tokens=32, kv_cache=kv_cache)
    assert answers(ours) == answers(plain)
    assert sizes(ours) == [1], "the recording failed"


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("kv_cache", ["native", "int8", "int4"])
@pytest.mark.parametrize("options", [{}, {"exact_kv_layers": 1}], ids=["plain", "exact layer"])
def test_replayed_logits_are_those_of_reading(
    options: dict[str, int], kv_cache: KVCache, dtype: torch.dtype
) -> None:
    model = on_gpu(dtype, **options)
    two = [Engine(model, capacity=128, chunk_tokens=32, kv_cache=kv_cache) for _ in range(2)]
    for engine in two:
        engine.read(PROMPT)
    assert two[1].read_one is not None
    bound = 1e-3 if dtype == torch.float32 else 0.05
    for token_id in PROMPT[:20]:
        expected = two[0].reader.read([token_id]).float()
        found = two[1].read_one(token_id).float()
        assert (found - expected).norm() < bound * expected.norm()
    for count in (2, 5, 9):
        expected = two[0].reader.read_all(PROMPT[:count]).float()
        found = two[1].read_one.several(PROMPT[:count]).float()
        assert (found - expected).norm() < bound * expected.norm()
    assert sizes(two[1]) == [1, 5, 9], "a recording failed"


@pytest.mark.parametrize(("quantize", "recorded"), [("nf4", [1]), ("int8", [])])
def test_quantized_weights_answer_the_same_recorded_or_not(
    tmp_path: Path, quantize: str, recorded: list[int]
) -> None:
    """Products of 8-bit weights wait for the GPU: no recording is tried."""
    folder = save_checkpoint(tmp_path, intermediate_size=128, **KERNEL_SIZES)
    config = read_config(folder)
    plan = plan_memory(
        read_shape(config),
        tokens=128,
        device="cuda",
        dtype="bfloat16",
        free_bytes=8 << 30,
        quantize=quantize,
    )
    model = load_model(open_checkpoint(folder), plan, listener=Listener())
    assert isinstance(model, Llama)
    plain, ours = (Engine(model, capacity=128, chunk_tokens=32) for _ in range(2))
    expected, found = answers(without(plain)), answers(ours)
    assert [len(answer) for answer in found] == [16, 16, 16]
    assert found[0] == found[2]
    assert sizes(ours) == recorded
    if quantize == "int8":
        assert found == expected


def test_a_step_that_waits_for_the_gpu_falls_back_and_leaves_no_state(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The stream stayed the recording's, the allocator kept blocks, `torch.rand` failed."""
    monkeypatch.setattr(fallback, "_reported", set())
    model = on_gpu()
    plain = without(Engine(model, capacity=128, chunk_tokens=32))
    ours = Engine(model, capacity=128, chunk_tokens=32)
    run = graphs.StaticStep.run
    monkeypatch.setattr(
        graphs.StaticStep, "run", lambda step: run(step) * int(step.position.item() >= 0)
    )
    expected = answers(plain)
    assert answers(ours) == expected
    assert sizes(ours) == []
    assert "no CUDA graph" in caplog.text
    assert torch.cuda.current_stream() == torch.cuda.default_stream()
    assert torch.rand(9, device="cuda").sum() > 0
    held = torch.empty(64 << 20, dtype=torch.uint8, device="cuda")
    reserved = torch.cuda.memory_reserved()
    del held
    torch.cuda.empty_cache()
    assert torch.cuda.memory_reserved() < reserved
    monkeypatch.setattr(graphs.StaticStep, "run", run)
    again = Engine(model, capacity=128, chunk_tokens=32)
    assert answers(again) == expected
    assert sizes(again) == [1], "the recording after one that failed"
