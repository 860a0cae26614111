"""Count before reading: whether document, prompt and answer fit the window.

Pure: token ids are only counted and cut. A document that does not fit is refused, with its largest
part that does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longsum.config import Truncate
from longsum.documents.document import Document
from longsum.documents.pages import format_pages
from longsum.errors import DocumentTooLong
from longsum.parts import cut_document
from longsum.settings import Setting

if TYPE_CHECKING:
    from longsum.model.find import Model

SPARE, MIN_SPARE = 500, 8
"""One token in this many stays free, and at least so many of each of several parts: a part read by
itself may take a few tokens more."""


@dataclass(frozen=True)
class Budget:
    """The window's tokens and their uses."""

    document: int
    """Tokens of the whole document."""
    prompt: int
    """Tokens of the instruction and the chat markup."""
    answer: int
    """Tokens reserved for the answer; 0 where none is written."""
    window: int
    """Tokens the model can hold."""

    @property
    def total(self) -> int:
        """Tokens of document, prompt and answer."""
        return self.document + self.prompt + self.answer

    @property
    def available(self) -> int:
        """Tokens of a document that would fit."""
        return self.window - self.prompt - self.answer

    @property
    def fits(self) -> bool:
        """Whether everything fits the window."""
        return self.total <= self.window

    def __str__(self) -> str:
        answer = f" + answer {self.answer:,}" if self.answer else ""
        return (
            f"document {self.document:,} + prompt {self.prompt:,}{answer} "
            f"= {self.total:,} of {self.window:,} tokens"
        )


def kept_ranges(total: int, available: int, cut: Truncate) -> list[tuple[int, int]]:
    """Return which tokens are read when a part is left out.

    Args:
        total: tokens of the document.
        available: tokens that fit.
        cut: the part to leave out: its `head`, its `tail`, or its `middle`.

    Returns:
        (first, last + 1) ranges in order; everything when it fits.
    """
    if total <= available:
        return [(0, total)]
    if cut == "tail":
        return [(0, available)]
    if cut == "head":
        return [(total - available, total)]
    first = available - available // 2
    return [(0, first), (total - available // 2, total)]


def apply_ranges(ids: Sequence[int], ranges: Sequence[tuple[int, int]]) -> list[int]:
    """Return the tokens within the ranges."""
    return [token for start, end in ranges for token in ids[start:end]]


def require_window(document: Document, model: Model, budget: Budget) -> None:
    """Refuse a document that does not fit.

    Args:
        document: the document to read.
        model: the model to read it.
        budget: tokens needed and available.

    Raises:
        DocumentTooLong: with the numbers, and the largest part that fits.
    """
    if budget.fits:
        return
    part, parts = None, 0
    if budget.available > 0:
        offsets = model.tokenizer.offsets(document.text)
        part = largest_part(document, offsets, budget.available)
        starts = [start for start, _ in offsets]
        parts = len(cut_document(document, starts, part_tokens(budget)))
    raise DocumentTooLong(
        how_far_over(document.name or "the document", model.source.name, budget),
        hint=", or ".join(_remedies(document, model, budget, part, parts)),
        facts=_facts(document, budget, part, parts),
    )


def how_far_over(document: str, model: str, budget: Budget) -> str:
    """Return in one line what does not fit, and by how much.

    Args:
        document: the document's name.
        model: the model's name.
        budget: tokens needed and available.
    """
    around = budget.prompt + budget.answer
    reads = f"{model} reads {budget.window:,}"
    if budget.available <= 0:
        return f"prompt and answer alone take {around:,} tokens, {reads}"
    if budget.document > budget.window:
        return f"{document} is too long: {budget.document:,} tokens, {reads}"
    what = "the prompt and the answer" if budget.answer else "the prompt"
    return (
        f"{document} is too long: {budget.document:,} tokens + {around:,} for {what} "
        f"= {budget.total:,}, {reads}"
    )


def _facts(
    document: Document, budget: Budget, part: str | None, parts: int
) -> dict[str, int | str]:
    """Return the numbers of the refusal: tokens, the largest part that fits, and how many do."""
    over = budget.total - budget.window
    facts: dict[str, int | str] = {"tokens": budget.total, "window": budget.window, "over": over}
    if part:
        facts["pages" if document.pages else "lines"] = part
    if parts:
        facts["parts"] = parts
    return facts


def part_tokens(budget: Budget) -> int:
    """Return the tokens of the document that each of several parts may hold."""
    available = budget.available
    return max(1, available - max(MIN_SPARE, available // SPARE))


def _remedies(
    document: Document, model: Model, budget: Budget, part: str | None, parts: int
) -> list[str]:
    """Return what the user can do, best first."""
    remedies = []
    if budget.window < model.tuned_window >= budget.total:
        remedies.append(f"{Setting('context', str(model.tuned_window))} holds all of it")
    if budget.available > 0:
        if part and document.pages:
            one = f"{document.counted.name} {part} fits"
            fit = one if part.isdigit() else f"{document.counted.plural} {part} fit"
            remedies.append(f"{fit}: {Setting('pages', part)}")
        elif part:
            fit = f"{document.counted.plural} {part} fit"
            remedies.append(f"{fit}: {Setting('truncate', 'tail')} leaves out the rest")
        remedies.append(f"read all of it in {parts:,} parts: {Setting('parts', 'True')}")
        if document.pages or not part:
            remedies.append(f"leave a part out: {Setting('truncate')} head|tail|middle")
        remedies.append(f"take a {Setting('model')} with a larger window (`longsum models list`)")
    if budget.total - budget.window < budget.answer - 64:
        remedies.append(f"ask for a shorter answer ({Setting('max_new_tokens')})")
    return remedies or [f"take a {Setting('model')} with a larger window (`longsum models list`)"]


def largest_part(
    document: Document, offsets: Sequence[tuple[int, int]], available: int
) -> str | None:
    """Return the pages, or lines, from the document's beginning that fit `available` tokens.

    Args:
        document: a document that is too long as a whole.
        offsets: first and last character of each of its tokens.
        available: tokens for the document.

    Returns:
        `1-31`, as `read_document` takes pages, or None when not even the first fits.
    """
    ends = _ends(document)
    most = (
        offsets[min(max(0, available - available // SPARE), len(offsets)) - 1][1] if offsets else 0
    )
    count = bisect_right([end for _, end in ends], most)
    if not count:
        return None
    if not document.pages:
        return f"1-{ends[count - 1][0]:,}"
    return format_pages(number for number, _ in ends[:count]).replace(" ", "")


def _ends(document: Document) -> list[tuple[int, int]]:
    """Return (number, offset of its end) of each page, or of each line with text."""
    if document.pages:
        return [(page.number, page.end) for page in document.pages]
    anchors = document.line_anchors
    following = [*(offset for offset, _ in anchors[1:]), len(document.text)]
    return [(line, end) for (_, line), end in zip(anchors, following, strict=True)]
