from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longsum.bytesize import GIB, format_bytes, parse_bytes
from longsum.errors import InsufficientMemory, UsageError
from longsum.model import catalog
from longsum.model.checkpoint import read_shape
from longsum.model.footprint import bytes_of_activations, bytes_of_weights
from longsum.model.kv_memory import (
    QUANTIZE_TOKENS,
    WORKSPACE_TOKENS,
    bytes_of_kv_cache,
    bytes_of_kv_workspace,
    kv_block,
)
from longsum.model.memory import CHUNKS, plan_memory, require_fit
from longsum.model.rope import parse_context

LLAMA_7B, LLAMA_13B = catalog.LLAMA_7B, catalog.LLAMA_13B
LLAMA_31_8B, LLAMA_32_3B = catalog.LLAMA_31_8B, catalog.LLAMA_32_3B
LLAMA_32_1B, MINI = catalog.LLAMA_32_1B, catalog.MINI


def plan(shape=LLAMA_7B, *, gib: float, tokens: int = 16384, **more):
    options = {"device": "cuda", "dtype": "bfloat16", "kv_cache": "native", **more}
    return plan_memory(shape, tokens=tokens, free_bytes=int(gib * GIB), **options)


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


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    ("heads", "key_value_heads", "intermediate"),
    [(8, 8, 64), (8, 1, 64), (8, 2, 1408), (2, 2, 64)],
    ids=["keys widest", "queries widest", "mlp widest", "norm widest"],
)
def test_activations_are_what_torch_allocates(dtype, heads, key_value_heads, intermediate):
    import torch
    from torch.profiler import ProfilerActivity, profile
    from transformers import LlamaConfig, LlamaForCausalLM

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
    with torch.no_grad(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        model(input_ids, use_cache=False, logits_to_keep=1)
    events = [e for e in seen.profiler.kineto_results.events() if e.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    shape = read_shape(config.to_dict())
    planned = bytes_of_activations(shape, 512, dtype=dtype, tokens=512)
    assert planned == pytest.approx(peak, rel=0.03)


# the quantized cache


@pytest.mark.parametrize("head_dim", [128, 80, 64, 48, 16, 6])
@pytest.mark.parametrize("kv_cache", ["native", "int8", "int4"])
def test_cache_takes_what_the_formula_says(head_dim, kv_cache):
    import torch
    from tiny import tiny_model

    from longsum.engine.prefill import Reader

    model = tiny_model(head_dim=head_dim)
    reader = Reader(model, 40, 40, kv_cache)
    reader.read([2, 3, 4])
    shape = read_shape(model.config.to_dict())
    kv_dtype = "fp32" if kv_cache == "native" else kv_cache
    assert reader.cache.nbytes == bytes_of_kv_cache(shape, 40, kv_dtype)
    assert model.dtype == torch.float32


@pytest.mark.parametrize(
    ("head_dim", "block"), [(128, 32), (80, 16), (96, 32), (100, 4), (64, 32), (6, 2)]
)
def test_blocks_divide_the_head(head_dim, block):
    assert kv_block(head_dim) == block


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
    from tiny import tiny_model
    from torch.profiler import ProfilerActivity, profile

    from longsum.engine.attention import register
    from longsum.engine.prefill import Reader

    model = tiny_model(
        hidden_size=256,
        intermediate_size=64,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        head_dim=64,
    ).to(getattr(torch, dtype))
    model.set_attn_implementation(register())
    tokens, chunk = 3 * QUANTIZE_TOKENS, QUANTIZE_TOKENS
    shape = read_shape(model.config.to_dict())
    reader = Reader(model, tokens, chunk, kv_cache)
    reader.cache.allocate(model)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        reader.read([2 + i % 200 for i in range(tokens)])
    events = [e for e in seen.profiler.kineto_results.events() if e.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    planned = bytes_of_activations(shape, chunk, dtype=dtype, tokens=tokens, kv_dtype=kv_cache)
    assert 0.6 * planned < peak < 1.03 * planned


# plans


def test_roomy_gpu_quantizes_nothing_and_takes_the_largest_chunk():
    found = plan(gib=79)
    assert found.fits
    assert (found.quantize, found.kv_dtype, found.chunk_tokens) == ("none", "bf16", 4096)
    assert found.remedies == ()
    assert "nothing is quantized" in found.reason
    assert found.kv_cache_bytes == 8 * GIB
    assert found.total_bytes == (
        found.weights_bytes + found.kv_cache_bytes + found.activation_bytes + found.overhead_bytes
    )
    require_fit(found)


def test_smaller_chunks_come_before_quantization():
    need = plan(gib=79, chunk_tokens=512, quantize="none").total_bytes
    found = plan(gib=need / GIB)
    assert (found.quantize, found.chunk_tokens) == ("none", 512)


def test_auto_on_cuda_falls_back_to_nf4_and_says_why():
    found = plan(gib=16)
    assert found.fits
    assert found.quantize == "nf4"
    assert "int8 is slower" in found.reason


def test_what_does_not_fit_is_refused_with_both_numbers():
    found = plan(tokens=32768, gib=15.1)
    assert not found.fits
    with pytest.raises(InsufficientMemory, match=r"needs [0-9.]+ GiB, 15\.1 GiB free") as caught:
        require_fit(found)
    assert caught.value.exit_code == 4
    assert "--context" in str(caught.value.hint)


def test_the_quantize_remedy():
    found = plan(gib=16, quantize="none")
    assert found.remedies[:2] == ("--kv-cache int4", "--quantize nf4")
    assert plan(gib=16, quantize="nf4").fits


@pytest.mark.parametrize("device", ["cuda", "cpu", "mps"])
@pytest.mark.parametrize("quantize", ["auto", "none", "nf4", "int8"])
@pytest.mark.parametrize("kv_cache", ["auto", "native", "int8"])
@pytest.mark.parametrize("gib", [1, 3, 6, 8, 12, 16, 24])
def test_every_remedy_fits_by_the_same_arithmetic(device, quantize, kv_cache, gib):
    options = {"device": device, "quantize": quantize, "dtype": "float16", "tokens": 32768}
    options["kv_cache"] = kv_cache
    found = plan(LLAMA_7B, gib=gib, **options)
    assert found.fits == (found.total_bytes <= found.free_bytes)
    for remedy in found.remedies:
        changed, shape = dict(options), LLAMA_7B
        words = remedy.split()
        flags = dict(zip(words[::2], words[1::2], strict=False))
        if "--quantize" in flags:
            changed["quantize"] = flags["--quantize"]
        if "--kv-cache" in flags:
            changed["kv_cache"] = flags["--kv-cache"]
        if "--context" in flags:
            changed["tokens"] = parse_context(flags["--context"])
            wider = {**changed, "tokens": changed["tokens"] + 1024}
            assert not plan(shape, gib=gib, **wider).fits  # nothing is given away
        if "--model" in flags:
            known = catalog.find_known(flags["--model"])
            assert known.window >= 32768
            shape, changed["quantize"], changed["kv_cache"] = known.shape, "auto", "auto"
        if "--pages" not in remedy:
            assert plan(shape, gib=gib, **changed).fits, remedy
        if device == "mps":
            assert "nf4" not in remedy
    if not found.fits:
        assert found.remedies


def test_a_model_that_summarizes_is_suggested_before_mini():
    remedies = plan(LLAMA_7B, tokens=32768, gib=13).remedies
    assert "--model llama-3.1-8b" in remedies  # grouped keys: a quarter of the cache
    assert "--model mini" in plan(LLAMA_7B, tokens=32768, gib=2).remedies


def test_hopeless_machines_get_advice_without_flags():
    found = plan(gib=0.1)
    assert found.remedies == ()
    with pytest.raises(InsufficientMemory) as caught:
        require_fit(found)
    assert caught.value.hint


@pytest.mark.parametrize("device", ["cpu", "mps"])
def test_auto_never_quantizes_off_cuda(device):
    found = plan(gib=10, device=device)
    assert not found.fits
    assert found.quantize == "none"
    assert device in found.reason.lower()
    assert plan(gib=16, device="cpu", quantize="nf4").fits


def test_cache_follows_the_compute_dtype_unless_asked():
    assert plan(gib=60, dtype="float16").kv_dtype == "fp16"
    assert plan(gib=60, dtype="float32").kv_dtype == "fp32"
    assert plan(gib=60, kv_cache="int8").kv_cache_bytes == 4.25 * GIB


def test_auto_takes_the_least_lossy_cache_that_fits():
    """bf16 weights of 12.6 GiB with a cache of 8.0, 4.25 or 2.25 GiB at 16k tokens."""
    chosen = {
        gib: (found.quantize, found.kv_cache)
        for gib in (24, 18.5, 13.5, 9, 7.2)
        if (found := plan(gib=gib, kv_cache="auto")).fits
    }
    assert chosen == {
        24: ("none", "native"),
        18.5: ("none", "int8"),
        13.5: ("nf4", "native"),
        9: ("nf4", "int8"),
        7.2: ("nf4", "int4"),
    }


def test_cache_says_why_it_is_held_so():
    assert "loses nothing" in plan(gib=24, kv_cache="auto").kv_reason
    assert "was asked for" in plan(gib=24, kv_cache="int4").kv_reason
    reason = plan(gib=18.5, kv_cache="auto").kv_reason
    assert "int8" in reason
    assert "in bf16 it would take" in reason


def test_auto_cache_helps_where_weights_are_not_quantized():
    assert plan(gib=18.5, device="cpu", kv_cache="auto").kv_cache == "int8"
    assert plan(gib=16.5, device="cpu", kv_cache="auto").kv_cache == "int4"
    assert not plan(gib=16.5, device="cpu").fits


def test_two_remedies_together_are_offered_where_one_is_too_little():
    remedies = plan(gib=9, quantize="none").remedies
    assert remedies[0] == "--quantize nf4 --kv-cache int8"
    assert plan(gib=9, quantize="nf4", kv_cache="int8").fits


def test_seven_billion_at_32k_within_the_targets():
    for kv_cache, most in (("int8", 14.5), ("int4", 10.5)):
        found = plan(gib=most, tokens=32768, quantize="nf4", kv_cache=kv_cache)
        assert found.fits, (kv_cache, found)


def test_stored_quantization_wins_and_contradictions_are_refused():
    found = plan(gib=16, on_disk_quantization="nf4")
    assert (found.quantize, found.fits) == ("nf4", True)
    assert found.weights_bytes > plan(gib=16, quantize="nf4").weights_bytes  # counted as single
    assert plan(gib=24, on_disk_quantization="fp4", quantize="auto").quantize == "fp4"
    assert plan(gib=2, on_disk_quantization="nf4").remedies
    with pytest.raises(UsageError, match="stored as nf4"):
        plan(gib=16, on_disk_quantization="nf4", quantize="int8")


def test_several_devices_cost_overhead():
    assert plan(gib=160, devices=4).overhead_bytes > 4 * plan(gib=160).overhead_bytes


@pytest.mark.parametrize(
    "bad",
    [
        {"tokens": 0},
        {"device": "tpu"},
        {"dtype": "float64"},
        {"quantize": "gptq"},
        {"kv_cache": "fp8"},
        {"chunk_tokens": 0},
        {"on_disk_quantization": "awq"},
    ],
)
def test_unknown_options_are_usage_errors(bad):
    with pytest.raises(UsageError):
        plan(**{"gib": 16, **bad})


@given(st.integers(1, 131072), st.integers(0, 100 * GIB), st.sampled_from(["cuda", "cpu"]))
def test_plans_are_consistent(tokens, free, device):
    found = plan_memory(
        LLAMA_32_3B, tokens=tokens, device=device, dtype="bfloat16", free_bytes=free
    )
    assert found.fits == (found.total_bytes <= free)
    assert found.chunk_tokens in CHUNKS
    longer = plan_memory(
        LLAMA_32_3B, tokens=tokens + 1, device=device, dtype="bfloat16", free_bytes=free
    )
    assert found.fits or not longer.fits


def test_documents_shorter_than_a_chunk_need_less():
    assert plan(MINI, gib=1, tokens=100).activation_bytes < plan(MINI, gib=2).activation_bytes


def test_catalogue_is_looked_up_by_shape():
    """The model at hand is not offered as its own remedy."""
    for known in catalog.KNOWN_MODELS:
        found = plan(known.shape, gib=0.55 + known.size_bytes / GIB / 2, tokens=8192)
        same = [m.alias for m in catalog.KNOWN_MODELS if m.shape == known.shape]
        assert not {f"--model {alias}" for alias in same} & set(found.remedies)


def test_plan_is_frozen():
    found = plan(gib=79)
    assert replace(found, fits=False) != found


# sizes


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("12GiB", 12 * GIB),
        ("8GB", 8_000_000_000),
        ("8G", 8_000_000_000),
        ("900M", 900_000_000),
        ("900 MiB", 900 * 1024**2),
        ("1.5GiB", 3 * GIB // 2),
        ("1tib", 1024 * GIB),
        ("64kib", 65536),
        ("123", 123),
        ("123B", 123),
    ],
)
def test_parse_bytes(text, size):
    assert parse_bytes(text) == size


@pytest.mark.parametrize(
    "text",
    ["", "GiB", "0", "-1GB", "1e9", "12 GiBs", "12iB", "1,5GB", "nan", "inf", "9" * 400, "٣GB"],
)
def test_parse_bytes_refuses(text):
    with pytest.raises(UsageError, match="not a size"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (int(21.4 * GIB), "21.4 GiB"),
        (GIB - 1, "1.0 GiB"),
        (GIB * 1024 - 1, "1.0 TiB"),
        (5000 * 1024 * GIB, "5000.0 TiB"),
        (-3 * GIB, "-3.0 GiB"),
    ],
)
def test_format_bytes(size, text):
    assert format_bytes(size) == text


@given(st.integers(0, 10**15))
def test_format_bytes_reads_back_within_its_rounding(size):
    text = format_bytes(size)
    if size:
        assert parse_bytes(text) == pytest.approx(size, rel=0.051)
