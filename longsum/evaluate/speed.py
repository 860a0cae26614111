"""Reading speed, writing speed and memory of a model at each length.

Uses the same engine as every answer. The tokens read are random, as content does not affect time.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from statistics import median
from typing import Any

from longsum.bytesize import GIB
from longsum.config import DecodeConfig
from longsum.engine.engine import Engine, Stats
from longsum.evaluate.config import SpeedConfig
from longsum.evaluate.evaluation_journal import EvaluationJournal
from longsum.evaluate.loading import Opened, evaluating
from longsum.evaluate.peak import PEAK_NOTE, peak_bytes, reset_peak
from longsum.events import Listener

QUESTION_TOKENS = 32
"""Tokens of a further question about the document, about twenty words."""


def measure_speed(
    opened: Opened,
    config: SpeedConfig,
    journal: EvaluationJournal,
    listener: Listener,
) -> list[dict[str, Any]]:
    """Time reading and writing.

    Args:
        opened: the model.
        config: lengths, tokens to write, repetitions.
        journal: provides results of an earlier run; one unit per length.
        listener: notified of the tokens read, and of each length's result.

    Returns:
        A row per length: medians of `prefill_tps`, `decode_tps` and `question_s`, the time to the
        first token of a further question in seconds; the maximum `peak_bytes`.
    """
    lengths = config.lengths or (max(1, opened.rope.window - config.new_tokens),)
    total, done = sum(lengths) * config.runs, 0
    rows = []
    with evaluating(opened.model):
        for length in sorted(lengths):  # allocated memory may not be released
            unit = f"{opened.unit} | length {length}"
            row = journal.get(unit)
            if row is None:
                listener.phase(f"{opened.label}: timing {length:,} tokens")
                row = _length(opened, length, config, listener, (done, total))
                journal.add(unit, row)
            done += length * config.runs
            rows.append(row)
            listener.notice(
                f"{opened.label}, {length:,} tokens: reads {row['prefill_tps']:,.0f}, writes "
                f"{row['decode_tps']:,.1f} tokens/s"
            )
    return rows


def _length(
    opened: Opened,
    length: int,
    config: SpeedConfig,
    listener: Listener,
    progress: tuple[int, int],
) -> dict[str, Any]:
    """Return the medians of one length's runs."""
    device = opened.model.device
    draw = random.Random(config.seed)
    vocabulary = opened.model.config.vocab_size
    ids = [draw.randrange(vocabulary) for _ in range(length + 1)]
    question = [draw.randrange(vocabulary) for _ in range(QUESTION_TOKENS)]
    reset_peak(device)
    engine = Engine(
        opened.model,
        capacity=length + max(1 + config.new_tokens, QUESTION_TOKENS + 1),
        chunk_tokens=opened.chunk_tokens,
        kv_cache=opened.kv_cache,
    )
    base, total = progress
    found: list[Stats] = []
    first_s: list[float] = []

    def report(done: int, _: int) -> None:
        listener.prefill(base + len(found) * length + done, total)

    for _ in range(config.runs):
        engine.forget()
        engine.read(ids[:-1], report)
        # with an instruction of one token there is a forward pass per token written
        _write(engine, ids[-1:], config.new_tokens)
        found.append(engine.stats)
        _write(engine, question, 1)
        first_s.append(engine.stats.decode_s)
    peak = peak_bytes(opened)
    return {
        "model": opened.label,
        "length": length,
        "load_s": opened.load_s,
        "prefill_tps": median(stats.prefill_tps for stats in found),
        "decode_tps": median(stats.decode_tps for stats in found),
        "question_s": median(first_s),
        "peak_bytes": peak,
        "peak_gib": peak / GIB,
        "runs": [
            {
                "prefill_s": stats.prefill_s,
                "decode_s": stats.decode_s,
                "decode_tokens": stats.decode_tokens,
            }
            for stats in found
        ],
    }


def _write(engine: Engine, token_ids: Sequence[int], new_tokens: int) -> None:
    """Write tokens with one forward pass each, like an answer that copies nothing."""
    config = DecodeConfig(lookup=False)
    list(engine.write(token_ids, config, max_new_tokens=new_tokens, stop_ids=frozenset()))


def speed_notes(rows: Sequence[dict[str, Any]], config: SpeedConfig) -> list[str]:
    """Return the notes a reader of the rows needs."""
    notes = [
        f"medians of {config.runs} runs, the first of which warms up; {config.new_tokens} tokens "
        "written after each length",
        PEAK_NOTE,
    ]
    if any(run["decode_tokens"] < config.new_tokens for row in rows for run in row["runs"]):
        notes.append("some answers were stopped in a loop; their speed is per token written")
    return notes
