"""Reading for the heads: the same states and attention as in transformers, added up by sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

from recipes.smol.llama import Llama, Positions, merged, read_adapter
from recipes.smol.reading import Reader


def model(factor: float) -> LlamaForCausalLM:
    """Return a small random Llama whose attention can be looked at."""
    torch.manual_seed(0)
    rope = {"rope_type": "default", "rope_theta": 1000.0}
    if factor != 1:
        rope = {"rope_type": "linear", "rope_theta": 1000.0, "factor": factor}
    config = LlamaConfig(
        vocab_size=90, hidden_size=48, intermediate_size=64, num_hidden_layers=3,
        num_attention_heads=6, num_key_value_heads=2, head_dim=8, rms_norm_eps=1e-5,
        max_position_embeddings=256, rope_parameters=rope, tie_word_embeddings=True,
        attn_implementation="eager", initializer_range=0.3,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


def reader(weights: dict[str, torch.Tensor], factor: float) -> Reader:
    """Return our forward pass over the same weights."""
    positions = Positions(factor=factor, theta=1000.0, head_dim=8)
    return Reader(Llama(weights, head_dim=8), positions.table(256))


@pytest.mark.parametrize("factor", [1.0, 4.0])
def test_states_and_attention_are_those_of_transformers(factor: float) -> None:
    m = model(factor)
    ours = reader(dict(m.state_dict()), factor)
    document = torch.randint(0, 90, (70,))
    asked = torch.randint(0, 90, (2, 9))
    lengths = [9, 6]
    weights = torch.zeros(2, 2, 9)
    for row, length in enumerate(lengths):
        weights[row, 0, :length] = 1 / length
        weights[row, 1, length - 1] = 1
    with torch.no_grad():
        read = ours.read(document, (1, 3))
        seen = list(ours.looks(read, asked, weights))
        for row, length in enumerate(lengths):
            whole = torch.cat([document, asked[row, :length]])[None]
            theirs = m.model(whole, output_attentions=True, output_hidden_states=True)
            for layer in range(3):
                of_suffix = theirs.attentions[layer][0, :, 70:, :70]  # (heads, length, 70)
                ours_here = seen[layer][0][row]
                torch.testing.assert_close(ours_here[0], of_suffix.mean(1), atol=1e-5, rtol=1e-4)
                torch.testing.assert_close(ours_here[1], of_suffix[:, -1], atol=1e-5, rtol=1e-4)
            last = theirs.last_hidden_state[0]
            torch.testing.assert_close(read.states[3], last[:70], atol=1e-4, rtol=1e-4)
            torch.testing.assert_close(seen[2][1][row, :length], last[70:], atol=1e-4, rtol=1e-4)
            first = theirs.hidden_states[1][0, :70]
            plain = first * torch.rsqrt(first.square().mean(-1, keepdim=True) + 1e-5)
            torch.testing.assert_close(read.states[1], plain, atol=1e-4, rtol=1e-4)


def test_adapter_is_added_to_the_weights_it_names(tmp_path: Path) -> None:
    weights = {"model.layers.0.self_attn.q_proj.weight": torch.zeros(4, 6)}
    down, up = torch.randn(2, 6), torch.randn(4, 2)
    name = "base_model.model.model.layers.0.self_attn.q_proj"
    save_file(
        {f"{name}.lora_A.weight": down, f"{name}.lora_B.weight": up},
        tmp_path / "adapter_model.safetensors",
    )
    (tmp_path / "adapter_config.json").write_text('{"r": 2, "lora_alpha": 6}', encoding="utf-8")
    found = merged(weights, *read_adapter(tmp_path))["model.layers.0.self_attn.q_proj.weight"]
    torch.testing.assert_close(found, 3 * up @ down)
