"""Triton's interpreter shows on a CPU that the kernel gives what torch gives."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest
from helpers import environment

pytestmark = pytest.mark.skipif(find_spec("triton") is None, reason="needs triton")

SCRIPT = """
import itertools, torch
torch.set_num_threads(1)
from longsum.engine.quantized import QuantizedLayer, Workspace
from longsum.engine.quantized_attention import attend_quantized
from longsum.engine.kvquant import rotate
from longsum.engine.triton_decode import attend_one, is_supported, split

def check(kv_dtype, heads, kv_heads, head_dim, length, processors):
    generator = torch.Generator().manual_seed(length)
    make = lambda *shape: torch.randn(shape, generator=generator)
    layer = QuantizedLayer(length + 5, kv_dtype, Workspace(), fused=True)
    layer.update(make(2, kv_heads, length, head_dim), make(2, kv_heads, length, head_dim))
    assert is_supported(layer)
    query = make(2, heads, 1, head_dim)
    expected = attend_quantized(query, layer, 0.1)
    packed = (rotate(query) if layer.is_rotated else query)
    packed = packed.reshape(2, kv_heads, heads // kv_heads, head_dim)
    found = attend_one(packed, layer, 0.1, processors=processors)
    found = found.reshape(2, heads, 1, head_dim)
    found = rotate(found) if layer.is_rotated else found
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)

for kv_dtype, (heads, kv_heads) in itertools.product(("int8", "int4"), ((2, 2), (6, 2))):
    check(kv_dtype, heads, kv_heads, 32, 70, 8)
for kv_dtype, (head_dim, length, processors) in itertools.product(
    ("int8", "int4"), ((64, 1, 100), (128, 64, 4), (64, 300, 100), (32, 600, 2))
):
    check(kv_dtype, 2, 1, head_dim, length, processors)
print("same")
"""


def test_kernel_gives_what_torch_gives() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=environment(TRITON_INTERPRET="1"),
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.stdout.strip() == "same", done.stderr[-3000:]


@pytest.mark.parametrize("length", [1, 63, 64, 255, 257, 1000, 16384, 32768, 131072])
@pytest.mark.parametrize("heads", [1, 8, 32])
@pytest.mark.parametrize("processors", [2, 132])
def test_parts_cover_the_sequence_and_none_is_empty(
    length: int, heads: int, processors: int
) -> None:
    from longsum.engine.triton_decode import BLOCK_TOKENS, MOST_PARTS, split

    parts, tokens = split(length, heads, processors)
    assert (parts - 1) * tokens < length <= parts * tokens
    assert 1 <= parts <= MOST_PARTS
    assert tokens % BLOCK_TOKENS == 0
