"""The layers that a text object, picture or form of a page is marked with.

Callers hold the lock of `pdf.py`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

from longsum.documents.layers import MEMBERSHIP


def layers_of(each: Any) -> Iterator[str]:
    """Yield the names of the layers an object of pdfium is marked with."""
    import pypdfium2.raw as raw  # type: ignore[import-untyped]

    for index in range(raw.FPDFPageObj_CountMarks(each)):
        mark = raw.FPDFPageObj_GetMark(each, index)
        if _name_of(raw, mark) == "OC":
            yield _string_of(raw, mark, b"Name") or MEMBERSHIP


def _name_of(raw: Any, mark: Any) -> str:
    length = ctypes.c_ulong()
    buffer = (ctypes.c_ushort * 64)()
    raw.FPDFPageObjMark_GetName(mark, buffer, 128, length)
    return _decoded(buffer, length.value)


def _string_of(raw: Any, mark: Any, key: bytes) -> str:
    length = ctypes.c_ulong()
    buffer = (ctypes.c_ushort * 512)()
    raw.FPDFPageObjMark_GetParamStringValue(mark, key, buffer, 1024, length)
    return _decoded(buffer, length.value)


def _decoded(buffer: Any, size: int) -> str:
    """Return the UTF-16 text of so many bytes, without the two that end it."""
    data = bytes(memoryview(buffer).cast("B"))
    return data[: max(0, min(size, len(data)) - 2)].decode("utf-16-le", "replace")
