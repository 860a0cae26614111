"""What the CPU tests show of a quantized cache, on a CUDA device."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
import torch
from tiny import tiny_llama

from longsum.checkpoint.kv_format import KV_FORMATS
from longsum.config import DecodeConfig, KVCache
from longsum.engine import kernels
from longsum.engine.attention import reference_attention
from longsum.engine.engine import Engine
from longsum.engine.quantized import QuantizedLayer, Workspace
from longsum.engine.quantized_attention import attend_quantized

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
KINDS = [torch.bfloat16, torch.float16, torch.float32]


def filled(kv_dtype: KVCache, kind: torch.dtype, s: int, kv_heads: int) -> QuantizedLayer:
    layer = QuantizedLayer(s, KV_FORMATS[kv_dtype], Workspace())
    key, value = (torch.randn(1, kv_heads, s, 128, dtype=kind, device="cuda") for _ in range(2))
    layer.update(key, value)
    return layer


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("kv_dtype", ["int8", "int4"])
@pytest.mark.parametrize(("heads", "kv_heads"), [(4, 4), (8, 2)])
@pytest.mark.parametrize(("t", "s"), [(1, 9000), (300, 300), (64, 9000)])
def test_attention_on_cuda_equals_that_over_all_keys_dequantized(
    kind: torch.dtype, kv_dtype: KVCache, heads: int, kv_heads: int, t: int, s: int
) -> None:
    layer = filled(kv_dtype, kind, s, kv_heads)
    query = torch.randn(1, heads, t, 128, dtype=kind, device="cuda")
    repeated = (x.repeat_interleave(heads // kv_heads, 1).float() for x in layer.states())
    expected = reference_attention(query.float(), *repeated, 0.09)
    found = attend_quantized(query, layer, 0.09).float()
    torch.testing.assert_close(found, expected, rtol=2e-2, atol=2e-2)


@pytest.mark.skipif(find_spec("triton") is None, reason="needs triton")
@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("kv_dtype", ["int8", "int4"])
@pytest.mark.parametrize("s", [1, 700, 20000])
@pytest.mark.parametrize("t", [1, 17])
def test_triton_kernel_equals_torch(
    monkeypatch: pytest.MonkeyPatch, kind: torch.dtype, kv_dtype: KVCache, s: int, t: int
) -> None:
    layer = filled(kv_dtype, kind, s, 2)
    t = min(s, t)
    query = torch.randn(1, 8, t, 128, dtype=kind, device="cuda")
    found = attend_quantized(query, layer, 0.09)
    assert kernels.takes_layer(layer), f"the kernel failed: {kernels._failures}"
    monkeypatch.setattr(kernels, "KERNEL_DEVICES", set())
    expected = attend_quantized(query, layer, 0.09)
    torch.testing.assert_close(found.float(), expected.float(), rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("kv_cache", ["int8", "int4"])
def test_answer_on_cuda_equals_the_one_on_the_cpu(kv_cache: KVCache) -> None:
    prompt = torch.randint(2, 300, (75,), generator=torch.Generator().manual_seed(1)).tolist()

    def written(device: str) -> list[int]:
        model = tiny_llama(head_dim=32).to(device)
        engine = Engine(model, capacity=128, chunk_tokens=32, kv_cache=kv_cache)
        engine.read(prompt[:60])
        return list(engine.write(prompt[60:], DecodeConfig(), max_new_tokens=8, stop_ids=()))

    assert written("cuda") == written("cpu")
