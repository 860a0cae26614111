"""What is known of a run before it: tokens by page, and the memory it takes, for the window.

Runs in the reader process.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from longsum.ask import AskTask
from longsum.config import Truncate
from longsum.model.find import Model
from longsum.prepared import Prepared, prepare
from longsum.summarize import SummaryTask
from longsum.task import Task
from longsum.window import tasks
from longsum.window.wording import shown

CPU_CHUNK_TOKENS = 1024
"""Tokens read at once on a CPU, so that a stop is heard in time and progress is seen."""
SLOW_CHUNK_TOKENS = 256
SLOW_PARAMETERS = 50_000_000
"""From this many parameters on, a CPU takes seconds for `CPU_CHUNK_TOKENS`."""


def asked_of(task: tasks.Plan) -> list[Task]:
    """Return what may be asked of a document, by which its window is counted."""
    return [SummaryTask(task.summary, task.decode), AskTask(task.ask, task.decode)]


def prepared_for(task: tasks.Plan, model: Model, truncate: Truncate | None = None) -> Prepared:
    """Count and plan for a summary and questions, refusing nothing.

    Args:
        task: document, settings, and the usual summary and question.
        model: that reads it.
        truncate: part to leave out of a document that is too long.
    """
    asked = asked_of(task)
    return prepare(task.document, asked, task.load, truncate=truncate, check=False, model=model)


def chunk_tokens(prepared: Prepared) -> int | None:
    """Return how many tokens to read at once, so that a stop takes effect within seconds."""
    if prepared.plan.device != "cpu":
        return None
    slow = prepared.model.shape.parameters >= SLOW_PARAMETERS
    return SLOW_CHUNK_TOKENS if slow else CPU_CHUNK_TOKENS


def counted(prepared: Prepared) -> dict[str, Any]:
    """Return the tokens of a document, in all and by page, and of the window."""
    budget = prepared.budget
    return {
        "tokens": budget.document,
        "prompt": budget.prompt,
        "answer": budget.answer,
        "window": budget.window,
        "over": max(0, budget.total - budget.window),
        "fits": budget.fits,
        "model": prepared.model.source.name,
        "estimated": prepared.model.estimated,
        "pages": tokens_by_page(prepared),
    }


def tokens_by_page(prepared: Prepared) -> list[int]:
    """Return the tokens of each page, in their order; empty for a text without pages."""
    document = prepared.document
    if not document.pages:
        return []
    starts = [start for start, _ in prepared.model.tokenizer.offsets(document.text)]
    ends = [bisect_left(starts, page.end) for page in document.pages]
    return [end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def planned(prepared: Prepared) -> dict[str, Any]:
    """Return the memory plan of a run, part by part, in bytes."""
    plan, model = prepared.plan, prepared.model
    parts = (
        ("weights", plan.weights_bytes),
        ("cache", plan.kv_cache_bytes),
        ("work", plan.activation_bytes),
        ("libraries", plan.overhead_bytes),
    )
    return {
        "model": model.source.name,
        "window": model.rope.window,
        "parts": [{"name": name, "bytes": size} for name, size in parts],
        "total": plan.total_bytes,
        "free": plan.free_bytes,
        "fits": plan.fits,
        "reason": shown(plan.reason),
        "cache_reason": shown(plan.kv_reason),
        "device": plan.device,
        "dtype": plan.dtype,
        "quantize": plan.quantize,
        "kv_cache": plan.kv_cache,
        "verbatim": model.source.answers_verbatim,
        "writes": not model.source.is_bundled,
    }
