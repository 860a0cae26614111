"""Table 6: fine-tune the extended model to summarize, then compare by ROUGE.

The paper's recipe (arXiv 2306.15595, section 3.5): its prompt around the document, followed by the
reference, with loss only on the reference; sampled at temperature 0.5, top-p 0.95. Documents are
truncated as in the paper, in proportion to the window.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, LlamaForCausalLM

from benchmarks.paper.measuring import Notices
from benchmarks.paper.settings import Extension, Settings
from longsum.config import LoadConfig
from longsum.evaluate.config import SummariesConfig
from longsum.evaluate.evaluation_journal import EvaluationJournal
from longsum.evaluate.loading import find_for_evaluation, open_model
from longsum.evaluate.reference_pairs import Pair, read_pairs
from longsum.evaluate.summaries import measure_summaries
from longsum.evaluate.summarizing import PAPER_PREFIX, PAPER_SUFFIX, Summarizer
from recipes.mini.loop import Batch, Schedule, answer_batch, scored_loss, train

TRAINED_ON = ("wiki_leads.train", "openstax_section_summ.train")
MEASURED_ON = "wiki_leads.test"
DOCUMENTS = 20
STEPS = 60
PER_STEP = 2
ANSWER_SHARE, DOCUMENT_SHARE = 1000 / 16384, 15000 / 16384
"""Shares of the window for the answer and the document, as in the paper."""

Example = tuple[list[int], list[int]]


def examples(settings: Settings, tokenizer: Any) -> list[Example]:
    """Return prompts and references as token ids, truncated in proportion to the window."""
    max_document = int(settings.extended * DOCUMENT_SHARE) - 64
    max_answer = int(settings.extended * ANSWER_SHARE)
    found = []
    paths = [settings.data / "pairs" / f"{name}.jsonl.xz" for name in TRAINED_ON]
    for pair in read_pairs(paths):
        ids = [
            tokenizer.encode(text, add_special_tokens=False)
            for text in (PAPER_PREFIX, pair.text, PAPER_SUFFIX, " " + pair.references[0])
        ]
        prompt = [tokenizer.bos_token_id, *ids[0], *ids[1][:max_document], *ids[2]]
        found.append((prompt, [*ids[3][:max_answer], tokenizer.eos_token_id]))
    random.Random(0).shuffle(found)
    return found[: STEPS * PER_STEP]


def batches(ready: list[Example]) -> Callable[[int], list[Batch]]:
    """Return a function from a step's number to its examples, one per micro-batch."""

    def batch_for(step: int) -> list[Batch]:
        first = step * PER_STEP
        return [answer_batch(*ready[(first + i) % len(ready)]) for i in range(PER_STEP)]

    return batch_for


def fine_tune(settings: Settings, extension: Extension) -> Path:
    """Fine-tune an extended model on summaries and return its folder."""
    folder, output = settings.folder(extension), settings.work / f"summaries-{extension.name}"
    if (output / "config.json").exists():
        return output
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)
    train(
        model,
        batches(examples(settings, tokenizer)),
        Schedule(STEPS, muon_lr=5e-4, adam_lr=3e-4),
        settings.work / f"summaries-{extension.name}-training",
        loss_of=scored_loss,
        compile_loss=False,
    )
    model.save_pretrained(output)
    tokenizer.save_pretrained(output)
    return output


def rouge(settings: Settings, extension: Extension) -> list[dict[str, Any]]:
    """Fine-tune, summarize test documents and return ROUGE, with baselines."""
    folder = fine_tune(settings, extension)
    load = LoadConfig(model=str(folder))
    found = find_for_evaluation(load)
    pairs: list[Pair] = read_pairs(
        [settings.data / "pairs" / f"{MEASURED_ON}.jsonl.xz"], limit=DOCUMENTS
    )
    opened = open_model(
        load,
        tokens=found.rope.window,
        listener=Notices(),
        model=found,
        label=f"{extension.method}, fine-tuned",
    )
    config = SummariesConfig(zero_shot_prompt="paper", truncate="tail")
    report = measure_summaries(
        [Summarizer(opened, found)],
        pairs,
        config,
        EvaluationJournal(None, {}),
        Notices(),
        save=settings.work / "summaries.jsonl",
    )
    return json.loads(json.dumps([*report.rows, {"notes": list(report.notes)}], default=str))
