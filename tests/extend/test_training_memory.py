from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tiny import tiny_model

from longsum.bytesize import GIB
from longsum.checkpoint.catalog import LLAMA_7B
from longsum.checkpoint.files import read_shape
from longsum.errors import InsufficientMemory
from longsum.extend.adapters import set_trainable
from longsum.extend.config import ExtendConfig
from longsum.extend.loss import NextTokenLoss
from longsum.extend.prepare import checkpoint_layers
from longsum.extend.training_memory import (
    loss_bytes,
    plan_training,
    require_training_fit,
    saved_bytes_per_token,
    trainable_parameters,
)
from longsum.settings import Setting, settings_in

TOKENS = 512
SHAPE = {
    "hidden_size": 128,
    "intermediate_size": 344,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "num_hidden_layers": 3,
    "max_position_embeddings": 4096,
}


def saved_bytes(model, autocast) -> int:
    """Return what torch keeps for the backward pass, weights and their copies left out."""
    weights = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    held = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights and max(tensor.shape, default=0) >= TOKENS - 1:
            held[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        NextTokenLoss(model, autocast=autocast)(torch.randint(0, 300, (1, TOKENS)))
    return sum(size for size, _ in held.values())


def in_four_bits(model):
    """Return a model whose decoder layers' matrices are in NF4, as a loaded one's are."""
    from bitsandbytes.nn import Linear4bit

    for layer in model.model.layers:
        for holder in (layer.self_attn, layer.mlp):
            for name, linear in list(holder.named_children()):
                if isinstance(linear, torch.nn.Linear):
                    four = Linear4bit(
                        linear.in_features,
                        linear.out_features,
                        bias=False,
                        compute_dtype=torch.bfloat16,
                        quant_type="nf4",
                    )
                    four.load_state_dict(linear.state_dict())
                    setattr(holder, name, four.to("cpu"))
    return model


@pytest.mark.parametrize("method", ["full", "lora"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("checkpointing", [False, True])
def test_estimate_is_what_torch_keeps(method, dtype, checkpointing):
    config = ExtendConfig(method=method)
    model = tiny_model(**SHAPE).train()
    shape = read_shape(model.config.to_dict())
    if method == "lora" and dtype == "bfloat16":
        model = model.bfloat16()
    set_trainable(model, config)
    if checkpointing:
        checkpoint_layers(model)
    logits = 4 * shape.vocab_size * (TOKENS - 1)
    saved = saved_bytes(model, dtype == "bfloat16") - logits
    estimate = TOKENS * saved_bytes_per_token(
        shape, config, dtype=dtype, checkpointing=checkpointing
    )
    assert estimate == pytest.approx(saved, rel=0.1)


@pytest.mark.parametrize("checkpointing", [False, True])
def test_four_bit_layers_return_float32_and_the_estimate_counts_it(checkpointing):
    """The plan counted bfloat16, and the MLP took twice as much as it said."""
    config = ExtendConfig(method="qlora")
    model = tiny_model(**SHAPE).train().bfloat16()
    shape = read_shape(model.config.to_dict())
    model = in_four_bits(model)
    set_trainable(model, config)
    if checkpointing:
        checkpoint_layers(model)
    logits = 4 * shape.vocab_size * (TOKENS - 1)
    saved = saved_bytes(model, True) - logits
    estimate = TOKENS * saved_bytes_per_token(
        shape, config, dtype="bfloat16", checkpointing=checkpointing
    )
    assert estimate == pytest.approx(saved, rel=0.1)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(
    "config",
    [
        ExtendConfig(),
        ExtendConfig(method="lora", rank=4),
        ExtendConfig(method="lora", targets=("q_proj", "down_proj", "up_proj")),
        ExtendConfig(method="lora", train_norm_and_embedding=False),
    ],
)
def test_count_of_what_learns_is_the_models(config, tied):
    model = tiny_model(**SHAPE, tie_word_embeddings=tied)
    shape = read_shape(model.config.to_dict())
    set_trainable(model, config)
    learning = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    assert trainable_parameters(shape, config) == learning


def plan(free_gib, **options):
    settings = {"context": 8192, "native_window": 4096, "device": "cuda", "dtype": "bfloat16"}
    config = ExtendConfig(**options.pop("config", {}))
    return plan_training(
        LLAMA_7B, config, free_bytes=int(free_gib * GIB), chunk=524, **settings | options
    )


def test_full_training_counts_four_numbers_a_weight():
    made = plan(200)
    weights = LLAMA_7B.parameters
    assert made.weights_bytes == (4 + 2) * weights  # float32 and the copy for the products
    assert (made.gradients_bytes, made.optimizer_bytes) == (4 * weights, 8 * weights)
    assert made.loss_bytes == loss_bytes(32_000, 524, "bfloat16")
    assert made.fits


def test_gradient_checkpointing_comes_when_memory_asks_for_it():
    whole = plan(400)
    assert not whole.gradient_checkpointing
    tight = plan((whole.total_bytes - GIB) / GIB)
    assert tight.gradient_checkpointing
    assert tight.fits
    assert tight.activation_bytes < whole.activation_bytes / 5
    forced = plan(400, config={"gradient_checkpointing": True})
    assert forced.activation_bytes == tight.activation_bytes


def test_remedies_work_when_they_are_taken():
    short = plan(100, context=65536, config={"gradient_checkpointing": False})
    assert not short.fits
    with pytest.raises(InsufficientMemory, match=r"training needs .* free") as found:
        require_training_fit(short)
    assert Setting("method", "lora") in found.value.remedies
    assert found.value.facts == {
        "needed_bytes": short.total_bytes,
        "free_bytes": short.free_bytes,
    }
    assert plan(100, context=65536, config={"method": "lora"}).fits
    one = plan(150, context=32768, config={"gradient_checkpointing": False})
    assert one.remedies[0] == str(Setting("gradient_checkpointing"))
    assert plan(150, context=32768, config={"gradient_checkpointing": True}).fits
    named = dict(setting for each in one.remedies for setting in settings_in(each))
    tokens = int(named["context"].rstrip("k")) * 1024
    again = {"context": tokens, "config": {"gradient_checkpointing": False}}
    assert plan(150, **again).fits
    assert not plan(150, **{**again, "context": tokens + 1024}).fits


def test_no_remedy_names_a_window_that_is_not_larger_or_a_method_that_is_not_there():
    assert plan(3, context=8192).remedies == ()
    small = plan(20, device="cpu", dtype="float32", context=8192)
    assert not any("qlora" in remedy for remedy in small.remedies)
    with pytest.raises(InsufficientMemory) as found:
        require_training_fit(plan(3))
    assert "larger machine" in found.value.hint


def test_shards_share_what_is_fixed():
    alone, shared = plan(400), plan(400, shards=4)
    assert shared.optimizer_bytes == alone.optimizer_bytes // 4
    assert shared.activation_bytes == alone.activation_bytes


def test_qlora_holds_half_a_byte_a_weight():
    config = ExtendConfig(method="qlora", train_norm_and_embedding=False)
    nf4, lora = (
        plan(100, config={"method": method, "train_norm_and_embedding": False})
        for method in ("qlora", "lora")
    )
    assert nf4.weights_bytes < lora.weights_bytes / 3
    assert nf4.optimizer_bytes == 8 * trainable_parameters(LLAMA_7B, replace(config, rank=8))
