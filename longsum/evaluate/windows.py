"""Which tokens a sliding window scores, and with how much before them. Pure: ints in and out.

Sliding-window evaluation as Press et al. define it (2022, arXiv 2108.12409, appendix B) and the
paper uses it (arXiv 2306.15595, section 3.2, stride S = 256): windows of W tokens end S tokens
apart; each is read anew, from position 0, and predicts its last S tokens, so that every prediction
has at least W - S tokens before it. The first window of a document predicts all its tokens but the
first; the last ends with the document and predicts what is left. A document's tokens are thus
predicted once each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SMALLEST = 2048
"""The paper's smallest window, LLaMA's native one."""


@dataclass(frozen=True)
class Window:
    """A stretch of a document, and how many of its last tokens are predicted."""

    start: int
    end: int
    """Position behind its last token."""
    scored: int


def sliding_windows(tokens: int, window: int, stride: int) -> list[Window]:
    """Return the windows of a document, none when it is shorter than one.

    Args:
        tokens: of the document.
        window: W, at least 2.
        stride: S, below the window.
    """
    if tokens < window:
        return []
    found = [Window(0, window, window - 1)]
    for end in range(window + stride, tokens + stride, stride):
        last = min(end, tokens)
        found.append(Window(last - window, last, last - found[-1].end))
    return found


def sampled_windows(
    lengths: Sequence[int], window: int, stride: int, *, most: int, reach: int
) -> list[list[Window]]:
    """Return at most `most` windows, evenly spaced over all documents, in each document's order.

    Each predicts its last `stride` tokens. They end where windows of `reach` tokens would end:
    whatever `window` is, up to `reach`, the same tokens are predicted, and only what is before them
    differs.

    Args:
        lengths: tokens of each document.
        window: W.
        stride: S, below the window.
        most: windows in all.
        reach: the largest window to compare with.
    """
    ends = [
        (number, end)
        for number, tokens in enumerate(lengths)
        for end in range(max(reach, window), tokens + 1, stride)
    ]
    found: list[list[Window]] = [[] for _ in lengths]
    for i in evenly_spaced(len(ends), most):
        number, end = ends[i]
        found[number].append(Window(end - window, end, stride))
    return found


def evenly_spaced(count: int, most: int) -> list[int]:
    """Return at most `most` of the numbers 0 … count - 1, each from the middle of an equal part."""
    if count <= most:
        return list(range(count))
    return [(2 * i + 1) * count // (2 * most) for i in range(most)]


def default_windows(native: int, tuned: int) -> tuple[int, ...]:
    """Return the powers of two from the native window, at most 2,048, to the tuned window.

    Both ends are among them, whether they are powers of two or not.

    Args:
        native: L, tokens of pre-training.
        tuned: L', tokens the weights were tuned for.
    """
    first = min(SMALLEST, native, tuned)
    doubled = first
    found = {first, tuned}
    while doubled < tuned:
        found.add(doubled)
        doubled *= 2
    return tuple(sorted(found))
