"""Prompt-lookup decoding: what an answer may say next, guessed from what was read. Pure.

A summary or an answer copies names, phrases, quotations. Where its newest tokens stand in the
document, or earlier in the answer, the tokens after them there are the draft, and the model checks
all of it in one forward pass (github.com/apoorvumang/prompt-lookup-decoding; the checking is that
of speculative decoding, arXiv 2211.17192). Guesses change how many tokens a pass yields, never
which, but for what a pass of several tokens rounds otherwise than passes of one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

NGRAMS = (4, 3, 2)
"""How many of the newest tokens are looked up; the longest are the surest."""
FIRST_DRAFT = 4
"""Tokens of the first draft; one accepted whole doubles the next."""
LONGEST_DRAFT = 16
PASS_COST, TOKEN_COST = 1.5, 0.05
"""What a pass that checks a draft, and each token of the draft, costs in plain passes of a token.
Measured with the bundled model on a CPU: 1.7 for 4 tokens, 1.9 for 8, 2.4 for 16; a recorded pass
on a GPU, which waits for the weights, costs less."""
JUDGED_PASSES = 6
"""Checking passes after which it is asked whether they pay."""
FIRST_PAUSE = 16
"""Tokens written without drafts where they don't; each time that shows again, twice as many."""
LONGEST_PAUSE = 256
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""2^64 divided by the golden ratio: spreads small numbers over 64 bits (Fibonacci hashing)."""


class NgramIndex:
    """Where each short run of a document's tokens last stands; built once, in sorted arrays.

    Args:
        token_ids: the document's.
    """

    def __init__(self, token_ids: Sequence[int]) -> None:
        self.token_ids = list(token_ids)
        ids = np.asarray(self.token_ids, dtype=np.uint64)
        self._tables = {n: _sorted_hashes(ids, n) for n in NGRAMS}

    def find(self, newest: Sequence[int]) -> int | None:
        """Return the position behind the last place where these tokens stand, or None.

        Args:
            newest: as many tokens as one of `NGRAMS`.
        """
        n = len(newest)
        hashes, ends = self._tables[n]
        key = _hashes(np.asarray(newest, dtype=np.uint64), n)[0]
        at = int(np.searchsorted(hashes, key, side="right")) - 1
        if at < 0 or hashes[at] != key:
            return None
        end = int(ends[at])
        # two runs may have one hash
        return end if self.token_ids[end - n : end] == list(newest) else None


def _hashes(ids: npt.NDArray[np.uint64], n: int) -> npt.NDArray[np.uint64]:
    """Return a hash of every run of n tokens: (tokens - n + 1,)."""
    count = max(0, len(ids) - n + 1)
    found = np.zeros(count, dtype=np.uint64)
    for first in range(n):
        found = (found + ids[first : first + count] + np.uint64(1)) * _MULTIPLIER
    return found


def _sorted_hashes(
    ids: npt.NDArray[np.uint64], n: int
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Return the hashes of all runs in order, and the position behind each run.

    Equal ones stay in the document's order.
    """
    hashes = _hashes(ids, n)
    order = np.argsort(hashes, kind="stable")
    return hashes[order], order + n


class Drafter:
    """Drafts for one answer, from the document and from what the answer has said.

    Args:
        index: the document's.
    """

    def __init__(self, index: NgramIndex) -> None:
        self._index = index
        self._ids: list[int] = []
        self._seen: dict[tuple[int, ...], int] = {}  # run of tokens -> position behind it
        self._source: list[int] = index.token_ids
        self._next: int | None = None  # place in the source of the token expected next

    def push(self, token_id: int) -> None:
        """Take the answer's next token."""
        for n in NGRAMS:  # the newest run itself is not yet to be found: nothing stands behind it
            if len(self._ids) >= n:
                self._seen[tuple(self._ids[-n:])] = len(self._ids)
        self._ids.append(token_id)
        follows = self._next is not None and self._next < len(self._source)
        if follows and self._source[self._next or 0] == token_id:
            self._next = (self._next or 0) + 1  # still copying: stay where we are
        else:
            self._next = None

    def draft(self, most: int) -> list[int]:
        """Return the tokens that may come next, at most so many; none where nothing is known."""
        if self._next is None:
            self._look_up()
        if self._next is None:
            return []
        return self._source[self._next : self._next + most]

    def _look_up(self) -> None:
        """Find the longest run of newest tokens that stood somewhere before."""
        for n in NGRAMS:
            if len(self._ids) < n:
                continue
            newest = self._ids[-n:]
            own = self._seen.get(tuple(newest))
            if own is not None:
                self._source, self._next = self._ids, own
                return
            found = self._index.find(newest)
            if found is not None:
                self._source, self._next = self._index.token_ids, found
                return


class DraftLength:
    """Decides how long drafts are, and when there are none because they do not pay.

    A pass that checks a draft takes longer than one that writes a token. Drafts pay while they give
    more tokens than the passes would have written plainly. Counts decide, not the clock: one seed
    gives one answer, though passes of one token and of several round differently.
    """

    def __init__(self) -> None:
        self.drafted = self.accepted = 0
        """Tokens, of the whole answer."""
        self._length = FIRST_DRAFT
        self._pause, self._left = FIRST_PAUSE, 0
        self._passes, self._tokens, self._cost = 0, 0, 0.0  # with drafts, since last judged

    def most(self) -> int:
        """Return how many tokens may be drafted now; 0 in a pause."""
        return 0 if self._left else self._length

    def wrote_plainly(self) -> None:
        """Take note of a pass that wrote one token."""
        self._left = max(0, self._left - 1)

    def checked(self, drafted: int, accepted: int) -> None:
        """Take the outcome of a pass that checked a draft.

        Args:
            drafted: its tokens.
            accepted: how many of them the model would have written; one more came with them.
        """
        self.drafted += drafted
        self.accepted += accepted
        if accepted == drafted:
            self._length = min(LONGEST_DRAFT, 2 * self._length)
        else:
            self._length = max(2, accepted + 1)
        self._passes += 1
        self._tokens += accepted + 1
        self._cost += PASS_COST + TOKEN_COST * drafted
        if self._passes == JUDGED_PASSES:
            self._judge()

    def _judge(self) -> None:
        """Stop for a while if plain writing was faster; otherwise forget earlier failures."""
        if self._cost > self._tokens:
            self._left, self._pause = self._pause, min(LONGEST_PAUSE, 2 * self._pause)
            self._length = FIRST_DRAFT
        else:
            self._pause = FIRST_PAUSE
        self._passes, self._tokens, self._cost = 0, 0, 0.0
