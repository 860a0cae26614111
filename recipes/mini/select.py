"""Train the selection head: which sentences matter, and which words a summary would use.

    python -m recipes.mini.select --data DATA --work runs/mini

From documents with summaries that people wrote. Sentences learn how much of them stands in the
summary, compared with the document's others; words, how often the summary uses them. Test splits
are never opened; every tenth document of the training files is kept for `--validate`.
"""

from __future__ import annotations

import argparse
import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from transformers import LlamaForCausalLM

from longsum.candidates import statements
from longsum.engine.attention import register
from longsum.engine.engine import Engine
from longsum.engine.states import recording
from longsum.errors import DocumentError
from longsum.evaluate.pairs import Pair, read_pairs
from longsum.evaluate.rouge import Rouge
from longsum.model.tokenizer import load_tokenizer
from longsum.prompt import mini_prompt
from longsum.ranking import standardized
from longsum.selection.choose import ReadSentences, cover_of, filled, read_sentences
from longsum.selection.head import CLIP, LARGEST_LOG, Network, network_of
from longsum.selection.sentences import Sentences
from longsum.selection.states import TokenStates
from longsum.selection.words import Encode
from longsum.similarity import FUNCTION_WORDS, words

FILES = {
    "openstax_chapter_summ.train": 40,
    "openstax_section_summ.train": 150,
    "scotus_syllabus.train": 90,
    "qmsum.train": 70,
    "squality.train": 50,
    "wiki_leads.train": 250,
    "spec_abstracts": 40,
    "oa_papers.train": 70,
}
"""Documents taken of each file; queries for the whole document first."""
VALIDATION = {"qmsum.val": 25, "squality.val": 20}
QUERIES = 3
"""Most queries for a part of each of these documents, beside the one for the whole."""
DIRECTIONS = 64
"""Of the model's states that the head looks at."""
SAMPLE, STRIDE = 40, 20
"""Documents that the directions are found on, and of whose tokens one in so many is taken."""
CHUNK_TOKENS = 2048
LEAST_SENTENCES = 5
HIDDEN = 64
DROPOUT = 0.1
DOCUMENTS_PER_STEP = 8


@dataclass(frozen=True)
class Example:
    """A document, and what its references say of it."""

    file: str
    pair: Pair
    read: ReadSentences
    shared: np.ndarray
    """How much of each sentence stands in the references, standardized: (sentences,)."""
    uses: np.ndarray
    """How often the references use each word, on average: (words,)."""


class StateReader:
    """The model whose states the head will look at, read as the program reads it.

    Args:
        folder: the exported checkpoint.
    """

    def __init__(self, folder: Path) -> None:
        self.weights = LlamaForCausalLM.from_pretrained(
            folder, dtype=torch.float32, attn_implementation=register()
        ).eval()
        self.tokenizer = load_tokenizer(folder)
        self.window: int = self.weights.config.max_position_embeddings
        self.projection = np.eye(self.weights.config.hidden_size, dtype=np.float32)

    def __call__(self, text: str) -> TokenStates | None:
        """Return the states of a text's tokens; None where it does not fit the window."""
        prompt = mini_prompt(text, question=None)
        begin = self.tokenizer.encode_prompt(prompt.prefix)
        prefix = self.tokenizer.with_beginning(prompt.prefix, begin)
        ids = [*prefix, *self.tokenizer.encode_document(text)]
        if len(ids) > self.window:
            return None
        engine = Engine(self.weights, capacity=len(ids), chunk_tokens=CHUNK_TOKENS)
        with recording(self.weights, self.projection) as recorder:
            engine.read(ids)
        starts = np.array([start for start, _ in self.tokenizer.offsets(text)])
        return TokenStates(recorder.states[len(prefix) :].float().numpy(), starts)

    def find_directions(self, texts: Sequence[str]) -> None:
        """Look from now on at the directions in which the tokens of some texts differ most."""
        states = [found.values for text in texts if (found := self(text)) is not None]
        values = np.concatenate(states)[::STRIDE]
        _, _, directions = np.linalg.svd(values - values.mean(0), full_matrices=False)
        self.projection = np.ascontiguousarray(directions[:DIRECTIONS].T)


def documents(data: Path, files: dict[str, int]) -> Iterator[tuple[str, Pair]]:
    """Yield the pairs taken of each file, those about the whole document first."""
    for name, count in files.items():
        pairs = read_pairs([data / "pairs" / f"{name}.jsonl.xz"])
        random.Random(0).shuffle(pairs)
        pairs.sort(key=lambda pair: pair.focus is not None)
        yield from ((name, pair) for pair in pairs[:count])


def example_of(name: str, pair: Pair, reader: StateReader) -> Example | None:
    """Return a pair with what is known of it; None where there is nothing to choose from."""
    try:
        document = pair.document
    except DocumentError:
        return None
    spans = statements(document)
    states = reader(document.text) if len(spans) >= LEAST_SENTENCES else None
    if states is None:
        return None
    s = Sentences(document.text, spans, pair.words, pair.focus)
    _ = s.features
    del s.__dict__["vectors"]  # megabytes that are not needed again
    read = read_sentences(s, states)
    references = [words(reference) for reference in pair.references]
    return Example(
        name, pair, read, shared_with(s, references), uses_in(references, read.vocabulary.words)
    )


def with_queries(examples: Sequence[Example], data: Path) -> list[Example]:
    """Return examples, and behind each those of queries for a part of the same document."""
    rest: dict[tuple[str, str], list[Pair]] = {}
    for name in {example.file for example in examples}:
        for pair in read_pairs([data / "pairs" / f"{name}.jsonl.xz"]):
            if pair.focus is not None:
                rest.setdefault((name, pair.text), []).append(pair)
    found: list[Example] = []
    for example in examples:
        found.append(example)
        queries = rest.get((example.file, example.pair.text), [])
        random.Random(0).shuffle(queries)
        found += [with_query(example, pair) for pair in queries[:QUERIES]]
    return found


def with_query(example: Example, pair: Pair) -> Example:
    """Return what is known of a document under another query; the model has read it already."""
    spans = example.read.sentences.spans
    s = Sentences(example.read.sentences.text, spans, pair.words, pair.focus)
    _ = s.features
    del s.__dict__["vectors"]  # megabytes that are not needed again
    read = replace(example.read, sentences=s)
    references = [words(reference) for reference in pair.references]
    shared, uses = shared_with(s, references), uses_in(references, read.vocabulary.words)
    return Example(f"{example.file} focused", pair, read, shared, uses)


def shared_with(sentences: Sentences, references: Sequence[Sequence[str]]) -> np.ndarray:
    """Return how much of each sentence stands in the references: words and pairs of words."""
    content, pairs = np.zeros(len(sentences.spans)), np.zeros(len(sentences.spans))
    for reference in references:
        known = set(reference) - FUNCTION_WORDS
        joined = set(zip(reference, reference[1:], strict=False))
        for number, each in enumerate(sentences.words):
            told = [word for word in each if word not in FUNCTION_WORDS]
            content[number] += sum(word in known for word in told) / (len(told) + 2)
            neighbours = zip(each, each[1:], strict=False)
            pairs[number] += sum(pair in joined for pair in neighbours) / (len(each) + 3)
    return sum((part - part.mean()) / (part.std() + 1e-3) for part in (content, pairs)) / 2  # type: ignore[return-value]


def uses_in(references: Sequence[Sequence[str]], vocabulary: Sequence[str]) -> np.ndarray:
    """Return how often the references use each word, on average: (words,)."""
    counts = [Counter(reference) for reference in references]
    found: np.ndarray = np.mean([[count[word] for word in vocabulary] for count in counts], axis=0)
    return found


def is_validation(example: Example) -> bool:
    """Tell whether a document is kept from training: every tenth, by its text."""
    return hashlib.sha256(example.read.sentences.text[:2000].encode()).digest()[0] % 10 == 0


Rows = list[tuple[np.ndarray, np.ndarray]]
"""(rows, features) and (rows,) targets, one pair a document."""
LossOf = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def squared(scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean squared error."""
    return (scores - targets).square().mean()


def poisson(logs: torch.Tensor, uses: torch.Tensor) -> torch.Tensor:
    """Return the negative log-likelihood of uses under their expectation, a word of the summary."""
    logs = logs.clamp(-2 * LARGEST_LOG, LARGEST_LOG)
    return (logs.exp() - uses * logs).sum() / uses.sum().clamp_min(10)


def fit(rows: Rows, loss_of: LossOf, *, epochs: int, rate: float = 2e-3) -> dict[str, torch.Tensor]:
    """Train a network and return its tensors, in the names that `selection.head` reads.

    Args:
        rows: of the documents.
        loss_of: from outputs and targets of a document to its loss.
        epochs: passes over them.
        rate: highest learning rate (AdamW, one cycle).
    """
    torch.manual_seed(0)
    everything = np.concatenate([features for features, _ in rows])
    mean, deviation = everything.mean(0), everything.std(0) + 1e-6
    ready = [
        (
            torch.from_numpy(((x - mean) / deviation).clip(-CLIP, CLIP)).float(),
            torch.from_numpy(y).float(),
        )
        for x, y in rows
    ]
    sizes = (len(mean), HIDDEN, HIDDEN, 1)
    linear = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:], strict=False)]
    parts: list[nn.Module] = [linear[0]]
    for layer in linear[1:]:
        parts += [nn.SiLU(), nn.Dropout(DROPOUT), layer]
    network = nn.Sequential(*parts)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.01)
    steps = epochs * -(-len(ready) // DOCUMENTS_PER_STEP)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    for epoch in range(epochs):
        random.Random(epoch).shuffle(ready)
        total = 0.0
        for start in range(0, len(ready), DOCUMENTS_PER_STEP):
            batch = ready[start : start + DOCUMENTS_PER_STEP]
            loss = torch.stack([loss_of(network(x)[:, 0], y) for x, y in batch]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        print(f"epoch={epoch + 1} loss={total / len(ready):.4f}", flush=True)
    tensors = {"mean": torch.from_numpy(mean), "deviation": torch.from_numpy(deviation)}
    for number, layer in enumerate(linear):
        tensors[f"{number}.weight"] = layer.weight.detach()
        tensors[f"{number}.bias"] = layer.bias.detach()
    return {name: tensor.float().contiguous() for name, tensor in tensors.items()}


def train_head(ready: Sequence[Example], encode: Encode) -> dict[str, torch.Tensor]:
    """Train the networks of sentences and of words and return their tensors."""
    sentences = fit([(e.read.sentence_inputs(), e.shared) for e in ready], squared, epochs=8)
    score = network_of(named("sentences", arrays(sentences)), "sentences")
    rows: Rows = []
    for e in ready:
        scores = standardized(score(e.read.sentence_inputs())[:, 0])
        rows.append((e.read.word_inputs(scores, encode), e.uses))
    return named("sentences", sentences) | named("words", fit(rows, poisson, epochs=6))


def arrays(tensors: Mapping[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """Return tensors as arrays."""
    return {name: tensor.numpy() for name, tensor in tensors.items()}


def named(name: str, tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Return tensors with a prefix."""
    return {f"{name}.{key}": tensor for key, tensor in tensors.items()}


Choose = Callable[[Example], list[int]]
"""From a document to the numbers of the sentences chosen."""


def by_score(example: Example, scores: np.ndarray) -> list[int]:
    """Choose the sentences with the best scores."""
    s = example.read.sentences
    return filled(np.argsort(-scores, kind="stable").tolist(), s.lengths, s.length)


def by_cover(
    example: Example, scores: Network, uses: Network, encode: Encode, score_weight: float
) -> list[int]:
    """Choose the sentences that are expected to share most words with a summary."""
    s = example.read.sentences
    cover = cover_of(example.read, scores, uses, encode, score_weight)
    return filled(cover.best_first(), s.lengths, s.length, cover.add)


def compare(ready: Sequence[Example], methods: dict[str, Choose]) -> None:
    """Print ROUGE-1 and ROUGE-2 of each method on each file."""
    rouge = Rouge()
    files = sorted({example.file for example in ready})
    for name, choose in methods.items():
        line = [f"{name:24}"]
        for file in files:
            found = [
                rouge.score(summary_of(e, choose), e.pair.references)
                for e in ready
                if e.file == file
            ]
            means = [np.mean([scores[m] for scores in found]) for m in ("rouge1", "rouge2")]
            line.append(f"{file} {means[0]:.2f}/{means[1]:.2f} ({len(found)})")
        print("  ".join(line), flush=True)


def summary_of(example: Example, choose: Choose) -> str:
    """Return the sentences that a method chooses, one a line."""
    return "\n".join(example.read.sentences.texts[i] for i in choose(example))


def main() -> None:
    """Train the head, and compare ways to choose on the documents kept for validation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with pairs/")
    parser.add_argument("--work", type=Path, default=Path("runs/mini"))
    parser.add_argument("--model", type=Path, default=Path("runs/mini/final"))
    arguments = parser.parse_args()
    reader = StateReader(arguments.model)
    encode = reader.tokenizer.encode_many
    taken = list(documents(arguments.data, FILES))
    sample = random.Random(0).sample(taken, SAMPLE)
    reader.find_directions([pair.text for _, pair in sample])
    ready = [e for name, pair in taken if (e := example_of(name, pair, reader))]
    kept = [e for e in ready if is_validation(e)]
    further = documents(arguments.data, VALIDATION)
    kept += [e for name, pair in further if (e := example_of(name, pair, reader))]
    kept = with_queries(kept, arguments.data)
    training = with_queries([e for e in ready if not is_validation(e)], arguments.data)
    tensors = train_head(training, encode)
    output = arguments.work / "select"
    output.mkdir(parents=True, exist_ok=True)
    tensors["projection"] = torch.from_numpy(reader.projection)
    save_file(tensors, output / "summaries.safetensors")
    scores, uses = (network_of(arrays(tensors), part) for part in ("sentences", "words"))
    methods: dict[str, Choose] = {
        "LexRank": lambda e: by_score(e, e.read.sentences.lexrank),
        "scores": lambda e: by_score(e, scores(e.read.sentence_inputs())[:, 0]),
    }
    for weight in (0.0, 0.03, 0.06, 0.1):
        methods[f"words + {weight} scores"] = partial(
            by_cover, scores=scores, uses=uses, encode=encode, score_weight=weight
        )
    compare(kept, methods)


if __name__ == "__main__":
    main()
