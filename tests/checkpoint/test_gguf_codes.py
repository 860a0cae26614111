"""Codes, scales and minima are the dequantized weights, to the last bit."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType as Type
from packed_rows import COLUMNS, ROWS, packed, stored

from longsum.checkpoint.gguf_codes import (
    GROUP,
    Codes,
    bytes_of_codes,
    codes_per_weight,
    read_codes,
)
from longsum.checkpoint.gguf_header import BLOCKS
from longsum.checkpoint.gguf_weights import read_rows

from benchmarks.peers.gguf_layout import interleaved  # isort: skip  # ggufs put it on the path

PER_WEIGHT = {"Q4_0": 1, "Q4_1": 1, "Q4_K": 1, "Q8_0": 2}


def weights_of(codes: Codes, columns: int) -> np.ndarray:
    """Return the weights that codes mean."""
    grouped = codes.codes.reshape(*codes.scales.shape, GROUP).astype(np.float32)
    whole = grouped * codes.scales[..., None] + codes.minima[..., None]
    return whole.reshape(len(codes.codes), -1, columns).sum(1)


@pytest.mark.parametrize("kind", list(PER_WEIGHT))
def test_codes_mean_the_weights_that_the_library_dequantizes(tmp_path: Path, kind: str) -> None:
    tensor = stored(tmp_path, kind)
    found = read_codes(tensor)
    assert found.codes.dtype == np.uint8
    assert found.codes.max() <= 15
    expected = gguf.quants.dequantize(packed(kind), Type[kind]).reshape(ROWS, COLUMNS)
    assert np.array_equal(weights_of(found, COLUMNS), expected)


@pytest.mark.parametrize("kind", list(PER_WEIGHT))
def test_rows_of_queries_are_in_hugging_faces_order(tmp_path: Path, kind: str) -> None:
    plain = read_codes(stored(tmp_path, kind))
    turned = read_codes(stored(tmp_path, kind, heads=4))
    for mine, theirs in zip(plain, turned, strict=True):
        assert np.array_equal(mine, interleaved(theirs, 4))
    assert not np.array_equal(plain.codes, turned.codes)


def test_extreme_bytes_of_eight_bits_are_kept(tmp_path: Path) -> None:
    tensor = stored(tmp_path, "Q8_0")
    size, width = BLOCKS["Q8_0"]
    raw = np.memmap(tensor.file, np.uint8, "r+", tensor.offset, (ROWS, COLUMNS // size, width))
    raw[..., 2:6] = np.array([-128, -1, 0, 127], np.int8).view(np.uint8)
    raw.flush()
    expected = read_rows(tensor, 0, ROWS)
    assert np.array_equal(weights_of(read_codes(tensor), COLUMNS), expected)


@pytest.mark.parametrize("kind", list(BLOCKS))
def test_which_types_are_codes_and_what_they_take(tmp_path: Path, kind: str) -> None:
    tensor = stored(tmp_path, kind)
    count = PER_WEIGHT.get(kind, 0)
    assert codes_per_weight(tensor) == count
    assert bytes_of_codes(tensor) == count * ROWS * COLUMNS * (16 + 4) // 32


def test_a_vector_is_no_matrix_of_codes(tmp_path: Path) -> None:
    tensor = stored(tmp_path, "Q8_0")
    flat = type(tensor)("x", tensor.file, "Q8_0", (ROWS * COLUMNS,), tensor.offset, tensor.nbytes)
    assert codes_per_weight(flat) == 0
