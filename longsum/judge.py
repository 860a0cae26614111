"""A model that judges which passages answer a question, without reading the document.

The sentences of the whole document are ranked by their words; the model reads only the passages
around the best of them, each by itself. So no window limits the document.

A model with an answer adapter is asked as that was trained: besides the likelihood of the question
it gives the chance that a passage holds no answer, and points at the words that answer.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longsum.config import LoadConfig
from longsum.errors import DocumentTooLong
from longsum.events import Listener
from longsum.model.find import Model, find_model, plan_for
from longsum.model.memory import MemoryPlan, require_fit
from longsum.prompting.passage import NONE, PassagePrompt, passage_prompt
from longsum.selection.answer_spans import AnswerSpans

if TYPE_CHECKING:
    from longsum.engine.llama import Llama
    from longsum.engine.prefill import Reader
    from longsum.engine.spans import Beginning

ASKING = "Passage: {}\n\nWrite a question that this passage answers."
"""What a model is told before the likelihood of a question is computed."""
PASSAGE_TOKENS = 2048
"""Tokens of a passage and a question for which memory is planned; three long sentences take 300."""
MAX_QUESTION_TOKENS = PASSAGE_TOKENS // 2
MAX_ANSWER_TOKENS = 40
"""Tokens that are read of a short answer; sixteen words take about twenty."""


@dataclass(frozen=True)
class Judgement:
    """What a model finds about passages and a question."""

    likelihoods: np.ndarray
    """(passages,): natural logarithm of how likely it is to ask the question about each."""
    answering: np.ndarray | None = None
    """(passages,): natural logarithm of the chance that each holds the answer; None if unknown."""


@dataclass(frozen=True)
class Pointed:
    """The words of a sentence that a model answers with."""

    first: int
    """Number of the first word among those of `AnswerSpans`."""
    last: int
    chance: float
    """From 0 to 1."""


@dataclass(frozen=True)
class Judge:
    """A model in memory."""

    model: Model
    weights: Llama
    plan: MemoryPlan
    load_s: float = 0.0
    """Seconds that loading the weights took."""

    @property
    def points(self) -> bool:
        """Whether it has the answer adapter, and so can point at the words that answer."""
        adapter = self.model.checkpoint.adapter
        return adapter is not None and adapter.window is None

    def judge(self, passages: Sequence[str], question: str, listener: Listener) -> Judgement:
        """Return how well passages answer a question.

        Args:
            passages: some sentences each.
            question: in the user's words.
            listener: its `check` may stop between two passages.

        Raises:
            DocumentTooLong: when the question leaves no room for a passage.
        """
        if (over := len(self._encode(question)) - MAX_QUESTION_TOKENS) > 0:
            raise DocumentTooLong(
                f"the question is too long: it is {over:,} tokens over the limit of "
                f"{MAX_QUESTION_TOKENS:,}",
                hint="ask in fewer words",
            )
        if not self.points:
            return Judgement(self.likelihoods(passages, question, listener))
        prompts = [passage_prompt(each, question, self._encode) for each in passages]
        reader = self._reader(max((len(each.ids) for each in prompts), default=0))
        none = self._encode(NONE)[0]
        found = []
        for prompt in prompts:
            listener.check()
            found.append(_judged(reader, prompt, none))
        asked, answering = np.array(found).reshape(-1, 2).T
        return Judgement(asked, answering)

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

    def short_answer(self, passage: str, question: str, spans: AnswerSpans) -> Pointed | None:
        """Return the words of a sentence that answer a question; None if it has none.

        Args:
            passage: the sentence and its neighbours.
            question: in the user's words.
            spans: the sentence's words.
        """
        from longsum.engine.spans import likeliest_copy

        prompt = passage_prompt(passage, question, self._encode)
        reader = self._reader(len(prompt.ids) + MAX_ANSWER_TOKENS)
        logits = reader.read(prompt.ids)
        begun = [self._beginning(spans, first) for first in range(len(spans.starts))]
        end = min(self.model.tokenizer.stop_ids(self.model.config))
        found = likeliest_copy(reader, logits, [each for each, _ in begun], end)
        if found is None:
            return None
        last = begun[found.beginning][1][found.tokens]
        return Pointed(found.beginning, last, math.exp(found.likelihood))

    def _beginning(self, spans: AnswerSpans, first: int) -> tuple[Beginning, dict[int, int]]:
        """Return an answer's tokens from a word on, and the last word by the number of tokens."""
        from longsum.engine.spans import Beginning

        words = spans.candidates(first)
        start = spans.starts[first]
        # the space belongs to the first token, as after "Answer:"
        text = f" {spans.words(first, words[-1])}" if words else ""
        tokenizer = self.model.tokenizer
        ids = tokenizer.encode_document(text)[:MAX_ANSWER_TOKENS]
        by_end = {spans.ends[word] - start + 1: word for word in words}
        lasts = {
            count: by_end[end]
            for count, (_, end) in enumerate(tokenizer.offsets(text)[: len(ids)], 1)
            if end in by_end
        }
        return Beginning(tuple(ids), tuple(lasts)), lasts

    def _encode(self, text: str) -> list[int]:
        return self.model.tokenizer.encode_document(text)

    def _reader(self, capacity: int) -> Reader:
        from longsum.engine.prefill import Reader

        return Reader(self.weights, capacity, self.plan.chunk_tokens, self.plan.kv_cache)


def _judged(reader: Reader, prompt: PassagePrompt, none: int) -> tuple[float, float]:
    """Return the log-likelihood of a question after a passage, and that of any answer to it.

    Args:
        reader: the model.
        prompt: the passage and the question.
        none: the first token of the answer that there is none.
    """
    import torch

    from longsum.engine.likelihood import chances_of

    reader.rewind(0)
    chances = chances_of(reader, prompt.passage, [*prompt.question, *prompt.ending])
    targets = torch.tensor(prompt.question, device=chances.device)[:, None]
    asked = float(chances[: len(prompt.question)].gather(1, targets).sum())
    empty = float(chances[-1, none].double().exp())
    return asked, math.log(max(1e-9, 1.0 - empty))


def open_judge(
    load: LoadConfig,
    listener: Listener,
    *,
    model: Model | None = None,
    weights: Llama | None = None,
) -> Judge:
    """Load a model for judging, with its answer adapter if there is one.

    Args:
        load: model, quantization, device.
        listener: receives the progress of loading.
        model: the model, if already found.
        weights: the model in memory, if it is; None loads it. Not used if there is an adapter.

    Raises:
        InsufficientMemory: when it does not fit the machine.
        ModelUnavailable: when it cannot be used.
    """
    found = model or find_model(load)
    if tuned := found.answering():
        found, weights = tuned, None
    plan = plan_for(found, load, PASSAGE_TOKENS)
    started = time.perf_counter()
    if weights is None:
        require_fit(plan, limited=load.memory_bytes is not None)
        from longsum.loading.weights import load_weights

        listener.phase(f"loading {found.source.name}")
        weights = load_weights(found.checkpoint, plan, load, listener)
    return Judge(found, weights, plan, time.perf_counter() - started)
