"""Next-token loss in chunks along the sequence; logits of a whole sequence never exist.

At 32,768 tokens and 32,000 entries the logits alone would take 4 GiB in float32, with their
softmax and gradients three times that.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint
from transformers import LlamaForCausalLM

CHUNK_LOGITS = 1 << 24
"""Maximum logits of a chunk: 64 MiB in float32, of which four copies exist at once."""


def chunk_tokens(vocab_size: int) -> int:
    """Return the number of positions whose logits are computed at once."""
    return max(64, CHUNK_LOGITS // vocab_size)


def chunked_loss(
    hidden: torch.Tensor, head: torch.Tensor, labels: torch.Tensor, *, chunk: int
) -> torch.Tensor:
    """Return the mean cross-entropy of positions, computed a chunk at a time.

    Each chunk's logits are dropped after the forward pass and computed again in the backward one
    (gradient checkpointing, arXiv 1604.06174).

    Args:
        hidden: (positions, hidden) input of the language-model head.
        head: (vocab, hidden) weight of the head.
        labels: (positions,) the token that follows each.
        chunk: number of positions computed at once.

    Returns:
        Mean loss in nats, a float32 scalar.
    """
    if len(labels) <= chunk:
        return _summed(hidden, head, labels) / len(labels)
    total = hidden.new_zeros((), dtype=torch.float32)
    for start in range(0, len(labels), chunk):
        part = slice(start, start + chunk)
        total = total + checkpoint(_summed, hidden[part], head, labels[part], use_reentrant=False)
    return total / len(labels)


def _summed(hidden: torch.Tensor, head: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the summed cross-entropy of a chunk, float32."""
    logits = functional.linear(hidden, head).float()  # (chunk, vocab)
    return functional.cross_entropy(logits, labels, reduction="sum")


class NextTokenLoss(nn.Module):
    """A model whose forward pass is its loss, so that DDP and FSDP see every weight in use.

    Args:
        model: the language model.
        autocast: compute matrix products in bfloat16.
    """

    def __init__(self, model: LlamaForCausalLM, *, autocast: bool = False) -> None:
        super().__init__()
        self.model = model
        self.autocast = autocast
        self._no_split_modules = model._no_split_modules  # FSDP wraps these
        self.chunk = chunk_tokens(model.config.vocab_size)

    def forward(
        self, input_ids: torch.Tensor, position_ids: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return the mean loss in nats of predicting each token from those before it.

        Args:
            input_ids: (sequences, tokens), at least two tokens each.
            position_ids: (sequences, tokens); None counts from 0.
        """
        placed = {}
        if position_ids is not None:
            # without a mask, transformers takes a jump for the border between two packed texts
            placed = {"position_ids": position_ids, "attention_mask": torch.ones_like(input_ids)}
        with torch.autocast(input_ids.device.type, torch.bfloat16, enabled=self.autocast):
            states = self.model.model(
                input_ids=input_ids, use_cache=False, **placed
            ).last_hidden_state
            hidden = states[:, :-1].flatten(0, 1)  # (sequences · (tokens - 1), hidden)
            labels = input_ids[:, 1:].flatten()
            return chunked_loss(hidden, self.model.lm_head.weight, labels, chunk=self.chunk)
