"""Read tokens into the cache, in chunks, and return the logits after the last one.

Works on token ids; knows nothing about text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from longsum.config import KVCache
from longsum.engine.cache import Fill, PreallocatedCache
from longsum.engine.layers import chunk_bounds
from longsum.engine.llama import Llama

Progress = Callable[[int, int], None]
"""Called with (tokens done, total tokens) after every chunk."""


class Reader:
    """A model and what it has read so far.

    Args:
        model: a model in evaluation mode.
        capacity: maximum number of tokens held.
        chunk_tokens: maximum number of tokens per forward pass; bounds the activations.
        kv_cache: format of the key-value cache.
    """

    def __init__(
        self,
        model: Llama,
        capacity: int,
        chunk_tokens: int,
        kv_cache: KVCache = "native",
    ) -> None:
        self.model = model
        self.chunk_tokens = chunk_tokens
        self.cache = PreallocatedCache(model.config.shape, capacity, kv_cache)

    @property
    def length(self) -> int:
        """Tokens read and held."""
        return self.cache.length

    @torch.inference_mode()
    def read(self, token_ids: Sequence[int], progress: Progress | None = None) -> torch.Tensor:
        """Read tokens after those already read.

        Args:
            token_ids: at least one token id.
            progress: called after every chunk; may raise to stop between chunks.

        Returns:
            (vocab,) logits of the next token.
        """
        assert token_ids, "nothing to read"
        ids = torch.tensor([list(token_ids)], device=self.model.device)  # (1, T)
        for start, end in chunk_bounds(0, ids.shape[1], self.chunk_tokens):
            logits = self._forward(ids[:, start:end], logits_to_keep=1)
            if progress:
                progress(end, ids.shape[1])
        return logits[-1]

    @torch.inference_mode()
    def read_all(self, token_ids: Sequence[int]) -> torch.Tensor:
        """Read a few tokens in one pass and return the logits after each of them.

        Args:
            token_ids: at least one token id, and few, as they are not split into chunks.

        Returns:
            (tokens, vocab) logits.
        """
        ids = torch.tensor([list(token_ids)], device=self.model.device)  # (1, T)
        return self._forward(ids, logits_to_keep=len(token_ids))

    def _forward(self, ids: torch.Tensor, logits_to_keep: int) -> torch.Tensor:
        """Read (1, T) tokens in one pass; return the last (logits_to_keep, vocab) logits."""
        logits: torch.Tensor = self.model(ids, self.cache, logits_to_keep).logits[0]
        return logits

    @torch.inference_mode()
    def restore(self, length: int, fill: Fill) -> None:
        """Restore what an earlier process read.

        Args:
            length: number of tokens.
            fill: fills the cache's tensors.
        """
        self.cache.allocate(self.model.dtype, self.model.model.devices)
        self.cache.restore(length, fill)

    def rewind(self, length: int) -> None:
        """Forget all but the first `length` tokens."""
        self.cache.trim(length)
