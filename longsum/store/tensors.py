"""Named tensors in one safetensors file: written one by one, read through a memory map.

The library's own writer needs all tensors contiguous at once, which would hold a second copy of a
cache of many GiB; this one copies one tensor at a time. The files are plain safetensors.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_DTYPES = {
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "int8": "I8",
    "uint8": "U8",
    "int32": "I32",
    "int64": "I64",
    "bool": "BOOL",
}
"""Names of dtypes in the file format."""

NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
"""Flags that create a file which must not exist yet."""

THREADS = 4
"""Checksums computed at once; zlib releases the interpreter lock."""


class DamagedFile(Exception):  # noqa: N818 - a finding, not an error: the entry is written again
    """Raised when a file is not what its record says; the message says why."""


def bytes_of_tensors(tensors: Mapping[str, torch.Tensor]) -> int:
    """Return the bytes of tensors, without a file's header."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())


def write_tensors(path: Path, tensors: Mapping[str, torch.Tensor]) -> dict[str, int]:
    """Write a safetensors file that only its owner may read.

    Args:
        path: the file, which must not exist.
        tensors: on any device, of any strides.

    Returns:
        The CRC-32 of each tensor's bytes.
    """
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}  # transformers requires it
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + tensor.numel() * tensor.element_size()
        kind = _DTYPES[str(tensor.dtype).removeprefix("torch.")]
        header[name] = {
            "dtype": kind,
            "shape": list(tensor.shape),
            "data_offsets": [start, end],
        }
    content = json.dumps(header).encode()
    content += b" " * (-len(content) % 8)  # the data begins at a multiple of 8
    sums: dict[str, int] = {}
    handle = os.open(path, NEW_FILE, 0o600)
    with open(handle, "wb", buffering=0) as file:
        _write_all(file.write, memoryview(len(content).to_bytes(8, "little") + content))
        for name, tensor in tensors.items():
            data = _bytes_of(tensor)
            sums[name] = zlib.crc32(data)
            _write_all(file.write, data)
    return sums


def _write_all(write: Callable[[memoryview], int | None], data: memoryview) -> None:
    """Write all bytes; the system may accept only a part per call."""
    while data:
        data = data[write(data) or 0 :]


def _bytes_of(tensor: torch.Tensor) -> memoryview:
    """Return a tensor's bytes; copies only what is not contiguous on the CPU."""
    import torch

    plain = tensor.detach().to("cpu").contiguous().flatten()
    data: Any = plain.view(torch.uint8).numpy()
    return memoryview(data)


def read_tensors(
    path: Path, sums: Mapping[str, int], take: Callable[[str, torch.Tensor], None]
) -> None:
    """Read a file, verify each tensor, and pass it to `take`.

    All bytes are verified, not a sample: one flipped bit could change answers silently. CRC-32
    detects accidents at the speed of a disk; only the user can open the folder, so forgery need not
    be prevented.

    Args:
        path: the file.
        sums: CRC-32 of each tensor expected.
        take: called with each name and tensor, mapped from the file and valid only during the call.

    Raises:
        DamagedFile: when anything is missing, unexpected or changed.
    """
    import torch
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file, ThreadPoolExecutor(THREADS) as pool:
            if set(file.keys()) != set(sums):
                raise DamagedFile("its tensors are not those that were written")
            tensors = {name: file.get_tensor(name) for name in sums}
            found = pool.map(lambda tensor: zlib.crc32(_bytes_of(tensor)), tensors.values())
            for (name, tensor), checksum in zip(tensors.items(), found, strict=True):
                if checksum != sums[name]:
                    raise DamagedFile(f"the content of {name} has changed")
                take(name, tensor)
    except (SafetensorError, ValueError, RuntimeError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        raise DamagedFile(" ".join(str(error).split())[:200]) from error
