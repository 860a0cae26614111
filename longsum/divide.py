"""Divide a document that is longer than the window into parts, count each and plan for it.

No weights are loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from longsum.budget import part_tokens, require_window
from longsum.config import LoadConfig
from longsum.documents.document import Document
from longsum.model.find import Model
from longsum.parts import DocumentPart, cut_document, cut_inside, shown_parts
from longsum.prepared import Prepared, prepare
from longsum.receipt import ReadPart
from longsum.task import Task


@dataclass(frozen=True)
class Divided:
    """A document in parts that fit the window, with what is known before weights are loaded."""

    document: Document
    """The whole."""
    parts: tuple[DocumentPart, ...]
    prepared: tuple[Prepared, ...]
    """Tokens and plan of each part; all are planned like the largest, for one loading."""

    @property
    def model(self) -> Model:
        """The model that reads each part."""
        return self.prepared[0].model

    @property
    def largest(self) -> Prepared:
        """The part with the most tokens."""
        return max(self.prepared, key=lambda each: each.tokens_held)

    @property
    def lines(self) -> list[str]:
        """What is read in which parts, a line or two for people."""
        inside = cut_inside(self.document, self.parts)
        return [shown_parts(self.parts), *([inside] if inside else [])]

    @property
    def read(self) -> tuple[ReadPart, ...]:
        """The parts as a receipt lists them."""
        return tuple(
            ReadPart(
                part.where,
                part.document.counted.name,
                part.numbers[0],
                part.numbers[-1],
                each.tokens_read,
            )
            for part, each in zip(self.parts, self.prepared, strict=True)
        )


def divide(whole: Prepared, tasks: Sequence[Task], load: LoadConfig) -> Divided:
    """Divide a document that does not fit into as few parts as do.

    Args:
        whole: the result of `prepare` for the whole document.
        tasks: what will be asked of each part.
        load: model, window, quantization, device.

    Returns:
        The parts, whether they fit this machine or not.

    Raises:
        DocumentTooLong: when prompt and answer alone exceed the window.
    """
    document, model, budget = whole.document, whole.model, whole.budget
    if budget.available <= 0:
        require_window(document, model, budget)
    starts = [start for start, _ in model.tokenizer.offsets(document.text)]
    tokens = part_tokens(budget)
    while True:
        parts = cut_document(document, starts, tokens)
        ready = [prepare(part.document, tasks, load, check=False, model=model) for part in parts]
        over = max(each.budget.total - each.budget.window for each in ready)
        if over <= 0 or tokens == 1:
            break
        tokens = max(1, tokens - over)  # a part by itself may take a few tokens more
    largest = max(ready, key=lambda each: each.tokens_held)
    prepared = tuple(replace(each, plan=largest.plan) for each in ready)
    return Divided(document, tuple(parts), prepared)
