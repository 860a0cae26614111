from __future__ import annotations

import sys

import pytest
import torch
from tiny import tiny_model

from longsum.errors import UsageError
from longsum.extend.adapters import merged, set_trainable
from longsum.extend.config import ExtendConfig

LORA = ExtendConfig(method="lora", rank=4, alpha=12.0)


def adapted(seed=1, config=LORA, **overrides):
    """A model whose LoRA matrices and norms are away from where they start."""
    model = tiny_model(**overrides)
    set_trainable(model, config)
    torch.manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.requires_grad:
                weight += 0.1 * torch.randn_like(weight)
    return model


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("targets", [LORA.targets, ("q_proj", "down_proj")])
def test_merged_weights_give_the_adapters_logits(tied, targets):
    config = ExtendConfig(method="lora", rank=4, alpha=12.0, targets=targets)
    model = adapted(config=config, tie_word_embeddings=tied)
    ids = torch.randint(0, 300, (1, 50))
    plain = tiny_model(seed=9, tie_word_embeddings=tied)
    plain.load_state_dict(merged(model.state_dict(), config, torch.float32), strict=True)
    with torch.no_grad():
        torch.testing.assert_close(plain(ids).logits, model(ids).logits, rtol=1e-4, atol=1e-4)


def test_new_matrices_change_nothing():
    model = tiny_model()
    ids = torch.randint(0, 300, (1, 20))
    before = model(ids).logits
    set_trainable(model, LORA)
    torch.testing.assert_close(model(ids).logits, before)


def test_norms_and_embedding_learn_beside_the_matrices():
    model = tiny_model()
    set_trainable(model, LORA)
    learning = {name for name, weight in model.named_parameters() if weight.requires_grad}
    beside = {name for name in learning if ".lora_" not in name}
    assert beside == {
        "model.embed_tokens.weight",
        "model.norm.weight",
        *(f"model.layers.{n}.input_layernorm.weight" for n in range(2)),
        *(f"model.layers.{n}.post_attention_layernorm.weight" for n in range(2)),
    }
    assert len(learning) - len(beside) == 2 * 4 * 2


def test_matrices_only():
    model = tiny_model()
    set_trainable(model, ExtendConfig(method="lora", train_norm_and_embedding=False))
    assert all(".lora_" in n for n, weight in model.named_parameters() if weight.requires_grad)


@pytest.mark.parametrize("method", ["full", "lora"])
def test_what_learns_is_float32(method):
    model = tiny_model().bfloat16()
    set_trainable(model, ExtendConfig(method=method))
    kinds = {weight.dtype for weight in model.parameters() if weight.requires_grad}
    assert kinds == {torch.float32}
    if method == "lora":
        frozen = {weight.dtype for weight in model.parameters() if not weight.requires_grad}
        assert frozen == {torch.bfloat16}


def test_merge_sums_in_float32():
    model = adapted().bfloat16()
    weights = merged(model.state_dict(), LORA, torch.bfloat16)
    layer = model.model.layers[0].self_attn.q_proj
    delta = layer.lora_B["default"].weight.float() @ layer.lora_A["default"].weight.float()
    expected = (layer.base_layer.weight.float() + 3.0 * delta).bfloat16()
    assert torch.equal(weights["model.layers.0.self_attn.q_proj.weight"], expected)


def test_targets_that_are_nowhere_are_refused():
    with pytest.raises(UsageError, match="^targets query is in no layer") as found:
        set_trainable(tiny_model(), ExtendConfig(method="lora", targets=("query",)))
    assert "q_proj" in found.value.hint


def test_missing_peft_is_one_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(UsageError, match="need peft") as found:
        set_trainable(tiny_model(), LORA)
    assert found.value.hint == "pip install 'longsum[train]'"
