"""Which model answers where the user names none: smol, where it is on this disk.

Its head chooses a summary's sentences better than the bundled model's, and it judges what answers
a question better than words do (`longsum/smol/README.md`). Both take longer, so that each says how
to have the bundled model instead.
"""

from __future__ import annotations

from dataclasses import replace

from longsum.checkpoint.adapters import answer_adapter_for
from longsum.checkpoint.catalog import find_known
from longsum.checkpoint.pinned_file import PinnedFile
from longsum.config import AnswerConfig, LoadConfig
from longsum.model.hardware import detect_machine
from longsum.model.resolve import SMALL, default_source
from longsum.paths import configured_model
from longsum.selection.head import is_shipped_for
from longsum.settings import Setting


def _here(name: str | None) -> PinnedFile | None:
    """Return smol's file if it is on this disk, and no model is named or configured."""
    if name is not None or configured_model() is not None:
        return None
    known = find_known(SMALL)
    return known.file if known and known.file and known.file.is_here else None


def question_model(name: str | None) -> str | None:
    """Return the model to answer questions with, instead of the bundled one.

    Args:
        name: what the user named; None for nothing.

    Returns:
        `smol` if it is on this disk with its answer adapter; None if it is not, or another is named
        or configured.
    """
    file = _here(name)
    return SMALL if file and answer_adapter_for(file.fingerprint) else None


def summary_model(name: str | None, config: AnswerConfig) -> str | None:
    """Return the model to summarize with, instead of the bundled one.

    Args:
        name: what the user named; None for nothing.
        config: how the summary is made.

    Returns:
        `smol` if it is on this disk with its head; None if it is not, if another is named or
        configured, or if the summary is to be written, which neither does well.
    """
    if config.verbatim is False or config.prompt is not None:
        return None
    file = _here(name)
    return SMALL if file and is_shipped_for(file.fingerprint) else None


def for_summaries(load: LoadConfig, config: AnswerConfig) -> LoadConfig:
    """Return how to load the model that summarizes: as asked, or the preferred one.

    Args:
        load: what the user asked for.
        config: how the summary is made.
    """
    better = summary_model(load.model, config)
    if better is None or _has_larger(load):
        return load
    return replace(load, model=better)


def _has_larger(load: LoadConfig) -> bool:
    """Return whether a larger model is chosen on this machine: with CUDA, from what is cached."""
    if load.device in ("cpu", "mps") or default_source(cuda=True).is_bundled:
        return False
    return _device(load) == "cuda"


def _device(load: LoadConfig) -> str:
    """Return the device that a model runs on."""
    return detect_machine(load.device, load.dtype).device


def judging_notice(model: str) -> str:
    """Return the notice that a model on this disk is used for questions."""
    return f"{model}, found on this disk, judges; {Setting('model', 'mini')} answers at once"


def choosing_notice(model: str) -> str:
    """Return the notice that a model on this disk is used for summaries."""
    return f"{model}, found on this disk, chooses; {Setting('model', 'mini')} is faster"
