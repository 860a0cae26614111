"""What is measured, and how. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from longsum.config import Truncate, at_least
from longsum.errors import UsageError
from longsum.settings import Setting


@dataclass(frozen=True)
class PerplexityConfig:
    """What sliding windows measure perplexity (arXiv 2306.15595, section 3.2)."""

    windows: tuple[int, ...] = ()
    """W in tokens; empty takes powers of two from 2,048 (or the native window) to the tuned one."""
    stride: int = 256
    """S: tokens every window but a document's first predicts; the paper's."""
    max_windows: int | None = None
    """Most windows of each size, evenly spaced over all documents; None takes all."""
    max_tokens: int | None = None
    """Tokens read of each document; the paper truncates proof-pile's to 32,768."""

    def __post_init__(self) -> None:
        at_least(1, stride=self.stride, max_windows=self.max_windows)
        at_least(2, max_tokens=self.max_tokens)
        for window in self.windows:
            if window <= self.stride:
                raise UsageError(
                    f"{Setting('window')} {window} is not above {Setting('stride')} {self.stride}",
                    hint=f"the predicted tokens need some before them; lower {Setting('stride')}",
                )


@dataclass(frozen=True)
class PasskeyConfig:
    """How passkey retrieval is measured (arXiv 2306.15595, section 3.4)."""

    lengths: tuple[int, ...] = ()
    """Tokens of prompt and answer together; empty takes the model's window."""
    depths: int = 32
    """Distances k of the passkey, evenly spaced up to the length; the paper's."""
    trials: int = 10
    """Random keys at each distance; the paper's."""
    seed: int = 0
    """Of the keys."""

    def __post_init__(self) -> None:
        at_least(1, depths=self.depths, trials=self.trials)
        at_least(0, seed=self.seed)
        at_least(96, length=min(self.lengths, default=None))


@dataclass(frozen=True)
class SpeedConfig:
    """What is timed."""

    lengths: tuple[int, ...] = ()
    """Tokens read before the answer; empty takes the model's window less the answer."""
    new_tokens: int = 64
    """Tokens written behind them."""
    runs: int = 3
    """Repetitions, of which the median counts."""
    seed: int = 0
    """Of the tokens read, which are drawn at random."""

    def __post_init__(self) -> None:
        at_least(1, length=min(self.lengths, default=None), runs=self.runs)
        at_least(2, new_tokens=self.new_tokens)
        at_least(0, seed=self.seed)


ZeroShotPrompt = Literal["own", "paper"]


@dataclass(frozen=True)
class SummariesConfig:
    """Which summaries are compared with their references, and how they are made."""

    words: int | None = None
    """Length asked for; None takes each reference's."""
    zero_shot_prompt: ZeroShotPrompt = "own"
    """`own` summarizes as `longsum summarize` does, `paper` as arXiv 2306.15595, section 3.5."""
    verbatim: bool | None = None
    """Only sentences of the document; None leaves it to the model."""
    truncate: Truncate | None = None
    """Which part of a document that is too long to leave out; None counts it as failed."""
    baselines: tuple[str, ...] = ("lead", "lexrank", "textrank")
    """Summaries without a language model, side by side."""
    stemmer: bool = False
    """Compare English words without their endings."""
    seed: int = 0
    """Of the sampling."""

    def __post_init__(self) -> None:
        at_least(1, words=self.words)
        at_least(0, seed=self.seed)
        if self.zero_shot_prompt == "paper" and self.words is not None:
            raise UsageError(
                f"{Setting('words')} has no place in the paper's prompt",
                hint=f"leave {Setting('words')} out",
            )
        if self.zero_shot_prompt == "paper" and self.verbatim is not None:
            raise UsageError(
                f"{Setting('verbatim', 'True')} and {Setting('verbatim', 'False')} have no place "
                "in the paper's protocol, which writes freely",
                hint="leave them out",
            )


@dataclass(frozen=True)
class ShortConfig:
    """How multiple choice is scored, on the window a model was pre-trained with."""

    length: int | None = None
    """Most tokens of a context with its choice; None takes the native window."""
    batch_size: int = 16
    """Choices read at once; the result does not depend on it."""

    def __post_init__(self) -> None:
        at_least(8, length=self.length)
        at_least(1, batch_size=self.batch_size)
