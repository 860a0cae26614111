"""What the model made of a document's tokens, gathered by sentence and by word.

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
    """Return the names of what `TokenStates.of_sentences` returns, in order."""
    return [f"{which}_{i}" for which in ("state_mean", "state_last") for i in range(directions)]


def word_state_names(directions: int) -> list[str]:
    """Return the names of what `TokenStates.of_words` returns, in order."""
    return [f"state_{i}" for i in range(directions)]


@dataclass(frozen=True)
class TokenStates:
    """Each token's last hidden state, projected to the directions the selection head looks at."""

    values: np.ndarray
    """(tokens, directions)."""
    starts: np.ndarray
    """Offset of each token's first character, rising: (tokens,)."""

    def of_sentences(self, spans: Sequence[Span]) -> np.ndarray:
        """Return the mean over each sentence's tokens, and its last token's.

        Args:
            spans: of sentences that were read.

        Returns:
            (sentences, 2 · directions) float32.
        """
        # a token may begin with the space in front of a sentence
        first = np.searchsorted(self.starts, [span.start - 1 for span in spans])
        last = np.searchsorted(self.starts, [span.end for span in spans]) - 1
        first = np.minimum(first, last)
        sums = np.pad(self.values.cumsum(axis=0, dtype=np.float64), ((1, 0), (0, 0)))
        means = (sums[last + 1] - sums[first]) / (last - first + 1)[:, None]
        return np.concatenate([means, self.values[last]], axis=1).astype(np.float32)

    def of_words(self, text: str, words: Sequence[str]) -> np.ndarray:
        """Return the mean over the places where a word stands of the state at its end.

        Zeros for words whose plain form does not occur: numbers written out, pairs of characters.

        Args:
            text: the document's.
            words: distinct, folded to lower case.

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
