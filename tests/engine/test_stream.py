from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from longsum.engine.stream import TextStream


def decode(ids: Sequence[int]) -> str:
    return bytes(ids).decode("utf-8", errors="replace")


@given(st.text(st.characters(exclude_characters="\ufffd", exclude_categories=["Cs"])))
def test_pieces_are_whole_characters_and_add_up(text: str) -> None:
    stream = TextStream(decode)
    pieces = [stream.push(byte) for byte in text.encode()]
    assert "".join(pieces) + stream.finish() == text
    assert all("\ufffd" not in piece for piece in pieces)


def test_a_half_character_is_held_back_until_the_end() -> None:
    stream = TextStream(decode)
    assert stream.push(ord("a")) == "a"
    assert stream.push("é".encode()[0]) == ""
    assert stream.finish() == "\ufffd"


def test_a_word_boundary_marked_by_the_tokenizer_survives() -> None:
    words = {1: "▁read", 2: "▁it", 3: "s"}

    def decode_words(ids: Sequence[int]) -> str:
        return "".join(words[i] for i in ids).replace("▁", " ").lstrip()

    stream = TextStream(decode_words)
    assert "".join(stream.push(i) for i in (1, 2, 3, 1)) == "read its read"
