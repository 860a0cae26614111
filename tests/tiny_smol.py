"""A tiny base with heads as wide as smol's, for the recipes."""

from __future__ import annotations

import torch
from transformers import LlamaConfig, LlamaForCausalLM

VOCABULARY = 300


def transformers_model(**rope: object) -> LlamaForCausalLM:
    """A tiny Llama of heads as wide as smol's."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=128,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        max_position_embeddings=256,
        rope_parameters={"rope_type": "default", "rope_theta": 1e5} | rope,
        tie_word_embeddings=True,
        rms_norm_eps=1e-5,
        initializer_range=0.2,
    )
    return LlamaForCausalLM(config).eval()


def weights_of(model: LlamaForCausalLM) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}
