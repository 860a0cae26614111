"""Hidden states of a document's tokens, averaged by sentence and by word.

Works on arrays and offsets; the model itself is in `engine/hidden_states.py`. Pure; no torch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from longsum.documents.document import Span

_WORD = re.compile(r"\w+")


def sentence_state_names(directions: int) -> list[str]:
    """Return the names of the columns of `TokenStates.of_sentences`, in order."""
    return [f"{which}_{i}" for which in ("state_mean", "state_last") for i in range(directions)]


def word_state_names(directions: int) -> list[str]:
    """Return the names of the columns of `TokenStates.of_words`, in order."""
    return [f"state_{i}" for i in range(directions)]


@dataclass(frozen=True)
class TokenStates:
    """Each token's last hidden state, projected to the selection head's directions."""

    values: np.ndarray
    """Projected states: (tokens, directions)."""
    starts: np.ndarray
    """Offset of each token's first character, rising: (tokens,)."""

    def of_sentences(self, spans: Sequence[Span]) -> np.ndarray:
        """Return each sentence's mean state, and the state of its last token.

        Args:
            spans: sentences that the model read.

        Returns:
            (sentences, 2 · directions) float32.
        """
        # a token may begin with the space before a sentence
        first = np.searchsorted(self.starts, [span.start - 1 for span in spans])
        last = np.searchsorted(self.starts, [span.end for span in spans]) - 1
        first = np.minimum(first, last)
        sums = np.pad(self.values.cumsum(axis=0, dtype=np.float64), ((1, 0), (0, 0)))
        means = (sums[last + 1] - sums[first]) / (last - first + 1)[:, None]
        return np.concatenate([means, self.values[last]], axis=1).astype(np.float32)

    def of_words(self, text: str, words: Sequence[str]) -> np.ndarray:
        """Return each word's mean state, taken at the end of its occurrences.

        Zeros for words whose plain form does not occur: number words, pairs of characters.

        Args:
            text: the document's text.
            words: distinct, in lower case.

        Returns:
            (words, directions) float32.
        """
        number = {word: i for i, word in enumerate(words)}
        found = [
            (word, match.end())
            for match in _WORD.finditer(text)
            if (word := number.get(match[0].casefold())) is not None
        ]
        table = np.array(found, dtype=np.int64).reshape(-1, 2)
        tokens = np.maximum(0, np.searchsorted(self.starts, table[:, 1]) - 1)
        sums = np.zeros((len(words), self.values.shape[1]), dtype=np.float32)
        np.add.at(sums, table[:, 0], self.values[tokens])
        times = np.bincount(table[:, 0], minlength=len(words))
        means: np.ndarray = sums / np.maximum(1, times)[:, None]
        return means
