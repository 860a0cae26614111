"""Turn token ids into text as they arrive, without splitting a character.

Byte-level tokenizers may split one character over several tokens; a piece is held back until it
is complete. Knows nothing about models; `decode` comes from the tokenizer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
CONTEXT_TOKENS = 8
"""Tokens decoded again with each new one, so that spaces between words are correct."""


class TextStream:
    """Yields text as tokens arrive.

    Args:
        decode: converts token ids to text without special tokens.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._ids: list[int] = []
        self._start = 0  # first token that is decoded again
        self._given = 0  # tokens whose text was returned

    def push(self, token_id: int) -> str:
        """Add one token and return the text that is now certain, which may be empty."""
        self._ids.append(token_id)
        before = self._decode(self._ids[self._start : self._given])
        now = self._decode(self._ids[self._start :])
        if now.endswith(REPLACEMENT) or len(now) <= len(before):
            return ""
        self._given = len(self._ids)
        self._start = max(self._start, self._given - CONTEXT_TOKENS)
        return now[len(before) :]

    def finish(self) -> str:
        """Return what was held back, an incomplete character as the replacement character."""
        before = self._decode(self._ids[self._start : self._given])
        now = self._decode(self._ids[self._start :])
        self._given = len(self._ids)
        return now[len(before) :]
