"""The base model of smol: SmolLM2-135M-Instruct, read from its GGUF file.

Gives plain tensors under Hugging Face's names, dequantized as the program dequantizes them.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch

from longsum.checkpoint.gguf import read_gguf
from longsum.checkpoint.gguf_weights import read_tensor

HEAD_DIM, THETA, EPS = 64, 100_000.0, 1e-5
END = 2
"""The token `<|im_end|>`."""


def device_and_dtype() -> tuple[str, torch.dtype]:
    """Return the device and dtype to compute with: bfloat16 only where it is not emulated."""
    if torch.cuda.is_available():
        return "cuda", torch.bfloat16
    flags = Path("/proc/cpuinfo")
    fast = flags.exists() and "avx512_bf16" in flags.read_text()
    return "cpu", torch.bfloat16 if fast else torch.float32


def read_base(path: Path, dtype: torch.dtype = torch.bfloat16) -> dict[str, torch.Tensor]:
    """Read the weights of a GGUF file into memory.

    Args:
        path: path of the file.
        dtype: dtype of the tensors; their values are rounded to bfloat16.

    Returns:
        Tensors by their Hugging Face names; the head is tied to `embed_tokens`.
    """
    tensors = read_gguf(path).tensors
    return {each.name: read_tensor(each, torch.bfloat16).to(dtype) for each in tensors}


def say(path: Path, **found: object) -> None:
    """Print a finding, and add it to a file of JSON lines."""
    line = json.dumps(found)
    print(line, flush=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
