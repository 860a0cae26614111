"""Compare a model with the limits of its machine: the rows of `longsum bench`."""

from __future__ import annotations

from typing import Any

import torch

from longsum.bench.config import BenchConfig
from longsum.bench.machine import MachineLimits, measure_limits
from longsum.bench.work import decode_bytes, prefill_flops
from longsum.bytesize import format_bytes
from longsum.checkpoint.files import read_shape
from longsum.checkpoint.kv_format import bytes_of_kv_cache
from longsum.engine.llama import Llama
from longsum.evaluate.config import SpeedConfig
from longsum.evaluate.evaluation_journal import EvaluationJournal
from longsum.evaluate.loading import Opened
from longsum.evaluate.speed import QUESTION_TOKENS, measure_speed
from longsum.events import Listener


def measure_bench(
    opened: Opened, config: BenchConfig, journal: EvaluationJournal, listener: Listener
) -> list[dict[str, Any]]:
    """Time loading, reading, writing and a second question against the machine's limits.

    Args:
        opened: the loaded model.
        config: tokens to read and to write, repetitions.
        journal: holds the speed measured by an interrupted run.
        listener: receives the progress of reading.

    Returns:
        One row per step: `seconds`, `rate` as text, `share` of the limit named in `limit`.
    """
    listener.phase("measuring the machine's limits")
    limits = measure_limits(opened.model.device, opened.model.dtype)
    speed = SpeedConfig((config.tokens,), config.new_tokens, config.runs)
    (row,) = measure_speed(opened, speed, journal, listener)
    return step_rows(opened, config, row, limits)


def step_rows(
    opened: Opened, config: BenchConfig, speed: dict[str, Any], limits: MachineLimits
) -> list[dict[str, Any]]:
    """Return the rows of the table from one measurement of speed.

    Args:
        opened: the loaded model.
        config: tokens to read and to write.
        speed: a row of `measure_speed`.
        limits: the limits of the machine.

    Returns:
        The rows that `measure_bench` describes; memory and limits have no seconds.
    """
    shape = read_shape(opened.model.config.to_dict())
    weights = read_bytes(opened.model)
    depth = config.tokens + config.new_tokens // 2
    kv = bytes_of_kv_cache(shape, depth, opened.machine["kv_cache"])
    prefill_s = config.tokens / speed["prefill_tps"]
    token_s = 1 / speed["decode_tps"]
    question = prefill_flops(shape, QUESTION_TOKENS, before=config.tokens)
    min_question_s = max(
        question / limits.matmul_flops, decode_bytes(weights, kv) / limits.copy_bytes
    )
    return [
        _row("load", speed["load_s"], f"{format_bytes(weights)} of weights"),
        _row(
            "prefill",
            prefill_s,
            f"{speed['prefill_tps']:,.0f} tokens/s",
            prefill_flops(shape, config.tokens) / prefill_s / limits.matmul_flops,
            "matrix products",
        ),
        _row(
            "decode",
            config.new_tokens * token_s,
            f"{speed['decode_tps']:,.1f} tokens/s",
            decode_bytes(weights, kv) / token_s / limits.copy_bytes,
            "copying",
        ),
        _row(
            "second question",
            speed["question_s"],
            f"{speed['question_s'] / prefill_s:.2%} of the prefill, to the first token",
            min_question_s / speed["question_s"],
            "either",
        ),
        {"step": "peak memory", "bytes": speed["peak_bytes"]}
        | {"rate": format_bytes(speed["peak_bytes"])},
        {"step": "limit: matrix products", "flops": limits.matmul_flops}
        | {"rate": f"{limits.matmul_flops / 1e9:,.0f} GFLOP/s in {opened.machine['dtype']}"},
        {"step": "limit: copying", "bytes_per_s": limits.copy_bytes}
        | {"rate": f"{limits.copy_bytes / 1e9:,.1f} GB/s"},
    ]


def _row(
    step: str, seconds: float, rate: str, share: float | None = None, limit: str | None = None
) -> dict[str, Any]:
    """Return a step's row."""
    percent = None if share is None else f"{share:.0%} of {limit}"
    return {
        "step": step,
        "seconds": seconds,
        "rate": rate,
        "share": share,
        "limit": limit,
        "percent": percent,
    }


def read_bytes(model: Llama) -> int:
    """Return the bytes of weights that writing one token reads, without an untied embedding."""
    seen: dict[int, torch.Tensor] = {w.data_ptr(): w for w in model.parameters()}
    embedding, head = model.model.embed_tokens.weight, model.lm_head.weight
    if embedding.data_ptr() != head.data_ptr():
        seen.pop(embedding.data_ptr(), None)
    return sum(w.numel() * w.element_size() for w in seen.values())


def bench_notes(config: BenchConfig) -> list[str]:
    """Return the notes printed below the table."""
    return [
        f"{config.tokens:,} random tokens read, {config.new_tokens} written; medians of "
        f"{config.runs} runs, the first of which warms up; no draft tokens",
        "shares: of the operations per second of a large matrix product, and of the bytes per "
        "second of a large copy (reads and writes), both measured just before; weights that fit "
        "into the processor's cache can be read faster than that",
        "memory: reserved on a GPU; on a CPU, growth of the process since before loading",
    ]
