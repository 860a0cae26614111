"""Tune the extended model to answer with sentences of the document.

    python -m recipes.mini.tune --data ../shared/data --work runs/mini

Rows are `<s><|document|>…<|summary|>` and then the oracle's sentences, one a line; or
`<|question|>…<|answer|>` and the sentence that holds the answer. Only the answer is scored. Test
splits are never opened.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import LlamaForCausalLM

from longsum.documents.sentences import is_statement, split_sentences
from recipes.mini.corpus import clean, read_rows
from recipes.mini.loop import Batch, Schedule, answer_batch, scored_loss, train
from recipes.mini.mixture import Mixture, Rows
from recipes.mini.oracle import grams, oracle

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
MOST_SENTENCES = 12


def examples(data: Path, names: dict[str, int], seed: int) -> Iterator[dict[str, Any]]:
    """Yield random rows of the training files."""
    for name, count in names.items():
        rows = list(read_rows(data / "pairs" / f"{name}.jsonl.xz"))
        random.Random(f"{seed}{name}").shuffle(rows)
        yield from rows[:count]


def sentences_of(document: str) -> list[str]:
    """Return the sentences that a verbatim answer may hold, one line each."""
    spans = split_sentences(document)
    texts = (" ".join(document[s.start : s.end].split()) for s in spans)
    return [text for text in texts if is_statement(text)]


def summary_row(row: dict[str, Any]) -> tuple[str, str] | None:
    """Return document and answer of a summary."""
    document = clean(row["doc"])
    target = row["target"] if isinstance(row["target"], str) else row["target"][0]
    sentences = sentences_of(document)
    chosen = oracle(sentences, target, MOST_SENTENCES)
    if len(chosen) < 2:
        return None
    return f"<|document|>{document}<|summary|>", "".join(sentences[i] + "\n" for i in chosen)


def question_row(row: dict[str, Any]) -> tuple[str, str] | None:
    """Return document with question, and the sentence that answers it."""
    document = clean(row["doc"])
    target = row["target"] if isinstance(row["target"], str) else row["target"][0]
    wanted, asked = grams(target), grams(row["query"])
    best, score = "", 0.0
    for sentence in sentences_of(document):
        bag = grams(sentence)
        held = sum((bag & wanted).values()) / max(1, sum(wanted.values()))
        near = sum((bag & asked).values()) / max(1, sum(asked.values()))
        if held >= 0.6 and held + near > score:
            best, score = sentence, held + near
    if not best:
        return None
    return f"<|document|>{document}<|question|>{row['query'].strip()}<|answer|>", best + "\n"


def encoded(rows: Rows, pair: tuple[str, str], longest: int) -> list[np.ndarray] | None:
    """Return prompt and answer ids of an example, or None when it is too long."""
    prompt, answer = (rows.tokenizer.encode(text, add_special_tokens=False).ids for text in pair)
    end = rows.tokenizer.token_to_id("</s>")
    if len(prompt) + len(answer) + 2 > longest:
        return None
    return [np.array([rows.begin, *prompt]), np.array([*answer, end])]


def prepare(data: Path, rows: Rows, longest: int) -> list[list[np.ndarray]]:
    """Return all examples, shuffled."""
    pairs = [summary_row(row) for row in examples(data, SUMMARIES, 0)]
    pairs += [question_row(row) for row in examples(data, QUESTIONS, 0)]
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
    """Tune the extended model, or go on with it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with text/ and pairs/")
    parser.add_argument("--work", type=Path, default=Path("runs/mini"))
    parser.add_argument("--steps", type=int, default=90)
    parser.add_argument("--per-step", type=int, default=4)
    parser.add_argument("--longest", type=int, default=6144, help="tokens of an example")
    parser.add_argument("--muon-lr", type=float, default=6e-4)
    parser.add_argument("--adam-lr", type=float, default=4e-4)
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    rows = Rows(arguments.work, Mixture())
    ready = prepared(
        arguments.work / "tune" / "examples.jsonl", arguments.data, rows, arguments.longest
    )
    lengths = sorted(len(prompt) + len(answer) for prompt, answer in ready)
    print(f"{len(ready)} examples, median {lengths[len(ready) // 2]} tokens", flush=True)
    model = LlamaForCausalLM.from_pretrained(arguments.work / "extend", dtype=torch.float32)
    train(
        model,
        batches(ready, arguments.per_step),
        Schedule(arguments.steps, arguments.muon_lr, arguments.adam_lr, warmup=8),
        arguments.work / "tune",
        loss_of=scored_loss,
        compile_loss=False,
        save_every=20,
    )


if __name__ == "__main__":
    main()
