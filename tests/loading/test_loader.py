"""What is loaded computes what plain `transformers` computes; what is damaged is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import MagicMock

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny import load_checkpoint, plan_for, restate, save_checkpoint, tiny_model
from transformers import LlamaForCausalLM

from longsum.checkpoint.files import read_config
from longsum.checkpoint.formats import open_checkpoint
from longsum.config import Attention
from longsum.engine.prefill import Reader
from longsum.errors import UnsupportedModel, WindowNotTuned
from longsum.events import Listener
from longsum.loading.loader import _device_map, load_model, load_pretrained
from longsum.settings import Setting

NATIVE = 64
PROMPT = torch.randint(2, 300, (200,), generator=torch.Generator().manual_seed(1)).tolist()
"""Longer than the native window."""


@torch.inference_mode()
def logits(model: torch.nn.Module, ids: list[int] = PROMPT) -> torch.Tensor:
    return model(torch.tensor([ids])).logits[0]


def plain_logits(folder: Path, ids: list[int] = PROMPT) -> torch.Tensor:
    """What `transformers` itself computes."""
    return logits(LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval(), ids)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("plain"), max_position_embeddings=NATIVE)


# RoPE

LINEAR = {"rope_type": "linear", "factor": 4.0, "rope_theta": 10000.0}
YARN = {
    "rope_type": "yarn",
    "factor": 4.0,
    "original_max_position_embeddings": NATIVE,
    "rope_theta": 10000.0,
}
LLAMA3 = {
    "rope_type": "llama3",
    "factor": 4.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": NATIVE,
    "rope_theta": 50000.0,
}
DEFAULT = {"rope_type": "default", "rope_theta": 10000.0}


def without(block: dict[str, Any], *keys: str, **more: Any) -> dict[str, Any]:
    return {k: v for k, v in block.items() if k not in keys} | more


class Form(NamedTuple):
    """One way of stating a scaling."""

    stated: dict[str, Any]
    """Entries of config.json."""
    means: dict[str, Any]
    """The same as `rope_parameters` of transformers 5."""
    window: int = 4 * NATIVE
    transformers_reads_it: bool = True


LEGACY = without(LINEAR, "rope_type", "rope_theta", type="linear")
FORMS = {
    "rope_parameters": Form({"rope_parameters": LINEAR}, LINEAR),
    "rope_scaling with type": Form({"rope_scaling": LEGACY}, LINEAR),
    "rope_scaling with rope_type": Form({"rope_scaling": without(LINEAR, "rope_theta")}, LINEAR),
    "theta beside rope_scaling": Form(
        {"rope_scaling": LEGACY, "rope_theta": 50000.0}, LINEAR | {"rope_theta": 50000.0}
    ),
    "theta in rope_parameters": Form(
        {"rope_parameters": LINEAR | {"rope_theta": 50000.0}}, LINEAR | {"rope_theta": 50000.0}
    ),
    "extended window stated": Form(
        {"rope_scaling": LEGACY | {"factor": 128.0}, "max_position_embeddings": 8192},
        LINEAR | {"factor": 128.0},
        window=8192,
    ),
    "rope_condense_ratio": Form({"rope_condense_ratio": 4}, LINEAR, transformers_reads_it=False),
    "both keys": Form({"rope_parameters": LINEAR, "rope_scaling": LEGACY}, LINEAR),
    "rope_condense_ratio beside rope_scaling": Form(
        {"rope_condense_ratio": 4, "rope_scaling": LEGACY}, LINEAR
    ),
    "default parameters beside rope_scaling": Form(
        {"rope_parameters": DEFAULT | {"rope_theta": 50000.0}, "rope_scaling": LEGACY},
        LINEAR | {"rope_theta": 50000.0},
        transformers_reads_it=False,  # it takes the factor and loses the theta
    ),
    "llama3": Form({"rope_parameters": LLAMA3, "max_position_embeddings": 256}, LLAMA3),
    "llama3 as rope_scaling": Form(
        {
            "rope_scaling": without(LLAMA3, "rope_theta"),
            "rope_theta": 50000.0,
            "max_position_embeddings": 256,
        },
        LLAMA3,
    ),
    "yarn": Form({"rope_parameters": YARN, "max_position_embeddings": 256}, YARN),
    "yarn as its authors write it": Form(
        {
            "rope_scaling": without(YARN, "rope_type", "rope_theta", type="yarn", finetuned=True),
            "max_position_embeddings": 256,
        },
        YARN,
    ),
    "yarn with its native window beside": Form(
        {
            "rope_scaling": {"type": "yarn", "factor": 4.0},
            "original_max_position_embeddings": NATIVE,
            "max_position_embeddings": 256,
        },
        YARN,
    ),
    "null": Form({"rope_scaling": None}, DEFAULT, window=NATIVE),
    "nothing but theta": Form(
        {"rope_theta": 50000.0}, DEFAULT | {"rope_theta": 50000.0}, window=NATIVE
    ),
    "dynamic": Form(
        {"rope_scaling": {"type": "dynamic", "factor": 4.0}, "max_position_embeddings": 256},
        {"rope_type": "dynamic", "factor": 4.0, "rope_theta": 10000.0},
    ),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
def test_every_rope_form_computes_what_transformers_computes(
    checkpoint: Path, tmp_path: Path, form: Form
) -> None:
    """Whole, and read in chunks, beyond the native window."""
    bare = {"rope_parameters": None, "rope_scaling": None}
    folder = restate(checkpoint, tmp_path / "stated", bare | form.stated)
    positions = {"max_position_embeddings": read_config(folder)["max_position_embeddings"]}
    standard = restate(
        checkpoint, tmp_path / "standard", positions | {"rope_parameters": form.means}
    )
    model, rope = load_checkpoint(folder)
    assert rope.rope_type == form.means["rope_type"]
    assert rope.factor == form.means.get("factor", 1.0)
    assert rope.rope_theta == model.config.rope_parameters["rope_theta"] == form.means["rope_theta"]
    assert rope.window == form.window
    assert model.config.max_position_embeddings >= rope.window

    expected = plain_logits(standard)
    torch.testing.assert_close(logits(model), expected, rtol=1e-4, atol=1e-4)
    if form.transformers_reads_it:
        torch.testing.assert_close(plain_logits(folder), expected)
    for chunk in (1000, 48, 7):
        read = Reader(model, capacity=len(PROMPT), chunk_tokens=chunk).read(PROMPT)
        torch.testing.assert_close(read, expected[-1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["rope_parameters", "yarn", "llama3", "nothing but theta"])
def test_the_scaling_matters(checkpoint: Path, tmp_path: Path, name: str) -> None:
    """Without this, the comparison above would pass for a loader that scales nothing."""
    scaled = restate(checkpoint, tmp_path / "scaled", FORMS[name].stated)
    if name == "nothing but theta":
        scaled = restate(checkpoint, tmp_path / "t", {"rope_parameters": FORMS[name].means})
    assert not torch.allclose(
        logits(load_checkpoint(scaled)[0]), plain_logits(checkpoint), atol=0.1
    )


def test_wider_context_has_to_be_forced_and_is_interpolated(
    checkpoint: Path, tmp_path: Path
) -> None:
    with pytest.raises(WindowNotTuned, match="tuned for 64") as caught:
        load_checkpoint(checkpoint, context=256)
    assert caught.value.exit_code == 5
    assert "longsum extend" in str(caught.value.hint)
    model, rope = load_checkpoint(checkpoint, context=256, force=True)
    assert (rope.rope_type, rope.factor, rope.window) == ("linear", 256 / NATIVE, 256)
    standard = restate(checkpoint, tmp_path / "linear", {"rope_parameters": LINEAR})
    torch.testing.assert_close(logits(model), plain_logits(standard), rtol=1e-4, atol=1e-4)


def test_forced_context_keeps_the_theta(checkpoint: Path, tmp_path: Path) -> None:
    block = DEFAULT | {"rope_theta": 50000.0}
    folder = restate(checkpoint, tmp_path / "theta", {"rope_parameters": block})
    model, _ = load_checkpoint(folder, context=128, force=True)
    assert model.config.rope_parameters == {
        "rope_type": "linear",
        "factor": 2.0,
        "rope_theta": 50000.0,
    }


def test_narrower_context_keeps_the_tuned_factor(checkpoint: Path, tmp_path: Path) -> None:
    folder = restate(checkpoint, tmp_path / "linear", {"rope_parameters": LINEAR})
    model, rope = load_checkpoint(folder, context=100)
    assert (rope.factor, rope.window) == (4.0, 100)
    torch.testing.assert_close(logits(model), plain_logits(folder), rtol=1e-4, atol=1e-4)


def test_longrope_is_refused_where_its_factors_would_change(
    checkpoint: Path, tmp_path: Path
) -> None:
    """Keys are rotated differently beyond the native window, which invalidates a cache."""
    block = {
        "rope_type": "longrope",
        "short_factor": [1.5] * 8,
        "long_factor": [4.0] * 8,
        "original_max_position_embeddings": NATIVE,
        "rope_theta": 10000.0,
    }
    folder = restate(
        checkpoint,
        tmp_path / "longrope",
        {"rope_parameters": block, "max_position_embeddings": 256},
    )
    for context in (None, 256, NATIVE + 1):
        with pytest.raises(UnsupportedModel, match="beyond 64 tokens") as caught:
            load_checkpoint(folder, context=context)
        assert caught.value.remedies == (Setting("context", str(NATIVE)),)
    model, _ = load_checkpoint(folder, context=NATIVE)
    expected = plain_logits(folder, PROMPT[:NATIVE])[-1]
    read = Reader(model, capacity=NATIVE, chunk_tokens=10).read(PROMPT[:NATIVE])
    torch.testing.assert_close(read, expected, rtol=1e-4, atol=1e-4)


# attention, dtype, generation settings


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_other_attention_computes_the_same(checkpoint: Path, attention: Attention) -> None:
    model, _ = load_checkpoint(checkpoint, attention=attention)
    assert model.config.attention == attention
    torch.testing.assert_close(logits(model), plain_logits(checkpoint), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("load", [load_model, load_pretrained])
def test_model_is_ready_to_read(checkpoint: Path, load: Callable[..., torch.nn.Module]) -> None:
    """In the plan's dtype, without gradients, and without the checkpoint's own sampling."""
    config = read_config(checkpoint)
    plan = plan_for(config, dtype="bfloat16")
    model = load(open_checkpoint(checkpoint), plan, listener=Listener())
    assert {p.dtype for p in model.parameters()} == {torch.bfloat16}
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())
    assert getattr(model, "generation_config", None) is None


def test_shards_load_like_one_file(tmp_path: Path) -> None:
    model = tiny_model()
    model.save_pretrained(tmp_path, max_shard_size="100KB")
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 1
    torch.testing.assert_close(
        logits(load_checkpoint(tmp_path)[0]), logits(model), rtol=1e-4, atol=1e-4
    )


def test_head_of_tied_weights_may_be_stored_too(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, tie_word_embeddings=True)
    expected = plain_logits(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"].clone()
    weights["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(8)  # of old conversions
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    torch.testing.assert_close(logits(load_checkpoint(tmp_path)[0]), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("entry", [{"pad_token_id": 300}, {"pad_token_id": -1}, {"dtype": "odd"}])
def test_entries_that_mean_nothing_here_do_no_harm(
    checkpoint: Path, tmp_path: Path, entry: dict[str, Any]
) -> None:
    """Conversions of LLaMA name padding tokens outside the vocabulary."""
    model, _ = load_checkpoint(restate(checkpoint, tmp_path / "odd", entry))
    torch.testing.assert_close(logits(model), plain_logits(checkpoint), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [((), {"": "cuda"}), ((4,), {"": "cuda"}), ((0, 4, 0), {"": 1})],
    ids=["a plan for no particular device", "one GPU", "the second of three"],
)
def test_one_gpu_holds_the_model_where_it_can(
    layers: tuple[int, ...], expected: dict[str, str | int]
) -> None:
    """Two GPUs were always split between, which no CUDA graph can record."""
    assert _device_map(MagicMock(device="cuda", layers=layers), tied=False) == expected


def test_layers_go_where_the_plan_puts_them() -> None:
    found = _device_map(MagicMock(device="cuda", layers=(1, 0, 2)), tied=False)
    assert found == {
        "model.embed_tokens": 0,
        "model.rotary_emb": 0,
        "model.layers.0": 0,
        "model.layers.1": 2,
        "model.layers.2": 2,
        "model.norm": 2,
        "lm_head": 2,
    }
    tied = _device_map(MagicMock(device="cuda", layers=(1, 0, 2)), tied=True)
    assert tied["lm_head"] == tied["model.embed_tokens"] == 0
