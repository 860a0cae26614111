"""Training steps of a 135M model at long windows: tokens per second and memory."""

from __future__ import annotations

import gc
import time

import torch

from benchmarks.gpu.common import DEVICE, DRY, peak, say, step, wait
from benchmarks.gpu.models import config_of

AT_ONCE = 512 if DRY else 65_536
WINDOWS = (128,) if DRY else (8192, 16384, 32768)
PARAMETERS, LAYERS, HIDDEN = 134.5e6, 30, 576


def run() -> None:
    """Measure each window, with and without recomputation, the shortest also compiled."""
    for window in WINDOWS:
        ways = [(False, False), (False, True)]
        if window == 8192:
            ways.append((True, False))
        for compiled, recompute in ways:
            with step(f"train {window} compiled={compiled} recompute={recompute}"):
                _train(window, compiled=compiled, recompute=recompute)
            gc.collect()


def _train(window: int, *, compiled: bool, recompute: bool) -> None:
    """Time a few steps."""
    from transformers import LlamaForCausalLM

    from longsum.extend.loss import NextTokenLoss

    torch.manual_seed(0)
    peak(reset=True)
    with torch.device(DEVICE):
        model = LlamaForCausalLM(config_of("smollm-135m"))
    if recompute:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    if compiled:
        for layer in model.model.layers:
            layer.compile()
    loss_of = NextTokenLoss(model, autocast=True).train()
    adam = torch.optim.AdamW(loss_of.parameters(), lr=1e-4, fused=not DRY)
    rows = torch.randint(0, model.config.vocab_size, (AT_ONCE // window, window), device=DEVICE)
    times: list[float] = []
    for _ in range(3 if DRY else 5):
        wait()
        started = time.perf_counter()
        for row in rows:
            (loss_of(row[None]) / len(rows)).backward()
        adam.step()
        adam.zero_grad(set_to_none=True)
        wait()
        times.append(time.perf_counter() - started)
        if times[-1] > 20:
            break
    # attention: 4 · layers · hidden · (window / 2) forward, and 2.5 times that backward
    work = (6 * PARAMETERS + 3.5 * 2 * LAYERS * HIDDEN * window) * AT_ONCE
    rates = {"tok_s": AT_ONCE / min(times), "tflops": work / min(times) / 1e12}
    way = {"compiled": compiled, "recompute": recompute}
    say(train=window, **way, **rates, first_s=times[0], **peak())
