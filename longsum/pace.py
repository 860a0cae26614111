"""How long reading will still take, when each token costs more than the one before. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate


class ReadingPace:
    """The time that reading a document takes, learned while it is read.

    Attention makes the n-th token cost a + b·n, so that n tokens take αn + βn² seconds; a straight
    line through what is done would promise too little.
    """

    def __init__(self) -> None:
        self._points: list[tuple[float, float]] = []

    def add(self, done: int, seconds: float) -> None:
        """Take how many tokens were read after so many seconds."""
        if done > 0 and seconds > 0:
            self._points.append((float(done), seconds))

    @property
    def tokens_per_s(self) -> float | None:
        """Tokens per second so far; None before anything is read."""
        if not self._points:
            return None
        done, seconds = self._points[-1]
        return done / seconds

    def seconds_left(self, total: int) -> float | None:
        """Return the seconds until `total` tokens are read; None before anything is."""
        return self.seconds_between(self._points[-1][0], total) if self._points else None

    def seconds_between(self, done: float, total: float) -> float | None:
        """Return the seconds from `done` tokens to `total`; None before anything is read."""
        if not self._points:
            return None
        alpha, beta = self._fit()
        return max(0.0, alpha * (total - done) + beta * (total * total - done * done))

    def _fit(self) -> tuple[float, float]:
        """Return α and β by least squares, neither below zero."""
        line = self._points[-1][1] / self._points[-1][0]
        if len(self._points) < 2:
            return line, 0.0
        n2 = sum(n**2 for n, _ in self._points)
        n3 = sum(n**3 for n, _ in self._points)
        n4 = sum(n**4 for n, _ in self._points)
        nt = sum(n * t for n, t in self._points)
        n2t = sum(n * n * t for n, t in self._points)
        determinant = n2 * n4 - n3 * n3
        if determinant <= 1e-9 * n2 * n4:
            return line, 0.0
        alpha = (nt * n4 - n2t * n3) / determinant
        beta = (n2 * n2t - n3 * nt) / determinant
        if beta < 0:
            return line, 0.0
        return (alpha, beta) if alpha > 0 else (0.0, n2t / n4)


class PartsPace:
    """The time that parts take which are read one after another, learned while they are read.

    The parts to come cost what their tokens do, and as much for their answers as those before.

    Args:
        tokens: of each part.
    """

    def __init__(self, tokens: Sequence[int]) -> None:
        self._tokens, self._before = tokens, [0, *accumulate(tokens)]
        self._pace = ReadingPace()
        self._part, self._done = 0, 0
        self._began: float | None = None
        """When the part was begun; None while that is not known."""
        self._first: tuple[int, float] | None = None
        self._read: float | None = None
        self._answering: list[float] = []

    def begin(self, part: int, now: float) -> None:
        """Note that a part begins, counted from 0; the one before is answered."""
        if self._read is not None:
            self._answering.append(now - self._read)
        self._part, self._done, self._began, self._first = part, 0, now, None
        self._read = None

    def load(self) -> None:
        """Note that the model is loaded before the part is read, which takes time of its own."""
        self._began = None

    def add(self, done: int, now: float) -> None:
        """Take how many tokens of all parts were read at a time, in seconds."""
        own = done - self._before[self._part]
        if self._began is None and self._first is not None:
            first, at = self._first  # its tokens took as long as those after it
            self._began = at - (now - at) * first / max(1, own - first)
        if self._began is None:
            self._first = own, now
        else:
            self._pace.add(own, now - self._began)
        self._done, self._read = own, now

    @property
    def tokens_per_s(self) -> float | None:
        """Tokens per second of the part that is read; None before anything is known."""
        return self._pace.tokens_per_s

    def seconds_left(self) -> float | None:
        """Return the seconds until all parts are answered; None before anything is known."""
        now, *later = self._tokens[self._part :]
        reading = [self._pace.seconds_between(self._done, now)]
        reading += [self._pace.seconds_between(0, each) for each in later]
        if None in reading:
            return None
        many = len(self._answering)
        answering = sum(self._answering) / many * len(reading) if many else 0.0
        return sum(filter(None, reading)) + answering
