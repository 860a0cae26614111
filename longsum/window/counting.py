"""What is known of a run before it: tokens by page, and memory by part, as the window shows them.

Runs in the reader process.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from longsum.prepared import Prepared
from longsum.window.wording import shown


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
