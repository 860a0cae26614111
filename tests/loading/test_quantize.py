"""bitsandbytes on the CPU: the decoder's linear layers shrink, the rest stays, the logits too."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest
import torch
from bitsandbytes.nn import Linear4bit, Linear8bitLt
from tiny import plan_for, save_checkpoint
from transformers import GenerationConfig

from longsum.checkpoint.files import quantized_on_disk, read_config, read_shape
from longsum.checkpoint.formats import open_checkpoint
from longsum.engine.llama import Llama
from longsum.errors import UnsupportedModel
from longsum.events import Listener
from longsum.loading.loader import load_model, load_pretrained
from longsum.loading.quantize import quantization_config
from longsum.model.footprint import bytes_of_weights
from longsum.model.memory import MemoryPlan

PROMPT = torch.randint(2, 300, (1, 80), generator=torch.Generator().manual_seed(1))
LAYERS = {"int8": Linear8bitLt, "nf4": Linear4bit}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    # NF4 has one scale for 64 weights of a row: rows of real models are multiples of 64
    return save_checkpoint(folder, intermediate_size=128)


def loaded(folder: Path, quantize: str) -> tuple[Llama, MemoryPlan]:
    config = read_config(folder)
    plan = plan_for(config, quantize, dtype="bfloat16")
    return load_model(open_checkpoint(folder), plan, listener=Listener()), plan


@torch.inference_mode()
def logits(model: Llama) -> torch.Tensor:
    return model(PROMPT).logits[0].float()


def correlation(a: torch.Tensor, b: torch.Tensor) -> float:
    return torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1].item()


@pytest.mark.parametrize(("quantize", "least"), [("int8", 0.98), ("nf4", 0.7)])
def test_quantized_logits_are_near_the_unquantized(
    checkpoint: Path, quantize: str, least: float
) -> None:
    """Random weights of 64 columns are the worst case for NF4; real ones lose far less."""
    expected = logits(loaded(checkpoint, "none")[0])
    model, _ = loaded(checkpoint, quantize)
    assert correlation(logits(model), expected) > least


@pytest.mark.parametrize("quantize", ["int8", "nf4"])
def test_linear_layers_shrink_and_the_rest_stays(checkpoint: Path, quantize: str) -> None:
    model, plan = loaded(checkpoint, quantize)
    kinds = {
        name.rpartition(".")[2]: type(getattr(module, "inner", module))
        for name, module in model.named_modules()
        if name.endswith(("_proj", "lm_head", "embed_tokens"))
    }
    assert kinds.pop("lm_head") is torch.nn.Linear
    assert kinds.pop("embed_tokens") is torch.nn.Embedding
    assert len(kinds) == 7
    assert all(issubclass(kind, LAYERS[quantize]) for kind in kinds.values())
    assert model.lm_head.weight.dtype == torch.bfloat16
    assert plan.quantize == quantize
    held = sum(p.numel() * p.element_size() for p in model.parameters())
    planned = bytes_of_weights(
        read_shape(read_config(checkpoint)), quantize=quantize, dtype="bfloat16"
    )
    assert held == pytest.approx(planned, rel=0.1)  # the scales are no parameters


def test_nf4_is_doubly_quantized_and_computes_in_the_plans_dtype(checkpoint: Path) -> None:
    model, _ = loaded(checkpoint, "nf4")
    layer = model.model.layers[0].mlp.up_proj
    layer = getattr(layer, "inner", layer)
    assert layer.compute_dtype == torch.bfloat16
    assert layer.weight.quant_type == "nf4"
    assert layer.weight.quant_state.nested


@pytest.mark.parametrize("quantize", ["int8", "nf4"])
def test_checkpoint_stored_quantized_loads_as_it_is(
    checkpoint: Path, tmp_path: Path, quantize: str
) -> None:
    original, _ = loaded(checkpoint, quantize)
    expected = logits(original)
    config = read_config(checkpoint)
    plan = plan_for(config, quantize, dtype="bfloat16")
    # a forward pass repacks the weights of the first; `transformers` knows how to save its own
    fresh = load_pretrained(open_checkpoint(checkpoint), plan, listener=Listener())
    fresh.generation_config = GenerationConfig()  # saving wants one
    fresh.save_pretrained(tmp_path)
    assert quantized_on_disk(read_config(tmp_path)) == quantize
    model, plan = loaded(tmp_path, "auto")
    assert plan.quantize == quantize
    layer = model.model.layers[0].mlp.up_proj
    assert isinstance(getattr(layer, "inner", layer), LAYERS[quantize])
    torch.testing.assert_close(logits(model), expected, rtol=1e-2, atol=1e-2)


def test_nothing_is_asked_of_bitsandbytes_without_quantization(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)  # its import fails
    assert quantization_config("none", torch.bfloat16) is None


@pytest.mark.parametrize("quantize", ["int8", "nf4"])
def test_missing_bitsandbytes_is_reported(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, quantize: str
) -> None:
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(UnsupportedModel, match=f"^quantize {quantize} needs bitsandbytes") as e:
        loaded(checkpoint, quantize)
    assert e.value.exit_code == 5
    assert "pip install bitsandbytes" in str(e.value.hint)


def test_bitsandbytes_does_not_chatter(checkpoint: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It logs a warning for each layer of each forward pass that is not in float16."""
    model, _ = loaded(checkpoint, "int8")
    with caplog.at_level(logging.WARNING):
        logits(model)
    assert not [record for record in caplog.records if "bitsandbytes" in record.name]
