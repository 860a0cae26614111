"""The bundled model's weight format: what it loses, and that it loads like any other."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from tiny import load_checkpoint, plan_for, restate, save_checkpoint
from transformers import LlamaForCausalLM

from longsum.checkpoint.formats import open_checkpoint
from longsum.checkpoint.packed import SCALE, is_packed, pack, quantize_rows, unpack
from longsum.config import LoadConfig
from longsum.errors import UnsupportedModel, UsageError
from longsum.events import Listener
from longsum.loading.loader import load_pretrained
from longsum.model.find import find_model

PROMPT = torch.randint(2, 300, (1, 80), generator=torch.Generator().manual_seed(1))


def pack_file(folder: Path, *, drop: str = "") -> dict[str, torch.Tensor]:
    """Pack a checkpoint's weights in place; return the dequantized weights."""
    path = folder / "model.safetensors"
    packed = pack({name: t for name, t in load_file(path).items() if name != drop})
    save_file(packed, path, {"format": "pt"})
    return unpack(packed, torch.float32)


def loaded(folder: Path, **options: str) -> LlamaForCausalLM:
    return load_checkpoint(folder, **options)[0]


@torch.inference_mode()
def logits(model: LlamaForCausalLM) -> torch.Tensor:
    return model(PROMPT).logits[0].float()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    linear = {"rope_type": "linear", "factor": 4.0, "rope_theta": 50000.0}
    return save_checkpoint(
        tmp_path_factory.mktemp("plain"), tie_word_embeddings=True, rope_parameters=linear
    )


@pytest.fixture
def packed(plain: Path, tmp_path: Path) -> Path:
    folder = restate(plain, tmp_path / "packed", {})
    pack_file(folder)
    return folder


@given(
    seed=st.integers(0, 10_000),
    size=st.sampled_from([1e-6, 1e-3, 0.02, 1.0, 300.0]),
    shape=st.tuples(st.integers(1, 5), st.integers(1, 40)),
)
def test_error_of_a_row_is_at_most_half_its_step(
    seed: int, size: float, shape: tuple[int, int]
) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * size
    rows, scale = quantize_rows(matrix)
    assert rows.dtype == torch.int8
    assert (scale.dtype, scale.shape) == (torch.float16, (shape[0], 1))
    step = scale.float()
    assert ((rows.float() * step - matrix).abs() <= 0.501 * step).all()
    smallest = torch.finfo(torch.float16).tiny
    assert (step <= (matrix.abs().amax(1, keepdim=True) / 127 * 1.001).clamp_min(smallest)).all()


def test_zeros_stay_zeros() -> None:
    rows, scale = quantize_rows(torch.zeros(3, 4))
    assert not rows.any()
    assert (scale > 0).all()


def test_matrices_shrink_and_vectors_stay() -> None:
    weights = {"a.weight": torch.randn(8, 100), "norm.weight": torch.rand(100)}
    packed = pack(weights)
    assert set(packed) == {"a.weight", "a.weight" + SCALE, "norm.weight"}
    assert sum(t.numel() * t.element_size() for t in packed.values()) == 8 * 100 + 8 * 2 + 100 * 2
    full = unpack(packed, torch.bfloat16)
    assert {name: t.shape for name, t in full.items()} == {n: t.shape for n, t in weights.items()}
    assert {t.dtype for t in full.values()} == {torch.bfloat16}
    torch.testing.assert_close(
        full["norm.weight"].float(), weights["norm.weight"], rtol=0.01, atol=0
    )


def test_format_is_told_from_the_file(plain: Path, packed: Path) -> None:
    assert is_packed(packed / "model.safetensors")
    assert not is_packed(plain / "model.safetensors")


@pytest.mark.parametrize("attention", ["auto", "sdpa"])
def test_packed_checkpoint_computes_with_the_unpacked_weights(
    plain: Path, packed: Path, tmp_path: Path, attention: str
) -> None:
    reference = restate(plain, tmp_path / "reference", {})
    weights = pack_file(reference)
    save_file(weights, reference / "model.safetensors", {"format": "pt"})
    expected = logits(LlamaForCausalLM.from_pretrained(reference, dtype=torch.float32).eval())
    found = logits(loaded(packed, attention=attention))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    original = logits(loaded(plain))
    pair = torch.stack([found.flatten(), original.flatten()])
    assert torch.corrcoef(pair)[0, 1] > 0.99
    assert not torch.equal(found, original)


def test_frequencies_are_made_after_the_empty_model(plain: Path, packed: Path) -> None:
    """They are no weights: on the meta device they would be empty, and rotate by anything."""
    checkpoint = open_checkpoint(packed)
    plan = plan_for(checkpoint.config, dtype="bfloat16")
    model = load_pretrained(checkpoint, plan, listener=Listener())
    assert not any(t.is_meta for t in (*model.parameters(), *model.buffers()))
    assert {p.dtype for p in model.parameters()} == {torch.bfloat16}
    frequencies = 50000.0 ** (-torch.arange(0, 16, 2) / 16) / 4  # arXiv 2306.15595, eq. 4
    for name in ("inv_freq", "original_inv_freq"):
        torch.testing.assert_close(getattr(model.model.rotary_emb, name), frequencies)


@pytest.mark.parametrize("attention", ["auto", "sdpa"])
def test_tied_embeddings_are_held_once(packed: Path, attention: str) -> None:
    model = loaded(packed, attention=attention)
    assert model.lm_head.weight.data_ptr() == model.model.embed_tokens.weight.data_ptr()


def test_untied_head_keeps_its_own_weights(tmp_path: Path) -> None:
    save_checkpoint(tmp_path)
    head = load_file(tmp_path / "model.safetensors")["lm_head.weight"]
    pack_file(tmp_path)
    torch.testing.assert_close(loaded(tmp_path).lm_head.weight.data, head, rtol=0.05, atol=0.02)


def test_incomplete_packed_weights_are_refused(plain: Path, tmp_path: Path) -> None:
    folder = restate(plain, tmp_path / "packed", {})
    pack_file(folder, drop="model.layers.1.mlp.up_proj.weight")
    with pytest.raises(UnsupportedModel, match=r"layers\.1\.mlp\.up_proj\.weight") as caught:
        loaded(folder)
    assert "\n" not in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("quantize", ["nf4", "int8"])
def test_packed_weights_are_not_quantized_again(packed: Path, quantize: str) -> None:
    """They would be loaded unquantized, while plan and receipt say otherwise."""
    with pytest.raises(UsageError, match=f"^quantize {quantize}, but") as caught:
        loaded(packed, quantize=quantize)
    assert "leave quantize out" in str(caught.value.hint)


def test_bundled_model_is_in_this_format() -> None:
    model = find_model(LoadConfig(model="mini", device="cpu"))
    (file,) = model.checkpoint.weight_files()
    assert is_packed(file)
    assert file.stat().st_size <= 16 * 10**6
    assert model.rope.rope_type == "linear"
    assert model.source.known is not None
    assert model.rope.window == model.source.known.window
    assert model.shape == model.source.known.shape
    assert len(model.tokenizer.inner) == model.shape.vocab_size
