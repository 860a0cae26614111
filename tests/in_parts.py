"""A report of twelve pages, models whose windows it does not fit, and what is heard of it."""

from __future__ import annotations

from typing import Any

from helpers import Recorder

from longsum.config import LoadConfig
from longsum.grounding.grounder import GroundedSentence

MINI = LoadConfig(model="mini", device="cpu", context=1024)
PAGES = 12
TINY_WINDOW = 4000
"""Tokens, which are bytes, of a model that writes."""


class Heard(Recorder):
    """Records sentences too."""

    def __init__(self) -> None:
        super().__init__()
        self.sentences: list[GroundedSentence] = []

    def sentence(self, piece: str, mark: str, sentence: Any) -> None:
        self.sentences.append(sentence)
        super().sentence(piece, mark, sentence)
