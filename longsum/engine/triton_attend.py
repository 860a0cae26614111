"""Attention of a few queries over a cache as it comes or in 8 or 4 bits, in one pass over it.

Decoding is bound by memory, so what is held is read once and dequantized in registers. The sequence
is split over the GPU (flash-decoding) and a second kernel merges the parts by their log-sum-exp
(arXiv 2205.14135, section 3.1). The length is read on the device: the grid depends on the capacity,
and parts beyond the length end at once. Scores and softmax are float32.

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
"""Parts of the sequence for each key head."""
MIN_ROWS = 16
"""Rows of the smallest matrix product; the queries that share a key head are padded to it."""
MAX_ROWS = 64
"""Rows that one program takes; more are given to further programs, which read the cache again."""
INTERPRETED_PROCESSORS = 4
"""Processors taken for granted where there is no GPU."""


class Tuning(NamedTuple):
    """How the work is cut; any choice gives the same result up to rounding."""

    tokens: int = 64
    """Tokens of one tile."""
    warps: int = 8
    """Warps of a program."""
    stages: int = 3
    """Tiles on their way from memory at a time."""
    programs: int = 4
    """Programs for each of the GPU's processors."""


TUNED = {16: Tuning(), 8: Tuning(), 4: Tuning()}
"""What is best by the bits of a held value."""
MAX_TILE_BYTES = 16 * 1024
"""Of a tile of keys; several of them are in a processor's shared memory, 64 KiB on small GPUs."""


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
    """Return the heads' values of some tokens; each scale is loaded once for its block."""
    WIDTH: tl.constexpr = HEAD_DIM // 2 if BITS == 4 else HEAD_DIM
    BLOCKS: tl.constexpr = HEAD_DIM // BLOCK
    at = held + tokens[:, None] * WIDTH + tl.arange(0, WIDTH)[None, :]
    values = tl.load(at, mask=seen[:, None], other=0)
    if BITS <= 8:
        at = scales + tokens[:, None] * BLOCKS + tl.arange(0, BLOCKS)[None, :]
        scale = tl.load(at, mask=seen[:, None], other=0.0).to(tl.float32)
        if BITS == 4:
            low = ((values << 4).to(tl.int8)) >> 4  # the shift back brings the sign
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
    """Attend to one part of one key head's tokens; writes the output and its log-sum-exp, base 2.

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
    """Weigh one row's parts by their log-sum-exp; writes (t, heads, head_dim)."""
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
    """Return the bits of a held value: 8, 4, or 16 for any floating dtype."""
    return layer.format.bits if isinstance(layer, QuantizedLayer) else 16


def parts_of(capacity: int, programs: int, tokens: int) -> int:
    """Return into how many parts a sequence is split; the same at every length.

    Args:
        capacity: tokens it may hold.
        programs: that keep the GPU busy, for each key head.
        tokens: of a tile, the least a part has.
    """
    return max(1, min(MAX_PARTS, programs, -(-capacity // tokens)))


def _cut(rows: int, head_dim: int, bits: int, width: int) -> Tuning:
    """Return the tuning for a layer, with tiles that fit into a processor.

    Args:
        rows: queries that a program takes.
        head_dim: values of one head.
        bits: of a held value; 16 for any floating dtype.
        width: bytes of a value computed with.
    """
    tuned = TUNED[bits]
    tokens = max(16, min(tuned.tokens, MAX_TILE_BYTES // (head_dim * width)))
    return tuned._replace(tokens=tokens, stages=min(tuned.stages, 2) if rows > 16 else tuned.stages)


def _processors(device: torch.device) -> int:
    """Return how many processors a device has."""
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
    """Attend as `kernels.attend` does, query and output rotated if the layer is."""
    _, heads, t, head_dim = query.shape
    held, bits = layer.buffers(), bits_of(layer)
    device, kv_heads = query.device, held["keys"].shape[1]
    groups = heads // kv_heads
    rows = groups * t
    width = max(query.element_size(), held["keys"].element_size())
    most = MIN_ROWS if width == 4 else MAX_ROWS  # float32 has no matrix units, and many registers
    padded = min(most, max(MIN_ROWS, triton.next_power_of_2(rows)))
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
