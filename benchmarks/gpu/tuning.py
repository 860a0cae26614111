"""Find the best sizes for the attention kernel: a table per kind of cache, to choose from by hand.

Every variant is a separate kernel, which takes a second or two to compile; `warm` compiles a share
of them in a separate process, into Triton's cache on disk.
"""

from __future__ import annotations

from itertools import product

import torch

from benchmarks.gpu.caches import KINDS, SHAPES, layer_of, length_of
from benchmarks.gpu.common import DRY, KIND, recorded_seconds, rnd, say
from longsum.engine import kernels, triton_attend
from longsum.engine.layers import HeldLayer
from longsum.engine.triton_attend import Tuning

DEPTH = 128 if DRY else 32768
CACHED_BYTES = 100 * 2**20
"""Bytes read between two readings of a layer, more than a GPU caches."""


def variants(t: int) -> list[Tuning]:
    """Return the tunings to try with t queries."""
    if t > 1:
        return [Tuning(*each) for each in product((32, 64), (4, 8), (2, 3))]
    fits = [each for each in product((32, 64, 128), (4, 8), (2, 3, 4)) if each[:2] != (128, 4)]
    return [Tuning(*each) for each in fits]


def warm(share: int, shares: int) -> None:
    """Compile this process's share of all variants and of what checks and tests need."""
    tasks: list[tuple[torch.dtype, str, tuple[int, int, int], int, Tuning | None]] = [
        (KIND, kind, shape, t, tuning)
        for (t, shapes), kind in product(((1, SHAPES[:1]), (17, SHAPES[:2])), KINDS)
        for shape, tuning in product(shapes, variants(t))
    ]
    tasks += [(KIND, kind, shape, t, None) for kind, shape, t in product(KINDS, SHAPES, (1, 5, 17))]
    others = ((torch.float16, 17), (torch.float16, 1), (torch.float32, 1))
    tested = ((4, 4, 128), (3, 3, 64), (1, 1, 32))
    tasks += [
        (dtype, kind, shape, t, None) for (dtype, t), kind, shape in product(others, KINDS, tested)
    ]
    for dtype, kind, (heads, kv_heads, head_dim), t, tuning in tasks[share::shares]:
        layer = layer_of(kind, 8192, kv_heads, head_dim, dtype)
        layer.length = 64
        query, new = (rnd(1, n, t, head_dim).to(dtype) for n in (heads, kv_heads))
        length = length_of(layer)
        try:
            triton_attend.attend(query, layer, length, 0.1, tuning)
            if tuning is None:
                kernels.append(layer, new, new, length)
        except Exception as error:  # a variant that does not fit is reported when it is timed
            print(kind, tuning, type(error).__name__)


def rate(layers: list[HeldLayer], heads: int, t: int, tuning: Tuning | None) -> float:
    """Return the GB/s at which layers are read in turn.

    Args:
        layers: full layers of the same kind.
        heads: number of query heads.
        t: number of queries.
        tuning: how the work is split; None for the default.
    """
    head_dim = layers[0].buffers()["values"].shape[-1]
    head_dim *= 2 if triton_attend.bits_of(layers[0]) == 4 else 1
    query, length = rnd(1, heads, t, head_dim), length_of(layers[0])

    def attend(layer: HeldLayer) -> None:
        if tuning is None:
            kernels.attend(query, layer, length, 0.09)
        else:
            triton_attend.attend(query, layer, length, 0.09, tuning)

    works = [lambda layer=layer: attend(layer) for layer in layers]  # type: ignore[misc]
    return layers[0].nbytes / recorded_seconds(works) / 1e9


def layers_of(kind: str, kv_heads: int, head_dim: int) -> list[HeldLayer]:
    """Return enough full layers that none is still in the GPU's cache when read again.

    Args:
        kind: one of `KINDS`.
        kv_heads: number of key heads.
        head_dim: number of values per head.
    """
    first = layer_of(kind, DEPTH, kv_heads, head_dim)
    count = 1 if DRY else 1 + min(15, CACHED_BYTES // first.nbytes)
    layers = [first, *(layer_of(kind, DEPTH, kv_heads, head_dim) for _ in range(count))]
    new = rnd(1, kv_heads, DEPTH, head_dim)
    for layer in layers:
        layer.update(new, new)
    return layers


def table(kind: str, shape: tuple[int, int, int], t: int) -> None:
    """Report the rate of every variant, the best first.

    Args:
        kind: one of `KINDS`.
        shape: heads, key heads, head_dim.
        t: number of queries.
    """
    if DRY:  # a CPU has only one
        return
    heads, kv_heads, head_dim = shape
    layers = layers_of(kind, kv_heads, head_dim)
    found: list[tuple[float, Tuning]] = []
    for tuning in variants(t):
        try:
            found.append((rate(layers, heads, t, tuning), tuning))
        except Exception as error:  # too much shared memory
            say(variant=tuning, kind=kind, t=t, misfit=f"{type(error).__name__}: {error}"[:90])
    found.sort(reverse=True)
    for programs in (2, 6, 8):
        tuning = found[0][1]._replace(programs=programs)
        found.append((rate(layers, heads, t, tuning), tuning))
    found.sort(reverse=True)
    print(f"{kind} {shape} T={t}: GB/s, tokens, warps, stages, programs a processor")
    for gb_s, tuning in found:
        print(f"  {gb_s:7.0f}  {' '.join(f'{n:4}' for n in tuning)}")
    say(best=kind, shape=shape, t=t, tuning=found[0][1], gb_s=found[0][0])
    say(all=kind, shape=shape, t=t, gb_s={str(tuple(each)): round(r) for r, each in found})
