"""The rotary embedding of an extended window. Pure; no tensors."""

from __future__ import annotations

from dataclasses import replace

from longsum.checkpoint.context import interpolation_factor
from longsum.checkpoint.rope import Rope
from longsum.errors import UsageError
from longsum.extend.config import Position
from longsum.settings import Setting

__all__ = ["Position", "extended_rope", "ntk_theta"]

_TUNED_FREQUENCIES = ("llama3", "longrope")
"""Types whose frequencies were searched or tuned one by one; no other scaling is added to them."""


def extended_rope(own: Rope, context: int, position: Position, head_dim: int | None = None) -> Rope:
    """Return the rotary embedding that reads `context` tokens.

    The factor is always s = context / native window, even if the checkpoint is extended already:
    it replaces the earlier factor of weights that were tuned for 8k, and does not multiply it.

    Args:
        own: the checkpoint's rotary embedding, from `read_rope`.
        context: L' in tokens; only for `none` may it be as small as the native window.
        position: `pi` divides positions by s (arXiv 2306.15595, eq. 4); `none` leaves the rotation
            as it is (the paper's direct fine-tuning); `ntk` raises the base to θ·s^(d/(d-2))
            (arXiv 2309.00071, section 3.1); `yarn` blends by frequency and tempers the attention
            (same, section 3.4).
        head_dim: d, required by `ntk`.

    Raises:
        UsageError: when the window is not wider than the native one, or the checkpoint's own
            scaling is incompatible with `position`.
    """
    if position == "none":
        return _same_rotation(own, context)
    if context <= own.native_window:
        raise UsageError(
            f"{Setting('context')} {context:,} is not larger than the {own.native_window:,} tokens "
            "the model was pre-trained with",
            hint="there is nothing to extend; name a larger window",
        )
    if own.rope_type in _TUNED_FREQUENCIES or (own.rope_type == "yarn" and position != "yarn"):
        raise UsageError(
            f"{Setting('position')} {position}, but the checkpoint is scaled by {own.rope_type}",
            hint="start from the checkpoint it was made of, or keep its scaling: "
            f"{Setting('position', 'yarn' if own.rope_type == 'yarn' else 'none')}",
        )
    factor = interpolation_factor(own.native_window, context)
    make = {"pi": _interpolated, "ntk": _ntk, "yarn": _yarn}[position]
    return make(own, context, factor, head_dim)


def ntk_theta(theta: float, factor: float, head_dim: int) -> float:
    """Return θ' = θ · s^(d/(d-2)) (NTK-aware scaling, arXiv 2309.00071, section 3.1).

    Args:
        theta: θ, the base of the rotary embedding.
        factor: s.
        head_dim: d, at least 4.
    """
    return float(theta * factor ** (head_dim / (head_dim - 2)))


def _same_rotation(own: Rope, context: int) -> Rope:
    """Return the checkpoint's own rotation with another window."""
    reason = f"rotation unchanged ({own.rope_type}) for {context:,} tokens"
    if context > own.window and own.rope_type in ("yarn", "longrope"):
        raise UsageError(
            f"{Setting('position', 'none')} cannot widen {own.rope_type}, whose numbers name the "
            "window",
            hint=f"take {Setting('position', 'yarn')}" if own.rope_type == "yarn" else None,
        )
    parameters, rope_type, native = own.parameters, own.rope_type, own.native_window
    if rope_type == "dynamic":  # scales only beyond the window it is given, so never here
        parameters, rope_type = _unscaled(own), "default"
    if rope_type == "linear" and context > own.window:
        native = max(1, round(context / own.factor))  # read back as window / factor
    return replace(
        own,
        rope_type=rope_type,
        factor=1.0 if rope_type == "default" else own.factor,
        native_window=native,
        window=context,
        parameters=dict(parameters),
        reason=reason,
    )


def _unscaled(own: Rope) -> dict[str, object]:
    return {"rope_type": "default", "rope_theta": own.rope_theta}


def _interpolated(own: Rope, context: int, factor: float, head_dim: int | None) -> Rope:
    return _scaled(own, context, factor, "linear", {"factor": factor})


def _yarn(own: Rope, context: int, factor: float, head_dim: int | None) -> Rope:
    inherited = own.parameters if own.rope_type == "yarn" else {}  # beta_fast and the like
    return _scaled(
        own,
        context,
        factor,
        "yarn",
        {**inherited, "factor": factor, "original_max_position_embeddings": own.native_window},
    )


def _ntk(own: Rope, context: int, factor: float, head_dim: int | None) -> Rope:
    if not head_dim:
        raise ValueError("ntk needs head_dim")
    theta = ntk_theta(own.rope_theta, factor, head_dim)
    return replace(
        own,
        rope_type="default",
        factor=1.0,
        window=context,
        rope_theta=theta,
        parameters={"rope_type": "default", "rope_theta": theta},
        reason=f"ntk: theta {own.rope_theta:g} raised to {theta:g} for {context:,} tokens",
    )


def _scaled(
    own: Rope, context: int, factor: float, rope_type: str, parameters: dict[str, object]
) -> Rope:
    return replace(
        own,
        rope_type=rope_type,
        factor=factor,
        window=context,
        parameters={**parameters, "rope_type": rope_type, "rope_theta": own.rope_theta},
        reason=f"{rope_type} factor {factor:g} takes {own.native_window:,} tokens to {context:,}",
    )
