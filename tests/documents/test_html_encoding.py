from __future__ import annotations

import pytest

from longsum.documents.html_encoding import declared_encoding, decode_declared

RUSSIAN, JAPANESE = "Паром ушёл в девять.", "渡し船は九時に出た。"


@pytest.mark.parametrize(
    ("label", "encoding", "text"),
    [
        ("windows-1251", "cp1251", RUSSIAN),
        ("koi8-r", "koi8-r", RUSSIAN),
        ("Shift_JIS", "cp932", JAPANESE),
        ("x-sjis", "cp932", JAPANESE),
        ("euc-jp", "euc_jp", JAPANESE),
        ("ISO-2022-JP", "iso2022_jp", JAPANESE),
        ("gb2312", "gb18030", "渡轮九点开。镕"),
        ("iso-8859-1", "cp1252", "“Ferry” — £4"),
    ],
)
def test_declared_encoding_is_used(label: str, encoding: str, text: str) -> None:
    for meta in (
        f"<meta charset={label}>",
        f'<meta http-equiv="Content-Type" content="text/html; charset={label}">',
        f'<?xml version="1.0" encoding="{label}"?>',
    ):
        assert decode_declared((meta + text).encode(encoding)) == meta + text


def test_bytes_that_are_utf8_are_utf8_whatever_is_declared() -> None:
    page = "<meta charset=windows-1252>" + RUSSIAN
    assert decode_declared(page.encode()) == page


def test_few_bytes_outside_the_declared_encoding_are_marked() -> None:
    page = b"<meta charset=windows-1252>" + "£4 ".encode("cp1252") * 1000 + b"\x81"
    assert decode_declared(page) == page[:-1].decode("cp1252") + "\ufffd"


def test_undeclared_encoding_is_left_to_be_detected() -> None:
    assert decode_declared(RUSSIAN.encode("cp1251")) is None


@pytest.mark.parametrize(
    "label", ["base64", "rot13", "unicode-escape", "utf-7", "nonsense", "x" * 999]
)
def test_label_that_is_no_encoding_of_pages_is_not_obeyed(label: str) -> None:
    assert declared_encoding(f"<meta charset={label}>".encode()) in (None, "utf-8")
