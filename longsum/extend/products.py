"""The files of a run: the model with its card, `training.json`, and models of chosen steps."""

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


def save_step_model(
    output: Path, step: int, job: ExtendJob, accelerator: Accelerator, model: torch.nn.Module
) -> None:
    """Write the whole model of a step to OUTPUT/step-N.

    Args:
        output: folder of the result.
        step: number of steps done.
        job: what is trained.
        accelerator: all of its processes take part; the main one writes.
        model: as `accelerate` wrapped it.

    Raises:
        OutputError: when the disk is full or cannot be written.
    """
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
    """Write the model, its card and `training.json`; then remove the checkpoints.

    All files are complete in a separate folder before the first one is moved into place;
    `training.json`, which marks the run as finished, is moved last.

    Args:
        output: folder of the result.
        job: what was trained.
        accelerator: all of its processes take part; the main one writes.
        model: as `accelerate` wrapped it.
        progress: losses and time of the training.
        after: losses after the last step.

    Raises:
        OutputError: when the disk is full or cannot be written.
    """
    dtype = stored_dtype(job.base.config)
    weights = plain_weights(accelerator, model, job.config, dtype)
    result = _result(output, job, progress, after)
    if accelerator.is_main_process:
        final = output / CHECKPOINT / "final"
        environment = _environment(job, accelerator)
        with complete_folder(final) as folder:
            save_model(folder, job.base, job.rope, weights, dtype)
            card = model_card(result, job.config, environment)
            (folder / "README.md").write_text(card, encoding="utf-8")
            write_json(folder / TRAINING, _training_record(result, job, environment))
        with writing(output):
            for path in sorted(final.iterdir(), key=lambda path: path.name == TRAINING):
                path.replace(output / path.name)
        remove_checkpoints(output)
    accelerator.wait_for_everyone()
    return result


def remove_checkpoints(output: Path) -> None:
    """Remove the checkpoints of a finished run, first the settings that make it resumable."""
    (output / CHECKPOINT / SETTINGS).unlink(missing_ok=True)
    shutil.rmtree(output / CHECKPOINT, ignore_errors=True)


def earlier_result(output: Path, record: dict[str, Any], job: ExtendJob) -> ExtendResult:
    """Return the result of a run that had finished before.

    Args:
        output: its folder.
        record: its `training.json`.
        job: the same job, planned again.
    """
    validation = record.get("validation", {})
    progress = TrainingProgress(
        step=job.config.steps,
        losses=record.get("losses", []),
        seconds=record.get("seconds", 0.0),
        base=validation.get("base", {}),
        before=validation.get("before", {}),
    )
    after = Validation(**validation.get("after", {}))
    return replace(_result(output, job, progress, after), finished_before=True)


def _result(
    output: Path, job: ExtendJob, progress: TrainingProgress, after: Validation
) -> ExtendResult:
    """Return the result of a run."""
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


def _training_record(
    result: ExtendResult, job: ExtendJob, environment: TrainingEnvironment
) -> dict[str, Any]:
    """Return the content of `training.json`."""
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
        **asdict(environment),
    }


def _environment(job: ExtendJob, accelerator: Accelerator) -> TrainingEnvironment:
    """Return the run's hardware, and the versions of the libraries that are installed."""
    versions = {"longsum": __version__}
    for name in ("torch", "transformers", "accelerate", "peft"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    processes = accelerator.num_processes
    return TrainingEnvironment(job.base.machine.name, job.dtype, processes, versions)
