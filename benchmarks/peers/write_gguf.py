"""Write a Hugging Face LLaMA as GGUF for llama.cpp; runs in llama.cpp's environment.

    ENVIRONMENT/bin/python write_gguf.py FOLDER OUT.gguf f16

Position Interpolation is stored in the metadata as linear RoPE scaling. No tokenizer is written, as
the contestants get token ids.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf_layout import gguf_name, interleaved  # its neighbour: this runs as a script
from safetensors import safe_open

TYPES = {
    "f32": gguf.GGMLQuantizationType.F32,
    "f16": gguf.GGMLQuantizationType.F16,
    "bf16": gguf.GGMLQuantizationType.BF16,
    "q8_0": gguf.GGMLQuantizationType.Q8_0,
}


def add_metadata(writer: gguf.GGUFWriter, config: dict[str, Any]) -> None:
    """Write the model's shape and its RoPE parameters."""
    heads = config["num_attention_heads"]
    head_dim = config.get("head_dim") or config["hidden_size"] // heads
    rope = config["rope_parameters"]
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(head_dim)
    writer.add_rope_freq_base(rope["rope_theta"])
    writer.add_vocab_size(config["vocab_size"])
    if rope["rope_type"] == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rope["factor"])
    elif rope["rope_type"] != "default":
        raise SystemExit(f"rope_type {rope['rope_type']!r} is not written")
    writer.add_tokenizer_model("no_vocab")


def main() -> None:
    """Convert one checkpoint."""
    folder, out, kind = Path(sys.argv[1]), Path(sys.argv[2]), TYPES[sys.argv[3]]
    config = json.loads((folder / "config.json").read_text())
    writer = gguf.GGUFWriter(out, "llama")
    add_metadata(writer, config)
    heads = {"q_proj": config["num_attention_heads"], "k_proj": config["num_key_value_heads"]}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="numpy") as weights:
            for name in weights.keys():  # noqa: SIM118  # not a dictionary
                weight = weights.get_tensor(name).astype(np.float32)
                part = name.split(".")[-2]
                if part in heads:
                    weight = interleaved(weight, heads[part])
                # norms stay in float32, as llama.cpp requires
                wanted = kind if weight.ndim > 1 else TYPES["f32"]
                data = gguf.quants.quantize(weight, wanted)
                writer.add_tensor(gguf_name(name), data, raw_dtype=wanted)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
