"""A Qwen2 computes what `transformers` computes of it, in any format."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import plan_for
from tiny_qwen2 import save_qwen2, tiny_qwen2, write_qwen2
from transformers import GenerationConfig, Qwen2ForCausalLM

from longsum.checkpoint.checkpoint import Checkpoint
from longsum.checkpoint.formats import open_checkpoint
from longsum.checkpoint.gguf_folder import unpacked
from longsum.engine.code_steps import CodeStepper
from longsum.engine.prefill import Reader
from longsum.events import Listener
from longsum.loading.codes import multiplies_codes
from longsum.loading.loader import load_model, load_pretrained
from longsum.loading.quantize import quantization_config

IDS = torch.tensor([[0, 5, 90, 17, 250, 33, 8, 120, 61, 299, 2, 44]])


def logits_of(model: Any) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = model(IDS).logits
    return found


def load(checkpoint: Checkpoint, quantize: str = "none", **changes: Any) -> Any:
    plan = replace(plan_for(checkpoint.config, quantize), **changes)
    return load_model(checkpoint, plan, listener=Listener())


@pytest.mark.parametrize("tied", [True, False])
def test_a_folder_gives_the_logits_of_transformers(tmp_path: Path, tied: bool) -> None:
    folder = save_qwen2(tmp_path / "qwen2", tie_word_embeddings=tied)
    expected = logits_of(tiny_qwen2(tie_word_embeddings=tied))
    checkpoint = open_checkpoint(folder)
    torch.testing.assert_close(logits_of(load(checkpoint)), expected, rtol=1e-4, atol=1e-4)
    plain = load_pretrained(checkpoint, plan_for(checkpoint.config, "none"), listener=Listener())
    torch.testing.assert_close(logits_of(plain), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("tied", [True, False])
def test_a_gguf_file_gives_the_logits_of_transformers(tmp_path: Path, tied: bool) -> None:
    """Queries and keys whose rows were reordered as a Llama's would give others."""
    model = tiny_qwen2(tie_word_embeddings=tied)
    path = write_qwen2(tmp_path / "tiny.gguf", model)
    found = load(open_checkpoint(unpacked(path, tmp_path / "cache")))
    torch.testing.assert_close(logits_of(found), logits_of(model), rtol=1e-4, atol=1e-4)


def test_it_can_be_quantized_to_4_bits(tmp_path: Path) -> None:
    folder = save_qwen2(tmp_path / "qwen2", hidden_size=128, intermediate_size=256)
    checkpoint = open_checkpoint(folder)
    packed = logits_of(load(checkpoint, "nf4", dtype="float32"))
    assert not torch.allclose(packed, logits_of(load(checkpoint)), rtol=1e-2)
    theirs = Qwen2ForCausalLM.from_pretrained(
        folder, quantization_config=quantization_config("nf4", torch.float32), dtype=torch.float32
    )
    torch.testing.assert_close(packed, logits_of(theirs.eval()), rtol=1e-3, atol=1e-3)


@pytest.mark.skipif(
    not multiplies_codes(), reason="this torch does not multiply by codes on this processor"
)
def test_codes_add_the_biases_that_the_weights_have(tmp_path: Path) -> None:
    model = tiny_qwen2(hidden_size=64, intermediate_size=96, vocab_size=320)
    checkpoint = open_checkpoint(
        unpacked(write_qwen2(tmp_path / "tiny.gguf", model, "Q8_0"), tmp_path / "cache")
    )

    def last(**changes: Any) -> torch.Tensor:
        loaded = load(checkpoint, **changes)
        reader = Reader(loaded, 64, 64)
        reader.read(IDS[0, :-1].tolist())
        step = CodeStepper(reader, loaded.codes).several if loaded.codes else reader.read_all
        return step(IDS[0, -1:].tolist())[-1].float()

    exact = last()
    usual = last(dtype="bfloat16", codes=False)
    by_codes = last(dtype="bfloat16", codes=True)
    assert not torch.equal(by_codes, usual)  # they were used
    assert (by_codes - exact).abs().mean() < 2 * (usual - exact).abs().mean()


def test_stored_biases_of_the_output_win_over_zeros(tmp_path: Path) -> None:
    """A checkpoint that was extended states all of them."""
    folder = save_qwen2(tmp_path / "qwen2")
    checkpoint = open_checkpoint(folder)
    zeros = checkpoint.tensors(torch.float32)["model.layers.0.self_attn.o_proj.bias"][...]
    assert not zeros.any()
    assert zeros.shape == (64,)
    config = json.loads((folder / "config.json").read_text())
    assert config["model_type"] == "qwen2"  # the file is as it was
    assert checkpoint.config["model_type"] == "llama"
    model = load_pretrained(checkpoint, plan_for(checkpoint.config, "none"), listener=Listener())
    with torch.no_grad():
        model.model.layers[0].self_attn.o_proj.bias.fill_(0.25)
    model.generation_config = GenerationConfig()
    extended = tmp_path / "extended"
    model.save_pretrained(extended)
    found = open_checkpoint(extended).tensors(torch.float32)
    assert found["model.layers.0.self_attn.o_proj.bias"][...].eq(0.25).all()
