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
