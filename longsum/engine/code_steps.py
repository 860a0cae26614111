"""Read the tokens of an answer on a CPU with the 4-bit codes of a model's matrices.

`Reader.read` and `Reader.read_all` are the equivalent with its weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from longsum.engine.codes import CodeSwitch
from longsum.engine.prefill import Reader


class CodeStepper:
    """Reads a token or a draft with codes.

    Args:
        reader: the model and what it has read.
        switch: switch of the model's codes.
    """

    def __init__(self, reader: Reader, switch: CodeSwitch) -> None:
        self.reader, self._switch = reader, switch

    def __call__(self, token_id: int) -> torch.Tensor:
        """Read one more token and return (vocab,) logits of the next."""
        with self._switch.turned_on():
            return self.reader.read([token_id])

    def several(self, token_ids: Sequence[int]) -> torch.Tensor:
        """Read a few tokens in one pass and return (tokens, vocab) logits after each."""
        with self._switch.turned_on():
            return self.reader.read_all(token_ids)
