"""Attention of a few queries over an unquantized, 8-bit or 4-bit cache, in one pass over it.

Decoding is bound by memory, so the cache is read once and dequantized in registers. The sequence is
split over the GPU (flash-decoding) and a second kernel merges the parts by their log-sum-exp
(arXiv 2205.14135, section 3.1). The length is read on the device: the grid depends on the capacity,
and parts beyond the length return at once. Scores and softmax are float32.

`kernels.attend` in torch is the reference; Triton's interpreter compares the two on a CPU.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import triton  # type: ignore[import-not-found,import-untyped,unused-ignore]
import triton.language as tl  # type: ignore[import-not-found,import-untyped,unused-ignore]

from longsum.engine.layers import HeldLayer
from longsum.engine.quantized import QuantizedLayer

MAX_PARTS = 64
"""Maximum number of parts of the sequence per key head."""
MIN_ROWS = 16
"""Rows of the smallest matrix product; the queries that share a key head are padded to it."""
MAX_ROWS = 64
"""Maximum rows per program; further programs take the rest and read the cache again."""
INTERPRETED_PROCESSORS = 4
"""Number of processors assumed for Triton's interpreter."""


class Tuning(NamedTuple):
    """How the work is split; any choice gives the same result up to rounding."""

    tokens: int = 64
    """Tokens per tile."""
    warps: int = 8
    """Warps per program."""
    stages: int = 3
    """Tiles being loaded at a time."""
    programs: int = 4
    """Programs per processor of the GPU."""


TUNED = {16: Tuning(), 8: Tuning(), 4: Tuning()}
"""Best tuning by the bits of a cached value."""
MAX_TILE_BYTES = 16 * 1024
"""Maximum bytes of a tile of keys; several share a processor's shared memory (64 KiB on small
GPUs)."""


@triton.jit  # type: ignore[untyped-decorator,misc,unused-ignore]
def _load(  # type: ignore[no-untyped-def]
    held,
    scales,
    tokens,
    seen,
    kind: tl.constexpr,
    BITS: tl.constexpr,
    HEAD_DIM: tl.constexpr,
    BLOCK: tl.constexpr,
    TOKENS: tl.constexpr,
):
    """Return one head's values of some tokens; each scale is loaded once per block."""
    WIDTH: tl.constexpr = HEAD_DIM // 2 if BITS == 4 else HEAD_DIM
    BLOCKS: tl.constexpr = HEAD_DIM // BLOCK
    at = held + tokens[:, None] * WIDTH + tl.arange(0, WIDTH)[None, :]
    values = tl.load(at, mask=seen[:, None], other=0)
    if BITS <= 8:
        at = scales + tokens[:, None] * BLOCKS + tl.arange(0, BLOCKS)[None, :]
        scale = tl.load(at, mask=seen[:, None], other=0.0).to(tl.float32)
        if BITS == 4:
            low = ((values << 4).to(tl.int8)) >> 4  # the shift back extends the sign
            values = tl.permute(tl.join(low, values >> 4), (0, 2, 1))
        values = tl.reshape(values.to(tl.float32), (TOKENS, BLOCKS, BLOCK)) * scale[:, :, None]
        values = tl.reshape(values, (TOKENS, HEAD_DIM))
    return values.to(kind)


@triton.jit(do_not_specialize=["t", "groups", "capacity", "query_head", "query_token"])  # type: ignore[untyped-decorator,misc,unused-ignore]
def _attend_part(  # type: ignore[no-untyped-def]
    query,
    query_head,
    query_token,
    keys,
    key_scales,
    values,
    value_scales,
    output,
    lse,
    length_at,
    t,
    groups,
    capacity,
    scale,
    ROWS: tl.constexpr,
    HEAD_DIM: tl.constexpr,
    BITS: tl.constexpr,
    BLOCK: tl.constexpr,
    TOKENS: tl.constexpr,
):
    """Attend to one part of one key head's tokens; write the output and its base-2 log-sum-exp.

    Row r of a key head is query r % t of the group's head r // t.
    """
    head, part, parts = tl.program_id(0), tl.program_id(1), tl.num_programs(1)
    rows, columns = tl.program_id(2) * ROWS + tl.arange(0, ROWS), tl.arange(0, HEAD_DIM)
    own = rows < groups * t
    kind: tl.constexpr = query.dtype.element_ty if BITS <= 8 else keys.dtype.element_ty
    at = query + (head * groups + rows // t) * query_head + (rows % t) * query_token
    queries = tl.load(at[:, None] + columns[None, :], mask=own[:, None], other=0.0).to(kind)
    base = head.to(tl.int64) * capacity
    width: tl.constexpr = HEAD_DIM // 2 if BITS == 4 else HEAD_DIM
    keys += base * width
    values += base * width
    if BITS <= 8:
        key_scales += base * (HEAD_DIM // BLOCK)
        value_scales += base * (HEAD_DIM // BLOCK)

    length = tl.load(length_at).to(tl.int32)
    limits = length - t + rows % t + 1  # a row sees the tokens before its own limit
    part_tokens = tl.cdiv(tl.cdiv(length, parts), TOKENS) * TOKENS
    start = part * part_tokens
    end = tl.minimum(start + part_tokens, length)
    largest = tl.full((ROWS,), float("-inf"), tl.float32)
    total = tl.zeros((ROWS,), tl.float32)
    sums = tl.zeros((ROWS, HEAD_DIM), tl.float32)
    for begin in range(start, end, TOKENS):
        tokens = begin + tl.arange(0, TOKENS)
        seen = tokens < end
        key = _load(keys, key_scales, tokens, seen, kind, BITS, HEAD_DIM, BLOCK, TOKENS)
        scores = tl.dot(queries, tl.trans(key), input_precision="ieee")
        visible = seen[None, :] & (tokens[None, :] < limits[:, None])
        scores = tl.where(visible, scores * scale, float("-inf"))
        highest = tl.maximum(largest, tl.max(scores, 1))
        finite = tl.where(highest > float("-inf"), highest, 0.0)  # a row may see nothing here
        shrink = tl.exp2(largest - finite)
        weights = tl.exp2(scores - finite[:, None])
        total = total * shrink + tl.sum(weights, 1)
        value = _load(values, value_scales, tokens, seen, kind, BITS, HEAD_DIM, BLOCK, TOKENS)
        sums = tl.dot(weights.to(kind), value, sums * shrink[:, None], input_precision="ieee")
        largest = highest

    some = total > 0  # an empty part: output 0, log-sum-exp -inf
    total = tl.where(some, total, 1.0)
    place = (head * parts + part) * (groups * t) + rows
    to = output + place[:, None] * HEAD_DIM + columns[None, :]
    tl.store(to, sums / total[:, None], mask=own[:, None])
    tl.store(lse + place, tl.where(some, largest + tl.log2(total), float("-inf")), mask=own)


@triton.jit(do_not_specialize=["t", "groups", "parts"])  # type: ignore[untyped-decorator,misc,unused-ignore]
def _merge_parts(  # type: ignore[no-untyped-def]
    output,
    lse,
    merged,
    t,
    groups,
    parts,
    PARTS: tl.constexpr,
    HEAD_DIM: tl.constexpr,
):
    """Weight one row's parts by their log-sum-exp; write (t, heads, head_dim)."""
    head, row = tl.program_id(0), tl.program_id(1)
    number, columns = tl.arange(0, PARTS), tl.arange(0, HEAD_DIM)
    place = (head * parts + number) * (groups * t) + row
    held = number < parts
    each = tl.load(lse + place, mask=held, other=float("-inf"))
    weight = tl.exp2(each - tl.max(each, 0))
    at = output + place[:, None] * HEAD_DIM + columns[None, :]
    part = tl.load(at, mask=held[:, None], other=0.0)
    whole = tl.sum(part * weight[:, None], 0) / tl.sum(weight, 0)
    heads = tl.num_programs(0) * groups
    to = merged + ((row % t) * heads + head * groups + row // t) * HEAD_DIM + columns
    tl.store(to, whole.to(merged.dtype.element_ty))


def bits_of(layer: HeldLayer) -> int:
    """Return the bits of a cached value: 8, 4, or 16 for any floating dtype."""
    return layer.format.bits if isinstance(layer, QuantizedLayer) else 16


def parts_of(capacity: int, programs: int, tokens: int) -> int:
    """Return the number of parts a sequence is split into, which is the same at every length.

    Args:
        capacity: maximum number of tokens held.
        programs: programs per key head that keep the GPU busy.
        tokens: tokens per tile, the minimum of a part.
    """
    return max(1, min(MAX_PARTS, programs, -(-capacity // tokens)))


def _cut(rows: int, head_dim: int, bits: int, width: int) -> Tuning:
    """Return the tuning for a layer, with tiles that fit a processor's memory.

    Args:
        rows: queries per program.
        head_dim: number of values per head.
        bits: bits of a cached value; 16 for any floating dtype.
        width: bytes of a value in the products.
    """
    tuned = TUNED[bits]
    tokens = max(16, min(tuned.tokens, MAX_TILE_BYTES // (head_dim * width)))
    return tuned._replace(tokens=tokens, stages=min(tuned.stages, 2) if rows > 16 else tuned.stages)


def _processors(device: torch.device) -> int:
    """Return a device's number of processors."""
    if device.type != "cuda":
        return INTERPRETED_PROCESSORS
    return int(torch.cuda.get_device_properties(device).multi_processor_count)


def attend(
    query: torch.Tensor,
    layer: HeldLayer,
    length: torch.Tensor,
    scale: float,
    tuning: Tuning | None = None,
) -> torch.Tensor:
    """Attend as `kernels.attend` does, with query and output rotated if the layer is.

    Args:
        query: (1, heads, T, head_dim).
        layer: a layer that already holds the T tokens' keys and values.
        length: (1,) int64 number of tokens held, including the T, on query's device.
        scale: factor on the scores.
        tuning: how the work is split; None for the best known.

    Returns:
        (1, heads, T, head_dim); a view of a contiguous (1, T, heads, head_dim).
    """
    _, heads, t, head_dim = query.shape
    held, bits = layer.buffers(), bits_of(layer)
    device, kv_heads = query.device, held["keys"].shape[1]
    groups = heads // kv_heads
    rows = groups * t
    width = max(query.element_size(), held["keys"].element_size())
    limit = MIN_ROWS if width == 4 else MAX_ROWS  # float32 has no matrix units, and many registers
    padded = min(limit, max(MIN_ROWS, triton.next_power_of_2(rows)))
    tuning = tuning or _cut(padded, head_dim, bits, width)
    blocks = triton.cdiv(rows, padded)
    programs = triton.cdiv(tuning.programs * _processors(device), kv_heads * blocks)
    parts = parts_of(layer.capacity, programs, tuning.tokens)
    query = query if query.stride(-1) == 1 else query.contiguous()
    output = torch.empty((kv_heads, parts, rows, head_dim), dtype=torch.float32, device=device)
    lse = torch.empty((kv_heads, parts, rows), dtype=torch.float32, device=device)
    merged = torch.empty((1, t, heads, head_dim), dtype=query.dtype, device=device)
    _attend_part[(kv_heads, parts, blocks)](
        query,
        query.stride(1),
        query.stride(2),
        held["keys"],
        held.get("keys_scale", held["keys"]),
        held["values"],
        held.get("values_scale", held["values"]),
        output,
        lse,
        length,
        t,
        groups,
        layer.capacity,
        scale * math.log2(math.e),
        ROWS=padded,
        HEAD_DIM=head_dim,
        BITS=bits,
        BLOCK=layer.block if isinstance(layer, QuantizedLayer) else head_dim,
        TOKENS=tuning.tokens,
        num_warps=tuning.warps,
        num_stages=tuning.stages,
    )
    sizes = {"PARTS": triton.next_power_of_2(parts), "HEAD_DIM": head_dim}
    _merge_parts[(kv_heads, rows)](output, lse, merged, t, groups, parts, **sizes)
    return merged.transpose(1, 2)
