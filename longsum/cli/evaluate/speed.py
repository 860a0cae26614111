"""`longsum evaluate speed`."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from longsum.cli.evaluate import common as c
from longsum.cli.evaluate.files import Files
from longsum.cli.grouping import grouped
from longsum.evaluate.config import SpeedConfig

if TYPE_CHECKING:
    from longsum.events import Listener


@grouped
def speed(
    models: c.Models,
    length: list[str] | None = c.in_measurement(
        None,
        metavar="TOKENS",
        help="Tokens to read before the answer, such as 8k; repeatable (default: the tuned "
        "window less the answer).",
    ),
    *,
    timed: c.RunsOptions,
    scheme: c.PositionOptions,
    held: c.MeasuredOptions,
    files: Files,
) -> None:
    """Measure how fast a model loads, reads and writes, and its peak memory."""
    config = SpeedConfig(
        lengths=c.parse_lengths(length), new_tokens=timed.new_tokens, runs=timed.runs
    )
    make = partial(speed_task, config=config)
    c.evaluate(models, held.load_config(), files, make, scheme=scheme)


def speed_task(found: list[c.Found], listener: Listener, *, config: SpeedConfig) -> c.Task:
    """Return what is measured.

    Args:
        found: the models.
        listener: unused; every evaluation's task takes one.
        config: tokens to read and to write, repetitions.
    """
    from longsum.evaluate.plot import plot_speed
    from longsum.evaluate.report import Column
    from longsum.evaluate.speed import measure_speed, speed_notes

    return c.Task(
        kind="speed",
        settings=asdict(config),
        columns=(
            Column("model", "model"),
            Column("length", "tokens read"),
            Column("load_s", "load s", 2),
            Column("prefill_tps", "read tokens/s", 0),
            Column("decode_tps", "write tokens/s", 1),
            Column("question_s", "next question s", 2),
            Column("peak_gib", "memory GiB", 2),
        ),
        tokens=lambda model: max(config.lengths, default=model.rope.window) + 1 + config.new_tokens,
        measure=lambda opened, journal, listener: measure_speed(opened, config, journal, listener),
        notes=lambda rows: speed_notes(rows, config),
        draw=plot_speed,
    )
