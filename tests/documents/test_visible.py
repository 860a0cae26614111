from __future__ import annotations

import io

import pdf_faults as faults
import pytest

from longsum.documents.document import Document
from longsum.documents.layers import may_have_layers
from longsum.documents.read import read_document
from longsum.errors import EmptyDocument


def read(data: bytes) -> Document:
    return read_document("-", stdin=io.BytesIO(data))


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("invisible", "invisible"),
        ("white", "white on white"),
        ("nearly white", "white on white"),
        ("white in CMYK", "white on white"),
        ("white strokes", "white on white"),
        ("transparent", "invisible"),
        ("tiny", "tiny"),
        ("scaled down", "tiny"),
        ("outside", "outside the page"),
    ],
)
def test_what_nobody_sees_is_left_out_and_counted(how: str, why: str) -> None:
    """It was read and cited: `ask` answered with text that no page shows."""
    document = read(faults.hidden(how))
    assert document.text == faults.SEEN
    (warning,) = document.warnings
    count = len("".join(faults.UNSEEN.split()))
    assert warning.startswith(f"{count} characters on page 1 cannot be seen ({why})")


@pytest.mark.parametrize(
    "how",
    [
        "white on a dark bar",
        "white in a form",
        "white with a dark outline",
        "a pattern",
        "grey",
        "letters cut out of a dark bar",
        "small",
    ],
)
def test_light_text_that_is_seen_stays(how: str) -> None:
    document = read(faults.visible(how))
    assert (document.text, document.warnings) == (faults.SEEN, ())


def test_text_layer_of_a_scan_stays() -> None:
    document = read(faults.scan_with_text_layer())
    assert (document.text, document.warnings) == (faults.SEEN, ())


def test_page_of_invisible_text_is_not_read_by_the_second_reader() -> None:
    data = faults.pages(b"3 Tr " + faults.text_at(faults.UNSEEN, 72, 700))
    with pytest.raises(EmptyDocument, match="46 characters cannot be seen") as caught:
        read(data)
    assert "invisible" in caught.value.message


@pytest.mark.parametrize(
    ("state", "membership", "is_seen"),
    [
        (b"/OFF[50 0 R]", b"", False),
        (b"/BaseState/OFF", b"", False),
        (b"/BaseState/OFF/ON[50 0 R]", b"", True),
        (b"", b"", True),
        (b"/OFF[50 0 R]", b"/P/AllOn", False),
        (b"/OFF[50 0 R]", b"/P/AnyOff", True),
        (b"/OFF 7", b"", True),
    ],
)
def test_layers_that_are_off_are_left_out(state: bytes, membership: bytes, is_seen: bool) -> None:
    text = read(faults.layer(state, membership=membership)).text
    assert (faults.UNSEEN in text) == is_seen
    assert faults.SEEN in text


def test_layers_are_found_in_packed_objects_too() -> None:
    plain = faults.hidden("white")
    assert not may_have_layers(plain)
    assert may_have_layers(faults.compressed_objects(plain))
    assert may_have_layers(faults.layer(b""))
