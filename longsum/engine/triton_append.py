"""Write new keys and values into an unquantized, 8-bit or 4-bit cache, in one launch.

The position is read on the device, so that a CUDA graph can replay it. `kernels.append` in torch is
the reference; both round to the nearest even and divide exactly. The rotation sums in another
order, so that a code, or the last bit of a scale, may differ by one.
"""

from __future__ import annotations

import torch
import triton  # type: ignore[import-not-found,import-untyped,unused-ignore]
import triton.language as tl  # type: ignore[import-not-found,import-untyped,unused-ignore]

from longsum.engine.kvquant import LARGEST
from longsum.engine.layers import HeldLayer
from longsum.engine.quantized import QuantizedLayer
from longsum.engine.triton_attend import bits_of

MAX_SCALE = tl.constexpr(LARGEST)
MIN_SCALE = tl.constexpr(2.0**-14)  # float16's smallest normal number
NEAREST = tl.constexpr(1.5 * 2**23)
"""Adding it to a float32 below 2^22 and subtracting it again rounds to the nearest even integer."""


@triton.jit  # type: ignore[untyped-decorator,misc,unused-ignore]
def _rotate(states, HEAD_DIM: tl.constexpr, kind: tl.constexpr):  # type: ignore[no-untyped-def]
    """Multiply by Sylvester's Hadamard matrix as torch does in this dtype.

    The sign at (i, j) is the parity of i & j; the entries' size is rounded as in torch's matrix.
    """
    i, j = tl.arange(0, HEAD_DIM)[:, None], tl.arange(0, HEAD_DIM)[None, :]
    parity = i & j
    parity ^= parity >> 4
    parity ^= parity >> 2
    parity ^= parity >> 1
    signed = tl.where((parity & 1) != 0, -states[:, None], states[:, None])
    size = tl.full((), HEAD_DIM**-0.5, tl.float32).to(kind).to(tl.float32)
    return (tl.sum(signed, 0) * size).to(kind).to(tl.float32)


@triton.jit  # type: ignore[untyped-decorator,misc,unused-ignore]
def _quantize(  # type: ignore[no-untyped-def]
    states, held, scales, BITS: tl.constexpr, HEAD_DIM: tl.constexpr, BLOCK: tl.constexpr
):
    """Write one head's codes and scales as `kvquant` makes them.

    Args:
        states: (HEAD_DIM,) float32.
        held: pointer to its codes.
        scales: pointer to its scales.
        BITS: 8 or 4.
        HEAD_DIM: number of values.
        BLOCK: number of values that share a scale.
    """
    BLOCKS: tl.constexpr = HEAD_DIM // BLOCK
    HALF: tl.constexpr = HEAD_DIM // 2
    blocks = tl.reshape(states, (BLOCKS, BLOCK))
    size = tl.abs(blocks)
    highest = tl.max(size, 1)
    if BITS == 8:
        scale = tl.minimum(tl.maximum(tl.div_rn(highest, 127.0), MIN_SCALE), MAX_SCALE)
        scale = scale.to(tl.float16)
    else:
        number = tl.arange(0, BLOCK)[None, :]
        first = tl.min(tl.where(size == highest[:, None], number, BLOCK), 1)  # of equal ones
        extreme = tl.sum(tl.where(number == first[:, None], blocks, 0.0), 1)
        scale = tl.minimum(tl.maximum(extreme * -0.125, -MAX_SCALE), MAX_SCALE)
        scale = tl.where(tl.abs(scale.to(tl.float16).to(tl.float32)) < MIN_SCALE, MIN_SCALE, scale)
        scale = scale.to(tl.float16)
    tl.store(scales + tl.arange(0, BLOCKS), scale)
    ratio = tl.div_rn(blocks, tl.broadcast_to(scale.to(tl.float32)[:, None], (BLOCKS, BLOCK)))
    LOW: tl.constexpr = -127.0 if BITS == 8 else -8.0
    HIGH: tl.constexpr = 127.0 if BITS == 8 else 7.0
    ratio = tl.minimum(tl.maximum(ratio, LOW - 1.0), HIGH + 1.0)  # small enough for the rounding
    code = (ratio + NEAREST) - NEAREST
    code = tl.minimum(tl.maximum(code, LOW), HIGH).to(tl.int32)
    if BITS == 8:
        tl.store(held + tl.arange(0, HEAD_DIM), tl.reshape(code, (HEAD_DIM,)).to(tl.int8))
    else:
        low, high = tl.split(tl.permute(tl.reshape(code, (2, HALF)), (1, 0)))
        tl.store(held + tl.arange(0, HALF), ((low & 15) | (high << 4)).to(tl.int8))


@triton.jit(  # type: ignore[untyped-decorator,misc,unused-ignore]
    do_not_specialize=["capacity", "key_head", "key_token", "value_head", "value_token"]
)
def _append(  # type: ignore[no-untyped-def]
    key,
    value,
    keys,
    key_scales,
    values,
    value_scales,
    centre,
    position_at,
    capacity,
    key_head,
    key_token,
    value_head,
    value_token,
    BITS: tl.constexpr,
    HEAD_DIM: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Write one token's key and value of one head."""
    head, token = tl.program_id(0), tl.program_id(1)
    columns = tl.arange(0, HEAD_DIM)
    new_key = tl.load(key + head * key_head + token * key_token + columns)
    new_value = tl.load(value + head * value_head + token * value_token + columns)
    place = head.to(tl.int64) * capacity + tl.load(position_at) + token
    width: tl.constexpr = HEAD_DIM // 2 if BITS == 4 else HEAD_DIM
    keys += place * width
    values += place * width
    if BITS > 8:
        tl.store(keys + columns, new_key.to(keys.dtype.element_ty))
        tl.store(values + columns, new_value.to(values.dtype.element_ty))
    else:
        kind: tl.constexpr = key.dtype.element_ty
        new_key, new_value = new_key.to(tl.float32), new_value.to(tl.float32)
        if BITS == 4:  # rounded where torch rounds
            shared = tl.load(centre + head * HEAD_DIM + columns).to(kind).to(tl.float32)
            new_key = (new_key - shared).to(kind).to(tl.float32)
            new_key = _rotate(new_key, HEAD_DIM, kind)
            new_value = _rotate(new_value, HEAD_DIM, kind)
        blocks: tl.constexpr = HEAD_DIM // BLOCK
        _quantize(new_key, keys, key_scales + place * blocks, BITS, HEAD_DIM, BLOCK)
        _quantize(new_value, values, value_scales + place * blocks, BITS, HEAD_DIM, BLOCK)


def append(
    layer: HeldLayer, key: torch.Tensor, value: torch.Tensor, position: torch.Tensor
) -> None:
    """Append as `kernels.append` does.

    Args:
        layer: a layer that already holds tokens, so that its buffers and its centre are set.
        key: (1, kv_heads, T, head_dim).
        value: (1, kv_heads, T, head_dim).
        position: () or (1,) int64 position of the first, on their device; position + T ≤ capacity.
    """
    held = layer.buffers()
    _, kv_heads, t, head_dim = key.shape
    if key.stride(-1) != 1 or value.stride(-1) != 1:
        key, value = key.contiguous(), value.contiguous()
    _append[(kv_heads, t)](
        key,
        value,
        held["keys"],
        held.get("keys_scale", held["keys"]),
        held["values"],
        held.get("values_scale", held["values"]),
        held.get("keys_centre", held["keys"]),
        position,
        layer.capacity,
        key.stride(1),
        key.stride(2),
        value.stride(1),
        value.stride(2),
        BITS=bits_of(layer),
        HEAD_DIM=head_dim,
        BLOCK=layer.block if isinstance(layer, QuantizedLayer) else head_dim,
    )
