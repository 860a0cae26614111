"""`longsum evaluate passkey`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING

from longsum.cli.evaluate import common as c
from longsum.cli.evaluate.files import Files
from longsum.cli.grouping import grouped
from longsum.evaluate.config import PasskeyConfig

if TYPE_CHECKING:
    from longsum.events import Listener


@dataclass(frozen=True)
class PasskeyOptions:
    """How many keys are hidden, and where."""

    length: list[str] | None = c.in_measurement(
        None,
        metavar="TOKENS",
        help="Tokens of prompt and answer, such as 8k; repeatable (default: the tuned window).",
    )
    depths: int = c.in_measurement(
        PasskeyConfig.depths,
        metavar="N",
        help="Number of distances of the key from the end, evenly spaced (the paper: 32).",
    )
    trials: int = c.in_measurement(
        PasskeyConfig.trials, metavar="N", help="Random keys per distance (the paper: 10)."
    )
    seed: int = c.in_measurement(PasskeyConfig.seed, metavar="N", help="Random seed for the keys.")

    def config(self) -> PasskeyConfig:
        """Return the settings of the measurement."""
        lengths = c.parse_lengths(self.length)
        return PasskeyConfig(
            lengths=lengths, depths=self.depths, trials=self.trials, seed=self.seed
        )


@grouped
def passkey(
    models: c.Models,
    measured: PasskeyOptions,
    scheme: c.PositionOptions,
    held: c.MeasuredOptions,
    files: Files,
) -> None:
    """Measure from how far back a model repeats a number hidden in filler text.

    Prompt and protocol are the paper's (section 3.4). k_max is the largest distance up to which at
    least 20 % of the keys are found at every distance.
    """
    make = partial(passkey_task, config=measured.config())
    c.evaluate(models, held.load_config(), files, make, scheme=scheme)


def passkey_task(found: list[c.Found], listener: Listener, *, config: PasskeyConfig) -> c.Task:
    """Return what is measured.

    Args:
        found: the models.
        listener: unused; every evaluation's task takes one.
        config: lengths, distances and trials.
    """
    from longsum.evaluate.passkey import measure_passkey, passkey_notes
    from longsum.evaluate.plot import plot_passkey
    from longsum.evaluate.report import Column

    return c.Task(
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
