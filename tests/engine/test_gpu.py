"""What the CPU tests show, on a CUDA device: exact chunked prefill, the same greedy answer."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny import save_checkpoint, tiny_llama

from longsum.checkpoint.files import read_config, read_shape
from longsum.checkpoint.formats import open_checkpoint
from longsum.config import DecodeConfig
from longsum.engine.attention import attend, reference_attention
from longsum.engine.engine import Engine, peak_memory_bytes
from longsum.events import Listener
from longsum.loading.loader import load_model
from longsum.model.memory import plan_memory

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


@pytest.mark.parametrize(("heads", "kv_heads"), [(4, 4), (8, 2)])
@pytest.mark.parametrize(("t", "s"), [(1, 300), (300, 300), (64, 300)])
def test_attention_on_cuda_equals_the_reference(heads: int, kv_heads: int, t: int, s: int) -> None:
    shape = {"dtype": torch.bfloat16, "device": "cuda"}
    query = torch.randn(1, heads, t, 64, **shape)  # type: ignore[call-overload]
    key, value = (torch.randn(1, kv_heads, s, 64, **shape) for _ in range(2))  # type: ignore[call-overload]
    repeated = (x.repeat_interleave(heads // kv_heads, 1).float() for x in (key, value))
    expected = reference_attention(query.float(), *repeated, 0.125)
    torch.testing.assert_close(
        attend(query, key, value, 0.125).float(), expected, rtol=2e-2, atol=2e-2
    )


def test_greedy_answer_on_cuda_equals_the_one_on_the_cpu() -> None:
    prompt = torch.randint(2, 300, (75,), generator=torch.Generator().manual_seed(1)).tolist()

    def written(device: str) -> list[int]:
        model = tiny_llama().to(device)
        engine = Engine(model, capacity=128, chunk_tokens=32)
        engine.read(prompt[:60])
        return list(engine.write(prompt[60:], DecodeConfig(), max_new_tokens=20, stop_ids=()))

    assert written("cuda") == written("cpu")
    assert peak_memory_bytes(torch.device("cuda")) > 0


@pytest.mark.parametrize("quantize", ["nf4", "int8"])
def test_quantized_checkpoint_answers_on_cuda(tmp_path: Path, quantize: str) -> None:
    folder = save_checkpoint(tmp_path)
    config = read_config(folder)
    plan = plan_memory(
        read_shape(config),
        tokens=100,
        device="cuda",
        dtype="bfloat16",
        free_bytes=8 << 30,
        quantize=quantize,
    )
    model = load_model(open_checkpoint(folder), plan, listener=Listener())
    engine = Engine(model, capacity=100, chunk_tokens=16)
    engine.read(list(range(2, 52)))
    answer = list(engine.write([5, 6], DecodeConfig(), max_new_tokens=10, stop_ids=()))
    assert len(answer) == 10
    assert model.device.type == "cuda"
