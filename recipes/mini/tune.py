"""Tune the model to answer with sentences of the document.

    python -m recipes.mini.tune --data DATA --work runs/mini

Rows are `<s><|document|>…<|summary|>` and then the oracle's sentences, one a line; or
`<|question|>…<|answer|>` and the sentence that holds the answer, or for a document that was not
asked about, that it does not say. Only the answer is scored. Documents are read as the program
reads them; test splits are never opened, and those kept to compare ways to choose are left out.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from transformers import LlamaForCausalLM

from longsum.documents.document import Document
from longsum.errors import DocumentError
from longsum.evaluate.reference_pairs import Pair, read_pairs
from longsum.grounding.grounder import REFUSAL
from longsum.prompting.prompt import mini_prompt
from longsum.selection.candidates import statements
from recipes.mini.examples import is_kept
from recipes.mini.loop import (
    Batch,
    Schedule,
    answer_batch,
    load_weights,
    scored_loss,
    train,
)
from recipes.mini.mixture import Rows
from recipes.mini.oracle import grams, oracle
from recipes.mini.settle import keep_position_heads
from recipes.mini.stage import begin, options

SUMMARIES = {
    "wiki_leads.train": 140,
    "openstax_section_summ.train": 160,
    "scotus_syllabus.train": 60,
    "squality.train": 40,
    "oa_papers.train": 60,
    "qmsum.train": 40,
}
"""Rows taken of each file."""
QUESTIONS = {"fairytaleqa.train": 200, "openstax_qa.train": 120}
UNANSWERED = 0.15
"""Share of the questions put to a document that does not hold the answer."""
HELD = 0.6
"""Share of an answer's words and pairs that the sentence with the answer has, at least."""
MOST_SENTENCES = 12


def examples(data: Path, names: dict[str, int]) -> Iterator[Pair]:
    """Yield random rows of the training files whose documents are not kept to compare."""
    for name, count in names.items():
        pairs = read_pairs([data / "pairs" / f"{name}.jsonl.xz"])
        random.Random(f"0{name}").shuffle(pairs)
        yield from islice(filter(is_for_training, pairs), count)


def is_for_training(pair: Pair) -> bool:
    """Tell whether a document can be read, and is not kept."""
    try:
        return not is_kept(pair.document.text)
    except DocumentError:
        return False


def sentences_of(document: Document) -> list[str]:
    """Return the sentences that a verbatim answer may hold, one line each."""
    return [" ".join(document.text[a:b].split()) for a, b in statements(document)]


def summary_row(pair: Pair) -> tuple[str, str] | None:
    """Return prompt and answer of a summary; None where the oracle finds next to nothing."""
    document = pair.document
    sentences = sentences_of(document)
    chosen = oracle(sentences, pair.references[0], MOST_SENTENCES)
    if len(chosen) < 2:
        return None
    return prompt_of(document.text, None), "".join(sentences[i] + "\n" for i in chosen)


def question_row(pair: Pair) -> tuple[str, str] | None:
    """Return document with question, and the sentence that answers it; None where none does."""
    wanted, asked = grams(pair.references[0]), grams(pair.query or "")
    best, score = "", 0.0
    for sentence in sentences_of(pair.document):
        bag = grams(sentence)
        held = sum((bag & wanted).values()) / max(1, sum(wanted.values()))
        near = sum((bag & asked).values()) / max(1, sum(asked.values()))
        if held >= HELD and held + near > score:
            best, score = sentence, held + near
    if not best:
        return None
    return prompt_of(pair.document.text, pair.query), best + "\n"


def question_rows(pairs: list[Pair]) -> Iterator[tuple[str, str] | None]:
    """Yield rows of questions, some of them put to the document of another question."""
    rng = random.Random(0)
    for pair in pairs:
        other = rng.choice(pairs)
        if rng.random() < UNANSWERED and other.text != pair.text:
            yield prompt_of(other.document.text, pair.query), REFUSAL + "\n"
        else:
            yield question_row(pair)


def prompt_of(text: str, question: str | None) -> str:
    """Return what the model reads."""
    prompt = mini_prompt(text, question=question)
    return prompt.prefix + prompt.document + prompt.suffix


def encoded(rows: Rows, pair: tuple[str, str], longest: int) -> list[np.ndarray] | None:
    """Return prompt and answer ids of an example, or None when it is too long."""
    prompt, answer = (rows.tokenizer.encode(text, add_special_tokens=False).ids for text in pair)
    end = rows.tokenizer.token_to_id("</s>")
    if len(prompt) + len(answer) + 2 > longest:
        return None
    return [np.array([rows.begin, *prompt]), np.array([*answer, end])]


def prepare(data: Path, rows: Rows, longest: int) -> list[list[np.ndarray]]:
    """Return all examples, shuffled."""
    pairs = [summary_row(pair) for pair in examples(data, SUMMARIES)]
    pairs += question_rows(list(examples(data, QUESTIONS)))
    ready = [encoded(rows, pair, longest) for pair in pairs if pair]
    kept = [example for example in ready if example]
    random.Random(0).shuffle(kept)
    return kept


def prepared(cache: Path, data: Path, rows: Rows, longest: int) -> list[list[np.ndarray]]:
    """Return the examples, made once and kept, since the oracle's search takes minutes."""
    if not cache.exists():
        made = prepare(data, rows, longest)
        cache.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps([part.tolist() for part in example]) for example in made]
        cache.with_suffix(".tmp").write_text("\n".join(lines))
        cache.with_suffix(".tmp").replace(cache)
    lines = cache.read_text().splitlines()
    return [[np.array(part) for part in json.loads(line)] for line in lines]


def batches(ready: list[list[np.ndarray]], per_step: int) -> Callable[[int], list[Batch]]:
    """From a step's number to its examples, one a micro-batch."""

    def batch_for(step: int) -> list[Batch]:
        first = step * per_step
        return [answer_batch(*ready[(first + i) % len(ready)]) for i in range(per_step)]

    return batch_for


def main() -> None:
    """Tune the exported model, or go on with it."""
    parser = options(__doc__, steps=90)
    parser.add_argument("--data", type=Path, required=True, help="folder with pairs/")
    parser.add_argument("--model", type=Path, default=Path("runs/mini/plain"))
    parser.add_argument("--per-step", type=int, default=4)
    parser.add_argument("--longest", type=int, default=6144, help="tokens of an example")
    parser.add_argument("--muon-lr", type=float, default=6e-4)
    parser.add_argument("--adam-lr", type=float, default=4e-4)
    arguments = parser.parse_args()
    shape, rows = begin(arguments)
    ready = prepared(
        arguments.work / "tune" / "examples.jsonl", arguments.data, rows, arguments.longest
    )
    lengths = sorted(len(prompt) + len(answer) for prompt, answer in ready)
    print(f"{len(ready)} examples, median {lengths[len(ready) // 2]} tokens", flush=True)
    model = LlamaForCausalLM(shape.extended_config(rows.vocab_size))
    load_weights(model, arguments.model / "model.safetensors")
    keep_position_heads(model)
    train(
        model,
        batches(ready, arguments.per_step),
        Schedule(arguments.steps, arguments.muon_lr, arguments.adam_lr, warmup=8),
        arguments.work / "tune",
        loss_of=scored_loss,
        compile_loss=False,
        save_every=10,
    )


if __name__ == "__main__":
    main()
