"""Attention of one query over a quantized cache on a GPU, dequantizing in registers.

Decoding is bound by memory: the torch form reads codes, writes them dequantized and reads them
again. Here a block's codes are read once. The sequence is split over the GPU (flash-decoding), and
a second kernel merges the parts by their log-sum-exp (arXiv 2205.14135, section 3.1).
`attend_quantized` without this module is the reference; Triton's interpreter compares the two on a
CPU.
"""

from __future__ import annotations

from typing import Any

import torch
import triton  # type: ignore[import-not-found,import-untyped,unused-ignore]
import triton.language as tl  # type: ignore[import-not-found,import-untyped,unused-ignore]

from longsum.engine.quantized import QuantizedLayer

BLOCK_TOKENS = 64
"""Tokens of one tile."""
LEAST_TOKENS = 256
"""Tokens a part has at least: shorter ones cost more to merge than they save."""
MOST_PARTS = 64
"""Parts of the sequence for each key head."""
LEAST_ROWS = 16
"""Rows of the smallest matrix product; a group of queries is padded to it."""


@triton.jit  # type: ignore[untyped-decorator,misc,unused-ignore]
def _load_half(  # type: ignore[no-untyped-def]
    codes,
    scales,
    tokens,
    columns,
    seen,
    SECOND: tl.constexpr,
    BITS: tl.constexpr,
    HALF: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Return the first or second half of the heads' values of some tokens, in float32."""
    column = columns + SECOND * HALF
    scale = tl.load(
        scales + tokens[:, None] * (2 * HALF // BLOCK) + (column // BLOCK)[None, :],
        mask=seen[:, None],
        other=0.0,
    )
    if BITS == 8:
        code = tl.load(
            codes + tokens[:, None] * (2 * HALF) + column[None, :], mask=seen[:, None], other=0
        )
    else:
        code = tl.load(
            codes + tokens[:, None] * HALF + columns[None, :], mask=seen[:, None], other=0
        )
        code = code.to(tl.int32)
        code = code >> 4 if SECOND else (code << 28) >> 28  # the shift back brings the sign
    return code.to(tl.float32) * scale.to(tl.float32)


@triton.jit(do_not_specialize=["length", "part_tokens"])  # type: ignore[untyped-decorator,misc,unused-ignore]
def _attend_part(  # type: ignore[no-untyped-def]
    query,
    keys,
    key_scales,
    values,
    value_scales,
    output,
    lse,
    length,
    part_tokens,
    capacity,
    scale,
    GROUPS: tl.constexpr,
    ROWS: tl.constexpr,
    HALF: tl.constexpr,
    BITS: tl.constexpr,
    BLOCK: tl.constexpr,
    TOKENS: tl.constexpr,
):
    """Attend to one part of one key head's tokens; writes the output and its log-sum-exp."""
    head, part, parts = tl.program_id(0), tl.program_id(1), tl.num_programs(1)
    rows, columns = tl.arange(0, ROWS), tl.arange(0, HALF)
    own = rows[:, None] < GROUPS
    at = query + (head * GROUPS + rows[:, None]) * (2 * HALF) + columns[None, :]
    kind = query.dtype.element_ty
    first_query = tl.load(at, mask=own, other=0.0)
    second_query = tl.load(at + HALF, mask=own, other=0.0)
    base = head.to(tl.int64) * capacity
    width: tl.constexpr = 2 * HALF * BITS // 8
    keys += base * width
    values += base * width
    key_scales += base * (2 * HALF // BLOCK)
    value_scales += base * (2 * HALF // BLOCK)

    largest = tl.full((ROWS,), float("-inf"), tl.float32)
    total = tl.zeros((ROWS,), tl.float32)
    first = tl.zeros((ROWS, HALF), tl.float32)
    second = tl.zeros((ROWS, HALF), tl.float32)
    start = part * part_tokens
    end = tl.minimum(start + part_tokens, length)
    for begin in range(start, end, TOKENS):
        tokens = begin + tl.arange(0, TOKENS)
        seen = tokens < end
        key = _load_half(keys, key_scales, tokens, columns, seen, 0, BITS, HALF, BLOCK)
        scores = tl.dot(first_query, tl.trans(key.to(kind)), input_precision="ieee")
        key = _load_half(keys, key_scales, tokens, columns, seen, 1, BITS, HALF, BLOCK)
        scores += tl.dot(second_query, tl.trans(key.to(kind)), input_precision="ieee")
        scores = tl.where(seen[None, :], scores * scale, float("-inf"))
        highest = tl.maximum(largest, tl.max(scores, 1))
        shrink = tl.exp(largest - highest)
        weights = tl.exp(scores - highest[:, None])
        total = total * shrink + tl.sum(weights, 1)
        value = _load_half(values, value_scales, tokens, columns, seen, 0, BITS, HALF, BLOCK)
        first = first * shrink[:, None]
        first += tl.dot(weights.to(kind), value.to(kind), input_precision="ieee")
        value = _load_half(values, value_scales, tokens, columns, seen, 1, BITS, HALF, BLOCK)
        second = second * shrink[:, None]
        second += tl.dot(weights.to(kind), value.to(kind), input_precision="ieee")
        largest = highest

    place = (head * parts + part) * GROUPS + rows
    to = output + place[:, None] * (2 * HALF) + columns[None, :]
    tl.store(to, first / total[:, None], mask=own)
    tl.store(to + HALF, second / total[:, None], mask=own)
    tl.store(lse + place, largest + tl.log(total), mask=rows < GROUPS)


@triton.jit(do_not_specialize=["parts"])  # type: ignore[untyped-decorator,misc,unused-ignore]
def _merge_parts(  # type: ignore[no-untyped-def]
    output,
    lse,
    merged,
    parts,
    GROUPS: tl.constexpr,
    PARTS: tl.constexpr,
    HEAD_DIM: tl.constexpr,
):
    """Weigh one query's parts by their log-sum-exp."""
    head, row = tl.program_id(0), tl.program_id(1)
    number, columns = tl.arange(0, PARTS), tl.arange(0, HEAD_DIM)
    place = (head * parts + number) * GROUPS + row
    seen = number < parts
    each = tl.load(lse + place, mask=seen, other=float("-inf"))
    weight = tl.exp(each - tl.max(each, 0))
    weight = weight / tl.sum(weight, 0)
    part = tl.load(
        output + place[:, None] * HEAD_DIM + columns[None, :], mask=seen[:, None], other=0.0
    )
    to = merged + (head * GROUPS + row) * HEAD_DIM + columns
    tl.store(to, tl.sum(part * weight[:, None], 0).to(merged.dtype.element_ty))


def is_supported(layer: QuantizedLayer) -> bool:
    """Tell whether the kernel takes a layer: its tiles need a head_dim that is a power of two."""
    head_dim = layer.shape[2]
    return 32 <= head_dim <= 256 and head_dim & (head_dim - 1) == 0


def split(length: int, heads: int, processors: int) -> tuple[int, int]:
    """Return into how many parts a sequence is split, and the tokens of each.

    Args:
        length: tokens.
        heads: key heads, each of which is split alike.
        processors: of the GPU; two parts for each keep them busy.
    """
    wanted = min(MOST_PARTS, max(1, 2 * processors // heads), -(-length // LEAST_TOKENS))
    tokens = -(-length // wanted)
    tokens = -(-tokens // BLOCK_TOKENS) * BLOCK_TOKENS
    return -(-length // tokens), tokens


def attend_one(
    query: torch.Tensor, layer: QuantizedLayer, scale: float, *, processors: int | None = None
) -> torch.Tensor:
    """Attend to all a layer holds with one query a head.

    Args:
        query: (batch, kv_heads, groups, head_dim), rotated if the layer is; contiguous.
        layer: keys and values.
        scale: factor on the scores.
        processors: of the GPU; None asks it.

    Returns:
        (batch, kv_heads, groups, head_dim), rotated if the layer is.
    """
    batch, kv_heads, groups, head_dim = query.shape
    query = query.contiguous()
    device, heads = query.device, batch * kv_heads
    if processors is None:
        processors = torch.cuda.get_device_properties(device).multi_processor_count
    parts, part_tokens = split(layer.length, heads, processors)
    shape = (heads, MOST_PARTS, groups)  # the same for every length: nothing grows
    output = layer.workspace.take("parts", (*shape, head_dim), torch.float32, device)
    lse = layer.workspace.take("lse", shape, torch.float32, device)
    merged = torch.empty_like(query)
    held: dict[str, Any] = layer.buffers()
    _attend_part[(heads, parts)](
        query,
        *(held[name] for name in ("keys", "keys_scale", "values", "values_scale")),
        output,
        lse,
        layer.length,
        part_tokens,
        layer.capacity,
        scale,
        GROUPS=groups,
        ROWS=max(LEAST_ROWS, triton.next_power_of_2(groups)),
        HALF=head_dim // 2,
        BITS=8 if layer.kv_dtype == "int8" else 4,
        BLOCK=layer.block,
        TOKENS=BLOCK_TOKENS,
    )
    _merge_parts[(heads, groups)](
        output,
        lse,
        merged,
        parts,
        GROUPS=groups,
        PARTS=MOST_PARTS,
        HEAD_DIM=head_dim,
    )
    return merged
