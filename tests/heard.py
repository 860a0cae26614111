"""A listener that keeps all it hears, and can stop the work."""

from __future__ import annotations

from typing import Any

from longsum.events import Listener
from longsum.grounding.grounder import GroundedSentence
from longsum.prepared import Prepared


class Heard(Listener):
    """Records everything, and stops the work after some checks."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.order: list[str] = []
        self.sentences: list[tuple[str, str, GroundedSentence]] = []
        self.shown = ""
        self.checks, self.stop_after = 0, stop_after

    def notice(self, line: str) -> None:
        self.order.append("notice")

    def planned(self, prepared: Prepared) -> None:
        self.order.append("planned")

    def phase(self, name: str) -> None:
        self.order.append(name.split()[0])

    def prefill(self, done: int, total: int) -> None:
        self.order.append("read")

    def text(self, piece: str) -> None:
        self.shown += piece

    def sentence(self, piece: str, mark: str, sentence: Any) -> None:
        self.sentences.append((piece, mark, sentence))
        super().sentence(piece, mark, sentence)

    def check(self) -> None:
        self.checks += 1
        if self.checks == self.stop_after:
            raise KeyboardInterrupt
