"""The header of a GGUF file: its fields, and the locations of its tensors.

Reads strictly: every count and length is checked against the remaining bytes before anything is
read or allocated, so that a damaged file is refused at once. The format is llama.cpp's
`docs/gguf.md`, versions 2 and 3, little-endian.
"""

from __future__ import annotations

import math
import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longsum.errors import ModelNotFound, UnsupportedModel

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_BYTES = 64 << 20
"""Maximum size of a header; a vocabulary of 260,000 tokens with its merges takes 15 MiB."""
MAX_DIMENSIONS = 4
ALIGNMENT = 32
BLOCKS = {
    "F32": (1, 4),
    "F16": (1, 2),
    "BF16": (1, 2),
    "Q8_0": (32, 34),
    "Q4_0": (32, 18),
    "Q4_1": (32, 20),
    "Q5_0": (32, 22),
    "Q5_1": (32, 24),
    "Q4_K": (256, 144),
    "Q5_K": (256, 176),
    "Q6_K": (256, 210),
}
"""Weights and bytes per block of the supported tensor types."""
_TYPES = {
    **{0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0"},
    **{12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 30: "BF16"},
}
_SCALARS = {
    **{0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?"},
    **{10: "<Q", 11: "<q", 12: "<d"},
}
_STRING, _ARRAY = 8, 9


@dataclass(frozen=True)
class RawTensor:
    """The location of a tensor, under llama.cpp's name."""

    name: str
    type_name: str
    """One of `BLOCKS`."""
    shape: tuple[int, ...]
    """Outermost dimension first."""
    offset: int
    """Bytes from the beginning of the file."""
    nbytes: int


@dataclass(frozen=True)
class Header:
    """The content of a file before its data."""

    fields: Mapping[str, Any]
    """Values by name: numbers, strings, and lists of them."""
    tensors: tuple[RawTensor, ...]


def read_header(file: Path) -> Header:
    """Read the header of one file.

    Raises:
        ModelNotFound: it cannot be read.
        UnsupportedModel: it is damaged, truncated, or has tensors of an unsupported type.
    """
    try:
        size = file.stat().st_size
        with file.open("rb") as opened:
            if size < len(MAGIC) or opened.read(len(MAGIC)) != MAGIC:
                found = "is empty" if not size else "does not begin like one"
                raise UnsupportedModel(
                    f"{file} is not a GGUF file: it {found}", hint="download the file again"
                )
            with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _parse(_Cursor(data, min(size, MAX_BYTES)), size)
    except OSError as error:
        raise ModelNotFound(f"cannot read {file}: {error.strerror or error}") from error
    except _DamagedHeader as error:
        raise UnsupportedModel(
            f"{file} is not a complete GGUF file: {error}", hint="download the file again"
        ) from error
    except _UnknownType as error:
        raise UnsupportedModel(
            f"{file.name} packs {error}, which longsum does not read",
            hint="take a file in Q4_K_M, Q5_K_M, Q6_K, Q8_0, F16 or BF16",
        ) from error


class _DamagedHeader(ValueError):
    """Raised when bytes are not a valid header."""


class _UnknownType(ValueError):
    """Raised when a tensor is packed in an unsupported type."""


class _Cursor:
    """Reads values one after another, never beyond the end."""

    def __init__(self, data: mmap.mmap, end: int) -> None:
        self.data, self.end, self.at = data, end, len(MAGIC)

    def take(self, size: int) -> int:
        """Advance by some bytes and return their start."""
        start = self.at
        if size > self.end - start:
            raise _DamagedHeader("the header is truncated, or its counts are wrong")
        self.at += size
        return start

    def number(self, code: str) -> Any:
        """Return a number with a format code of `struct`."""
        return struct.unpack_from(code, self.data, self.take(struct.calcsize(code)))[0]

    def text(self) -> str:
        """Return a string."""
        size = self.number("<Q")
        start = self.take(size)
        return self.data[start : start + size].decode("utf-8", "replace")

    def value(self, kind: int, *, nested: bool = False) -> Any:
        """Return a value of one of GGUF's kinds."""
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY and not nested:
            return self._array()
        if kind not in _SCALARS:
            raise _DamagedHeader(f"a field has the unknown kind {kind}")
        return self.number(_SCALARS[kind])

    def _array(self) -> list[Any]:
        """Return the values of an array."""
        kind, count = self.number("<I"), self.number("<Q")
        code = _SCALARS.get(kind)
        if code is not None:
            start = self.take(count * struct.calcsize(code))
            return list(struct.unpack_from(f"<{count}{code[1]}", self.data, start))
        if count * 8 > self.end - self.at:  # each string states its length
            raise _DamagedHeader(f"a list of {count:,} values does not fit in the file")
        return [self.value(kind, nested=True) for _ in range(count)]


def _parse(cursor: _Cursor, size: int) -> Header:
    """Return the header after the magic bytes.

    Args:
        cursor: cursor at the version.
        size: size of the file in bytes.
    """
    version = cursor.number("<I")
    if version not in VERSIONS:
        swapped = int.from_bytes(version.to_bytes(4, "little"), "big")
        found = "is big-endian" if swapped in VERSIONS else f"has version {version}"
        raise _DamagedHeader(f"it {found}; longsum reads versions 2 and 3, little-endian")
    tensors, count = cursor.number("<Q"), cursor.number("<Q")
    fields: dict[str, Any] = {}
    for _ in range(count):
        name = cursor.text()
        if name in fields:
            raise _DamagedHeader(f"it states {name!r} twice")
        fields[name] = cursor.value(cursor.number("<I"))
    stated = [_tensor(cursor) for _ in range(tensors)]
    alignment = fields.get("general.alignment", ALIGNMENT)
    if not isinstance(alignment, int) or alignment < 1 or alignment & (alignment - 1):
        raise _DamagedHeader(f"its data is aligned to {alignment!r}")
    begin = -(-cursor.at // alignment) * alignment
    placed = [
        RawTensor(name, kind, shape, begin + offset, nbytes)
        for name, kind, shape, offset, nbytes in stated
    ]
    end = max((tensor.offset + tensor.nbytes for tensor in placed), default=0)
    if end > size:
        raise _DamagedHeader(f"it has {size:,} of {end:,} bytes, the download is incomplete")
    if len({tensor.name for tensor in placed}) < len(placed):
        raise _DamagedHeader("two of its tensors have the same name")
    return Header(fields, tuple(placed))


def _tensor(cursor: _Cursor) -> tuple[str, str, tuple[int, ...], int, int]:
    """Return a tensor's name, type, shape, offset in the data, and size in bytes."""
    name = cursor.text()
    dimensions = cursor.number("<I")
    if not 1 <= dimensions <= MAX_DIMENSIONS:
        raise _DamagedHeader(f"{name[:80]!r} has {dimensions} dimensions")
    sizes = [cursor.number("<Q") for _ in range(dimensions)]  # innermost first
    number, offset = cursor.number("<I"), cursor.number("<Q")
    kind = _TYPES.get(number)
    if kind is None:
        raise _UnknownType(f"{name[:80]!r} as {_name_of_type(number)}")
    weights, nbytes = BLOCKS[kind]
    if min(sizes) < 1 or sizes[0] % weights:
        raise _DamagedHeader(f"{name[:80]!r} in {kind} has the shape {sizes}")
    return name, kind, tuple(reversed(sizes)), offset, math.prod(sizes) // weights * nbytes


def _name_of_type(number: int) -> str:
    """Return llama.cpp's name of a tensor type."""
    from gguf import GGMLQuantizationType  # slow to import

    try:
        return GGMLQuantizationType(number).name
    except ValueError:
        return f"type {number}"
