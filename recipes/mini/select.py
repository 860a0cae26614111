"""Train the selection head: which sentences matter, which words and pairs a summary would use.

    python -m recipes.mini.select --data DATA --work runs/mini

Every tenth document of the training files, and the validation files, are held out to compare
methods.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from longsum.evaluate.rouge import Rouge
from longsum.selection.choose import cover_of, expected_uses
from longsum.selection.filling import fill
from longsum.selection.head import SummaryNetworks, network_of, summary_networks
from longsum.selection.ranking import standardized
from longsum.selection.sentence_features import Sentences
from longsum.selection.words import Encode
from recipes.mini.examples import (
    FILES,
    SAMPLE,
    VALIDATION,
    Example,
    documents,
    example_of,
    is_held_out,
    with_queries,
)
from recipes.mini.networks import Rows, arrays, fit, named, poisson, squared
from recipes.mini.states import StateReader


def train_head(ready: Sequence[Example], encode: Encode) -> dict[str, torch.Tensor]:
    """Train the networks for summaries, each on the previous one's output; return their tensors.

    Sentences and words that were not read are not trained on.
    """
    rows: Rows = [
        (e.read.sentence_inputs()[e.known.sentences], e.shared[e.known.sentences]) for e in ready
    ]
    sentences = fit(rows, squared, epochs=16)
    score = network_of(named("sentences", arrays(sentences)), "sentences")
    scored = [(e, standardized(score(e.read.sentence_inputs())[:, 0])) for e in ready]
    rows = [
        (e.read.word_inputs(scores, encode)[e.known.words], e.uses[e.known.words])
        for e, scores in scored
    ]
    words = fit(rows, poisson, epochs=12)
    uses = network_of(named("words", arrays(words)), "words")
    # only for whole documents: a query's topic is in the words' expectations
    rows = [
        (
            e.read.pair_inputs(scores, expected_uses(uses, e.read.word_inputs(scores, encode))),
            e.pair_uses,
        )
        for e, scores in scored
        if e.pair.focus is None and e.known.is_whole
    ]
    pairs = fit(rows, poisson, epochs=12)
    return named("sentences", sentences) | named("words", words) | named("pairs", pairs)


Choose = Callable[[Example], list[int]]
"""From a document to the numbers of the sentences chosen."""


def by_score(s: Sentences, scores: np.ndarray) -> list[int]:
    """Choose the sentences with the best scores."""
    order = np.argsort(-scores, kind="stable").tolist()
    return sorted(fill(order, lambda i: int(s.lengths[i]), s.length))


def by_cover(
    example: Example,
    networks: SummaryNetworks,
    encode: Encode,
    score_weight: float,
    pair_weight: float,
) -> list[int]:
    """Choose the sentences that are expected to share most with a summary.

    Args:
        example: document that has been read.
        networks: networks for summaries.
        encode: tokenizes words.
        score_weight: weight of the sentences' scores.
        pair_weight: weight of pairs of words.
    """
    s = example.read.sentences
    cover = cover_of(example.read, networks, encode, score_weight, pair_weight)
    chosen = fill(cover.best_first(), lambda i: int(s.lengths[i]), s.length, add=cover.add)
    return sorted(chosen)


def compare(ready: Sequence[Example], methods: dict[str, Choose]) -> None:
    """Print ROUGE-1 and ROUGE-2 of each method on each file."""
    rouge = Rouge()
    files = sorted({example.file for example in ready})
    for name, choose in methods.items():
        line = [f"{name:32}"]
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
    """Return the sentences that a method chooses, one per line."""
    return "\n".join(example.read.sentences.texts[i] for i in choose(example))


def main() -> None:
    """Train the head, and compare methods on the held-out documents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with pairs/")
    parser.add_argument("--work", type=Path, default=Path("runs/mini"))
    parser.add_argument("--model", type=Path, default=Path("runs/mini/plain"))
    arguments = parser.parse_args()
    reader = StateReader(arguments.model, arguments.work / "states")
    encode = reader.tokenizer.encode_many
    taken = list(documents(arguments.data, FILES))
    sample = random.Random(0).sample(taken, SAMPLE)
    reader.find_directions([pair.text for _, pair in sample])
    ready = [e for name, pair in taken if (e := example_of(name, pair, reader))]
    held_out = [e for e in ready if is_held_out(e.read.sentences.text)]
    further = documents(arguments.data, VALIDATION)
    held_out += [e for name, pair in further if (e := example_of(name, pair, reader))]
    held_out = with_queries(held_out, arguments.data)
    training = with_queries(
        [e for e in ready if not is_held_out(e.read.sentences.text)], arguments.data
    )
    tensors = train_head(training, encode)
    output = arguments.work / "select"
    output.mkdir(parents=True, exist_ok=True)
    tensors["projection"] = torch.from_numpy(reader.projection)
    save_file(tensors, output / "summaries.safetensors")
    networks = summary_networks(arrays(tensors))
    methods: dict[str, Choose] = {
        "LexRank": lambda e: by_score(e.read.sentences, e.read.sentences.lexrank),
        "scores": lambda e: by_score(
            e.read.sentences, networks.sentences(e.read.sentence_inputs())[:, 0]
        ),
    }
    for score, pair in product((0.02, 0.04), (1.0, 2.0)):
        methods[f"words + {score} scores + {pair} pairs"] = partial(
            by_cover, networks=networks, encode=encode, score_weight=score, pair_weight=pair
        )
    compare(held_out, methods)


if __name__ == "__main__":
    main()
