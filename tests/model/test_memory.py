from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longsum.bytesize import GIB
from longsum.checkpoint import catalog
from longsum.checkpoint.context import parse_context
from longsum.errors import InsufficientMemory, UsageError
from longsum.model.memory import CHUNKS, plan_memory, require_fit
from longsum.settings import Setting, settings_in

LLAMA_7B, LLAMA_13B = catalog.LLAMA_7B, catalog.LLAMA_13B
LLAMA_31_8B, LLAMA_32_3B = catalog.LLAMA_31_8B, catalog.LLAMA_32_3B
LLAMA_32_1B, MINI = catalog.LLAMA_32_1B, catalog.MINI


def plan(shape=LLAMA_7B, *, gib: float, tokens: int = 16384, **more):
    options = {"device": "cuda", "dtype": "bfloat16", "kv_cache": "native", **more}
    return plan_memory(shape, tokens=tokens, free_bytes=int(gib * GIB), **options)


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
    assert "context" in {each.name for each in caught.value.remedies}
    assert caught.value.facts == {
        "needed_bytes": found.total_bytes,
        "free_bytes": found.free_bytes,
    }


def test_the_quantize_remedy():
    found = plan(gib=16, quantize="none")
    assert found.remedies[:2] == ("‹kv_cache=int4›", "‹quantize=nf4›")
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
        named = dict(settings_in(remedy))
        changed |= {key: named[key] for key in ("quantize", "kv_cache") if key in named}
        if "context" in named:
            changed["tokens"] = parse_context(named["context"])
            wider = {**changed, "tokens": changed["tokens"] + 1024}
            assert not plan(shape, gib=gib, **wider).fits  # nothing is given away
        if "model" in named:
            known = catalog.find_known(named["model"])
            assert known.window >= 32768
            shape, changed["quantize"], changed["kv_cache"] = known.shape, "auto", "auto"
        if "pages" not in named:
            assert plan(shape, gib=gib, **changed).fits, remedy
        if device == "mps":
            assert "nf4" not in remedy
    if not found.fits:
        assert found.remedies


def test_a_model_that_summarizes_is_suggested_before_mini():
    remedies = plan(LLAMA_7B, tokens=32768, gib=13).remedies
    assert str(Setting("model", "llama-3.1-8b")) in remedies  # grouped keys: a quarter of the cache
    assert str(Setting("model", "mini")) in plan(LLAMA_7B, tokens=32768, gib=2).remedies


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
    assert "lossless" in plan(gib=24, kv_cache="auto").kv_reason
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
    assert remedies[0] == "‹quantize=nf4› ‹kv_cache=int8›"
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


def spread(*gib: float, **more):
    """Return the plan for GPUs with so much free."""
    return plan(gib=sum(gib), free_each=tuple(int(each * GIB) for each in gib), **more)


def test_each_gpu_that_is_used_costs_activations_and_overhead():
    """They were counted once, half a GiB too little for each further GPU."""
    one, two = plan(gib=80, chunk_tokens=512), spread(13, 14, chunk_tokens=512, quantize="none")
    assert two.fits
    assert two.overhead_bytes == 2 * one.overhead_bytes
    assert two.activation_bytes == 2 * one.activation_bytes
    assert sum(two.layers) == 32
    assert min(two.layers) > 10


def test_one_gpu_takes_all_if_it_fits():
    assert spread(14, 79).layers == (0, 32)
    assert spread(14, 79).overhead_bytes == plan(gib=79).overhead_bytes


def test_layers_follow_the_free_memory_of_unequal_gpus():
    """Layers were halved by weights, and the smaller card overflowed with its part of the cache."""
    found = spread(20, 8, quantize="none")
    assert found.fits
    assert found.layers[0] > 2 * found.layers[1] > 0


def test_enough_in_all_is_not_enough_where_no_card_holds_its_part():
    many = spread(*[1.2] * 40, quantize="none")
    assert not many.fits
    assert many.layers == ()
    crumbs = spread(*[0.9] * 60, quantize="none", kv_cache="native")
    with pytest.raises(InsufficientMemory):
        require_fit(crumbs)


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
        assert not {str(Setting("model", alias)) for alias in same} & set(found.remedies)


def test_plan_is_frozen():
    found = plan(gib=79)
    assert replace(found, fits=False) != found


def test_codes_are_kept_beside_the_weights_where_they_fit():
    cpu = {"device": "cpu", "dtype": "bfloat16", "quantize": "none"}
    without = plan(gib=40, **cpu)
    found = without.with_codes(3 * GIB)
    assert found.codes
    assert found.weights_bytes == without.weights_bytes + 3 * GIB
    assert found.total_bytes == without.total_bytes + 3 * GIB
    tight = plan(gib=without.total_bytes / GIB + 2.9, **cpu)
    assert tight.fits
    assert tight.with_codes(3 * GIB) == tight


@pytest.mark.parametrize("more", [
    {"device": "cpu", "dtype": "float32"},
    {"device": "cpu", "dtype": "bfloat16", "quantize": "nf4"},
    {"device": "cuda", "dtype": "bfloat16", "quantize": "none"},
])  # fmt: skip
def test_codes_are_not_kept_where_nothing_multiplies_by_them(more):
    found = plan(gib=79, **more)
    assert not found.codes
    assert found.with_codes(GIB) == found


def test_without_codes_a_plan_stays_as_it_is():
    found = plan(gib=79, device="cpu", dtype="bfloat16")
    assert found.with_codes(0) == found
