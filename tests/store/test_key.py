from __future__ import annotations

from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from longsum.store.key import PrefixKey, rope_text, token_hash

KEY = PrefixKey(
    weights="w",
    rope=rope_text({"rope_type": "linear", "factor": 4.0}),
    quantize="none",
    dtype="float32",
    kv_dtype="fp32",
    attention="auto",
    tokens=3,
    token_ids=token_hash([1, 2, 3]),
    version="1.0",
)


def test_every_field_makes_another_entry() -> None:
    digests = {KEY.digest}
    for field in fields(PrefixKey):
        value = getattr(KEY, field.name)
        other = value + 1 if isinstance(value, int) else value + "x"
        digests.add(replace(KEY, **{field.name: other}).digest)
    assert len(digests) == 1 + len(fields(PrefixKey))


def test_equal_keys_are_the_same_entry() -> None:
    assert replace(KEY).digest == KEY.digest
    assert len(KEY.digest) == 32


def test_order_of_rope_parameters_does_not_matter() -> None:
    assert rope_text({"a": 1, "b": [2]}) == rope_text({"b": [2], "a": 1})


@given(st.lists(st.integers(0, 200_000)), st.lists(st.integers(0, 200_000)))
def test_other_tokens_have_another_hash(first: list[int], second: list[int]) -> None:
    assert (token_hash(first) == token_hash(second)) == (first == second)
