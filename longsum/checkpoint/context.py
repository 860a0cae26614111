"""The window to use: the one the weights were tuned for, a smaller budget, or one that is forced.

Pure. Position Interpolation (PI, arXiv 2306.15595, eq. 4) stretches a window by s = L'/L.
"""

from __future__ import annotations

import re
from dataclasses import replace

from longsum.checkpoint.rope import Rope
from longsum.errors import UnsupportedModel, UsageError, WindowNotTuned
from longsum.settings import Setting


def rope_for_context(rope: Rope, context: int | None, *, force: bool = False) -> Rope:
    """Return the rotary embedding to use for a context.

    Args:
        rope: the checkpoint's own, from `read_rope`.
        context: requested tokens; None for the checkpoint's own window.
        force: interpolate to a window the weights were not tuned for.

    Raises:
        WindowNotTuned: `context` is larger than the tuned window and not forced.
        UsageError: `context` is not positive.
        UnsupportedModel: the rotation would change while the text is read.
    """
    if context is None:
        return _steady(rope)
    if context < 1:
        raise UsageError(f"{Setting('context')} must be at least 1 token, not {context}")
    if context <= rope.window:
        # a smaller budget; the factor remains the tuned one
        return _steady(replace(rope, window=context))
    facts = {"asked": context, "tuned": rope.window}
    asked = f"asked for a window of {context:,} tokens, the weights were tuned for {rope.window:,}"
    if rope.rope_type == "longrope":
        raise WindowNotTuned(
            f"{asked}; longrope's factors were searched for that window and cannot be stretched",
            facts=facts,
        )
    if not force:
        raise WindowNotTuned(
            f"{asked}; position interpolation without tuning is unusable "
            "(PG-19 perplexity 112 at 16k, arXiv 2306.15595, Table 3)",
            hint=f"tune it with longsum extend MODEL {Setting('context', str(context))}, "
            f"or insist with {Setting('force_context')}",
            facts=facts,
        )
    if rope.rope_type in ("llama3", "yarn"):
        rope_type, factor = rope.rope_type, rope.factor * context / rope.window
    else:
        rope_type, factor = "linear", interpolation_factor(rope.native_window, context)
    return replace(
        rope,
        rope_type=rope_type,
        factor=factor,
        window=context,
        parameters={**rope.parameters, "rope_type": rope_type, "factor": factor},
        reason=f"{rope_type} factor {factor:g} forced for {context:,} tokens: the weights are "
        f"untuned beyond {rope.window:,}, expect poor text",
    )


def interpolated(own: Rope, window: int, why: str) -> Rope:
    """Return the rotary embedding with Position Interpolation to a window it was tuned for.

    Args:
        own: a rotary embedding without scaling.
        window: L' in tokens.
        why: what follows the factor in the reason.
    """
    factor = interpolation_factor(own.native_window, window)
    return replace(
        own,
        rope_type="linear",
        factor=factor,
        window=window,
        parameters={**own.parameters, "rope_type": "linear", "factor": factor},
        reason=f"linear factor {factor:g} {why}",
    )


def _steady(rope: Rope) -> Rope:
    """Return the rotary embedding, unless it changes with the length of the text.

    longrope has one set of factors up to the native window and another beyond it, so that keys
    cached before the change become invalid. Dynamic scaling starts only after the window we use.
    """
    if rope.rope_type == "longrope" and rope.window > rope.native_window:
        raise UnsupportedModel(
            f"longrope rotates positions differently beyond {rope.native_window:,} tokens; "
            "tokens read before would become invalid",
            hint=f"{Setting('context', str(rope.native_window))} stays below the change",
        )
    return rope


def interpolation_factor(native_window: int, context: int) -> float:
    """Return PI's factor s = L'/L (arXiv 2306.15595, eq. 4), at least 1.

    Raises:
        ValueError: a window is not positive.
    """
    if native_window < 1 or context < 1:
        raise ValueError(f"windows must be positive, not {native_window} and {context}")
    return max(1.0, context / native_window)


def parse_context(text: str) -> int:
    """Return the number of tokens in `32768`, `32k` or `32K` (k = 1024).

    Raises:
        UsageError: the text is not a number of tokens.
    """
    match = re.fullmatch(r"([0-9]{1,9})\s*([kK]?)", text.strip())
    tokens = int(match[1]) * (1024 if match[2] else 1) if match else 0
    if tokens < 1:
        raise UsageError(
            f"not a context: {text!r}",
            hint=f"write {Setting('context', '32k')} or {Setting('context', '32768')}",
        )
    return tokens
