"""Rotary position embeddings, as a checkpoint states them.

Works on config.json as plain JSON and on numbers; knows neither tensors nor files. Position
Interpolation (PI, arXiv 2306.15595, eq. 4) is f'(x, m) = f(x, m·L/L'): positions are divided by the
factor s = L'/L before the rotation. The factor has to be the one the weights were tuned with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from longsum.errors import UnsupportedModel

ROPE_TYPES = ("default", "linear", "dynamic", "yarn", "llama3", "longrope")
"""The types `transformers` computes for a Llama."""

DEFAULT_THETA = 10_000.0
"""LLaMA's base (θ_j = 10000^(-2j/d)), and transformers' default."""

DEFAULT_MAX_POSITIONS = 2048
"""LLaMA-1's window, and transformers' default for `max_position_embeddings`."""

MAX_FACTOR = 65_536
"""Maximum factor; a larger one means a damaged config."""

MAX_NUMBER = 1 << 50
"""Maximum of windows and bases read from a file, so that products of them stay finite."""

LLAMA3_THETA = 500_000.0
"""Base of the Llama 3 family, pre-trained at 8,192 tokens."""

_LEGACY_KEYS = frozenset({"type", "finetuned"})
"""Keys of old `rope_scaling` blocks that transformers 5 does not know and that have no effect."""


@dataclass(frozen=True)
class Rope:
    """How positions are rotated, and the window the weights were tuned for."""

    rope_type: str
    """One of `ROPE_TYPES`."""
    factor: float
    """s = L'/L for linear scaling, the type's own factor for others; 1 without scaling."""
    native_window: int
    """L: tokens seen in pre-training."""
    window: int
    """L': tokens the weights were tuned for, or fewer if a smaller context was requested."""
    rope_theta: float
    """Base of the rotation frequencies."""
    parameters: dict[str, Any]
    """`rope_parameters` of transformers 5, complete with `rope_theta`."""
    reason: str
    """Source of each value."""


def read_rope(config: Mapping[str, Any], *, known_window: int | None = None) -> Rope:
    """Read the rotary embedding of a checkpoint, in any of the ways a config states it.

    Understands `rope_parameters` (transformers 5), `rope_scaling` with `type` or `rope_type`,
    `rope_condense_ratio` (LongChat), and several of them if they agree.

    Args:
        config: content of config.json.
        known_window: tuned window in tokens, if the catalogue has it; resolves the ambiguity of
            `max_position_embeddings`.

    Raises:
        UnsupportedModel: the type is unknown, a value is malformed, or two keys contradict each
            other.
    """
    scaling, source = _stated_scaling(config)
    rope_type = scaling["rope_type"]
    theta, theta_reason = _theta(config, scaling)
    positions = _count(config, "max_position_embeddings") or DEFAULT_MAX_POSITIONS
    original = _count(scaling, "original_max_position_embeddings") or _count(
        config, "original_max_position_embeddings"
    )
    if (
        rope_type == "default"
        and known_window
        and known_window > positions
        and theta <= DEFAULT_THETA
    ):
        # LongAlpaca and LongChat revisions that state null; with θ unchanged it can only be PI
        scaling = {"rope_type": "linear", "factor": known_window / positions}
        rope_type, source = "linear", "the catalogue (config.json states no scaling)"
    _check_required(rope_type, scaling, original)
    factor = _factor(rope_type, scaling, positions, original)
    native, window, window_reason = _windows(
        rope_type, factor, positions=positions, original=original, theta=theta, known=known_window
    )
    scale = "no scaling" if rope_type == "default" else f"{rope_type} factor {factor:g}"
    return Rope(
        rope_type=rope_type,
        factor=factor,
        native_window=native,
        window=window,
        rope_theta=theta,
        parameters=_parameters(rope_type, factor, theta, native, scaling),
        reason=f"{scale} from {source}; {theta_reason}; {window_reason}",
    )


def _stated_scaling(config: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the one scaling a config states, and the keys that state it."""
    blocks = [
        (key, _normalized(key, config[key]))
        for key in ("rope_parameters", "rope_scaling")
        if config.get(key) not in (None, {})
    ]
    ratio = config.get("rope_condense_ratio")
    if ratio is not None:
        linear = {"rope_type": "linear", "factor": ratio}
        blocks.append(("rope_condense_ratio", _normalized("rope_condense_ratio", linear)))
    scaled = [(key, block) for key, block in blocks if block["rope_type"] != "default"]
    if len({(block["rope_type"], block.get("factor")) for _, block in scaled}) > 1:
        stated = ", ".join(f"{key} {b['rope_type']} {b.get('factor')}" for key, b in scaled)
        raise UnsupportedModel(
            f"config.json contradicts itself about RoPE: {stated}",
            hint="keep the one the model card names and delete the other",
        )
    merged: dict[str, Any] = {"rope_type": "default"}
    for _, block in reversed(scaled or blocks):
        merged |= {key: value for key, value in block.items() if value is not None}
    thetas = [block["rope_theta"] for _, block in blocks if block.get("rope_theta") is not None]
    if thetas:
        merged["rope_theta"] = thetas[0]
    return merged, " and ".join(key for key, _ in scaled or blocks) or "config.json"


def _normalized(key: str, block: Any) -> dict[str, Any]:
    """Return a RoPE block with a known `rope_type` and a checked `factor`."""
    if not isinstance(block, Mapping):
        raise UnsupportedModel(f"{key} in config.json must be an object, not {block!r}")
    stated = block.get("rope_type") or block.get("type")
    if stated is None and any(isinstance(value, Mapping) for value in block.values()):
        raise UnsupportedModel(f"{key} differs between layers, but a Llama has a single RoPE")
    name = str(stated or "none")
    rope_type = {"none": "default", "su": "longrope"}.get(name, name)
    if rope_type not in ROPE_TYPES:
        raise UnsupportedModel(
            f"unknown RoPE type {stated!r} in {key}", hint=f"supported: {', '.join(ROPE_TYPES)}"
        )
    normal = {**block, "rope_type": rope_type}
    if block.get("factor") is not None:
        factor = _number(block["factor"], f"the factor in {key}")
        if not 1 <= factor <= MAX_FACTOR:
            raise UnsupportedModel(
                f"the factor in {key} is {factor:g}; it divides positions, 1 to {MAX_FACTOR}",
                hint="a scale of 0.25 is written as factor 4" if factor < 1 else None,
            )
        normal["factor"] = factor
        if rope_type == "linear" and factor == 1:
            normal["rope_type"] = "default"
    return normal


def _theta(config: Mapping[str, Any], scaling: Mapping[str, Any]) -> tuple[float, str]:
    """Return the base and its source; the RoPE block takes precedence over the top level."""
    for place, holder in (("the RoPE block", scaling), ("rope_theta", config)):
        if holder.get("rope_theta") is not None:
            theta = _number(holder["rope_theta"], "rope_theta")
            return theta, f"theta {theta:g} from {place}"
    return DEFAULT_THETA, f"theta {DEFAULT_THETA:g} because config.json names none"


def _check_required(rope_type: str, scaling: Mapping[str, Any], original: int | None) -> None:
    """Refuse a block that lacks a parameter its type requires."""
    required = {
        "linear": ("factor",),
        "dynamic": ("factor",),
        "yarn": ("factor",),
        "llama3": ("factor", "low_freq_factor", "high_freq_factor"),
        "longrope": ("short_factor", "long_factor"),
    }.get(rope_type, ())
    missing = [key for key in required if scaling.get(key) is None]
    if rope_type in ("llama3", "longrope") and original is None:
        missing.append("original_max_position_embeddings")
    if missing:
        raise UnsupportedModel(f"{rope_type} RoPE in config.json lacks {', '.join(missing)}")
    for key in required:
        if not key.startswith(("short", "long")):
            _number(scaling[key], key)


def _factor(
    rope_type: str, scaling: Mapping[str, Any], positions: int, original: int | None
) -> float:
    """Return the scaling factor; longrope may leave it to the ratio of the windows."""
    if rope_type == "default":
        return 1.0
    if scaling.get("factor") is None:
        return max(1.0, positions / (original or positions))
    return float(scaling["factor"])


def _windows(
    rope_type: str,
    factor: float,
    *,
    positions: int,
    original: int | None,
    theta: float,
    known: int | None,
) -> tuple[int, int, str]:
    """Return the native window L and the tuned window L' in tokens, and their source."""
    stated = f"max_position_embeddings {positions}"
    if rope_type == "default":
        window = known or positions
        return window, window, "window from the catalogue" if known else f"window from {stated}"
    if rope_type == "dynamic":
        # dynamic NTK rescales as the text grows, which would make rotated keys in the cache stale
        window = known or original or positions
        return window, window, f"dynamic scaling is left unused, window {window}"
    if rope_type in ("llama3", "longrope"):
        native = original or positions
        wider = positions if positions > native else int(native * factor)
        return native, known or wider, f"window {known or wider}, native {native}"
    if known:
        return original or max(1, round(known / factor)), known, "window from the catalogue"
    if original:
        return original, _times(original, factor), f"native {original} from the RoPE block"
    # authors disagree whether `max_position_embeddings` is L (Vicuna, LongChat) or L' (Together,
    # DeepSeek); pre-training windows were 2,048 or 4,096 tokens, and 8,192 since Llama 3
    ceiling = 8192 if theta >= LLAMA3_THETA else 4096
    if positions > ceiling and positions % factor == 0:
        native = int(positions / factor)
        why = f"above {ceiling} and a multiple of the factor"
        return native, positions, f"{stated} is the extended window ({why}), native {native}"
    window = _times(positions, factor)
    return positions, window, f"{stated} is the native window, extended {window}"


def _parameters(
    rope_type: str, factor: float, theta: float, native: int, scaling: Mapping[str, Any]
) -> dict[str, Any]:
    """Return `rope_parameters` for transformers 5, without keys it would warn about."""
    if rope_type == "default":
        return {"rope_type": "default", "rope_theta": theta}
    parameters = {key: value for key, value in scaling.items() if key not in _LEGACY_KEYS}
    parameters |= {"rope_type": rope_type, "factor": factor, "rope_theta": theta}
    parameters.pop("original_max_position_embeddings", None)
    if rope_type in ("yarn", "llama3", "longrope"):
        parameters["original_max_position_embeddings"] = native
    return parameters


def _times(native: int, factor: float) -> int:
    """Return native · factor in whole tokens, tolerating factors such as 2.4999999."""
    return int(native * factor + 1e-6)


def _number(value: Any, name: str) -> float:
    """Return a config value that is a positive finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnsupportedModel(f"{name} must be a number, not {value!r}")
    if not 0 < value <= MAX_NUMBER:  # nan too
        raise UnsupportedModel(f"{name} is out of range: {value!r}")
    return float(value)


def _count(config: Mapping[str, Any], key: str) -> int | None:
    """Return a config value that is a positive integer, or None if it is absent."""
    value = config.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_NUMBER:
        raise UnsupportedModel(f"{key} must be a positive whole number, not {value!r}")
    return value
