"""How long reading will still take, when each token costs more than the one before. Pure."""

from __future__ import annotations


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
        if not self._points:
            return None
        alpha, beta = self._fit()
        done, seconds = self._points[-1]
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
