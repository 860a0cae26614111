"""Perplexity by window: how well a model predicts text from at most W tokens.

Sliding windows (see `windows.py`), each read separately from position 0. A window longer than one
chunk of the memory plan is read in chunks, through a cache for this window only; logits are
computed only for the predicted tokens. Nats are summed over tokens, then divided.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F

from longsum.checkpoint.tokenizer import Tokenizer
from longsum.config import KVCache
from longsum.corpus.texts import Text
from longsum.engine.cache import PreallocatedCache
from longsum.engine.engine import MEMORY_HINT
from longsum.engine.layers import chunk_bounds
from longsum.engine.llama import Llama
from longsum.errors import DocumentError
from longsum.evaluate.config import PerplexityConfig
from longsum.evaluate.evaluation_journal import EvaluationJournal
from longsum.evaluate.loading import Opened, evaluating
from longsum.evaluate.windows import Window, default_windows, sampled_windows, sliding_windows
from longsum.events import Listener
from longsum.settings import Setting
from longsum.system_memory import memory_errors

LOGITS_AT_ONCE = 1 << 24
"""Maximum logits that exist at the same time: 64 MiB in float32, for any vocabulary."""


@dataclass(frozen=True)
class _Document:
    """A text as token ids."""

    name: str
    ids: list[int]
    digest: str
    """Hash of the ids."""


def measure_perplexity(
    opened: Opened,
    texts: Iterable[Text],
    config: PerplexityConfig,
    journal: EvaluationJournal,
    listener: Listener,
    *,
    reach: int | None = None,
) -> list[dict[str, Any]]:
    """Measure a model's perplexity at each window.

    Args:
        opened: the model.
        texts: documents; a window skips those that are shorter, and counts them.
        config: windows, stride, limits.
        journal: provides results of an earlier run; one unit per window and document.
        listener: notified of the tokens read, and of each window's result.
        reach: with `max_windows`, the largest window, in tokens, to compare with; None takes the
            model's own. Models measured with the same reach predict the same tokens.

    Returns:
        A row per window: `perplexity`, `nats_per_token`, their standard errors, and counts.

    Raises:
        DocumentError: when no document is as long as any window.
    """
    documents = list(_encoded(opened.tokenizer, texts, config.max_tokens))
    sizes = config.windows or default_windows(opened.rope.native_window, opened.rope.window)
    planned = _plan(documents, sizes, config, reach)
    progress = _progress(opened, documents, planned, journal, listener)
    rows = []
    for window, chosen in planned.items():
        listener.phase(f"{opened.label}: window {window:,}")
        results = []
        for document, windows in zip(documents, chosen, strict=True):
            if windows:
                unit = _unit(opened, document, windows)
                result = journal.get(unit)
                if result is None:
                    result = {"nats": _document_nats(opened, document.ids, windows, progress)}
                    journal.add(unit, result)
                results.append((result["nats"], [each.scored for each in windows]))
        row = _row(opened, window, results)
        row["skipped_documents"] = sum(len(document.ids) < window for document in documents)
        rows.append(row)
        if row["tokens"]:
            listener.notice(
                f"{opened.label}, window {window:,}: perplexity {row['perplexity']:,.4g} "
                f"of {row['tokens']:,} tokens"
            )
    return rows


def _encoded(tokenizer: Tokenizer, texts: Iterable[Text], limit: int | None) -> Iterator[_Document]:
    """Yield the documents as at most `limit` token ids, after the beginning-of-text token."""
    for text in texts:
        ids = tokenizer.with_beginning(text.text, tokenizer.encode_document(text.text))[:limit]
        yield _Document(text.name, ids, hashlib.sha256(repr(ids).encode()).hexdigest())


def _plan(
    documents: Sequence[_Document],
    sizes: Sequence[int],
    config: PerplexityConfig,
    reach: int | None,
) -> dict[int, list[list[Window]]]:
    """Return the windows of each size in each document."""
    lengths = [len(document.ids) for document in documents]
    longest = max(lengths, default=0)
    possible = [size for size in sizes if size <= longest]
    if not possible:
        raise DocumentError(
            f"no document is as long as a window of {min(sizes):,} tokens; "
            f"the longest has {longest:,}",
            hint=f"name longer texts, or a smaller {Setting('window')} with a smaller "
            f"{Setting('stride')}",
        )
    if config.max_windows is None:
        return {
            size: [sliding_windows(length, size, config.stride) for length in lengths]
            for size in sizes
        }
    widest = min(reach or max(possible), longest)
    limit = config.max_windows
    return {
        size: sampled_windows(lengths, size, config.stride, limit=limit, reach=widest)
        for size in sizes
    }


def _unit(opened: Opened, document: _Document, windows: Sequence[Window]) -> str:
    """Return the journal's name for a document's windows, which depends on both."""
    read = hashlib.sha256(repr((document.digest, windows)).encode()).hexdigest()[:16]
    size = windows[0].end - windows[0].start
    return f"{opened.unit} | window {size} | {document.name} | {read}"


def _progress(
    opened: Opened,
    documents: Sequence[_Document],
    planned: dict[int, list[list[Window]]],
    journal: EvaluationJournal,
    listener: Listener,
) -> Callable[[int], None]:
    """Return a function that reports tokens read; the total excludes the journal's results."""
    total = sum(
        size * len(windows)
        for size, chosen in planned.items()
        for document, windows in zip(documents, chosen, strict=True)
        if windows and journal.get(_unit(opened, document, windows)) is None
    )
    done = 0

    def read(tokens: int) -> None:
        nonlocal done
        done += tokens
        listener.prefill(done, total)

    return read


def _document_nats(
    opened: Opened, ids: Sequence[int], windows: Sequence[Window], progress: Callable[[int], None]
) -> list[float]:
    """Return the nats of each window's predicted tokens; several small windows are read at once."""
    size = windows[0].end - windows[0].start
    at_once = max(1, opened.chunk_tokens // size)
    nats: list[float] = []
    with evaluating(opened.model), memory_errors(MEMORY_HINT):
        for first in range(0, len(windows), at_once):
            batch = windows[first : first + at_once]
            rows = torch.tensor(
                [ids[window.start : window.end] for window in batch], device=opened.model.device
            )
            scored = [window.scored for window in batch]
            nats += window_nats(
                opened.model, rows, scored, opened.chunk_tokens, progress, kv_cache=opened.kv_cache
            )
    return nats


@torch.inference_mode()
def window_nats(
    model: Llama,
    ids: torch.Tensor,
    scored: Sequence[int],
    chunk_tokens: int,
    progress: Callable[[int], None] = lambda tokens: None,
    *,
    kv_cache: KVCache = "native",
) -> list[float]:
    """Return the total negative log-likelihood of each window's last tokens, in nats.

    Args:
        model: a model in evaluation mode.
        ids: (batch, W) windows of the same length.
        scored: number of tokens each window predicts, at its end, at most W - 1.
        chunk_tokens: tokens of one window read at once.
        progress: called with each number of tokens read; may raise to stop.
        kv_cache: format of cached keys and values.

    Returns:
        One sum per window.
    """
    batch, size = ids.shape
    cache = PreallocatedCache(model.config.shape, size, kv_cache)
    totals = [0.0] * batch
    at_once = max(1, LOGITS_AT_ONCE // model.config.vocab_size)
    for start, end in chunk_bounds(0, size, chunk_tokens):
        hidden = model.model(ids[:, start:end], cache).last_hidden_state  # (batch, T, hidden)
        for row, count in enumerate(scored):
            # the state at position t predicts the token at t + 1
            first, last = max(size - count - 1, start), min(size - 1, end)
            for low, high in chunk_bounds(first, last, at_once):
                logits = model.logits(hidden[row, low - start : high - start]).float()
                targets = ids[row, low + 1 : high + 1].to(logits.device)
                nats = F.cross_entropy(logits, targets, reduction="none")
                totals[row] += float(nats.double().sum())
        progress(batch * (end - start))
    return totals


def _row(
    opened: Opened, window: int, results: Sequence[tuple[list[float], list[int]]]
) -> dict[str, Any]:
    """Return a window's numbers from each document's (nats, tokens) of its windows."""
    documents = [(sum(nats), sum(tokens)) for nats, tokens in results]
    windows = [pair for nats, tokens in results for pair in zip(nats, tokens, strict=True)]
    several = len(documents) > 1
    tokens = sum(count for _, count in documents)
    row: dict[str, Any] = {
        "model": opened.label,
        "window": window,
        "perplexity": None,
        "perplexity_se": None,
        "nats_per_token": None,
        "nats_per_token_se": None,
        "tokens": tokens,
        "windows": len(windows),
        "documents": len(documents),
        "se_over": "documents" if several else "windows",
        "tuned_window": opened.rope.window,
        "beyond_tuned": window > opened.rope.window,
    }
    if tokens:
        mean, error = ratio_and_error(documents if several else windows)
        perplexity = math.exp(mean) if mean < 700 else math.inf
        row |= {"nats_per_token": mean, "nats_per_token_se": error, "perplexity": perplexity}
        # delta method: the derivative of exp(m) is exp(m)
        row["perplexity_se"] = None if error is None else perplexity * error
    return row


def ratio_and_error(groups: Sequence[tuple[float, int]]) -> tuple[float, float | None]:
    """Return Σ nats / Σ tokens and its standard error, treating groups as independent.

    The error is that of the ratio estimator, by linearization (Cochran, Sampling Techniques, 1977,
    section 6.3): with G groups of xᵢ nats and nᵢ tokens and m = Σx / Σn it is
    sqrt(G / (G - 1) · Σ (xᵢ - m·nᵢ)²) / Σn; None for a single group.
    """
    tokens = sum(count for _, count in groups)
    mean = math.fsum(nats for nats, _ in groups) / tokens
    if len(groups) < 2:
        return mean, None
    squares = math.fsum((nats - mean * count) ** 2 for nats, count in groups)
    return mean, math.sqrt(len(groups) / (len(groups) - 1) * squares) / tokens


def perplexity_notes(rows: Sequence[dict[str, Any]], config: PerplexityConfig) -> list[str]:
    """Return the notes a reader of the rows needs."""
    if config.max_windows is None:
        how = (
            f"sliding windows, stride {config.stride}: the first of a document predicts all its "
            "tokens but the first, every further one those that no earlier one has predicted"
        )
    else:
        how = (
            f"at most {config.max_windows:,} windows of each size, evenly spaced; each predicts "
            f"its last {config.stride} tokens, which are the same at every size"
        )
    notes = [how + "; every window is read separately from position 0"]
    for row in rows:
        place = f"{row['model']}, window {row['window']:,}"
        if row["skipped_documents"]:
            notes.append(f"{place}: {row['skipped_documents']:,} shorter documents are left out")
        if row["beyond_tuned"] and row["tokens"]:
            notes.append(
                f"{place}: beyond the {row['tuned_window']:,} tokens the weights were tuned for"
            )
    if any(row["perplexity_se"] is not None for row in rows):
        over = sorted({row["se_over"] for row in rows if row["perplexity_se"] is not None})
        notes.append(f"standard errors are over {' or '.join(over)}, treated as independent")
    return notes
