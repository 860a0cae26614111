"""The GPU's limits, and our kernels' correctness and speed relative to them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from itertools import product

import torch

from benchmarks.gpu import tuning
from benchmarks.gpu.caches import KINDS, SHAPES, filled, held, layer_of, length_of, turned_back
from benchmarks.gpu.common import (
    DEVICE,
    DRY,
    GIB,
    exact,
    profiled,
    recorded_seconds,
    rel,
    rnd,
    say,
    seconds,
    step,
    wait,
)
from longsum.engine import kernels
from longsum.engine.attention import attend
from longsum.engine.layers import PreallocatedLayer

DEPTH, CHUNK = (128, 32) if DRY else (32768, 4096)
LENGTHS = (1, 63, 65) if DRY else (1, 63, 65, 4097, DEPTH)
QUERIES = (1, 5) if DRY else (1, 5, 17)
COMPILERS = 12
"""Number of processes that compile variants."""


def run() -> None:
    """Check all kernels."""
    compiling = _compile() if not DRY else []
    with step("decode: right"):  # not timed, so the compilers do not disturb it
        _decode_errors()
    with step("decode: near-tied keys"):
        _near_ties()
    with step("waiting for compilers"):
        for process in compiling:
            process.wait(timeout=25)
    with step("limits"):
        _limits()
    with step("chunks"):
        _chunks()
    with step("append"):
        _appends()
    with step("decode: rates"):
        for kind, shape in product(KINDS, SHAPES):
            layers = tuning.layers_of(kind, *shape[1:])
            for t in QUERIES:
                gb_s = tuning.rate(layers, shape[0], t, None)
                say(rate="decode", kind=kind, shape=shape, t=t, depth=DEPTH, gb_s=gb_s)
    with step("decode: variants"):
        for t, shapes in ((1, SHAPES[:2]), (17, SHAPES[:2])):
            for kind, shape in product(KINDS, shapes):
                tuning.table(kind, shape, t)
    if not DRY:
        with step("NF4 products"):
            _nf4()


def _compile() -> list[subprocess.Popen[bytes]]:
    """Compile all variants in parallel processes."""
    command = [sys.executable, "-m", "benchmarks.gpu", "warm"]
    return [
        subprocess.Popen([*command, str(share), str(COMPILERS)], stdout=subprocess.DEVNULL)
        for share in range(COMPILERS)
    ]


def _limits() -> None:
    """Report the GPU's maximum rates."""
    if DRY:
        return
    torch.backends.cuda.matmul.allow_tf32 = False
    names = {"torch": torch.__version__, "cudnn": torch.backends.cudnn.version()}
    free = torch.cuda.mem_get_info()[0] / GIB
    say(gpu=torch.cuda.get_device_name(0), cuda=torch.version.cuda, free_gib=free, **names)
    a, b = rnd(8192, 8192), rnd(8192, 8192)
    source = torch.empty(1 << 30, dtype=torch.uint8, device=DEVICE)
    target = torch.empty_like(source)
    tflops = 2 * 8192**3 / seconds(lambda: a @ b) / 1e12
    copied = 2 * (1 << 30) / seconds(lambda: target.copy_(source)) / 1e9
    say(matmul_tflops=tflops, copy_gb_s=copied)


def _chunks() -> None:
    """Check a chunk's attention, and report the rates of the kernels for it."""
    for (heads, kv, dim), (t, s) in product(SHAPES, ((1, 700), (17, 700), (300, 300), (512, 4096))):
        if DRY and t > 17:
            continue
        q, k, v = rnd(1, heads, t, dim), rnd(1, kv, s, dim), rnd(1, kv, s, dim)
        error = rel(attend(q, k, v, dim**-0.5), exact(q, k, v, dim**-0.5))
        say(check="chunk", heads=heads, kv=kv, head_dim=dim, t=t, s=s, error=error, bound=0.01)
    q, k, v = rnd(1, 32, CHUNK, 128), rnd(1, 32, DEPTH, 128), rnd(1, 32, DEPTH, 128)
    work = 4 * 32 * 128 * (CHUNK * (DEPTH - CHUNK) + CHUNK * CHUNK / 2)
    tflops = work / seconds(lambda: attend(q, k, v, 0.09)) / 1e12
    say(rate="our chunk after a long past", tflops=tflops)
    if DRY:
        return
    rows = profiled(lambda: attend(q, k, v, 0.09))
    say(check="kernels of a chunk", names=[row.key[:60] for row in rows][:4])
    for (name, run), causal, s in product(_chunk_kernels().items(), (False, True), (CHUNK, DEPTH)):
        if causal and s > CHUNK:
            continue
        key, value = k[:, :, :s], v[:, :, :s]
        work = 4 * 32 * 128 * CHUNK * s / (2 if causal else 1)
        try:
            taken = seconds(lambda: run(q, key, value, causal))  # noqa: B023  # run at once
        except Exception as error:  # this build does not have it
            say(rate=name, missing=str(error)[:200])
        else:
            say(rate=name, t=CHUNK, s=s, causal=causal, tflops=work / taken / 1e12)
    _single_queries(k, v)


def _chunk_kernels() -> dict[str, Callable[..., object]]:
    """Return torch's two kernels for long chunks, as (query, key, value, causal)."""
    aten = torch.ops.aten
    return {
        "flash": lambda q, k, v, causal: aten._scaled_dot_product_flash_attention(
            q, k, v, 0.0, causal, False, scale=0.09
        ),
        "cudnn": lambda q, k, v, causal: aten._scaled_dot_product_cudnn_attention(
            q, k, v, None, True, 0.0, causal, False, scale=0.09
        ),
    }


def _single_queries(k: torch.Tensor, v: torch.Tensor) -> None:
    """Report the time of one query at new lengths, as some kernels plan for each."""
    q = rnd(1, 32, 1, 128)
    plain = torch.nn.functional.scaled_dot_product_attention
    for name, run in (("ours", attend), ("sdpa", lambda q, k, v, s: plain(q, k, v, scale=s))):
        times = []
        for n in range(DEPTH - 24, DEPTH):
            started = time.perf_counter()
            run(q, k[:, :, :n], v[:, :, :n], 0.09)
            wait()
            times.append(1e3 * (time.perf_counter() - started))
        say(one_query=name, median_ms=sorted(times)[12], worst_ms=max(times))


def _decode_errors() -> None:
    """Check the attention kernel against float32 attention over the layer's content."""
    for kind, (heads, kv, dim), n, t in product(KINDS, SHAPES, LENGTHS, QUERIES):
        if t > n or (n == DEPTH and t == 5 and not DRY):
            continue
        layer, q = filled(kind, n, kv, dim), rnd(1, heads, t, dim)
        one, two = (kernels.attend(q, layer, length_of(layer), dim**-0.5) for _ in range(2))
        key, value, seen = held(layer, q)
        error = rel(one, turned_back(layer, exact(seen, key, value, dim**-0.5)))
        what = {"kind": kind, "shape": (heads, kv, dim), "n": n, "t": t}
        same = bool(torch.equal(one, two))
        say(check="decode", **what, error=error, bound=0.01, same_twice=same)
    layer = layer_of("int8", 64, 2, 128)
    say(check="Triton was used", ok=DRY or kernels.takes_layer(layer), said=str(kernels._failures))


def _near_ties() -> None:
    """Check many scores near the largest, where rounding gives wrong weights."""
    n = min(DEPTH, 16384)
    near = range(0, n, max(1, n // 64))
    for size in (1.0, 2.0, 3.0):
        layer, q = PreallocatedLayer(n), rnd(1, 8, 1, 128, scale=size)
        key, value = rnd(1, 8, n, 128), rnd(1, 8, n, 128)
        moved = (1 + 0.02 * torch.randn(1, 8, len(near), 1, device=DEVICE)).to(q.dtype)
        key[:, :, near.start : near.stop : near.step] = q / size * moved
        layer.update(key, value)
        good = exact(q, key, value, 128**-0.5)
        found = kernels.attend(q, layer, length_of(layer), 128**-0.5)
        sdpa = rel(attend(q, key, value, 128**-0.5), good)
        say(check="near-tied keys", size=size, error=rel(found, good), bound=0.01, sdpa=sdpa)


def _appends() -> None:
    """Check that appended codes equal those of torch, and report the time of both."""
    for kind, (heads, kv, dim), t in product(KINDS, SHAPES, QUERIES):
        layer, other = (layer_of(kind, 64, kv, dim) for _ in range(2))
        first = rnd(1, kv, 20, dim), rnd(1, kv, 20, dim)
        new = rnd(1, kv, t, dim), rnd(1, kv, t, dim)
        at = torch.full((1,), 20, dtype=torch.long, device=DEVICE)
        for each in (layer, other):
            each.update(*first)
        kernels.append(layer, *new, at)
        other.update(*new)
        differing, most = _difference(layer.buffers(), other.buffers(), 20 + t)
        what = {"kind": kind, "shape": (heads, kv, dim), "t": t}
        ok = differing < 0.01 and most <= (0 if kind == "native" else 1)
        say(check="append", **what, differing=differing, most=most, ok=ok)
        if t == 1:
            taken = recorded_seconds([lambda: kernels.append(layer, *new, at)])  # noqa: B023
            other.length = 20

            def update() -> None:
                other.update(*new)  # noqa: B023
                other.length = 20  # noqa: B023

            say(rate="append", **what, us=1e6 * taken, torch_us=1e6 * recorded_seconds([update]))


def _difference(
    some: dict[str, torch.Tensor], others: dict[str, torch.Tensor], end: int
) -> tuple[float, int]:
    """Return the share of keys and values, or of codes, that differ, and the maximum difference."""
    differing, most, count = 0, 0, 0
    for name in ("keys", "values"):
        one, two = some[name][:, :, :end], others[name][:, :, :end]
        if one.dtype == torch.int8 and f"{name}_centre" not in some and "keys_centre" not in some:
            most = max(most, int((one.int() - two.int()).abs().max()))
        elif one.dtype == torch.int8:  # two codes per byte
            for shift in (4, 0):
                a, b = ((x.int() << (24 + shift)) >> 28 for x in (one, two))
                most = max(most, int((a - b).abs().max()))
        elif not torch.equal(one, two):
            most = 1
        differing += int((one != two).sum())
        count += one.numel()
    return differing / count, most


def _nf4() -> None:
    """Report the rates of bitsandbytes' products."""
    import bitsandbytes as bnb
    from bitsandbytes.functional import quantize_4bit

    for n, k in ((4096, 4096), (11008, 4096), (4096, 11008)):
        w, state = quantize_4bit(rnd(n, k, scale=0.02), quant_type="nf4", compress_statistics=True)
        for m in (1, 5, 17, CHUNK):
            x = rnd(1, m, k)
            s = seconds(lambda: bnb.matmul_4bit(x, w.t(), quant_state=state))  # noqa: B023
            rates = {
                "us": 1e6 * s,
                "gb_s": 0.516 * n * k / s / 1e9,
                "tflops": 2e-12 * m * n * k / s,
            }
            say(rate="nf4", version=bnb.__version__, m=m, n=n, k=k, **rates)
