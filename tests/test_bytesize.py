from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longsum.bytesize import GIB, format_bytes, parse_bytes
from longsum.errors import UsageError


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("12GiB", 12 * GIB),
        ("8GB", 8_000_000_000),
        ("8G", 8_000_000_000),
        ("900M", 900_000_000),
        ("900 MiB", 900 * 1024**2),
        ("1.5GiB", 3 * GIB // 2),
        ("1tib", 1024 * GIB),
        ("64kib", 65536),
        ("123", 123),
        ("123B", 123),
    ],
)
def test_parse_bytes(text, size):
    assert parse_bytes(text) == size


@pytest.mark.parametrize(
    "text",
    ["", "GiB", "0", "-1GB", "1e9", "12 GiBs", "12iB", "1,5GB", "nan", "inf", "9" * 400, "٣GB"],
)
def test_parse_bytes_refuses(text):
    with pytest.raises(UsageError, match="not a size"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (int(21.4 * GIB), "21.4 GiB"),
        (GIB - 1, "1.0 GiB"),
        (GIB * 1024 - 1, "1.0 TiB"),
        (5000 * 1024 * GIB, "5000.0 TiB"),
        (-3 * GIB, "-3.0 GiB"),
    ],
)
def test_format_bytes(size, text):
    assert format_bytes(size) == text


@given(st.integers(0, 10**15))
def test_format_bytes_reads_back_within_its_rounding(size):
    text = format_bytes(size)
    if size:
        assert parse_bytes(text) == pytest.approx(size, rel=0.051)
