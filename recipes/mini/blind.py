"""What position, length and centrality reach without a language model: the row to be beaten.

    python -m recipes.mini.blind --data DATA --work runs/mini --limit 60

A network over fourteen features of a sentence, trained on the documents that the selection head is
trained on, to the same target; the best sentences, those like what was chosen put back by 0.3 of
their highest cosine with it. Sentences, lengths and ROUGE are those of `longsum evaluate
summaries`, so that its figures can stand beside the model's. Opens the test files, to measure.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from longsum.errors import DocumentError
from longsum.evaluate.reference_pairs import Pair, read_pairs
from longsum.evaluate.rouge import Rouge
from longsum.selection.candidates import readable
from longsum.selection.choose import filled
from longsum.selection.head import Network, network_of
from longsum.selection.ranking import standardized
from longsum.selection.sentence_features import Sentences
from longsum.similarity import words
from recipes.mini.examples import FILES, LEAST_SENTENCES, documents, is_kept, shared_with
from recipes.mini.networks import arrays, fit, named, squared

FEATURES = (
    "position",
    "middle",
    "log_number",
    "log_from_end",
    "length",
    "log_length",
    "lexrank",
    "centrality",
    "centrality_z",
    "opening",
    "closing",
    "closing_z",
    "capitals",
    "digits",
)
REDUNDANCY = 0.3
"""Standard deviations of the score that a cosine of 1 with a chosen sentence takes off."""
TEST = {
    "scotus_syllabus.test": None,
    "openstax_chapter_summ.test": None,
    "oa_papers.test": None,
    "wiki_leads.test": None,
    "qmsum.test": "whole meeting",
    "squality.test": "plot",
}
"""Test files, and what their queries hold."""


def inputs(s: Sentences) -> np.ndarray:
    """Return the fourteen features of each sentence."""
    return np.stack([s.columns[name] for name in FEATURES], axis=1).astype(np.float32)


def sentences_of(pair: Pair) -> Sentences | None:
    """Return a pair's sentences; None where there is nothing to choose from."""
    try:
        spans = readable(pair.document)
    except DocumentError:
        return None
    if len(spans) < LEAST_SENTENCES:
        return None
    return Sentences(pair.document.text, spans, pair.words, pair.focus)


def training_rows(data: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield features and targets of the documents that the head is trained on."""
    for _, pair in documents(data, FILES):
        s = sentences_of(pair)
        if s is not None and not is_kept(s.text):
            yield inputs(s), shared_with(s, [words(reference) for reference in pair.references])


def choose(s: Sentences, scores: np.ndarray) -> list[int]:
    """Choose the best sentences, what is said already put back."""
    nearest = np.zeros(len(scores))
    waiting = np.ones(len(scores), dtype=bool)

    def order() -> Iterator[int]:
        while waiting.any():
            best = int(np.where(waiting, scores - REDUNDANCY * nearest, -np.inf).argmax())
            waiting[best] = False
            yield best

    def add(sentence: int) -> None:
        np.maximum(nearest, s.vectors @ s.vectors[sentence], out=nearest)

    return filled(order(), s.lengths, s.length, add)


def measured(data: Path, name: str, limit: int, network: Network) -> np.ndarray:
    """Return ROUGE-1 and ROUGE-2 of each document of a test file: (documents, 2)."""
    rouge, found = Rouge(), []
    path = data / "pairs" / f"{name}.jsonl.xz"
    for pair in read_pairs([path], query=TEST[name], limit=limit):
        s = sentences_of(pair)
        if s is None:
            continue
        chosen = choose(s, standardized(network(inputs(s))[:, 0]))
        scores = rouge.score("\n".join(s.texts[i] for i in chosen), pair.references)
        found.append((scores["rouge1"], scores["rouge2"]))
    return np.array(found)


def main() -> None:
    """Train the network, unless it is there, and measure it on the test files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with pairs/")
    parser.add_argument("--work", type=Path, default=Path("runs/mini"))
    parser.add_argument("--limit", type=int, default=60, help="documents of each file")
    arguments = parser.parse_args()
    output = arguments.work / "select" / "blind.safetensors"
    if not output.exists():
        output.parent.mkdir(parents=True, exist_ok=True)
        trained = fit(list(training_rows(arguments.data)), squared, epochs=8)
        save_file(arrays(named("blind", trained)), output)
    network = network_of(load_file(output), "blind")
    for name in TEST:
        scores = measured(arguments.data, name, arguments.limit, network)
        means = " / ".join(f"{mean:.1f}" for mean in scores.mean(axis=0))
        print(f"{name:28}{means} ({len(scores)})", flush=True)


if __name__ == "__main__":
    main()
