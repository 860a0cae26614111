"""Read tokens into the cache, in chunks, and give back the logits behind the last one.

Works on token ids; knows nothing about text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from longsum.config import KVCache
from longsum.engine.cache import Fill, PreallocatedCache
from longsum.engine.chunks import chunk_bounds
from longsum.engine.llama import AnyLlama

Progress = Callable[[int, int], None]
"""Called with (tokens done, tokens in all) after every chunk."""


class Reader:
    """A model and what it has read so far.

    Args:
        model: in evaluation mode; its attention must take an unpadded sequence and no mask.
        capacity: most tokens that will ever be held.
        chunk_tokens: most tokens of one forward pass; bounds the activations.
        kv_cache: `native`, `int8` or `int4`.
    """

    def __init__(
        self,
        model: AnyLlama,
        capacity: int,
        chunk_tokens: int,
        kv_cache: KVCache = "native",
    ) -> None:
        self.model = model
        self.chunk_tokens = chunk_tokens
        self.cache = PreallocatedCache(model.config, capacity, kv_cache)
        self._past = self.cache.as_argument(model)

    @property
    def length(self) -> int:
        """Tokens read and held."""
        return self.cache.length

    @torch.inference_mode()
    def read(self, token_ids: Sequence[int], progress: Progress | None = None) -> torch.Tensor:
        """Read tokens behind those already read.

        Args:
            token_ids: at least one.
            progress: called after every chunk; may raise to stop between chunks.

        Returns:
            (vocab,) logits of the token that follows.
        """
        assert token_ids, "nothing to read"
        ids = torch.tensor([list(token_ids)], device=self.model.device)  # (1, T)
        for start, end in chunk_bounds(0, ids.shape[1], self.chunk_tokens):
            output = self._forward(ids[:, start:end], logits_to_keep=1)
            if progress:
                progress(end, ids.shape[1])
        logits: torch.Tensor = output.logits[0, -1]
        return logits

    @torch.inference_mode()
    def read_all(self, token_ids: Sequence[int]) -> torch.Tensor:
        """Read a few tokens in one pass, for the logits behind each of them.

        Args:
            token_ids: at least one, not many: nothing is cut into chunks.

        Returns:
            (tokens, vocab) logits.
        """
        ids = torch.tensor([list(token_ids)], device=self.model.device)  # (1, T)
        logits: torch.Tensor = self._forward(ids, logits_to_keep=len(token_ids)).logits[0]
        return logits

    def _forward(self, ids: torch.Tensor, logits_to_keep: int) -> Any:
        """Read (1, T) tokens in one pass.

        Raises:
            RuntimeError: the cache did not grow by T: the model read them without what is before.
        """
        expected = self.length + ids.shape[1]
        output = self.model(ids, **self._past, use_cache=True, logits_to_keep=logits_to_keep)
        if self.length != expected:
            raise RuntimeError(
                f"the model did not use its cache: {self.length} tokens are in it instead of "
                f"{expected}; this version of transformers is not supported"
            )
        return output

    @torch.inference_mode()
    def restore(self, length: int, fill: Fill) -> None:
        """Take back what an earlier process read instead of reading it.

        Args:
            length: tokens.
            fill: fills the cache's tensors.
        """
        self.cache.allocate(self.model)
        self.cache.restore(length, fill)

    def rewind(self, length: int) -> None:
        """Forget all but the first `length` tokens."""
        self.cache.trim(length)
