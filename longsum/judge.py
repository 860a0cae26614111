"""A model that judges which passages answer a question, without reading the document.

The sentences of the whole document are ranked by their words; the model reads only the passages
around the best of them, each by itself. So no window limits the document.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longsum.config import LoadConfig
from longsum.events import Listener
from longsum.model.find import Model, find_model, plan_for
from longsum.model.memory import MemoryPlan, require_fit
from longsum.reading import question_likelihoods

if TYPE_CHECKING:
    from longsum.engine.llama import Llama

PASSAGE_TOKENS = 2048
"""Tokens of a passage and a question for which memory is planned; three long sentences take 300."""


@dataclass(frozen=True)
class Judge:
    """A model in memory."""

    model: Model
    weights: Llama
    plan: MemoryPlan
    load_s: float = 0.0
    """Seconds that loading the weights took."""

    def likelihoods(self, passages: Sequence[str], question: str, listener: Listener) -> np.ndarray:
        """Return how likely the model is to ask a question about each passage: (passages,).

        Args:
            passages: some sentences each.
            question: in the user's words.
            listener: its `check` may stop between two passages.
        """
        return question_likelihoods(
            self.weights,
            self.model,
            passages,
            question,
            chunk_tokens=self.plan.chunk_tokens,
            check=listener.check,
            kv_cache=self.plan.kv_cache,
        )


def open_judge(
    load: LoadConfig,
    listener: Listener,
    *,
    model: Model | None = None,
    weights: Llama | None = None,
) -> Judge:
    """Load a model for judging.

    Args:
        load: model, quantization, device.
        listener: receives the progress of loading.
        model: the model, if already found.
        weights: the model in memory, if it is; None loads it.

    Raises:
        InsufficientMemory: when it does not fit the machine.
        ModelUnavailable: when it cannot be used.
    """
    found = model or find_model(load)
    plan = plan_for(found, load, PASSAGE_TOKENS)
    started = time.perf_counter()
    if weights is None:
        require_fit(plan, limited=load.memory_bytes is not None)
        from longsum.loading.weights import load_weights

        listener.phase(f"loading {found.source.name}")
        weights = load_weights(found.checkpoint, plan, load, listener)
    return Judge(found, weights, plan, time.perf_counter() - started)
