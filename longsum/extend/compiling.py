"""Compile the layers of a model in training, one by one."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from typing import TYPE_CHECKING

from longsum.errors import UsageError
from longsum.settings import Setting

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM


def require_compiler(device: str) -> None:
    """Raise unless torch can compile for a device.

    Args:
        device: `cuda`, `mps` or `cpu`.

    Raises:
        UsageError: when Triton, or on a CPU a C++ compiler, is missing.
    """
    if device == "cuda":
        if find_spec("triton"):
            return
        missing, hint = "Triton", "pip install triton"
    else:
        if any(map(shutil.which, (os.environ.get("CXX", "g++"), "clang++", "cl"))):
            return
        missing, hint = "a C++ compiler", "install g++ or clang"
    raise UsageError(
        f"{Setting('compile')} needs {missing}, which is not installed",
        hint=f"{hint}, or leave {Setting('compile')} out",
    )


def compile_layers(model: LlamaForCausalLM) -> None:
    """Have torch compile the layers one by one; all but the first take the first one's code.

    A whole model would be compiled for minutes, and again for every change of its inputs.
    """
    for layer in model.model.layers:
        layer.compile(dynamic=False)
