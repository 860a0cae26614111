"""Pack a trained adapter as longsum ships it: int8 rows with scales, and its base's name.

    python -m recipes.smol.ship --adapter runs/smol/window/final --base FILE --out FOLDER

The result is in peft's format except that matrices are int8 (half the size of bfloat16); the
configuration gains `longsum`: the window or the task, and the fingerprint of the weights it was
trained on.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from longsum.checkpoint.adapters import CONFIG_NAME, WEIGHTS_NAME
from longsum.checkpoint.gguf import shards_of
from longsum.checkpoint.identity import weights_fingerprint
from longsum.checkpoint.packed import pack, unpack


def ship(adapter: Path, base: Path, out: Path) -> float:
    """Write the adapter, and return the largest relative error of a matrix by its rounding.

    Args:
        adapter: folder that `recipes.smol.window` or `recipes.smol.answer` wrote.
        base: GGUF file it was trained on.
        out: folder of the result.
    """
    tensors = {name: each.float() for name, each in load_file(adapter / WEIGHTS_NAME).items()}
    packed = pack(tensors)
    config = json.loads((adapter / CONFIG_NAME).read_text(encoding="utf-8"))
    purpose = {key: config[key] for key in ("window", "task") if key in config}
    trained_with = {**purpose, "base": weights_fingerprint(shards_of(base))}
    out.mkdir(parents=True, exist_ok=True)
    save_file(packed, out / WEIGHTS_NAME, {"format": "pt"})
    (out / WEIGHTS_NAME).chmod(0o644)  # it is written for its owner alone
    text = json.dumps(config | {"longsum": trained_with}, indent=1)
    (out / CONFIG_NAME).write_text(text + "\n", encoding="utf-8")
    rounded = unpack(packed, torch.float32)
    return max(
        float((rounded[name] - each).norm() / each.norm().clamp_min(1e-12))
        for name, each in tensors.items()
    )


def main() -> None:
    """Pack one adapter and print its size and error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--adapter", type=Path, required=True)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    error = ship(asked.adapter, asked.base, asked.out)
    size = (asked.out / WEIGHTS_NAME).stat().st_size
    print(f"{size:,} bytes, a matrix is off by at most {error:.2%}")


if __name__ == "__main__":
    main()
