"""Rows of tokens and their positions, determined by the step.

Rows of a few thousand tokens teach a long window by skipped positions (PoSE, arXiv 2309.10400): a
row is split in two, and the second part is shifted by a random distance.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

import numpy as np
import torch

from longsum.extend.skipped import skipped_positions

SHORT = {"books": 4.0, "wikipedia": 3.0, "courts": 2.0, "textbooks": 1.5, "transcripts": 1.0,
         "handbooks": 1.0, "specifications": 1.0, "chats": 2.0, "facts": 1.0}  # fmt: skip
"""Weights of the streams for rows with skipped positions."""
LONG = {"books": 4.0, "wikipedia": 1.0, "courts": 2.0, "textbooks": 1.5, "transcripts": 1.0,
        "handbooks": 1.0, "specifications": 0.5, "chats": 2.5, "long_facts": 2.0}  # fmt: skip
"""Weights of the streams for rows as long as the window."""


class Rows:
    """Draws rows from streams of tokens.

    Args:
        streams: uint16 tokens by kind.
        weights: relative frequency of each kind.
        length: tokens per row.
        window: exclusive upper bound of positions.
        seed: random seed.
    """

    def __init__(
        self,
        streams: Mapping[str, np.ndarray],
        weights: Mapping[str, float],
        length: int,
        window: int,
        seed: int,
    ) -> None:
        self.streams, self.length, self.window, self.seed = streams, length, window, seed
        self.kinds = [kind for kind in weights if len(streams[kind]) > length]
        self.weights = [weights[kind] for kind in self.kinds]

    def __call__(self, step: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the rows of a step and their positions: (count, length) int64 each."""
        rng = random.Random(f"{self.seed} {step}")
        ids, positions = [], []
        for kind in rng.choices(self.kinds, self.weights, k=count):
            stream = self.streams[kind]
            start = rng.randrange(len(stream) - self.length)
            ids.append(torch.from_numpy(stream[start : start + self.length].astype(np.int64)))
            positions.append(skipped_positions(self.length, self.window, rng))
        return torch.stack(ids), torch.stack(positions)
