"""Settings of the evaluations, one frozen dataclass each. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from longsum.config import AskConfig, Truncate, at_least
from longsum.errors import UsageError
from longsum.settings import Setting


@dataclass(frozen=True)
class PerplexityConfig:
    """How sliding windows measure perplexity (arXiv 2306.15595, section 3.2)."""

    windows: tuple[int, ...] = ()
    """W in tokens; empty takes powers of two from 2,048 (or the native window) to the tuned one."""
    stride: int = 256
    """S in tokens: how many every window but a document's first predicts; the paper's value."""
    max_windows: int | None = None
    """Maximum windows of each size, evenly spaced over all documents; None takes all."""
    max_tokens: int | None = None
    """Tokens read per document; the paper truncates those of proof-pile to 32,768."""

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
    """Total tokens of prompt and answer; empty takes the model's window."""
    depths: int = 32
    """Number of distances k of the passkey, evenly spaced up to the length; the paper's value."""
    trials: int = 10
    """Random keys per distance; the paper's value."""
    seed: int = 0
    """Random seed for the keys."""

    def __post_init__(self) -> None:
        at_least(1, depths=self.depths, trials=self.trials)
        at_least(0, seed=self.seed)
        at_least(96, length=min(self.lengths, default=None))


@dataclass(frozen=True)
class SpeedConfig:
    """What is timed, and how often."""

    lengths: tuple[int, ...] = ()
    """Tokens read before the answer; empty takes the model's window minus the answer."""
    new_tokens: int = 64
    """Tokens written after them."""
    runs: int = 3
    """Number of repetitions; their median is reported."""
    seed: int = 0
    """Random seed for the tokens to read."""

    def __post_init__(self) -> None:
        at_least(1, length=min(self.lengths, default=None), runs=self.runs)
        at_least(2, new_tokens=self.new_tokens)
        at_least(0, seed=self.seed)


ZeroShotPrompt = Literal["own", "paper"]


@dataclass(frozen=True)
class SummariesConfig:
    """Which summaries are compared with their references, and how they are made."""

    words: int | None = None
    """Summary length in words; None takes each reference's."""
    zero_shot_prompt: ZeroShotPrompt = "own"
    """`own` summarizes as `longsum summarize` does, `paper` as arXiv 2306.15595, section 3.5."""
    verbatim: bool | None = None
    """Summarize only with sentences of the document; None leaves it to the model."""
    truncate: Truncate | None = None
    """Which part to leave out of a document that is too long; None counts it as failed."""
    baselines: tuple[str, ...] = ("lead", "lexrank", "textrank")
    """Methods without a language model to compare with."""
    stemmer: bool = False
    """Compare English words without their endings."""
    seed: int = 0
    """Random seed for sampling."""

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
class AnswersConfig:
    """Which questions are answered, and how."""

    wrong_documents: int = 1
    """Number of other documents that each question is put to as well; 0 measures no abstention."""
    verbatim: bool | None = None
    """Answer only with sentences of the document; None leaves it to the model."""
    words: int = AskConfig.words
    """Maximum words of a written answer."""
    truncate: Truncate | None = None
    """Which part to leave out of a document that is too long; None counts it as failed."""
    seed: int = 0
    """Random seed for the choice of wrong documents."""

    def __post_init__(self) -> None:
        at_least(1, words=self.words)
        at_least(0, wrong_documents=self.wrong_documents, seed=self.seed)


@dataclass(frozen=True)
class ShortConfig:
    """How multiple choice is scored, within the window a model was pre-trained with."""

    length: int | None = None
    """Maximum tokens of a context with its choice; None takes the native window."""
    batch_size: int = 16
    """Number of choices read at once, which does not affect the result."""

    def __post_init__(self) -> None:
        at_least(8, length=self.length)
        at_least(1, batch_size=self.batch_size)
