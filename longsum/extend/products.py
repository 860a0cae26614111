"""What a run leaves: the model with its card, `training.json`, and models of steps on the way."""

from __future__ import annotations

import shutil
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]

from longsum import __version__
from longsum.extend.card import TrainingEnvironment, model_card
from longsum.extend.folder import (
    CHECKPOINT,
    SETTINGS,
    TRAINING,
    complete_folder,
    write_json,
    writing,
)
from longsum.extend.save import plain_weights, save_model, stored_dtype
from longsum.extend.training_events import ExtendResult, Validation
from longsum.extend.training_plan import ExtendJob
from longsum.extend.training_state import TrainingProgress


def keep_model(
    output: Path, step: int, job: ExtendJob, accelerator: Accelerator, model: torch.nn.Module
) -> None:
    """Write the whole model of a step to OUTPUT/step-N."""
    dtype = stored_dtype(job.base.config)
    weights = plain_weights(accelerator, model, job.config, dtype)
    if accelerator.is_main_process:
        with complete_folder(output / f"step-{step}") as folder:
            save_model(folder, job.base, job.rope, weights, dtype)
    accelerator.wait_for_everyone()


def finish(
    output: Path,
    job: ExtendJob,
    accelerator: Accelerator,
    model: torch.nn.Module,
    progress: TrainingProgress,
    after: Validation,
) -> ExtendResult:
    """Write the model, its card and the account of the training; then drop the checkpoints.

    The files are complete in a folder of their own before the first one moves to its place, and
    the account, which says that the run is finished, moves last.
    """
    dtype = stored_dtype(job.base.config)
    weights = plain_weights(accelerator, model, job.config, dtype)
    result = _result(output, job, progress, after)
    if accelerator.is_main_process:
        final = output / CHECKPOINT / "final"
        made = _environment(job, accelerator)
        with complete_folder(final) as folder:
            save_model(folder, job.base, job.rope, weights, dtype)
            card = model_card(result, job.config, made)
            (folder / "README.md").write_text(card, encoding="utf-8")
            write_json(folder / TRAINING, _account(result, job, made))
        with writing(output):
            for path in sorted(final.iterdir(), key=lambda path: path.name == TRAINING):
                path.replace(output / path.name)
        forget_checkpoints(output)
    accelerator.wait_for_everyone()
    return result


def forget_checkpoints(output: Path) -> None:
    """Remove the checkpoints of a finished run, what makes it resumable first."""
    (output / CHECKPOINT / SETTINGS).unlink(missing_ok=True)
    shutil.rmtree(output / CHECKPOINT, ignore_errors=True)


def earlier_result(output: Path, account: dict[str, Any], job: ExtendJob) -> ExtendResult:
    """Return the result of a run that had finished."""
    validation = account.get("validation", {})
    progress = TrainingProgress(
        step=job.config.steps,
        losses=account.get("losses", []),
        seconds=account.get("seconds", 0.0),
        base=validation.get("base", {}),
        before=validation.get("before", {}),
    )
    after = Validation(**validation.get("after", {}))
    return replace(_result(output, job, progress, after), finished_before=True)


def _result(
    output: Path, job: ExtendJob, progress: TrainingProgress, after: Validation
) -> ExtendResult:
    """Return what came out."""
    return ExtendResult(
        output=output,
        model=job.base.source.name,
        context=job.rope.window,
        native_window=job.base.rope.native_window,
        factor=job.rope.window / job.base.rope.native_window,
        position=job.config.position,
        method=job.config.method,
        steps=progress.step,
        losses=tuple(progress.losses),
        base=Validation(**progress.base),
        before=Validation(**progress.before),
        after=after,
        seconds=progress.seconds,
        extent=job.extent,
        settings=job.settings,
    )


def _account(result: ExtendResult, job: ExtendJob, made: TrainingEnvironment) -> dict[str, Any]:
    """Return `training.json`."""
    return {
        "settings": job.settings,
        "rope_parameters": job.rope.parameters,
        "native_window": result.native_window,
        "context": result.context,
        "factor": result.factor,
        "data": [asdict(file) for file in job.rows.files],
        "rows": job.rows.training,
        "held_out": job.rows.held_out,
        "losses": list(result.losses),
        "validation": {
            "base": asdict(result.base),
            "before": asdict(result.before),
            "after": asdict(result.after),
        },
        "seconds": round(result.seconds, 3),
        **asdict(made),
    }


def _environment(job: ExtendJob, accelerator: Accelerator) -> TrainingEnvironment:
    """Return where the run was made, and with which versions."""
    versions = {"longsum": __version__}
    for name in ("torch", "transformers", "accelerate", "peft"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return TrainingEnvironment(
        job.base.machine.name, job.dtype, accelerator.num_processes, versions
    )
