"""Multiple choice by log-likelihood: what extending the window costs on short texts.

The method is lm-evaluation-harness's; see `choices.py`. Several choices are read at once, padded at
their ends, which earlier tokens cannot see: the scores are those of one at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from longsum.checkpoint.tokenizer import Tokenizer
from longsum.errors import UsageError
from longsum.evaluate.choices import Item, Request, chance, cut_to, encode_choice, judge
from longsum.evaluate.config import ShortConfig
from longsum.evaluate.evaluation_journal import EvaluationJournal
from longsum.evaluate.loading import Opened, evaluating
from longsum.evaluate.means import mean_and_error
from longsum.evaluate.report import Column
from longsum.events import Listener
from longsum.settings import Setting
from longsum.system_memory import memory_errors

if TYPE_CHECKING:
    from longsum.engine.llama import Llama

LOGITS_AT_ONCE = 512
"""Maximum scored tokens whose logits (scored, vocab) exist at the same time."""
COLUMNS = (
    Column("model", "model"),
    Column("category", "category"),
    Column("n", "n"),
    Column("acc", "acc", 1),
    Column("acc_se", "±", 1),
    Column("acc_norm", "acc_norm", 1),
    Column("acc_norm_se", "±", 1),
    Column("chance", "chance", 1),
)
ACCURACIES = ("acc", "acc_norm")


def measure_short(
    opened: Opened,
    items: Sequence[Item],
    config: ShortConfig,
    journal: EvaluationJournal,
    listener: Listener,
) -> dict[str, Any]:
    """Measure how often a model prefers the right choice.

    Args:
        opened: the model.
        items: questions, at least one.
        config: length, batch size.
        journal: provides results of an earlier run; one unit per item.
        listener: notified of the tokens read, and of the result.

    Returns:
        A row with `acc`, `acc_norm` and their standard errors in percent, `chance`, `cut` (items
        whose context was too long), `by_category`, and each item's result in `items`.

    Raises:
        UsageError: when the length exceeds the model's window.
    """
    length = length_for(opened, config)
    planned = [item_requests(opened.tokenizer, item, length) for item in items]
    found = _from_journal(opened, planned, journal)
    missing = [i for i in range(len(items)) if found[i] is None]
    listener.phase(f"{opened.label}: {len(missing):,} items")
    total = sum(len(request.ids) for i in missing for request in planned[i])
    done = 0
    with evaluating(opened.model):
        for group in _groups(missing, planned, config.batch_size):
            requests = [request for i in group for request in planned[i]]
            scores = iter(log_likelihoods(opened, requests, config.batch_size))
            for i in group:
                found[i] = [next(scores) for _ in planned[i]]
                journal.add(_unit(opened, planned[i]), {"log_likelihoods": found[i]})
            done += sum(len(request.ids) for request in requests)
            listener.prefill(done, total)
    judged = [judge(item, scores or []) for item, scores in zip(items, found, strict=True)]
    row = _row(opened.label, items, judged)
    row["cut"] = sum(any(request.cut for request in requests) for requests in planned)
    row["length"] = length
    listener.notice(
        f"{opened.label}: acc {row['acc']:.1f}, acc_norm {row['acc_norm']:.1f}, chance "
        f"{row['chance']:.1f} ({len(items):,} items)"
    )
    return row


def length_for(opened: Opened, config: ShortConfig) -> int:
    """Return the maximum tokens of a context with its choice, by default the native window.

    Raises:
        UsageError: when the configured length exceeds the model's window.
    """
    if config.length is None:
        return min(opened.rope.native_window, opened.rope.window)
    if config.length > opened.rope.window:
        raise UsageError(
            f"{Setting('length')} {config.length:,}, but {opened.label} holds "
            f"{opened.rope.window:,} tokens",
            hint=f"{Setting('length', str(opened.rope.window))} is its window",
        )
    return config.length


def item_requests(tokenizer: Tokenizer, item: Item, length: int) -> list[Request]:
    """Return an item's choices as the model reads them, after the beginning-of-text token.

    If a tokenizer has none, its end-of-text token is used, as in lm-evaluation-harness.

    Args:
        tokenizer: the model's tokenizer.
        item: question and choices.
        length: maximum tokens of a context with its choice.
    """
    begin = tokenizer.with_beginning("", [])
    if not begin and tokenizer.inner.eos_token_id is not None:
        begin = [tokenizer.inner.eos_token_id]
    requests = [
        encode_choice(item.context, choice, tokenizer.encode_document, begin=begin)
        for choice in item.choices
    ]
    return [cut_to(request, length, begin=len(begin)) for request in requests]


def _unit(opened: Opened, requests: Sequence[Request]) -> str:
    """Return the journal's name for an item, which depends on the tokens read."""
    read = hashlib.sha256(repr(requests).encode()).hexdigest()[:16]
    return f"{opened.unit} | {read}"


def _from_journal(
    opened: Opened, planned: Sequence[Sequence[Request]], journal: EvaluationJournal
) -> list[list[float] | None]:
    """Return each item's log-likelihoods, None for those not measured yet."""
    results = [journal.get(_unit(opened, requests)) for requests in planned]
    return [result["log_likelihoods"] if result else None for result in results]


def _groups(
    numbers: Sequence[int], planned: Sequence[Sequence[Request]], batch_size: int
) -> Iterator[list[int]]:
    """Yield items whose choices fill a batch, the longest first, so that padding is short."""
    group: list[int] = []
    filled = 0
    for i in sorted(numbers, key=lambda i: -max(len(request.ids) for request in planned[i])):
        if group and filled + len(planned[i]) > batch_size:
            yield group
            group, filled = [], 0
        group.append(i)
        filled += len(planned[i])
    if group:
        yield group


# ---- scoring


def log_likelihoods(opened: Opened, requests: Sequence[Request], batch_size: int) -> list[float]:
    """Return each choice's log-likelihood in nats, reading as many at once as the plan allows.

    Args:
        opened: the model, in evaluation mode.
        requests: contexts with choices.
        batch_size: maximum requests read at once.
    """
    from longsum.engine.engine import MEMORY_HINT

    longest = max(len(request.ids) for request in requests)
    at_once = max(1, min(batch_size, opened.chunk_tokens // longest))
    found: list[float] = []
    with memory_errors(MEMORY_HINT):
        for first in range(0, len(requests), at_once):
            found += _batch(opened.model, requests[first : first + at_once])
    return found


def _batch(model: Llama, requests: Sequence[Request]) -> list[float]:
    """Return the log-likelihoods of requests, read at once."""
    import torch

    longest = max(len(request.ids) for request in requests)
    padded = [[*request.ids, *[0] * (longest - len(request.ids))] for request in requests]
    ids = torch.tensor(padded, device=model.device)  # (B, T)
    # the token at position p is predicted at p - 1; the first token is not predicted
    places = [
        (row, place)
        for row, request in enumerate(requests)
        for place in range(max(1, len(request.ids) - request.scored), len(request.ids))
    ]
    rows, columns = (torch.tensor(each, device=model.device) for each in zip(*places, strict=True))
    with torch.inference_mode():
        hidden = model.model(ids).last_hidden_state  # (B, T, hidden)
        wanted, targets = hidden[rows, columns - 1], ids[rows, columns]
        nats: list[float] = []
        for start in range(0, len(places), LOGITS_AT_ONCE):
            end = start + LOGITS_AT_ONCE
            logits = model.logits(wanted[start:end]).float()  # (scored, vocab)
            chosen = logits.log_softmax(-1).gather(-1, targets[start:end, None])
            nats += chosen[:, 0].tolist()
    totals = [0.0] * len(requests)
    for (row, _), value in zip(places, nats, strict=True):
        totals[row] += value
    return totals


# ---- the table


def _row(label: str, items: Sequence[Item], judged: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a model's accuracies, over all items and by category."""
    row = {"model": label, **_accuracies(items, judged)}
    groups: dict[str, list[int]] = {}
    for i, item in enumerate(items):
        if item.category:
            groups.setdefault(item.category, []).append(i)
    row["by_category"] = {
        name: _accuracies([items[i] for i in chosen], [judged[i] for i in chosen])
        for name, chosen in sorted(groups.items())
    }
    row["items"] = list(judged)
    return row


def _accuracies(items: Sequence[Item], judged: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the shares of right choices, in percent, with their standard errors."""
    found: dict[str, Any] = {"n": len(items), "chance": chance(items)}
    for key in ACCURACIES:
        mean, error = mean_and_error([100.0 * each[key] for each in judged])
        found |= {key: mean, f"{key}_se": error}
    return found


def short_rows(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the table: models, their categories, and their differences from the first model.

    Args:
        rows: one row per model, measured on the same items.
    """
    table: list[dict[str, Any]] = []
    for row in rows:
        table.append({**row, "kind": "model"})
        for name, found in row["by_category"].items():
            table.append({"model": row["model"], "kind": "category", "category": name, **found})
    for row in rows[1:]:
        table.append(_difference(row, rows[0]))
    return table


def _difference(row: dict[str, Any], first: dict[str, Any]) -> dict[str, Any]:
    """Return the mean paired difference of two models."""
    found: dict[str, Any] = {
        "model": f"{row['model']} - {first['model']}",
        "kind": "difference",
        "n": row["n"],
    }
    for key in ACCURACIES:
        pairs = zip(row["items"], first["items"], strict=True)
        mean, error = mean_and_error([100.0 * (a[key] - b[key]) for a, b in pairs])
        found |= {key: mean, f"{key}_se": error}
    return found


def short_notes(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return the notes a reader of the rows needs."""
    notes = [
        "percent; acc takes the choice with the largest log-likelihood, acc_norm the largest per "
        "character, as in lm-evaluation-harness; read after the beginning-of-text token",
        "± is the standard error; differences are paired by item",
    ]
    for row in rows:
        if row["cut"]:
            notes.append(
                f"{row['model']}: {row['cut']:,} of {row['n']:,} items were cut at the beginning "
                f"to {row['length']:,} tokens"
            )
    return notes
