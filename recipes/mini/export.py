"""Write a stage's weights as a checkpoint: weights, configuration, tokenizer.

    python -m recipes.mini.export --work runs/mini --stage recall --plain --output runs/mini/plain
    python -m recipes.mini.export --stage bundled --plain --output runs/mini/plain
    python -m recipes.mini.export --work runs/mini --output longsum/mini
    python -m recipes.mini.export --name-features longsum/mini/selection.safetensors

With `--plain`, weights are written in float32, as `longsum extend` and plain `transformers` read
them; otherwise in the bundled model's int8 rows, with the selection head. The model card is written
by hand. With `--name-features`, only this version's feature names are written into a head that was
trained on exactly these, and no tensor changes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import PreTrainedTokenizerFast

from longsum.checkpoint.packed import is_packed, pack, unpack
from longsum.selection.feature_names import metadata_of
from longsum.selection.head import FILE
from recipes.mini.shapes import SHAPES, Shape
from recipes.mini.tokenizer import SPECIAL_TOKENS, VOCAB_SIZE

EXTENDED = ("settle", "recall", "extend", "bundled")
"""Stages whose positions are interpolated."""
BUNDLED = Path("longsum/mini")
"""Its int8 rows replace the last stage if no checkpoints are available."""
EXACT_KV_LAYERS = 1
"""Number of first layers with position heads, which distinguish neighbours by 1/500 of a score."""
HEADS = ("summaries", "answers")
"""Files of the selection head, from `select` and `answers`."""


def write_tokenizer(work: Path, output: Path) -> None:
    """Save the tokenizer in the form `AutoTokenizer` reads."""
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(work / "tokenizer.json"),
        bos_token="<s>",
        eos_token="</s>",
        pad_token="</s>",
        additional_special_tokens=SPECIAL_TOKENS[2:],
    )
    tokenizer.save_pretrained(output)


def settings_of(shape: Shape, *, extended: bool) -> dict[str, Any]:
    """Return config.json, with both the native and the extended window."""
    config = shape.extended_config(VOCAB_SIZE) if extended else shape.config(VOCAB_SIZE)
    config.architectures = ["LlamaForCausalLM"]
    if not extended:
        return config.to_dict()
    ours = {"original_max_position_embeddings": shape.window, "exact_kv_layers": EXACT_KV_LAYERS}
    return {**config.to_dict(), **ours}


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    """Return a stage's weights in float32: of our own loop, or of `longsum extend`."""
    own = folder / "weights.safetensors"
    path = own if own.exists() else folder / "model.safetensors"
    weights = unpack(load_file(path), torch.float32) if is_packed(path) else load_file(path)
    weights.pop("lm_head.weight", None)  # tied to the embeddings
    return {name: tensor.float() for name, tensor in weights.items()}


def write_head(work: Path, path: Path) -> None:
    """Write the selection head: weights in float16, standardization in float32."""
    tensors: dict[str, torch.Tensor] = {}
    for part in HEADS:
        for name, tensor in load_file(work / "select" / f"{part}.safetensors").items():
            tensors[name] = tensor.half() if name.endswith((".weight", ".bias")) else tensor
    save_head(tensors, path)


def save_head(tensors: dict[str, torch.Tensor], path: Path) -> None:
    """Write a head's tensors unchanged, with the names of their features."""
    save_file(tensors, path, metadata=metadata_of(tensors["projection"].shape[1]))


def write_packed(weights: dict[str, torch.Tensor], path: Path) -> None:
    """Save int8 rows and report the largest error of a matrix."""
    packed = pack(weights)
    back = unpack(packed, next(iter(weights.values())).dtype)
    error = max(((back[n] - w).norm() / w.norm()).item() for n, w in weights.items() if w.ndim == 2)
    save_file(packed, path, metadata={"format": "pt"})
    print(f"largest relative error of a matrix {error:.4f}")


def main() -> None:
    """Export a stage's weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("runs/mini"))
    parser.add_argument("--shape", choices=list(SHAPES), default="mini")
    parser.add_argument("--stage", default="recall", help="its folder, or `bundled`")
    parser.add_argument("--plain", action="store_true", help="float32 instead of int8 rows")
    parser.add_argument("--output", type=Path, default=BUNDLED)
    parser.add_argument("--name-features", type=Path, metavar="HEAD", help="and do nothing else")
    arguments = parser.parse_args()
    if arguments.name_features:
        tensors = load_file(arguments.name_features)  # cloned: the file is written over
        save_head({n: t.clone() for n, t in tensors.items()}, arguments.name_features)
        return
    bundled = arguments.stage == "bundled"
    weights = weights_of(BUNDLED if bundled else arguments.work / arguments.stage)
    arguments.output.mkdir(parents=True, exist_ok=True)
    path = arguments.output / "model.safetensors"
    if arguments.plain:
        save_file(weights, path, metadata={"format": "pt"})
    else:
        write_packed(weights, path)
        write_head(arguments.work, arguments.output / FILE)
    settings = settings_of(SHAPES[arguments.shape], extended=arguments.stage in EXTENDED)
    (arguments.output / "config.json").write_text(json.dumps(settings, indent=2) + "\n")
    write_tokenizer(arguments.work, arguments.output)
    print(f"{path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
