"""Count tokens and plan memory before weights are loaded, so that misfits are refused at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from longsum.budget import Budget, apply_ranges, kept_ranges, require_window
from longsum.config import LoadConfig, Truncate
from longsum.documents.document import Document
from longsum.documents.extent import Extent, extent_of, kept_characters
from longsum.errors import UsageError
from longsum.model.find import Model, find_model, plan_for
from longsum.model.memory import MemoryPlan, require_fit
from longsum.prompting.prompt import Prompt
from longsum.task import Task


@dataclass(frozen=True)
class Prepared:
    """Everything known before the weights are loaded."""

    document: Document
    model: Model
    prefix_ids: tuple[int, ...]
    document_ids: tuple[int, ...]
    """Tokens of the whole document."""
    kept: tuple[tuple[int, int], ...]
    """(first, last + 1) ranges of `document_ids` that are read; all unless a part is left out."""
    budget: Budget
    plan: MemoryPlan
    truncated: Truncate | None = None

    @property
    def tokens_read(self) -> int:
        """Tokens of the document that the model reads."""
        return sum(end - start for start, end in self.kept)

    @property
    def tokens_held(self) -> int:
        """Tokens that the engine must hold: document, prompt and answer."""
        return self.tokens_read + self.budget.prompt + self.budget.answer

    @property
    def read_ids(self) -> list[int]:
        """Tokens up to the end of the document, without those left out."""
        return [*self.prefix_ids, *apply_ranges(self.document_ids, self.kept)]

    @cached_property
    def kept_characters(self) -> list[tuple[int, int]]:
        """Character ranges of the document that the model reads."""
        text = self.document.text
        if self.truncated is None:
            return [(0, len(text))]
        return kept_characters(self.model.tokenizer.offsets(text), self.kept, len(text))

    @cached_property
    def extent(self) -> Extent:
        """Pages or lines that the model reads, and those left out."""
        return extent_of(self.document, self.kept_characters)

    def starts_like(self, prompt: Prompt) -> bool:
        """Return whether a prompt begins with the prefix that is read."""
        return _prefix_ids(self.model, prompt) == self.prefix_ids


def prepare(
    document: Document,
    tasks: Sequence[Task],
    load: LoadConfig,
    *,
    truncate: Truncate | None = None,
    check: bool = True,
    model: Model | None = None,
) -> Prepared:
    """Count tokens and plan memory; no weights are loaded.

    Args:
        document: the document to read.
        tasks: what will be asked; the longest prompt and answer set the budget.
        load: model, window, quantization, device.
        truncate: part to leave out of a document that is too long; None refuses it.
        check: refuse what does not fit; `longsum plan` shows it instead.
        model: the model, if already found.

    Returns:
        The token budget, the memory plan and the tokens to read.

    Raises:
        DocumentTooLong: when it does not fit the window.
        InsufficientMemory: when it does not fit the machine.
        ModelUnavailable: when the model cannot be used.
        UsageError: when nothing follows the document in the prompt, or the prompts differ before.
    """
    model = model or find_model(load)
    tokenizer, source = model.tokenizer, model.source
    tasks = [task for task in tasks if task.needs_reading(source)] or tasks
    prompts = _rendered(document, tasks, model)
    prefix_ids = _prefix_ids(model, prompts[0])
    suffix_tokens = [len(tokenizer.encode_prompt(each.suffix)) for each in prompts]
    if not all(suffix_tokens):
        raise UsageError(
            "nothing follows the document in the prompt",
            hint="write the instruction after {{ document }}",
        )
    document_ids = tuple(tokenizer.encode_document(prompts[0].document))
    answer = max(task.answer_tokens(source) for task in tasks)
    budget = Budget(
        len(document_ids), len(prefix_ids) + max(suffix_tokens), answer, model.rope.window
    )
    if not budget.fits and (wider := model.widened()):
        model, budget = wider, replace(budget, window=wider.rope.window)
    kept, cut = [(0, len(document_ids))], None
    if not budget.fits and truncate and budget.available > 0:
        kept, cut = kept_ranges(len(document_ids), budget.available, truncate), truncate
    elif check:
        require_window(document, model, budget)
    tokens = sum(end - start for start, end in kept) + budget.prompt + answer
    plan = plan_for(model, load, tokens)
    if check:
        require_fit(plan, limited=load.memory_bytes is not None)
    return Prepared(document, model, prefix_ids, document_ids, tuple(kept), budget, plan, cut)


def _rendered(document: Document, tasks: Sequence[Task], model: Model) -> list[Prompt]:
    """Return the prompts of all tasks, which must be the same up to the document.

    Raises:
        UsageError: when they differ before it.
    """
    wrap = model.tokenizer.wrap(model.source.known)
    prompts = [each for task in tasks for each in task.prompts(document, model.source, wrap)]
    if any(each.prefix != prompts[0].prefix for each in prompts):
        raise UsageError(
            "the prompts differ before the document, which is read once",
            hint="put what is asked after {{ document }} in your template",
        )
    return prompts


def _prefix_ids(model: Model, prompt: Prompt) -> tuple[int, ...]:
    """Return the tokens of a prompt before the document."""
    tokenizer = model.tokenizer
    return tuple(tokenizer.with_beginning(prompt.prefix, tokenizer.encode_prompt(prompt.prefix)))
