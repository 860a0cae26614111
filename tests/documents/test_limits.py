from __future__ import annotations

import base64
import subprocess
import sys
import zlib

import pytest
from helpers import environment
from mutations import deflated, one_page, stream

from longsum.documents import limits
from longsum.documents.limits import check_unpacked_size
from longsum.errors import DocumentTooLong

FLATE = b"/Filter/FlateDecode"
LIMIT = 100_000


@pytest.fixture(autouse=True)
def _small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_STREAM_BYTES", LIMIT)
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 3 * LIMIT)


def is_refused(data: bytes) -> bool:
    try:
        check_unpacked_size(data, "x.pdf")
    except DocumentTooLong as error:
        return "decompression bomb" in error.message
    return False


@pytest.mark.parametrize("size", [0, 1, LIMIT // 2, LIMIT - 1, LIMIT, LIMIT + 1, 5 * LIMIT])
@pytest.mark.parametrize("level", [0, 9])
def test_verdict_is_that_of_unpacking_it_whole(size: int, level: int) -> None:
    packed = zlib.compress(b"a" * size, level)
    assert is_refused(one_page(stream(packed, FLATE))) == (len(zlib.decompress(packed)) > LIMIT)


def test_many_streams_count_together() -> None:
    packed = stream(zlib.compress(b"a" * LIMIT), FLATE)
    assert not is_refused(b"\n".join([packed] * 3))
    assert is_refused(b"\n".join([packed] * 4))


@pytest.mark.parametrize(
    ("filters", "encode"),
    [
        (b"/Filter[/ASCII85Decode/FlateDecode]", lambda data: base64.a85encode(data) + b"~>"),
        (b"/Filter[/A85/Fl]", lambda data: base64.a85encode(data, wrapcol=70) + b"~>"),
        (b"/Filter[/ASCIIHexDecode/FlateDecode]", lambda data: data.hex().encode() + b">"),
        (b"/Filter[/FlateDecode/FlateDecode]", zlib.compress),
        (b"/Filter[/FlateDecode/FlateDecode/FlateDecode]", bytes),
        (b"/Filter 7 0 R", bytes),
        (b"/Filter/Fl#61teDecode", bytes),
    ],
)
def test_filters_are_followed(filters: bytes, encode) -> None:
    for size in (LIMIT, LIMIT + 1):
        page = one_page(stream(encode(zlib.compress(b"a" * size)), filters))
        assert is_refused(page) == (size > LIMIT)


def test_pictures_may_be_large() -> None:
    picture = b"/Type/XObject/Subtype/Image/Width 900/Height 900" + FLATE
    assert not is_refused(one_page(stream(b"/X Do"), form=stream(deflated(b"\0", 900**2), picture)))


@pytest.mark.parametrize(
    "data",
    [
        stream(b"", FLATE),
        stream(b"\x78\x9c", FLATE),
        stream(b"\x78\x9c" + b"\xff" * 99, FLATE),
        stream(zlib.compress(b"a" * 2 * LIMIT)[:20], FLATE),
        stream(b"~~", b"/Filter[/ASCII85Decode/FlateDecode]"),
        stream(b"xyz>", b"/Filter[/ASCIIHexDecode/FlateDecode]"),
        b"stream\n",
    ],
)
def test_damaged_streams_are_left_to_the_reader(data: bytes) -> None:
    assert not is_refused(data)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is no such limit")
def test_memory_of_a_process_is_bounded() -> None:
    code = (
        "from longsum.documents.limits import limit_memory\n"
        "limit_memory(64 << 20)\nkept = bytearray(16 << 20)\n"
        "try: bytearray(256 << 20)\nexcept MemoryError: print('refused')"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"
