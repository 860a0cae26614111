"""Dequantized weights are the library's, however they are cut."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType as Type
from packed_rows import COLUMNS, ROWS, packed, stored

from longsum.checkpoint import gguf_weights
from longsum.checkpoint.gguf import GgufTensor
from longsum.checkpoint.gguf_header import BLOCKS
from longsum.checkpoint.gguf_weights import (
    in_halves,
    in_rows,
    read_rows,
    read_tensor,
    rows_in_one,
)

from benchmarks.peers.gguf_layout import interleaved  # isort: skip  # ggufs put it on the path


@pytest.mark.parametrize("kind", list(BLOCKS))
def test_every_type_is_dequantized_as_by_the_library(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensor = stored(tmp_path, kind)
    expected = gguf.quants.dequantize(packed(kind), Type[kind]).reshape(ROWS, COLUMNS)
    assert np.isfinite(expected).all()
    whole = read_rows(tensor, 0, ROWS)
    assert whole.dtype == np.float32
    assert np.array_equal(whole, expected)
    assert np.array_equal(read_rows(tensor, 5, 9), expected[5:9])
    for dtype in (torch.float32, torch.bfloat16):
        wanted = torch.from_numpy(expected.astype(np.float32)).to(dtype)
        assert torch.equal(read_tensor(tensor, dtype), wanted)
        monkeypatch.setattr(gguf_weights, "VALUES_AT_ONCE", 5 * COLUMNS)
        assert torch.equal(read_tensor(tensor, dtype), wanted)  # in pieces, on several threads
        monkeypatch.undo()


def test_pieces_cover_all_rows_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tensor = stored(tmp_path, "Q8_0")
    for values in (1, COLUMNS, 7 * COLUMNS, 1 << 30):
        monkeypatch.setattr(gguf_weights, "VALUES_AT_ONCE", values)
        seen: list[int] = []
        in_rows(tensor, lambda start, rows, s=seen: s.extend(range(start, start + len(rows))))
        assert sorted(seen) == list(range(ROWS))


def test_failure_on_a_thread_comes_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gguf_weights, "VALUES_AT_ONCE", COLUMNS)

    def fail(start: int, rows: np.ndarray) -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        in_rows(stored(tmp_path, "Q8_0"), fail)


def test_vector_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "x"
    values = np.arange(64, dtype=np.float32)
    path.write_bytes(bytes(32) + values.tobytes())
    tensor = GgufTensor("x", path, "F32", (64,), 32, 256)
    found = read_tensor(tensor, torch.float16)
    assert (found.shape, found.dtype) == ((64,), torch.float16)
    assert torch.equal(found, torch.arange(64, dtype=torch.float16))


@pytest.mark.parametrize("heads", [1, 2, 6])
def test_rows_of_a_head_come_back_into_halves(tmp_path: Path, heads: int) -> None:
    weight = np.random.default_rng(0).standard_normal((ROWS, 3)).astype(np.float32)
    assert np.array_equal(interleaved(weight, heads)[in_halves(ROWS, heads)], weight)
    tensor = stored(tmp_path, "F32", heads=heads)
    expected = read_rows(tensor, 0, ROWS)[in_halves(ROWS, heads)]
    assert torch.equal(read_tensor(tensor, torch.float32), torch.from_numpy(expected))


@pytest.mark.parametrize("rows", [1, 7, 20, 24])
@pytest.mark.parametrize("kind", ["Q4_1", "Q6_K", "F16"])
def test_rows_that_pass_for_one_are_dequantized_alike(
    kind: str, rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensor = stored(tmp_path, kind)
    found = []
    for size in (1, 2_000, 1 << 14, 1 << 20):
        monkeypatch.setattr(gguf_weights, "BYTES_IN_ONE", size)
        found.append(read_rows(tensor, 0, rows))
    assert found[0].shape == (rows, COLUMNS)
    assert all(np.array_equal(found[0], each) for each in found[1:])


def test_rows_that_pass_for_one_divide_their_number() -> None:
    assert [rows_in_one(48, 1024), rows_in_one(30, 1024), rows_in_one(7, 5000)] == [16, 15, 1]
    assert rows_in_one(5, 1 << 20) == 1
