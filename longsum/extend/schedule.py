"""The learning rate of a step. Pure."""

from __future__ import annotations

from longsum.extend.config import ExtendConfig


def learning_rate(step: int, config: ExtendConfig) -> float:
    """Return the learning rate of a step: linear warm-up, then constant.

    "A linear learning rate warmup of 20 steps starting from 10% of the maximum learning rate"
    (arXiv 2306.15595, section 3.1); the paper mentions no decay, and there is none.

    Args:
        step: number of the step, from 0.
        config: learning rate, and length and start of the warm-up.
    """
    if step >= config.warmup_steps:
        return config.learning_rate
    start = config.warmup_start
    return config.learning_rate * (start + (1 - start) * step / config.warmup_steps)
