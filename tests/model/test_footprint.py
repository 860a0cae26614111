from __future__ import annotations

import pytest

from longsum.bytesize import GIB
from longsum.checkpoint import catalog
from longsum.checkpoint.files import read_shape
from longsum.checkpoint.kv_format import (
    QUANTIZE_TOKENS,
    WORKSPACE_TOKENS,
    KVFormat,
    bytes_of_kv_cache,
    bytes_of_kv_workspace,
)
from longsum.checkpoint.rope import read_rope
from longsum.model.footprint import bytes_of_activations, bytes_of_weights

LLAMA_7B, LLAMA_13B = catalog.LLAMA_7B, catalog.LLAMA_13B
LLAMA_31_8B, LLAMA_32_3B = catalog.LLAMA_31_8B, catalog.LLAMA_32_3B
LLAMA_32_1B, MINI = catalog.LLAMA_32_1B, catalog.MINI


# the table "Memory arithmetic" of the project's facts: GiB at 16k and 32k, f16 / q8_0 / q4_0


@pytest.mark.parametrize(
    ("shape", "at_16k", "at_32k", "decimals"),
    [
        (LLAMA_7B, (8.00, 4.25, 2.25), (16.0, 8.5, 4.5), 2),
        (LLAMA_13B, (12.5, 6.6, 3.5), (25.0, 13.3, 7.0), 1),
        (LLAMA_31_8B, (2.00, 1.06, 0.56), (4.0, 2.1, 1.1), 2),
        (LLAMA_32_3B, (1.75, 0.93, 0.49), (3.5, 1.9, 1.0), 2),
        (LLAMA_32_1B, (0.50, 0.27, 0.14), (1.0, 0.5, 0.3), 2),
    ],
    ids=["7B", "13B", "3.1-8B", "3.2-3B", "3.2-1B"],
)
def test_kv_cache_table(shape, at_16k, at_32k, decimals):
    for kv_dtype, small, large in zip(("fp16", "int8", "int4"), at_16k, at_32k, strict=True):
        half = 0.5001 * 10**-decimals
        assert bytes_of_kv_cache(shape, 16384, kv_dtype) / GIB == pytest.approx(small, abs=half)
        assert bytes_of_kv_cache(shape, 32768, kv_dtype) / GIB == pytest.approx(large, abs=0.05001)


@pytest.mark.parametrize(
    ("shape", "kib"),
    [
        (LLAMA_7B, 512),
        (LLAMA_31_8B, 128),
        (LLAMA_32_3B, 112),
        (LLAMA_32_1B, 32),
        (catalog.TINYLLAMA, 22),
    ],
)
def test_kv_cache_of_a_token(shape, kib):
    assert bytes_of_kv_cache(shape, 1, "bf16") == kib * 1024
    assert bytes_of_kv_cache(shape, 1, "fp32") == 2 * kib * 1024


def test_weights_by_quantization():
    whole = bytes_of_weights(LLAMA_7B, dtype="float16")
    assert whole == 2 * 6_738_415_616
    assert bytes_of_weights(LLAMA_7B, dtype="float32") == 2 * whole
    others = 2 * LLAMA_7B.other_parameters
    nf4 = bytes_of_weights(LLAMA_7B, quantize="nf4", dtype="float16") - others
    assert nf4 / LLAMA_7B.linear_parameters == pytest.approx(0.516, abs=0.0002)
    int8 = bytes_of_weights(LLAMA_7B, quantize="int8", dtype="float16") - others
    assert int8 == LLAMA_7B.linear_parameters + 4 * LLAMA_7B.linear_rows


def test_activations_grow_with_the_chunk_not_with_the_document():
    def size(chunk, tokens, **more):
        return bytes_of_activations(LLAMA_7B, chunk, dtype="bfloat16", tokens=tokens, **more)

    assert size(512, 32768) == size(512, 16384)
    assert 7.5 < size(4096, 32768) / size(512, 32768) <= 8
    dequantized = size(512, 32768, kv_dtype="int8") - size(512, 32768)
    assert dequantized == bytes_of_kv_workspace(LLAMA_7B, 32768, "int8", 2)
    assert size(512, 32768, quantized_weights=True) - size(512, 32768) == 4096 * 11008 * 2


def peak_bytes(run):
    """The most that torch holds at once while something runs, beside what it held before."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    with torch.no_grad(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        run()
    events = [e for e in seen.profiler.kineto_results.events() if e.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    ("heads", "key_value_heads", "intermediate"),
    [(8, 8, 64), (8, 1, 64), (8, 2, 1408), (2, 2, 64)],
    ids=["keys widest", "queries widest", "mlp widest", "norm widest"],
)
def test_activations_are_what_torch_allocates(dtype, heads, key_value_heads, intermediate):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from longsum.engine.llama import Llama, LlamaSettings

    config = LlamaConfig(
        vocab_size=100,
        hidden_size=512,
        intermediate_size=intermediate,
        num_hidden_layers=2,
        num_attention_heads=heads,
        num_key_value_heads=key_value_heads,
        head_dim=64,
        bos_token_id=0,
        eos_token_id=1,
    )
    model = LlamaForCausalLM(config).to(getattr(torch, dtype)).eval()
    input_ids = torch.arange(512)[None] % 100
    peak = peak_bytes(lambda: model(input_ids, use_cache=False, logits_to_keep=1))
    shape = read_shape(config.to_dict())
    planned = bytes_of_activations(shape, 512, dtype=dtype, tokens=512)
    assert planned == pytest.approx(peak, rel=0.03)
    ours = Llama(LlamaSettings(config.to_dict(), shape, read_rope(config.to_dict())))
    ours.load_state_dict(model.state_dict(), assign=True)
    own_peak = peak_bytes(lambda: ours(input_ids, logits_to_keep=1))
    scores = dtype == "bfloat16"
    planned = bytes_of_activations(shape, 512, dtype=dtype, tokens=512, scores=scores)
    assert 0.4 * planned < own_peak < 1.01 * planned


# the quantized cache


@pytest.mark.parametrize("head_dim", [128, 80, 64, 48, 16, 6])
@pytest.mark.parametrize("kv_cache", ["native", "int8", "int4"])
def test_cache_takes_what_the_formula_says(head_dim, kv_cache):
    import torch
    from tiny import tiny_llama

    from longsum.engine.prefill import Reader

    model = tiny_llama(head_dim=head_dim)
    reader = Reader(model, 40, 40, kv_cache)
    reader.read([2, 3, 4])
    shape = read_shape(model.config.to_dict())
    kv_dtype = "fp32" if kv_cache == "native" else kv_cache
    assert reader.cache.nbytes == bytes_of_kv_cache(shape, 40, kv_dtype)
    assert model.dtype == torch.float32


@pytest.mark.parametrize("kv_cache", ["native", "int8", "int4"])
def test_layers_that_need_float32_are_not_quantized(kv_cache):
    from tiny import tiny_llama

    from longsum.engine.prefill import Reader

    model = tiny_llama(exact_kv_layers=1)
    reader = Reader(model, 40, 40, kv_cache)
    reader.read([2, 3, 4])
    shape = read_shape(model.config.to_dict())
    assert shape.exact_kv_layers == 1
    kv_dtype = "fp32" if kv_cache == "native" else kv_cache
    assert reader.cache.nbytes == bytes_of_kv_cache(shape, 40, kv_dtype)
    assert type(reader.cache.held[0]).__name__ == "PreallocatedLayer"
    assert reader.cache.nbytes > 0


@pytest.mark.parametrize(
    ("head_dim", "block"), [(128, 32), (80, 16), (96, 32), (100, 4), (64, 32), (6, 2)]
)
def test_blocks_divide_the_head(head_dim, block):
    assert KVFormat("int2", bits=2, loss=0.1).block(head_dim) == block


def test_workspace_does_not_grow_with_the_document():
    sizes = {bytes_of_kv_workspace(LLAMA_7B, n, "int4", 2) for n in (WORKSPACE_TOKENS, 32768)}
    assert len(sizes) == 1
    assert bytes_of_kv_workspace(LLAMA_7B, 100, "int4", 2) < sizes.pop()
    assert bytes_of_kv_workspace(LLAMA_7B, 32768, "bf16", 2) == 0


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("kv_cache", ["int8", "int4"])
@pytest.mark.parametrize(("heads", "kv_heads"), [(8, 8), (8, 2)])
def test_chunk_over_a_quantized_cache_takes_no_more_than_planned(dtype, kv_cache, heads, kv_heads):
    import torch
    from tiny import tiny_llama

    from longsum.engine.prefill import Reader

    model = tiny_llama(
        hidden_size=256,
        intermediate_size=64,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        head_dim=64,
    ).to(getattr(torch, dtype))
    tokens, chunk = 3 * QUANTIZE_TOKENS, QUANTIZE_TOKENS
    shape = read_shape(model.config.to_dict())
    reader = Reader(model, tokens, chunk, kv_cache)
    reader.cache.allocate(model.dtype, model.model.devices)
    peak = peak_bytes(lambda: reader.read([2 + i % 200 for i in range(tokens)]))
    planned = bytes_of_activations(shape, chunk, dtype=dtype, tokens=tokens, kv_dtype=kv_cache)
    assert 0.6 * planned < peak < 1.03 * planned


# plans
