"""Headers of GGUF files: whole ones are read, and damaged ones are refused without delay."""

from __future__ import annotations

import random
import struct
import time
import tracemalloc
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType as Type
from ggufs import write_file, write_gguf
from tiny import tiny_model

from longsum.checkpoint.gguf_header import BLOCKS, read_header
from longsum.errors import ModelNotFound, UnsupportedModel

FIELDS: dict[str, Any] = {
    **{"a.number": 7, "a.fraction": 0.25, "a.truth": True, "a.text": "Größe ▁"},
    **{"a.numbers": [1, -2, 3], "a.fractions": [0.5, 1.5], "a.texts": ["", "b", "ĠÃ¼"]},
    "a.truths": [True, False],
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf", tiny_model()).read_bytes()


def changed(path: Path, data: bytes, at: int = 0, new: bytes = b"") -> Path:
    """Write a file in which some bytes are others."""
    path.write_bytes(data[:at] + new + data[at + len(new) :])
    return path


def refuses(path: Path, says: str) -> UnsupportedModel:
    """Read a file that must be refused, in one line, soon, and without memory for it."""
    tracemalloc.start()
    started = time.monotonic()
    with pytest.raises(UnsupportedModel, match=says) as caught:
        read_header(path)
    assert time.monotonic() - started < 10
    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()
    assert caught.value.exit_code == 5
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    return caught.value


def test_fields_and_tensors_are_those_that_the_library_reads(tmp_path: Path) -> None:
    tensors = {
        "x": (np.arange(12, dtype=np.float32).reshape(3, 4), Type.F32),
        "y": (np.zeros((2, 34), dtype=np.uint8), Type.Q8_0),
    }
    path = write_file(tmp_path / "x.gguf", FIELDS, tensors)
    header, reader = read_header(path), gguf.GGUFReader(path)
    assert header.fields == FIELDS | {"general.architecture": "llama"}
    for ours, theirs in zip(header.tensors, reader.tensors, strict=True):
        assert (ours.name, ours.type_name) == (theirs.name, theirs.tensor_type.name)
        assert ours.shape == tuple(reversed(theirs.shape.tolist()))
        assert (ours.offset, ours.nbytes) == (theirs.data_offset, theirs.n_bytes)


def test_alignment_moves_the_data(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_custom_alignment(256)
    writer.add_tensor("x", np.arange(4, dtype=np.float32))
    writer.add_tensor("y", np.arange(8, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    for ours, theirs in zip(read_header(path).tensors, gguf.GGUFReader(path).tensors, strict=True):
        assert ours.offset == theirs.data_offset
        assert ours.offset % 256 == 0


def test_sizes_of_blocks_are_the_library_s() -> None:
    assert {name: gguf.GGML_QUANT_SIZES[Type[name]] for name in BLOCKS} == BLOCKS


def test_what_is_no_gguf_file_is_refused(tmp_path: Path, whole: bytes) -> None:
    refuses(changed(tmp_path / "magic.gguf", whole, 0, b"GGML"), "does not begin like one")
    refuses(changed(tmp_path / "empty.gguf", b""), "is empty")
    refuses(changed(tmp_path / "short.gguf", b"GG"), "does not begin like one")
    refuses(changed(tmp_path / "old.gguf", whole, 4, struct.pack("<I", 1)), "version 1")
    refuses(changed(tmp_path / "swapped.gguf", whole, 4, struct.pack(">I", 3)), "big-endian")
    with pytest.raises(ModelNotFound):
        read_header(tmp_path / "none.gguf")
    with pytest.raises(ModelNotFound):
        read_header(tmp_path)


def test_a_file_cut_anywhere_is_refused(tmp_path: Path, whole: bytes) -> None:
    data = min(tensor.offset for tensor in read_header(changed(tmp_path / "x", whole)).tensors)
    for size in (4, 5, 10, 24, 30, 100, data // 3, data // 2, data - 40):
        refuses(changed(tmp_path / "cut.gguf", whole[:size]), "truncated|does not fit")
    for size in (data, data + 1000, len(whole) - 64):
        refuses(
            changed(tmp_path / "cut.gguf", whole[:size]), f"it has {size:,} of .* is incomplete"
        )


HUGE = struct.pack("<Q", 1 << 60)


@pytest.mark.parametrize("at", [8, 16], ids=["tensors", "fields"])
def test_absurd_counts_are_refused_at_once(tmp_path: Path, whole: bytes, at: int) -> None:
    refuses(
        changed(tmp_path / "x.gguf", whole, at, HUGE), "truncated|unknown kind|twice|dimensions"
    )


@pytest.mark.parametrize("kind", [0, 4, 7, 8, 9, 12, 99])
def test_absurd_lists_are_refused_at_once(tmp_path: Path, kind: int) -> None:
    """The library's own reader runs through 2^60 numbers that are not there."""
    name = struct.pack("<Q", 1) + b"x"
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + name
    for value in (
        struct.pack("<II", 9, kind) + HUGE,  # a list
        struct.pack("<II", 9, kind) + HUGE + bytes(1 << 16),
        struct.pack("<II", 9, 9) + struct.pack("<Q", 1) + struct.pack("<I", kind) + HUGE,
    ):
        refuses(changed(tmp_path / "x.gguf", head + value), "truncated|does not fit|unknown kind")


def test_a_string_longer_than_the_file_is_refused(tmp_path: Path) -> None:
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, 1)
    refuses(changed(tmp_path / "name.gguf", head + HUGE + b"x"), "truncated")
    text = struct.pack("<Q", 1) + b"x" + struct.pack("<I", 8) + HUGE
    refuses(changed(tmp_path / "text.gguf", head + text), "truncated")


def one_tensor(*, kind: int = 0, shape: tuple[int, ...] = (4,), offset: int = 0) -> bytes:
    """Return a file that has one tensor and no fields."""
    info = struct.pack("<Q", 1) + b"x" + struct.pack("<I", len(shape))
    info += struct.pack(f"<{len(shape)}Q", *shape) + struct.pack("<IQ", kind, offset)
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + info
    return head + bytes(-len(head) % 32) + bytes(64)


def test_tensors_that_cannot_be_are_refused(tmp_path: Path) -> None:
    assert read_header(changed(tmp_path / "x.gguf", one_tensor())).tensors[0].nbytes == 16
    for data, says in (
        (one_tensor(kind=16), "IQ2_XXS, which longsum does not read"),
        (one_tensor(kind=4), "type 4, which"),
        (one_tensor(kind=1 << 31), "type 2147483648, which"),
        (one_tensor(shape=(1 << 62, 1 << 62)), "incomplete"),
        (one_tensor(shape=(0, 4)), "has the shape"),
        (one_tensor(shape=()), "0 dimensions"),
        (one_tensor(shape=(1,) * 9), "9 dimensions"),
        (one_tensor(kind=2, shape=(33,)), "has the shape"),
        (one_tensor(offset=1 << 63), "incomplete"),
    ):
        refuses(changed(tmp_path / "x.gguf", data), says)


def test_flipped_bytes_never_lead_astray(tmp_path: Path, whole: bytes) -> None:
    """A header in which some bytes are others is read or refused: no other error, no delay."""
    data = min(tensor.offset for tensor in read_header(changed(tmp_path / "x", whole)).tensors)
    chance = random.Random(0)
    started = time.monotonic()
    outcomes = set()
    for _ in range(400):
        flipped = bytearray(whole)
        for _ in range(chance.choice((1, 1, 2, 8))):
            flipped[chance.randrange(data)] = chance.randrange(256)
        (tmp_path / "x.gguf").write_bytes(flipped)
        try:
            read_header(tmp_path / "x.gguf")
            outcomes.add("read")
        except UnsupportedModel as error:
            outcomes.add("refused" if "\n" not in error.message else error.message)
    assert outcomes == {"read", "refused"}
    assert time.monotonic() - started < 120
