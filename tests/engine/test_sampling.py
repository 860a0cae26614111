from __future__ import annotations

import pytest
import torch

from longsum.config import DecodeConfig
from longsum.engine.sampling import Sampler, nucleus
from longsum.errors import UsageError


def test_zero_temperature_takes_the_most_likely_token() -> None:
    sampler = Sampler(DecodeConfig(), torch.device("cpu"))
    assert sampler.pick(torch.tensor([0.1, 3.0, 2.9])) == 1


def test_nucleus_keeps_the_smallest_set_that_reaches_top_p() -> None:
    probabilities = torch.tensor([0.5, 0.1, 0.3, 0.1])
    torch.testing.assert_close(nucleus(probabilities, 0.7), torch.tensor([0.625, 0, 0.375, 0]))
    torch.testing.assert_close(nucleus(probabilities, 0.1), torch.tensor([1.0, 0, 0, 0]))


def test_sampled_frequencies_follow_the_probabilities() -> None:
    sampler = Sampler(DecodeConfig(temperature=1.0, seed=1), torch.device("cpu"))
    logits = torch.tensor([0.7, 0.2, 0.1]).log()
    picks = [sampler.pick(logits) for _ in range(2000)]
    assert picks.count(0) / 2000 == pytest.approx(0.7, abs=0.05)


def test_excluded_tokens_are_never_sampled() -> None:
    sampler = Sampler(DecodeConfig(temperature=5.0), torch.device("cpu"))
    logits = torch.tensor([float("-inf"), 0.0, 0.0])
    assert 0 not in {sampler.pick(logits) for _ in range(200)}


@pytest.mark.parametrize(
    "settings", [{"temperature": -1.0}, {"top_p": 0.0}, {"top_p": 1.1}, {"max_new_tokens": 0}]
)
def test_settings_out_of_range_are_named(settings: dict[str, float]) -> None:
    ((name, value),) = settings.items()
    with pytest.raises(UsageError, match=f"^{name} {value} is "):
        DecodeConfig(**settings)  # type: ignore[arg-type]
