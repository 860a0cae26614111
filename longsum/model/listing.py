"""The known models as a list shows them: size, licence, whether each is here and fits. No torch."""

from __future__ import annotations

from typing import Any

from longsum.bytesize import format_bytes
from longsum.checkpoint.catalog import KNOWN_MODELS, KnownModel, find_known
from longsum.config import LoadConfig
from longsum.model.find import in_float32, plan_for_shape
from longsum.model.hardware import detect_machine
from longsum.model.hub import cached_folder
from longsum.model.resolve import MINI, SMALL
from longsum.paths import configured_model


def default_model() -> str:
    """Return the model for those who name none: the configured one, smol if it is here, or mini."""
    small = find_known(SMALL)
    here = small is not None and small.file is not None and small.file.is_here
    return configured_model() or (SMALL if here else MINI)


def listed() -> list[dict[str, Any]]:
    """Return the catalogue, each entry as `describe` returns it, and which is the default."""
    default = find_known(default_model())
    return [
        describe(known) | {"default": known == default, "bytes": _download_bytes(known)}
        for known in KNOWN_MODELS
    ]


def _download_bytes(known: KnownModel) -> int:
    """Return the size of a download; 0 for the bundled model."""
    if known.is_bundled:
        return 0
    return known.file.download_bytes("index") if known.file else known.size_bytes


def describe(known: KnownModel) -> dict[str, Any]:
    """Return a catalogue entry, and whether the model is on this disk."""
    if known.file:
        here = known.file.is_here
    else:
        here = known.is_bundled or cached_folder(known.repo, None) is not None
    gated = {True: ", gated", False: "", None: ""}[known.gated]
    return {
        "alias": known.alias,
        "repo": known.repo,
        "window": known.widest,
        "scaling": known.scaling,
        "download": "bundled" if known.is_bundled else format_bytes(known.size_bytes),
        "here": here,
        "fits": fits_here(known),
        "licence": known.licence + gated,
        "note": known.note,
    }


def fits_here(known: KnownModel) -> str:
    """Return whether and how a model's whole window fits this machine's free memory."""
    load = LoadConfig()
    machine = detect_machine(load.device, load.dtype)
    if known.shape.exact_kv_layers:
        machine = in_float32(machine)
    plan = plan_for_shape(known.shape, machine, load, known.widest)
    if not plan.fits:
        return "no"
    held = [plan.quantize] if plan.quantize != "none" else []
    if plan.kv_cache != "native":
        held.append(f"{plan.kv_cache} cache")
    return f"with {', '.join(held)}" if held else "yes"
