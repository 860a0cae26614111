"""Means and their standard errors. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean


def mean_and_error(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Return the mean and its standard error, s/√n with n - 1 in the variance.

    Args:
        values: one per document or item.

    Returns:
        None for the mean of no values, and for the error of fewer than two.
    """
    if not values:
        return None, None
    mean = fmean(values)
    if len(values) < 2:
        return mean, None
    squares = math.fsum((value - mean) ** 2 for value in values)
    return mean, math.sqrt(squares / (len(values) - 1) / len(values))


def ratio_and_error(
    parts: Sequence[float], totals: Sequence[float]
) -> tuple[float | None, float | None]:
    """Return a share of things that come in groups, and its standard error over groups.

    The sentences of an answer are not independent, so the error is that of a ratio of sums
    (Cochran 1977, Sampling Techniques, section 2.11). With one thing per group it is that of
    `mean_and_error`.

    Args:
        parts: number of things that count, per group.
        totals: number of things, per group.

    Returns:
        None for the share of nothing, and for the error of fewer than two groups.
    """
    total = math.fsum(totals)
    if not total:
        return None, None
    share = math.fsum(parts) / total
    groups = sum(each > 0 for each in totals)
    if groups < 2:
        return share, None
    squares = math.fsum((p - share * t) ** 2 for p, t in zip(parts, totals, strict=True))
    return share, math.sqrt(squares * groups / (groups - 1)) / total
