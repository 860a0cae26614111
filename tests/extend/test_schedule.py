from __future__ import annotations

import pytest

from longsum.errors import UsageError
from longsum.extend.config import ExtendConfig
from longsum.extend.schedule import learning_rate


def test_warm_up_is_the_papers():
    rates = [learning_rate(step, ExtendConfig()) for step in range(1000)]
    assert rates[0] == pytest.approx(2e-6)  # 10 % of 2e-5
    assert rates[10] == pytest.approx(1.1e-5)
    assert rates[20:] == [2e-5] * 980
    assert rates[:21] == sorted(rates[:21])


def test_no_warm_up():
    assert learning_rate(0, ExtendConfig(warmup_steps=0)) == 2e-5


def test_defaults_are_the_papers():
    config = ExtendConfig()
    assert (config.beta1, config.beta2, config.weight_decay) == (0.9, 0.95, 0.0)
    assert (config.steps, config.learning_rate) == (1000, 2e-5)
    assert (config.warmup_steps, config.warmup_start) == (20, 0.1)
    assert (config.position, config.method) == ("pi", "full")


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ({"steps": 0}, "steps"),
        ({"batch": 0}, "batch"),
        ({"gradient_accumulation": 0}, "gradient_accumulation"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"warmup_start": 1.5}, "warmup_start"),
        ({"warmup_steps": -1}, "warmup_steps"),
        ({"beta2": 1.0}, "beta2"),
        ({"rank": 0}, "rank"),
        ({"alpha": 0.0}, "alpha"),
        ({"targets": ()}, "targets"),
        ({"max_rows": 0}, "max_rows"),
        ({"save_every": -1}, "save_every"),
        ({"seed": -1}, "seed"),
        ({"steps": 10, "keep_checkpoints_at": (11,)}, "keep_at"),
    ],
)
def test_impossible_settings_are_named(setting, name):
    with pytest.raises(UsageError, match=f"^{name} "):
        ExtendConfig(**setting)
