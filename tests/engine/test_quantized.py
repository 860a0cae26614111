"""A quantized cache gives what its slow form gives, near what an exact one gives, in its bounds."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from tiny import tiny_llama

from longsum.checkpoint.kv_format import KV_FORMATS
from longsum.config import Attention, DecodeConfig, KVCache, LoadConfig
from longsum.engine import quantized_attention
from longsum.engine.attention import reference_attention
from longsum.engine.engine import Engine
from longsum.engine.llama import Llama
from longsum.engine.prefill import Reader
from longsum.engine.quantized import QuantizedLayer, Workspace
from longsum.engine.quantized_attention import attend_quantized
from longsum.events import Listener

PROMPT = torch.randint(2, 300, (75,), generator=torch.Generator().manual_seed(1)).tolist()
QUANTIZED = ("int8", "int4")


@pytest.fixture(scope="module")
def model() -> Llama:
    return tiny_llama()


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dequantize 16 tokens at a time, so that short prompts have many blocks."""
    monkeypatch.setattr(quantized_attention, "WORKSPACE_TOKENS", 16)


def filled(
    kv_dtype: KVCache, s: int, *, kv_heads: int = 2, head_dim: int = 16, batch: int = 1
) -> tuple[QuantizedLayer, torch.Tensor, torch.Tensor]:
    """Return a layer of random keys and values, and these."""
    generator = torch.Generator().manual_seed(s)
    shape = (batch, kv_heads, s, head_dim)
    key, value = (torch.randn(shape, generator=generator) for _ in range(2))
    layer = QuantizedLayer(s + 3, KV_FORMATS[kv_dtype], Workspace())
    layer.update(key, value)
    return layer, key, value


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("kv_dtype", QUANTIZED)
@pytest.mark.parametrize(("heads", "kv_heads"), [(4, 4), (4, 2), (3, 1)])
@pytest.mark.parametrize(("t", "s"), [(1, 1), (1, 16), (1, 50), (40, 40), (9, 50), (33, 50)])
def test_attention_equals_that_over_all_keys_dequantized(
    kv_dtype: KVCache, heads: int, kv_heads: int, t: int, s: int
) -> None:
    layer, _, _ = filled(kv_dtype, s, kv_heads=kv_heads, batch=2)
    query = torch.randn(2, heads, t, 16, generator=torch.Generator().manual_seed(7))
    key, value = (x.repeat_interleave(heads // kv_heads, 1) for x in layer.states())
    expected = reference_attention(query, key, value, 0.25)
    found = attend_quantized(query, layer, 0.25)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("kv_dtype", "most"), [("int8", 0.01), ("int4", 0.15)])
@pytest.mark.parametrize("head_dim", [64, 48])
def test_output_is_close_to_that_of_exact_keys(
    kv_dtype: KVCache, most: float, head_dim: int
) -> None:
    layer, key, value = filled(kv_dtype, 200, head_dim=head_dim)
    query = torch.randn(1, 2, 30, head_dim, generator=torch.Generator().manual_seed(7))
    exact = reference_attention(query, key, value, head_dim**-0.5)
    error = attend_quantized(query, layer, head_dim**-0.5) - exact
    assert 0 < float(error.norm() / exact.norm()) < most


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("kv_cache", QUANTIZED)
@pytest.mark.parametrize("chunk", [1, 7, 32, 1000])
def test_prompt_gives_the_same_however_it_is_cut(
    model: Llama, kv_cache: KVCache, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("longsum.engine.quantized.CENTRE_TOKENS", 1)  # in any first chunk
    whole = Reader(model, 75, 75, kv_cache).read(PROMPT)
    logits = Reader(model, 75, chunk, kv_cache).read(PROMPT)
    torch.testing.assert_close(logits, whole, rtol=1e-4, atol=1e-4)
    exact = Reader(model, 75, 75).read(PROMPT)
    assert 0 < float((logits - exact).abs().max()) < 6  # a centre of one key is a poor one


@pytest.mark.parametrize("kv_cache", QUANTIZED)
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_other_attention_backends_give_the_same_logits(
    model: Llama, kv_cache: KVCache, attention: Attention
) -> None:
    other = tiny_llama(attention=attention)
    torch.testing.assert_close(
        Reader(other, 75, 20, kv_cache).read(PROMPT),
        Reader(model, 75, 20, kv_cache).read(PROMPT),
        rtol=1e-4,
        atol=1e-4,
    )


@pytest.mark.parametrize("kv_cache", QUANTIZED)
def test_answers_are_repeatable_and_leave_no_trace(model: Llama, kv_cache: KVCache) -> None:
    engine = Engine(model, capacity=128, chunk_tokens=32, kv_cache=kv_cache)
    engine.read(PROMPT[:50])

    def answer(suffix: list[int]) -> list[int]:
        return list(engine.write(suffix, DecodeConfig(), max_new_tokens=9, stop_ids=()))

    first = answer(PROMPT[50:])
    other = answer(PROMPT[55:60])
    assert first == answer(PROMPT[50:]) != other


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("kv_cache", QUANTIZED)
def test_tokens_checked_together_are_those_written_one_by_one(
    model: Llama, kv_cache: KVCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A draft may be read in one pass: its tokens see what they would have seen one by one."""
    monkeypatch.setattr("longsum.engine.quantized.CENTRE_TOKENS", 1)  # in any first chunk
    one, many = (Reader(model, 90, 32, kv_cache) for _ in range(2))
    for token in PROMPT:
        single = one.read([token])
    many.read(PROMPT[:60])
    torch.testing.assert_close(many.read(PROMPT[60:]), single, rtol=1e-4, atol=1e-4)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("kv_cache", QUANTIZED)
def test_one_workspace_serves_all_layers_and_does_not_grow(model: Llama, kv_cache: KVCache) -> None:
    reader = Reader(model, 300, 16, kv_cache)
    reader.read(PROMPT[:32])
    workspace = reader.cache.workspace
    size = workspace.nbytes
    buffers = {name: flat.data_ptr() for name, flat in workspace._flat.items()}
    reader.read(PROMPT)
    for token in PROMPT:
        reader.read([token])
    assert workspace.nbytes == size
    assert {name: flat.data_ptr() for name, flat in workspace._flat.items()} == buffers
    # 16 tokens of 2 heads of 16, keys and values in float32; int4 also its codes
    assert size == 16 * 32 * (2 * 4 + (1 if kv_cache == "int4" else 0))


@pytest.mark.parametrize("kv_cache", ["native", *QUANTIZED])
def test_cache_holds_no_more_than_it_was_made_for(model: Llama, kv_cache: KVCache) -> None:
    reader = Reader(model, 20, 32, kv_cache)
    reader.read(PROMPT[:20])
    with pytest.raises(AssertionError, match="cache of 20 tokens asked to hold 21"):
        reader.read([5])


def test_what_all_keys_share_costs_int4_no_precision(model: Llama) -> None:
    """Scores move by the same, so that softmax does not; codes are left for what differs."""
    torch.manual_seed(0)
    keys, values = torch.randn(2, 1, 2, 60, 16).unbind()
    shared = 50 * torch.randn(1, 2, 1, 16)
    workspace = Workspace()
    plain, moved = (QuantizedLayer(60, KV_FORMATS["int4"], workspace) for _ in range(2))
    plain.update(keys, values)
    moved.update(keys + shared, values)
    error_apart = (plain.states()[0] - keys).norm()
    error_together = (moved.states()[0] - keys - shared).norm()
    assert error_together < 1.1 * error_apart
    assert plain.buffers()["keys_centre"].abs().max() < 1


HANDBOOK = Path(__file__).parent.parent.parent / "examples" / "handbook.md"


def test_perplexity_of_the_bundled_model_stays_within_its_bounds() -> None:
    """int8 within 0.1 %, int4 within 1 % of the native cache."""
    from longsum.evaluate.loading import open_model
    from longsum.evaluate.perplexity import window_nats

    opened = open_model(
        LoadConfig(model="mini", dtype="float32", kv_cache="native"),
        tokens=1024,
        listener=Listener(),
    )
    text = HANDBOOK.read_text(encoding="utf-8")[:6000]
    ids = opened.tokenizer.with_beginning(text, opened.tokenizer.encode_document(text))[:1024]
    rows = torch.tensor([ids])

    def perplexity(kv_cache: KVCache) -> float:
        (nats,) = window_nats(opened.model, rows, [len(ids) - 1], 256, kv_cache=kv_cache)
        return math.exp(nats / (len(ids) - 1))

    native = perplexity("native")
    assert perplexity("int8") == pytest.approx(native, rel=0.001)
    assert perplexity("int4") == pytest.approx(native, rel=0.01)
