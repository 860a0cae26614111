"""From logits to the next token: greedy, temperature, top-p. Works on one row of logits."""

from __future__ import annotations

import torch

from longsum.config import DecodeConfig


class Sampler:
    """Picks tokens by a `DecodeConfig`; the same seed gives the same tokens.

    Args:
        config: temperature, top-p and seed.
        device: device of the logits.
    """

    def __init__(self, config: DecodeConfig, device: torch.device) -> None:
        self.temperature = config.temperature
        self.top_p = config.top_p
        self.generator = torch.Generator(device=device).manual_seed(config.seed)

    def pick(self, logits: torch.Tensor) -> int:
        """Return the next token id.

        Args:
            logits: (vocab,); tokens with -inf are never picked.
        """
        if self.temperature == 0.0:
            return int(logits.argmax())
        probabilities = nucleus((logits.float() / self.temperature).softmax(-1), self.top_p)
        return int(torch.multinomial(probabilities, 1, generator=self.generator))


def nucleus(probabilities: torch.Tensor, top_p: float) -> torch.Tensor:
    """Keep the most likely tokens until their sum reaches `top_p` (arXiv 1904.09751), and rescale.

    Args:
        probabilities: (vocab,), summing to 1.
        top_p: probability mass to keep; the most likely token always stays.
    """
    if top_p >= 1.0:
        return probabilities
    ordered, indices = probabilities.sort(descending=True)
    keep = ordered.cumsum(-1) - ordered < top_p
    kept = torch.zeros_like(probabilities).scatter(0, indices[keep], ordered[keep])
    return kept / kept.sum()
