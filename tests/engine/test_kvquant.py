from __future__ import annotations

import pytest
import torch

from longsum.engine.kvquant import (
    dequantize,
    hadamard,
    quantize_int4,
    quantize_int8,
    rotate,
    unpack_int4,
)


def values(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def there_and_back(x: torch.Tensor, bits: int, block: int = 32) -> torch.Tensor:
    if bits == 8:
        codes, scale = quantize_int8(x, block)
    else:
        packed, scale = quantize_int4(x, block)
        codes = unpack_int4(packed, torch.empty(x.shape, dtype=torch.int8))
    return dequantize(codes, scale, torch.empty_like(x))


def naive(x: torch.Tensor, bits: int, block: int) -> torch.Tensor:
    """Quantize one block after the other in plain Python."""
    out = []
    for row in x.reshape(-1, block).tolist():
        extreme = max(row, key=abs)
        d = float(torch.tensor(abs(extreme) / 127 if bits == 8 else extreme / -8).half())
        low, high = (-127, 127) if bits == 8 else (-8, 7)
        out.append([max(low, min(high, round(v / d))) * d for v in row])
    return torch.tensor(out).reshape(x.shape)


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize(("head_dim", "block"), [(64, 32), (16, 16), (6, 2)])
def test_quantization_equals_the_naive_form(bits: int, head_dim: int, block: int) -> None:
    x = values(1, 2, 9, head_dim)
    torch.testing.assert_close(there_and_back(x, bits, block), naive(x, bits, block))


@pytest.mark.parametrize("bits", [8, 4])
def test_error_is_at_most_one_step(bits: int) -> None:
    x = values(1, 2, 50, 64)
    largest = x.unflatten(-1, (-1, 32)).abs().amax(-1, keepdim=True).expand(-1, -1, -1, -1, 32)
    step = largest.flatten(-2) / (127 if bits == 8 else 8)
    error = (there_and_back(x, bits) - x).abs()
    # rounding; int4 has no code for the mirror image of its extreme
    assert bool((error <= step * (0.51 if bits == 8 else 1.01)).all())


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e-7, 1e5, 1e7])
def test_extreme_magnitudes_stay_finite(bits: int, scale: float) -> None:
    x = values(1, 1, 4, 32) * scale
    back = there_and_back(x, bits)
    assert bool(back.isfinite().all())
    if scale == 0.0:
        assert not back.any()


def test_all_codes_of_four_bits_survive_the_packing() -> None:
    codes = torch.arange(-8, 8, dtype=torch.int8).reshape(1, 16)
    low, high = codes.chunk(2, dim=-1)
    packed = (low & 15) | (high << 4)
    assert unpack_int4(packed, torch.empty_like(codes)).tolist() == codes.tolist()


@pytest.mark.parametrize("size", [1, 2, 16, 128])
def test_hadamard_is_its_own_inverse(size: int) -> None:
    matrix = hadamard(size, torch.float32, torch.device("cpu"))
    torch.testing.assert_close(matrix @ matrix, torch.eye(size), atol=1e-6, rtol=0)
    assert matrix.abs().unique().numel() == 1 or size == 1


def test_rotation_leaves_scores_and_spreads_an_outlier() -> None:
    q, k = values(1, 1, 5, 64), values(1, 1, 7, 64, seed=1)
    k[..., 3] *= 50
    torch.testing.assert_close(
        rotate(q) @ rotate(k).transpose(-1, -2), q @ k.transpose(-1, -2), rtol=1e-4, atol=1e-3
    )
    assert rotate(k).abs().max() < k.abs().max() / 4
    torch.testing.assert_close(rotate(rotate(k)), k, rtol=1e-4, atol=1e-4)
    error = (there_and_back(k, 4) - k).pow(2).mean()
    rotated = (rotate(there_and_back(rotate(k), 4)) - k).pow(2).mean()
    assert rotated < error  # of the block with the outlier


def test_head_that_is_no_power_of_two_is_not_rotated() -> None:
    x = values(1, 1, 3, 48)
    assert rotate(x) is x


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float32])
def test_dequantized_values_are_rounded_once(kind: torch.dtype) -> None:
    """The scale was rounded to the output's dtype before the product, which was rounded again."""
    codes, scale = quantize_int8(values(2, 150, 64), 32)
    exact = (codes.double().unflatten(-1, (2, 32)) * scale.double().unsqueeze(-1)).flatten(-2)
    found = dequantize(codes, scale, torch.empty(2, 150, 64, dtype=kind)).double()
    assert bool(((found - exact).abs() <= exact.abs() * torch.finfo(kind).eps / 2 + 1e-8).all())


def test_dequantized_values_may_exceed_half_precision() -> None:
    codes, scale = quantize_int8(torch.full((1, 32), 5e5), 32)
    assert scale.item() * 127 > torch.finfo(torch.float16).max
    found = dequantize(codes, scale, torch.empty(1, 32))
    torch.testing.assert_close(found, torch.full((1, 32), 5e5), rtol=1e-2, atol=0)
