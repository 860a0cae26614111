"""A report of twelve pages, models whose windows it does not fit, and what is heard of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from helpers import Recorder, report_pdf
from tiny import save_checkpoint

from longsum.config import LoadConfig
from longsum.documents.document import Document
from longsum.documents.read import read_document
from longsum.grounding.grounder import GroundedSentence

MINI = LoadConfig(model="mini", device="cpu", context=1024)
PAGES = 12
TINY_WINDOW = 4000
"""Tokens, which are bytes, of a model that writes."""


def report_of_parts(folder: Path) -> Document:
    """Return the report, read."""
    return read_document(report_pdf(folder / "report.pdf", PAGES))


def tiny_model_of_parts(folder: Path) -> LoadConfig:
    """Return a random model that writes, with a window that the report exceeds."""
    return LoadConfig(
        model=str(save_checkpoint(folder, max_position_embeddings=TINY_WINDOW)), device="cpu"
    )


class Heard(Recorder):
    """Records sentences too, which part is read, and lines that are not statements."""

    def __init__(self) -> None:
        super().__init__()
        self.sentences: list[GroundedSentence] = []
        self.parts: list[int] = []
        self.headings: list[str] = []
        self.remarks: list[str] = []

    def part(self, number: int) -> None:
        self.parts.append(number)

    def heading(self, line: str) -> None:
        self.headings.append(line)
        super().heading(line)

    def remark(self, line: str) -> None:
        self.remarks.append(line)
        super().remark(line)

    def sentence(self, piece: str, mark: str, sentence: Any) -> None:
        self.sentences.append(sentence)
        super().sentence(piece, mark, sentence)
