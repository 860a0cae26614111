"""Passkey retrieval: from how far back a model repeats a number (arXiv 2306.15595, section 3.4).

Trials share the text before the key, and reuse that part of the key-value cache, which gives the
same answers as reading it again. Answers are decoded greedily.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any

from longsum.engine.engine import MEMORY_HINT
from longsum.engine.prefill import Reader
from longsum.evaluate.config import PasskeyConfig
from longsum.evaluate.evaluation_journal import EvaluationJournal
from longsum.evaluate.loading import Opened, evaluating
from longsum.evaluate.passkey_prompt import (
    ANSWER_TOKENS,
    THRESHOLD,
    Layouts,
    distance_of_key,
    distances,
    draw_keys,
    is_right,
    k_max,
    passkey_prompt,
    prompt_ids,
)
from longsum.events import Listener
from longsum.system_memory import memory_errors


class Quiz:
    """Asks a model one prompt after the other, and reuses the cache of their common prefix.

    Args:
        opened: the model.
        capacity: total tokens of the longest prompt and its answer.
        share: False reads every prompt from its beginning, for tests.
    """

    def __init__(self, opened: Opened, capacity: int, *, share: bool = True) -> None:
        self.reader = Reader(opened.model, capacity, opened.chunk_tokens, opened.kv_cache)
        self.opened = opened
        self.share = share
        self._cached_ids: list[int] = []

    def answer(self, ids: Sequence[int], progress: Callable[[int], None]) -> str:
        """Return the greedy answer to a prompt; `progress` gets each number of tokens processed."""
        reused = common_prefix(self._cached_ids, ids) if self.share else 0
        reused = min(reused, len(ids) - 1)  # the last token gives the logits
        self.reader.rewind(reused)
        self._cached_ids = list(ids[:reused])  # correct even if reading is interrupted
        progress(reused)
        read = 0

        def report(done: int, total: int) -> None:
            nonlocal read
            progress(done - read)
            read = done

        logits = self.reader.read(ids[reused:], report)
        self._cached_ids = list(ids)
        written: list[int] = []
        while True:
            token = int(logits.argmax())
            if token in self.opened.stop_ids:
                break
            written.append(token)
            if len(written) == ANSWER_TOKENS:
                break
            logits = self.reader.read([token])
        return self.opened.tokenizer.decode(written)


def common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """Return the length of two sequences' common prefix in tokens."""
    for i, (a, b) in enumerate(zip(first, second, strict=False)):
        if a != b:
            return i
    return min(len(first), len(second))


def measure_passkey(
    opened: Opened, config: PasskeyConfig, journal: EvaluationJournal, listener: Listener
) -> list[dict[str, Any]]:
    """Measure how far back a model finds a passkey.

    Args:
        opened: the model.
        config: lengths, depths, trials, seed.
        journal: provides results of an earlier run; one unit per length and distance.
        listener: notified of the tokens read, and of each length's result.

    Returns:
        A row per length: `accuracy`, `k_max`, and `by_depth` with each distance's numbers.
    """
    lengths = config.lengths or (opened.rope.window,)
    capacity = max(lengths)
    total, done = sum(lengths) * config.depths * config.trials, 0

    def progress(tokens: int) -> None:
        nonlocal done
        done = min(total, done + tokens)
        listener.prefill(done, total)

    rows = []
    with evaluating(opened.model), memory_errors(MEMORY_HINT):
        quiz = Quiz(opened, capacity)
        for length in lengths:
            listener.phase(f"{opened.label}: passkey in {length:,} tokens")
            layouts = Layouts(opened.tokenizer, length)
            by_depth = []
            # the key moves towards the beginning, so the text before it is cached already
            for k in distances(length, config.depths):
                unit = f"{opened.unit} | length {length} | k {k}"
                result = journal.get(unit)
                if result is None:
                    result = _depth(quiz, layouts, k, length, config, progress)
                    journal.add(unit, result)
                else:
                    progress(length * config.trials)
                by_depth.append(result)
            row = _row(opened, length, by_depth)
            rows.append(row)
            listener.notice(
                f"{opened.label}, {length:,} tokens: {row['accuracy']:.0%} found, "
                f"k_max {row['k_max']:,}"
            )
    return rows


def _depth(
    quiz: Quiz,
    layouts: Layouts,
    k: int,
    length: int,
    config: PasskeyConfig,
    progress: Callable[[int], None],
) -> dict[str, Any]:
    """Return the results of the trials at one distance."""
    tokenizer = quiz.opened.tokenizer
    keys = draw_keys(config.seed, length, k, config.trials)
    layout = layouts.at(k, keys)
    found: dict[str, list[int]] = {"tokens": [], "distance": [], "right": []}
    for key in keys:
        prompt = passkey_prompt(key, layout.before, layout.after)
        ids = prompt_ids(tokenizer, prompt)
        found["tokens"].append(len(ids))
        found["distance"].append(distance_of_key(tokenizer, prompt))
        found["right"].append(int(is_right(quiz.answer(ids, progress), key)))
    return {
        "k": k,
        "distance": fmean(found["distance"]),
        "tokens": fmean(found["tokens"]),
        "right": sum(found["right"]),
        "trials": config.trials,
    }


def _row(opened: Opened, length: int, by_depth: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a length's numbers."""
    trials = sum(each["trials"] for each in by_depth)
    accuracy = sum(each["right"] for each in by_depth) / trials
    return {
        "model": opened.label,
        "length": length,
        "tokens": fmean(each["tokens"] for each in by_depth),
        "accuracy": accuracy,
        # binomial: sqrt(p (1 - p) / n)
        "accuracy_se": math.sqrt(accuracy * (1 - accuracy) / trials),
        "k_max": k_max([(each["k"], each["right"] / each["trials"]) for each in by_depth]),
        "depths": len(by_depth),
        "trials": trials,
        "tuned_window": opened.rope.window,
        "by_depth": list(by_depth),
    }


def passkey_notes(rows: Sequence[dict[str, Any]], config: PasskeyConfig) -> list[str]:
    """Return the notes a reader of the rows needs."""
    notes = [
        f"{config.depths} distances k, evenly spaced up to the length, {config.trials} random keys "
        "at each; k_max is the largest k up to which success never falls below 20 %"
    ]
    for row in rows:
        place = f"{row['model']}, {row['length']:,} tokens"
        failed = [d["k"] for d in row["by_depth"] if d["right"] / d["trials"] < THRESHOLD]
        if failed:
            shown = ", ".join(f"{k:,}" for k in failed[:8]) + (", ..." if failed[8:] else "")
            notes.append(f"{place}: below 20 % at {len(failed)} distances, k = {shown}")
        if row["length"] > row["tuned_window"]:
            tuned = row["tuned_window"]
            notes.append(f"{place}: beyond the {tuned:,} tokens the weights were tuned for")
    return notes
