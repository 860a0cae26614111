"""Answers as the window keeps them: what was asked, what came, and where the document says it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from longsum.config import AskConfig, SummaryConfig

State = Literal["queued", "running", "done", "stopped", "failed"]


def now() -> str:
    """Return the time, to the second, with its zone."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


@dataclass
class Record:
    """One summary or question, and its answer as far as it has come."""

    config: SummaryConfig | AskConfig
    question: str | None = None
    """None for a summary."""
    pages: str | None = None
    """Pages that were selected when it was asked; its offsets are those of their text."""
    job: str = field(default_factory=lambda: secrets.token_hex(8))
    asked: str = field(default_factory=now)
    state: State = "queued"
    text: str = ""
    sentences: list[dict[str, Any]] = field(default_factory=list)
    nearest: list[dict[str, Any]] = field(default_factory=list)
    """Sentences that come nearest to a question no sentence was found for."""
    ending: dict[str, Any] = field(default_factory=dict)
    """Receipt, cautions, model, and how sure the answer is."""

    @property
    def kind(self) -> str:
        """`summary` or `question`."""
        return "summary" if self.question is None else "question"

    def settings(self) -> dict[str, Any]:
        """Return what was asked for, as the page shows it."""
        config = self.config
        if isinstance(config, SummaryConfig):
            return {
                "words": config.words,
                "style": config.style,
                "focus": config.focus,
                "verbatim": config.verbatim,
            }
        return {"verbatim": config.verbatim}

    def head(self) -> dict[str, Any]:
        """Return what is known before there is an answer."""
        return {
            "job": self.job,
            "kind": self.kind,
            "question": self.question,
            "settings": self.settings(),
            "asked": self.asked,
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the whole record for the shelf, for `old` events and for export."""
        whole = {"pages": self.pages, "text": self.text, "sentences": self.sentences}
        near = {} if self.question is None else {"nearest": self.nearest}
        return self.head() | whole | near | self.ending
