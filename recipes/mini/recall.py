"""Teach the settled model to find distant facts, and numbers with repeated digits.

    python -m recipes.mini.recall --work runs/mini --steps 500

`settle` reads few rows as long as the window. Here a text fills all of it, is read once for many
steps, and facts are inserted into it (`splice.py`): a step takes a second on one core, where
reading it would take a minute. Half of the numbers have only two or three different digits, so that
the last two do not identify the next. Rows of plain text and of copying tasks preserve what was
learned; the position heads and the embeddings are frozen.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from transformers import LlamaForCausalLM

from longsum.evaluate.passkey_prompt import INTRODUCTION, KEY_LINE, QUESTION, filler
from recipes.mini.loop import Batch, HasIds, Schedule, as_batch, dense_loss, load_weights, train
from recipes.mini.mixture import Rows
from recipes.mini.pretrain import perplexity_by_position
from recipes.mini.settle import freeze_position_heads
from recipes.mini.splice import Asked, Context, Fact, answer_loss, asked, found, read_context
from recipes.mini.stage import begin, options
from recipes.mini.tasks import OWNERS, THINGS, phrased

FIRST_ROW = 900_000_000
"""Number of this stage's first row, beyond those of the other stages."""
KEY_NAME = "pass key"
PROMPT_TOKENS = 40
"""Tokens of the window left for question and answer."""
LONG, SHORT = 1, 4
"""The extended window divided by a context's length."""
SHARES = {(LONG, True): 0.35, (LONG, False): 0.30, (SHORT, True): 0.15, (SHORT, False): 0.20}
"""Share of each context, by its length and whether it consists of the paper's sentences."""
STRIDE = 8
"""Number of tokens of a long context that one token represents."""
REFRESH = 100
"""Steps between readings of the contexts, as the weights change meanwhile."""
FACTS = 8
"""Facts per step."""
TEXT_ROWS, TEXT_TOKENS = 2, 1024
"""Rows of text per step, and tokens per row."""
MIN_BEFORE = 60
"""Minimum tokens before a fact: the introduction of the paper's prompt."""
DISTANCES, TRIALS = 8, 4
"""Number of distances measured, and numbers at each."""


class Contexts:
    """Texts that the model has read, read again every `REFRESH` steps.

    Args:
        model: model in training.
        rows: source of the texts.
        window: extended window in tokens.
    """

    def __init__(self, model: LlamaForCausalLM, rows: Rows, window: int) -> None:
        self._model, self._rows, self._window = model, rows, window
        self._held: dict[tuple[int, bool], Context] = {}
        self._turn = -1

    def at(self, step: int) -> dict[tuple[int, bool], Context]:
        """Return the contexts for a step, read with the weights of an earlier step."""
        if step // REFRESH != self._turn:
            self._turn = step // REFRESH
            self._held = {kind: self._read(*kind) for kind in SHARES}
        return self._held

    def _read(self, divisor: int, is_paper: bool) -> Context:
        tokens = self._window // divisor - PROMPT_TOKENS
        if is_paper:
            ids = paper_ids(self._rows, tokens)
        else:
            rng = np.random.default_rng([self._rows.seed, FIRST_ROW, self._turn, divisor])
            ids = [self._rows.begin, *self._rows.text(rng, tokens - 1).tolist()]
        return read_context(self._model, ids, is_paper=is_paper)


def paper_ids(rows: Rows, tokens: int) -> list[int]:
    """Return the beginning of the paper's prompt, filled to a number of tokens."""
    text = f"{INTRODUCTION}\n{filler(tokens // 3)}"  # its sentences have four tokens or more
    return [rows.begin, *rows.encode(text)][:tokens]


def number(rng: np.random.Generator) -> str:
    """Return five digits, half of the time with only two or three different ones."""
    digits = np.arange(10)
    if rng.random() < 0.5:
        digits = rng.permutation(digits)[: rng.integers(2, 4)]
    return "".join(map(str, rng.choice(digits, 5)))


def fact(rows: Rows, rng: np.random.Generator, context: Context) -> Fact:
    """Return a made-up fact at a random place in a context.

    Args:
        rows: provides the tokenizer.
        rng: draws name, number, wording and place.
        context: text to insert the fact into.
    """
    name, value = KEY_NAME, number(rng)
    if not context.is_paper and rng.random() < 0.6:
        name = str(rng.choice(THINGS))
        if rng.random() < 0.4:
            name += f" of {rng.choice(OWNERS)}"
    statement, question = phrased(rng, name, value)
    return placed(rows, context, statement, question, value, 1 - rng.uniform(0.02, 1.0))


def placed(
    rows: Rows, context: Context, statement: str, question: str, value: str, depth: float
) -> Fact:
    """Return a fact at a depth; worded as in the paper among the paper's sentences.

    Args:
        rows: provides the tokenizer.
        context: text to insert the fact into.
        statement: the fact as the text states it.
        question: question about it.
        value: answer to the question.
        depth: place in the context, from 0 to 1.
    """
    if context.is_paper:
        statement, question = f"\n{KEY_LINE.format(key=value)}\n", f"\n{QUESTION}"
    stated = rows.encode(statement)
    last = context.tokens - len(stated) - 1
    start = min(last, max(MIN_BEFORE, int(depth * context.tokens)))
    return Fact(stated, rows.encode(question), rows.encode(f" {value}."), start)


def batches(rows: Rows, contexts: Contexts) -> Callable[[int], list[HasIds]]:
    """Return a function from a step's number to its facts and its rows of text."""

    def batch_for(step: int) -> list[HasIds]:
        rng = np.random.default_rng([rows.seed, FIRST_ROW, step])
        held = contexts.at(step)
        kind = list(SHARES)[rng.choice(len(SHARES), p=list(SHARES.values()))]
        context = held[kind]
        facts = [fact(rows, rng, context) for _ in range(FACTS)]
        first = FIRST_ROW + step * TEXT_ROWS
        texts = [rows.row(first + i, TEXT_TOKENS) for i in range(TEXT_ROWS)]
        return [
            asked(context, facts, rng, STRIDE if kind[0] == LONG else 1),
            as_batch(texts, rows.mixture.weights),
        ]

    return batch_for


def loss_of(model: LlamaForCausalLM, batch: Asked | Batch) -> torch.Tensor:
    """Return the mean nats of the facts' answers, or of text."""
    return answer_loss(model, batch) if isinstance(batch, Asked) else dense_loss(model, batch)


def accuracy(model: LlamaForCausalLM, rows: Rows, context: Context) -> float:
    """Return the share of made-up numbers found, at distances evenly spaced over a context.

    Args:
        model: model to measure.
        rows: provides the tokenizer and the seed.
        context: text that the model has read.
    """
    right = []
    for distance in range(DISTANCES):
        rng = np.random.default_rng([rows.seed, FIRST_ROW, 0, distance])
        depth = 1 - (distance + 1) / DISTANCES
        values = [str(rng.integers(10_000, 99_999)) for _ in range(TRIALS)]
        texts = [phrased(rng, KEY_NAME, value) for value in values]
        facts = [
            placed(rows, context, statement, question, value, depth)
            for (statement, question), value in zip(texts, values, strict=True)
        ]
        right += found(model, asked(context, facts))
    return sum(right) / len(right)


def main() -> None:
    """Teach, resuming if there is a checkpoint."""
    parser = options(__doc__, steps=500)
    parser.add_argument("--learning-rate", type=float, default=3e-4, help="Muon's and AdamW's")
    arguments = parser.parse_args()
    shape, rows = begin(arguments)
    model = LlamaForCausalLM(shape.extended_config(rows.vocab_size))
    load_weights(model, arguments.work / "settle" / "weights.safetensors")
    freeze_position_heads(model)
    model.model.embed_tokens.requires_grad_(False)
    contexts = Contexts(model, rows, shape.extended_window)

    def measure(model: LlamaForCausalLM, step: int) -> dict[str, float]:
        held = contexts.at(step)
        return {
            "passkey_paper": accuracy(model, rows, held[LONG, True]),
            "passkey": accuracy(model, rows, held[LONG, False]),
            **perplexity_by_position(model, arguments.work, shape.window),
        }

    train(
        model,
        batches(rows, contexts),
        Schedule(arguments.steps, arguments.learning_rate, arguments.learning_rate, warmup=10),
        arguments.work / "recall",
        loss_of=loss_of,
        measure=measure,
        measure_every=REFRESH,
        save_every=20,
        compile_loss=False,
    )


if __name__ == "__main__":
    main()
