"""Settings of bitsandbytes for weights in 4 or 8 bits."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import torch

from longsum.errors import UnsupportedModel
from longsum.settings import Setting

if TYPE_CHECKING:
    from transformers import BitsAndBytesConfig


def quantization_config(quantize: str, dtype: torch.dtype) -> BitsAndBytesConfig | None:
    """Return the `BitsAndBytesConfig` of a quantization, or None for `none`.

    Args:
        quantize: `nf4` (arXiv 2305.14314, with double quantization), `int8` (arXiv 2208.07339) or
            `none`.
        dtype: compute dtype of the products.

    Raises:
        UnsupportedModel: bitsandbytes is not installed.
    """
    if quantize == "none":
        return None
    # on a CPU it logs for every layer of every forward pass that it casts the inputs
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    try:
        import bitsandbytes  # noqa: F401 - only to check that it is installed
    except ImportError as error:
        raise UnsupportedModel(
            f"{Setting('quantize')} {quantize} needs bitsandbytes, which is not installed",
            hint=f"pip install bitsandbytes, or use {Setting('quantize', 'none')}",
        ) from error
    from transformers import BitsAndBytesConfig

    if quantize == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )
