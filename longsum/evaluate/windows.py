"""Which tokens a sliding window predicts, and from how much context. Pure: ints in and out.

Sliding-window evaluation as Press et al. define it (2022, arXiv 2108.12409, appendix B) and the
paper uses it (arXiv 2306.15595, section 3.2, stride S = 256): windows of W tokens end S tokens
apart; each is read from position 0 and predicts its last S tokens, so that every prediction has at
least W - S tokens of context. The first window of a document predicts all its tokens but the first;
the last ends with the document and predicts the remaining tokens. Every token but the first is
predicted exactly once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MIN_WINDOW = 2048
"""The paper's smallest window, which is LLaMA's native one, in tokens."""


@dataclass(frozen=True)
class Window:
    """A window of a document, and how many of its tokens are predicted."""

    start: int
    end: int
    """Position after its last token."""
    scored: int
    """Number of tokens, at its end, that are predicted."""


def sliding_windows(tokens: int, window: int, stride: int) -> list[Window]:
    """Return the windows of a document, none when it is shorter than one.

    Args:
        tokens: length of the document.
        window: W in tokens, at least 2.
        stride: S in tokens, below W.
    """
    if tokens < window:
        return []
    found = [Window(0, window, window - 1)]
    for end in range(window + stride, tokens + stride, stride):
        last = min(end, tokens)
        found.append(Window(last - window, last, last - found[-1].end))
    return found


def sampled_windows(
    lengths: Sequence[int], window: int, stride: int, *, limit: int, reach: int
) -> list[list[Window]]:
    """Return windows evenly spaced over all documents.

    Each predicts its last `stride` tokens. They end where windows of `reach` tokens would end, so
    every `window` up to `reach` predicts the same tokens, from a different amount of context.

    Args:
        lengths: tokens of each document.
        window: W in tokens.
        stride: S in tokens, below W.
        limit: maximum total number of windows.
        reach: the largest window to compare with, in tokens.

    Returns:
        The windows of each document, in order.
    """
    ends = [
        (number, end)
        for number, tokens in enumerate(lengths)
        for end in range(max(reach, window), tokens + 1, stride)
    ]
    found: list[list[Window]] = [[] for _ in lengths]
    for i in evenly_spaced(len(ends), limit):
        number, end = ends[i]
        found[number].append(Window(end - window, end, stride))
    return found


def evenly_spaced(count: int, limit: int) -> list[int]:
    """Return at most `limit` of the indices 0 … count - 1, the middles of equal parts."""
    if count <= limit:
        return list(range(count))
    return [(2 * i + 1) * count // (2 * limit) for i in range(limit)]


def default_windows(native: int, tuned: int) -> tuple[int, ...]:
    """Return window sizes that double from the native window, at most 2,048, up to the tuned one.

    Both ends are included.

    Args:
        native: L in tokens.
        tuned: L', the window the weights were tuned for, in tokens.
    """
    first = min(MIN_WINDOW, native, tuned)
    doubled = first
    found = {first, tuned}
    while doubled < tuned:
        found.add(doubled)
        doubled *= 2
    return tuple(sorted(found))
