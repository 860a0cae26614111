"""Ways to choose sentences by a model's likelihood, compared on the documents kept from training.

    python -m recipes.mini.likelihood --data DATA --model runs/mini/plain --limit 6
    python -m recipes.mini.likelihood --data DATA --model runs/mini/tuned --limit 6

Greedy decoding over a trie, beams over sentence beginnings, the likelihood of each sentence, and
what it is likelier by behind the document than behind none; each by itself and with LexRank. Files
take turns, and every document's result is kept: a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from transformers import LlamaForCausalLM

from longsum.checkpoint.tokenizer import load_tokenizer
from longsum.config import DecodeConfig
from longsum.engine.attention import register
from longsum.engine.choosing import Choice
from longsum.engine.engine import Engine
from longsum.evaluate.reference_pairs import Pair
from longsum.evaluate.rouge import Rouge
from longsum.prompting.prompt import mini_prompt
from longsum.selection.candidates import Candidate, readable, summary_candidates
from longsum.selection.choose import ENOUGH, TOO_MUCH, choose_sentences
from longsum.selection.head import load_head
from longsum.selection.ranking import standardized
from longsum.selection.sentence_features import Sentences
from longsum.similarity import count_words
from longsum.verbatim import NATS_PER_DEVIATION, fill
from recipes.mini.beam import beam_choice
from recipes.mini.continuing import context_of, log_probabilities
from recipes.mini.examples import FILES, LEAST_SENTENCES, VALIDATION, documents, is_kept
from recipes.mini.select import by_score
from recipes.mini.states import CHUNK_TOKENS, StateReader

WIDTH, DEPTH = 8, 4
"""Beginnings that a beam keeps, and their tokens."""
BEAM_WEIGHT = 0.5
"""Nats a token that a standard deviation of LexRank counts in a beam; about what the likelihood of
sentences varies by."""


@dataclass
class Model:
    """A model whose likelihood is asked for.

    Args:
        folder: the exported checkpoint, not quantized.
    """

    folder: Path

    def __post_init__(self) -> None:
        self.weights = LlamaForCausalLM.from_pretrained(
            self.folder, dtype=torch.float32, attn_implementation=register()
        ).eval()
        self.tokenizer = load_tokenizer(self.folder)
        self.window: int = self.weights.config.max_position_embeddings

    def prompt_ids(self, text: str) -> list[int]:
        """Return what is read before a summary."""
        prompt = mini_prompt(text, question=None)
        prefix = self.tokenizer.with_beginning(
            prompt.prefix, self.tokenizer.encode_prompt(prompt.prefix)
        )
        suffix = self.tokenizer.encode_prompt(prompt.suffix)
        return [*prefix, *self.tokenizer.encode_document(text), *suffix]

    def engine(self, ids: Sequence[int], room: int = 0) -> Engine:
        """Return an engine that has read all tokens but the last, with room for more."""
        engine = Engine(self.weights, capacity=len(ids) + room, chunk_tokens=CHUNK_TOKENS)
        engine.read(ids[:-1])
        return engine

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of sentences, each on a line of its own."""
        return self.tokenizer.encode_many([" ".join(text.split()) + "\n" for text in texts])

    def log_probabilities(
        self, engine: Engine, ids: Sequence[int], rows: Sequence[Sequence[int]]
    ) -> list[np.ndarray]:
        """Return how likely sentences are behind tokens of which all but one are read."""
        context = context_of(self.weights, engine, len(ids) - 1)
        return log_probabilities(self.weights, context, ids[-1], rows)


def by_likelihood(
    model: Model, engine: Engine, s: Sentences, ids: list[int]
) -> dict[str, list[int]]:
    """Choose by the likelihood of each sentence, as if it were the summary's first."""
    rows = model.encode(s.texts)
    told = model.log_probabilities(engine, ids, rows)
    blank = model.prompt_ids("")
    before = model.log_probabilities(model.engine(blank), blank, rows)
    both = list(zip(told, before, strict=True))
    scores = {
        "likelihood a token": [each.mean() for each in told],
        "conditional - unconditional": [a.sum() - b.sum() for a, b in both],
        "the same a token": [a.mean() - b.mean() for a, b in both],
    }
    found = {"LexRank": by_score(s, s.lexrank)}
    for name, each in scores.items():
        score = standardized(np.array(each))
        found[name] = by_score(s, score)
        found[f"{name} + LexRank"] = by_score(s, score + s.lexrank)
    return found


def by_decoding(
    model: Model, engine: Engine, candidates: Sequence[Candidate], words: int, ids: list[int]
) -> dict[str, list[str]]:
    """Choose by decoding: greedily over a trie, and by beams over sentence beginnings."""
    rows = model.encode([c.text for c in candidates])
    found = {}
    for suffix, weight in (("", 0.0), (" + LexRank", 1.0)):
        choices = [
            Choice(tuple(row), weight * NATS_PER_DEVIATION * c.weight, c.group)
            for c, row in zip(candidates, rows, strict=True)
        ]
        with closing(engine.choose([ids[-1]], choices, DecodeConfig())) as order:
            chosen = fill((candidates[i] for i in order), words)
        found[f"greedy trie{suffix}"] = [c.text for c in sorted(chosen, key=lambda c: c.span)]
        weights = [weight * BEAM_WEIGHT * c.weight for c in candidates]
        numbers = beams(model, engine, ids, rows, weights, candidates, words)
        engine.reader.rewind(len(ids) - 1)
        found[f"beam of {WIDTH}{suffix}"] = [candidates[i].text for i in sorted(numbers)]
    return found


def beams(
    model: Model,
    engine: Engine,
    ids: list[int],
    rows: Sequence[Sequence[int]],
    weights: Sequence[float],
    candidates: Sequence[Candidate],
    words: int,
) -> list[int]:
    """Return the numbers of sentences that beams choose one after another, for so many words."""
    groups = [c.group for c in candidates]
    sizes = [count_words(c.text) for c in candidates]
    read, taken = list(ids), list[int]()
    open_ = list(range(len(rows)))
    while open_ and sum(sizes[i] for i in taken) < ENOUGH * words:
        score = partial(model.log_probabilities, engine, read)
        some = [rows[i] for i in open_]
        best = open_[beam_choice(some, score, WIDTH, DEPTH, [weights[i] for i in open_])]
        taken.append(best)
        engine.read([read[-1], *rows[best][:-1]])
        read += rows[best]
        left = TOO_MUCH * words - sum(sizes[i] for i in taken)
        open_ = [i for i in open_ if groups[i] != groups[best] and sizes[i] <= left]
    return taken


def compare(model: Model, states: StateReader, pair: Pair) -> dict[str, list[float]] | None:
    """Return ROUGE-1 and ROUGE-2 of each way on a document; None where it is left out."""
    document = pair.document
    spans = readable(document)
    ids = model.prompt_ids(document.text)
    if len(spans) < LEAST_SENTENCES or len(ids) + 8 * pair.words > model.window:
        return None
    s = Sentences(document.text, spans, pair.words, pair.focus)
    candidates = summary_candidates(document, pair.words, pair.focus)
    engine = model.engine(ids, sum(map(len, model.encode([c.text for c in candidates]))))
    chosen = by_likelihood(model, engine, s, ids)
    head = load_head(Path("longsum/mini"))
    assert head is not None
    states.projection = head.projection
    found = states(document.text)
    assert found is not None
    chosen["selection head"] = choose_sentences(s, found, head, model.tokenizer.encode_many)
    summaries = {name: [s.texts[i] for i in numbers] for name, numbers in chosen.items()}
    summaries |= by_decoding(model, engine, candidates, pair.words, ids)
    rouge = Rouge()
    scores = {n: rouge.score("\n".join(each), pair.references) for n, each in summaries.items()}
    return {name: [each["rouge1"], each["rouge2"]] for name, each in scores.items()}


def taken(data: Path, limit: int) -> list[tuple[str, Pair]]:
    """Return up to `limit` kept documents of each file, files in turn."""
    of: dict[str, list[Pair]] = {}
    for name, pair in documents(data, FILES | VALIDATION):
        if name in VALIDATION or is_kept(pair.document.text):
            of.setdefault(name, []).append(pair)
    return [
        (name, pairs[turn])
        for turn in range(limit)
        for name, pairs in of.items()
        if turn < len(pairs)
    ]


def report(rows: Sequence[dict[str, list[float]]]) -> None:
    """Print each way's means, and how far it is from LexRank, with standard errors."""
    base = np.array([row["LexRank"] for row in rows])
    for name in rows[0]:
        scores = np.array([row[name] for row in rows])
        difference = scores - base
        error = difference.std(axis=0, ddof=1) / np.sqrt(len(rows))
        line = "  ".join(
            f"{scores[:, m].mean():.1f} ({difference[:, m].mean():+.1f} ± {error[m]:.1f})"
            for m in (0, 1)
        )
        print(f"{name:42}{line}")


def main() -> None:
    """Compare on the documents that were not compared yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with pairs/")
    parser.add_argument("--work", type=Path, default=Path("runs/mini"))
    parser.add_argument("--model", type=Path, default=Path("runs/mini/plain"))
    parser.add_argument("--base", type=Path, default=Path("runs/mini/plain"), help="the head's")
    parser.add_argument("--limit", type=int, default=6, help="documents of each file")
    parser.add_argument("--threads", type=int, help="all cores by default")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    journal = arguments.work / "likelihood" / f"{arguments.model.name}.jsonl"
    journal.parent.mkdir(parents=True, exist_ok=True)
    lines = journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []
    known = {row["key"]: row["scores"] for row in map(json.loads, lines)}
    model = Model(arguments.model)
    states = StateReader(arguments.base, arguments.work / "states")
    results = []
    for name, pair in taken(arguments.data, arguments.limit):
        key = hashlib.sha256(f"{name} {pair.query} {pair.text}".encode()).hexdigest()[:16]
        if key not in known:
            known[key] = compare(model, states, pair)
            with journal.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, "file": name, "scores": known[key]}) + "\n")
            print(f"{name}: {pair.id}", flush=True)
        if known[key] is not None:
            results.append(known[key])
    print(f"{len(results)} documents: ROUGE-1, ROUGE-2 (more than LexRank)")
    report(results)


if __name__ == "__main__":
    main()
