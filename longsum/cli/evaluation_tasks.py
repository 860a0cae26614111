"""What `evaluate perplexity`, `passkey` and `speed` measure, show and draw."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from longsum.cli.evaluation import Found, Task
from longsum.config import PasskeyConfig, PerplexityConfig, SpeedConfig

if TYPE_CHECKING:
    from longsum.events import Listener
    from longsum.model.find import Model


def perplexity_task(
    found: list[Found], listener: Listener, *, data: list[Path], config: PerplexityConfig
) -> Task:
    """Read the documents, and say what is measured."""
    from longsum.corpus.texts import read_corpus
    from longsum.evaluate.perplexity import measure_perplexity, perplexity_notes
    from longsum.evaluate.plot import plot_perplexity
    from longsum.evaluate.report import Column
    from longsum.evaluate.windows import default_windows

    def sizes(model: Model) -> tuple[int, ...]:
        rope = model.rope
        return config.windows or default_windows(rope.native_window, rope.window)

    listener.phase("reading the documents")
    texts = list(read_corpus(data, listener))
    reach = max(size for _, _, model in found for size in sizes(model))
    return Task(
        kind="perplexity",
        settings={"data": [str(path) for path in data], **asdict(config)},
        columns=(
            Column("model", "model"),
            Column("window", "window"),
            Column("perplexity", "perplexity", 3),
            Column("perplexity_se", "± se", 3),
            Column("nats_per_token", "nats/token", 4),
            Column("tokens", "tokens"),
            Column("windows", "windows"),
            Column("documents", "texts"),
        ),
        tokens=lambda model: max(sizes(model)),
        measure=lambda opened, journal, listener: measure_perplexity(
            opened, texts, config, journal, listener, reach=reach
        ),
        notes=lambda rows: perplexity_notes(rows, config),
        draw=plot_perplexity,
    )


def passkey_task(found: list[Found], listener: Listener, *, config: PasskeyConfig) -> Task:
    """Say what is measured."""
    from longsum.evaluate.passkey import measure_passkey, passkey_notes
    from longsum.evaluate.plot import plot_passkey
    from longsum.evaluate.report import Column

    return Task(
        kind="passkey",
        settings=asdict(config),
        columns=(
            Column("model", "model"),
            Column("length", "length"),
            Column("tokens", "mean tokens", 1),
            Column("accuracy", "found", 3),
            Column("accuracy_se", "± se", 3),
            Column("k_max", "k_max"),
            Column("trials", "trials"),
        ),
        tokens=lambda model: max(config.lengths or (model.rope.window,)),
        measure=lambda opened, journal, listener: measure_passkey(
            opened, config, journal, listener
        ),
        notes=lambda rows: passkey_notes(rows, config),
        draw=plot_passkey,
    )


def speed_task(found: list[Found], listener: Listener, *, config: SpeedConfig) -> Task:
    """Say what is measured."""
    from longsum.evaluate.plot import plot_speed
    from longsum.evaluate.report import Column
    from longsum.evaluate.speed import measure_speed, speed_notes

    return Task(
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
