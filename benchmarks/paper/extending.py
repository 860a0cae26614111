"""Train PI and direct fine-tuning with `longsum extend`, the same data and steps for both."""

from __future__ import annotations

from benchmarks.paper.settings import Extension, Settings
from longsum.config import LoadConfig
from longsum.extend.config import ExtendConfig
from longsum.extend.train import extend
from longsum.extend.training_events import ExtendListener, StepReport

EVERY = 20
"""Steps between two lines."""


class Lines(ExtendListener):
    """Prints notices, and now and then how far it is."""

    def notice(self, line: str) -> None:
        """Print it."""
        print(line, flush=True)

    def step(self, report: StepReport) -> None:
        """Print how far it is."""
        if report.step % EVERY == 0:
            print(f"step={report.step} loss={report.loss:.3f}", flush=True)


def train(settings: Settings, extension: Extension) -> dict[str, object]:
    """Extend the base and return the training's figures; a finished one is not trained again."""
    print(f"== {extension.name}", flush=True)
    config = ExtendConfig(
        position=extension.position,
        steps=settings.steps,
        # the same number of tokens per step for every window
        batch=settings.extended // extension.context,
        learning_rate=settings.learning_rate,
        keep_checkpoints_at=settings.measured_steps[:-1],
        validation_rows=8,
    )
    result = extend(
        LoadConfig(model=str(settings.base), context=extension.context, device="auto"),
        [settings.tuning],
        settings.folder(extension),
        config,
        Lines(),
    )
    return {
        "losses": result.losses[:: max(1, settings.steps // 20)],
        "before": result.before.extended,
        "after": result.after.extended,
        "seconds": result.seconds,
    }
