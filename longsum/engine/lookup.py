"""Prompt-lookup decoding: draft tokens for an answer, from what was read. Pure.

Summaries and answers copy names, phrases and quotations. Where an answer's newest tokens occur in
the document, or earlier in the answer, the tokens after them are the draft, and the model checks
all of it in one forward pass (github.com/apoorvumang/prompt-lookup-decoding; checked as in
speculative decoding, arXiv 2211.17192). Drafts change how many tokens a pass yields, never which
ones, except where a pass of several tokens rounds differently from passes of one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

NGRAMS = (4, 3, 2)
"""Numbers of newest tokens to look up, in this order; longer runs are more reliable."""
FIRST_DRAFT = 4
"""Tokens of the first draft; a draft accepted whole doubles the next."""
MAX_DRAFT = 16
PASS_COST, TOKEN_COST = 1.5, 0.05
"""Cost of a pass that checks a draft, and of each draft token, in passes of a single token.
Measured with the bundled model on a CPU: 1.7 for 4 tokens, 1.9 for 8, 2.4 for 16; a recorded pass
on a GPU, which waits for the weights, costs less."""
JUDGED_PASSES = 6
"""Number of checking passes after which their benefit is evaluated."""
FIRST_PAUSE = 16
"""Tokens written without drafts after the first evaluation without benefit; doubles each time."""
MAX_PAUSE = 256
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""2^64 divided by the golden ratio: spreads small numbers over 64 bits (Fibonacci hashing)."""


class NgramIndex:
    """Index of the last occurrence of each short run of tokens, in sorted arrays.

    Args:
        token_ids: tokens of the document.
    """

    def __init__(self, token_ids: Sequence[int]) -> None:
        self.token_ids = list(token_ids)
        ids = np.asarray(self.token_ids, dtype=np.uint64)
        self._tables = {n: _sorted_hashes(ids, n) for n in NGRAMS}

    def find(self, newest: Sequence[int]) -> int | None:
        """Return the position after the last occurrence of these tokens, or None.

        Args:
            newest: token ids, as many as one of `NGRAMS`.
        """
        n = len(newest)
        hashes, ends = self._tables[n]
        key = _hashes(np.asarray(newest, dtype=np.uint64), n)[0]
        at = int(np.searchsorted(hashes, key, side="right")) - 1
        if at < 0 or hashes[at] != key:
            return None
        end = int(ends[at])
        # two runs may have the same hash
        return end if self.token_ids[end - n : end] == list(newest) else None


def _hashes(ids: npt.NDArray[np.uint64], n: int) -> npt.NDArray[np.uint64]:
    """Return the hash of every run of n tokens: (tokens - n + 1,)."""
    count = max(0, len(ids) - n + 1)
    found = np.zeros(count, dtype=np.uint64)
    for first in range(n):
        found = (found + ids[first : first + count] + np.uint64(1)) * _MULTIPLIER
    return found


def _sorted_hashes(
    ids: npt.NDArray[np.uint64], n: int
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Return the hashes of all runs, sorted, and the position after each run.

    Equal hashes stay in the document's order.
    """
    hashes = _hashes(ids, n)
    order = np.argsort(hashes, kind="stable")
    return hashes[order], order + n


class Drafter:
    """Drafts for one answer, from the document and from the answer so far.

    Args:
        index: n-gram index of the document.
    """

    def __init__(self, index: NgramIndex) -> None:
        self._index = index
        self._ids: list[int] = []
        self._seen: dict[tuple[int, ...], int] = {}  # run of tokens -> position after it
        self._source: list[int] = index.token_ids
        self._next: int | None = None  # position in the source of the token expected next

    def push(self, token_id: int) -> None:
        """Take the answer's next token."""
        for n in NGRAMS:  # the newest run itself is not indexed yet: nothing follows it
            if len(self._ids) >= n:
                self._seen[tuple(self._ids[-n:])] = len(self._ids)
        self._ids.append(token_id)
        follows = self._next is not None and self._next < len(self._source)
        if follows and self._source[self._next or 0] == token_id:
            self._next = (self._next or 0) + 1  # still copying from the same place
        else:
            self._next = None

    def draft(self, limit: int) -> list[int]:
        """Return at most `limit` tokens that may come next; none if nothing is found."""
        if self._next is None:
            self._look_up()
        if self._next is None:
            return []
        return self._source[self._next : self._next + limit]

    def _look_up(self) -> None:
        """Find the longest run of newest tokens that occurred before."""
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
    """Decides how long drafts are, and pauses drafting while it does not pay.

    A pass that checks a draft takes longer than one that writes a token. Drafts pay while they
    yield more tokens than plain passes in the same time. This is decided by counts, not by the
    clock, so that the same seed gives the same answer although passes of one and of several tokens
    round differently.
    """

    def __init__(self) -> None:
        self.drafted = self.accepted = 0
        """Draft tokens of the whole answer."""
        self._length = FIRST_DRAFT
        self._pause, self._left = FIRST_PAUSE, 0
        self._passes, self._tokens, self._cost = 0, 0, 0.0  # with drafts, since last judged

    def limit(self) -> int:
        """Return the maximum length of the next draft, in tokens; 0 during a pause."""
        return 0 if self._left else self._length

    def wrote_plainly(self) -> None:
        """Count a pass that wrote one token without a draft."""
        self._left = max(0, self._left - 1)

    def checked(self, drafted: int, accepted: int) -> None:
        """Count a pass that checked a draft.

        Args:
            drafted: number of draft tokens.
            accepted: number of accepted draft tokens; the pass also yielded one more token.
        """
        self.drafted += drafted
        self.accepted += accepted
        if accepted == drafted:
            self._length = min(MAX_DRAFT, 2 * self._length)
        else:
            self._length = max(2, accepted + 1)
        self._passes += 1
        self._tokens += accepted + 1
        self._cost += PASS_COST + TOKEN_COST * drafted
        if self._passes == JUDGED_PASSES:
            self._judge()

    def _judge(self) -> None:
        """Pause drafting if plain passes would have been faster; otherwise reset the pause."""
        if self._cost > self._tokens:
            self._left, self._pause = self._pause, min(MAX_PAUSE, 2 * self._pause)
            self._length = FIRST_DRAFT
        else:
            self._pause = FIRST_PAUSE
        self._passes, self._tokens, self._cost = 0, 0, 0.0
