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

if TYPE_CHECKING:
    from longsum.engine.llama import Llama

ASKING = "Passage: {}\n\nWrite a question that this passage answers."
"""What a model is told before the likelihood of a question is computed."""
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
        """Return how likely the model is to ask a question about each passage.

        Passages that answer a question make it likely (Sachan et al., arXiv 2204.07496). Each is
        read by itself, apart from the document.

        Args:
            passages: some sentences each.
            question: in the user's words.
            listener: its `check` may stop between two passages.

        Returns:
            (passages,) natural logarithms.
        """
        from longsum.engine.likelihood import log_likelihoods

        tokenizer, wrap = self.model.tokenizer, self.model.tokenizer.wrap(self.model.source.known)
        texts = [wrap(ASKING.format(passage)) for passage in passages]
        found = log_likelihoods(
            self.weights,
            [tokenizer.with_beginning(each, tokenizer.encode_prompt(each)) for each in texts],
            tokenizer.encode_document(question),
            chunk_tokens=self.plan.chunk_tokens,
            check=listener.check,
            kv_cache=self.plan.kv_cache,
        )
        return np.array(found)


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
