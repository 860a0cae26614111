"""The cache's kernels give what torch gives: shown on a CPU by Triton's interpreter.

It knows no bfloat16: `test_gpu_kernels.py` has that.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from helpers import environment
from kernel_cases import KINDS, codes, exact, filled, random

from longsum.engine import kernels
from longsum.engine.quantized_attention import attend_quantized

CPU = torch.empty(0)
needs_triton = pytest.mark.skipif(find_spec("triton") is None, reason="needs triton")

PREPARED = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
import torch
torch.set_num_threads(1)
from kernel_cases import KINDS, codes, exact, filled, random
from longsum.engine import kernels, triton_attend
kernels.KERNEL_DEVICES = {{"cpu"}}
"""

ATTENDING = """
def check(kind, heads, kv_heads, head_dim, length, t, dtype=torch.float32, bound=1e-5, more=37):
    like = torch.empty(0, dtype=dtype)
    layer = filled(kind, length, kv_heads, head_dim, like, more)
    assert kernels.takes_layer(layer)
    query = random(1, t, heads, head_dim, like=like).transpose(1, 2)
    found, again = (kernels.attend(query, layer, torch.tensor([length]), 0.1) for _ in range(2))
    expected = exact(query, layer, 0.1)
    error = float((found.float() - expected).norm() / expected.norm())
    assert error < bound, (kind, heads, kv_heads, head_dim, length, t, error)
    assert torch.equal(found, again)
    assert found.shape == query.shape and found.transpose(1, 2).is_contiguous()

for kind in KINDS:
    check(kind, 2, 2, 64, 63, 1)
    check(kind, 3, 1, 64, 65, 5)
    check(kind, 4, 1, 32, 200, 17)  # its 68 rows are two blocks of 64 or five of 16
    check(kind, 8, 1, 128, 65, 1)
    check(kind, 8, 1, 128, 1, 1, more=300)  # all parts but one are empty
    check(kind, 1, 1, 32, 17, 17)  # the first of the queries sees one key
    check(kind, 2, 2, 64, 130, 5, torch.float16, 3e-3)
triton_attend.MAX_PARTS = 1
check("int4", 4, 1, 64, 200, 5)
print("same")
"""

APPENDING = """
from longsum.engine.quantized import QuantizedLayer

for dtype in (torch.float32, torch.float16):
    for kind in KINDS:
        for kv_heads, head_dim, t in ((2, 64, 1), (1, 32, 5), (2, 128, 3)):
            like = torch.empty(0, dtype=dtype)
            ours, torchs = (filled(kind, 20, kv_heads, head_dim, like, 9) for _ in range(2))
            key, value = (random(1, t, kv_heads, head_dim, like=like, seed=n).transpose(1, 2)
                          for n in (3, 4))
            value[:, :, 0, :32] = 0
            value[0, 0, t - 1] *= 1e-6
            key[0, 0, 0, 3], key[0, 0, 0, 9] = 4, -4  # of two extremes the first one counts
            kernels.append(ours, key, value, torch.tensor([20]))
            assert ours.length == 20
            torchs.update(key, value)
            for name in ("keys", "values"):
                a, b = (codes(layer, name)[:, :, : 20 + t] for layer in (ours, torchs))
                most = 1 if kind == "int4" else 0  # a rotation sums in another order
                assert float((a - b).abs().max()) <= most, (dtype, kind, head_dim, name)
                assert float((a != b).float().mean()) < 0.01
                if isinstance(ours, QuantizedLayer):
                    a, b = (each.buffers()[name + "_scale"][:, :, : 20 + t]
                            for each in (ours, torchs))
                    torch.testing.assert_close(a, b, rtol=1e-3, atol=0)
print("same")
"""


def interpreted(script: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PREPARED + script],
        env=environment(TRITON_INTERPRET="1"),
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.stdout.strip() == "same", done.stderr[-3000:]


@needs_triton
def test_attention_kernel_gives_what_torch_gives() -> None:
    interpreted(ATTENDING)


@needs_triton
def test_append_kernel_gives_what_torch_gives() -> None:
    interpreted(APPENDING)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("t", [1, 5, 17])
@pytest.mark.parametrize(("heads", "head_dim"), [(4, 64), (6, 48), (2, 16)])
def test_form_in_torch_attends_at_the_length_it_is_given(
    kind: str, t: int, heads: int, head_dim: int
) -> None:
    layer = filled(kind, 30, 2, head_dim, CPU)
    query = random(1, heads, t, head_dim, like=CPU)
    found = kernels.attend(query, layer, torch.tensor([30]), 0.1)
    torch.testing.assert_close(found, exact(query, layer, 0.1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("t", [1, 5])
def test_form_in_torch_appends_what_update_does(kind: str, t: int) -> None:
    ours, torchs = (filled(kind, 20, 2, 64, CPU) for _ in range(2))
    key, value = (random(1, t, 2, 64, like=CPU, seed=seed).transpose(1, 2) for seed in (3, 4))
    kernels.append(ours, key, value, torch.tensor(20))
    torchs.update(key, value)
    assert ours.length == 20
    for name in ("keys", "values"):
        a, b = (codes(layer, name)[:, :, : 20 + t] for layer in (ours, torchs))
        assert torch.equal(a, b)


def test_many_queries_are_left_to_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> torch.Tensor:
        raise AssertionError("the kernel was called")

    monkeypatch.setattr(kernels, "KERNEL_DEVICES", {"cpu"})
    monkeypatch.setattr(kernels, "attend", refuse)
    layer = filled("int8", 30, 2, 64, CPU)
    query = random(1, 4, 18, 64, like=CPU)
    found = attend_quantized(query, layer, 0.1)
    torch.testing.assert_close(found, exact(query, layer, 0.1), rtol=1e-4, atol=1e-5)


@needs_triton
@pytest.mark.parametrize("capacity", [1, 64, 1000, 131072])
@pytest.mark.parametrize("programs", [1, 17, 500])
def test_parts_depend_on_the_capacity_alone(capacity: int, programs: int) -> None:
    from longsum.engine.triton_attend import MAX_PARTS, parts_of

    parts = parts_of(capacity, programs, 64)
    assert 1 <= parts <= min(MAX_PARTS, programs)
    assert (parts - 1) * 64 < capacity
