"""Train the head that chooses a summary's sentences by smol's states, and write it.

    python -m recipes.smol.choose --data DATA --base FILE --states runs/smol/states

The networks, their inputs and their targets are those of the bundled model's head
(`recipes.mini.select`); only the states are another model's, of five of its layers. Of a document
that was read in part, only what was read is trained on.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from longsum.checkpoint.identity import weights_fingerprint
from longsum.config import LoadConfig
from longsum.documents.document import Span
from longsum.errors import DocumentError
from longsum.evaluate.reference_pairs import Pair
from longsum.model.find import find_model
from longsum.selection.candidates import statements
from longsum.selection.choose import ReadSentences
from longsum.selection.feature_names import metadata_of
from longsum.selection.head import BASE_KEY, FILE, projection_tensors
from longsum.selection.token_states import TokenStates
from longsum.selection.vocabulary import Vocabulary, vocabulary_of
from longsum.selection.word_pairs import pairs_of
from recipes.mini.examples import (
    FILES,
    MIN_SENTENCES,
    VALIDATION,
    Example,
    Known,
    documents,
    example_with,
    sentences_of,
    with_queries,
)
from recipes.mini.select import train_head
from recipes.smol.states import load_projections, load_states

OUT = Path("longsum/smol") / FILE
MIN_KNOWN = 3
"""Minimum sentences of a document that were read."""
LONGEST_TOKEN = 30
"""Characters that the last token of a text may hold."""


def read_in(spans: Sequence[Span], states: TokenStates, text: str) -> np.ndarray:
    """Return whether each sentence lies in the window that was read: (sentences,) bool."""
    begin, last = int(states.starts[0]), int(states.starts[-1])
    end = len(text) if len(text) - last <= LONGEST_TOKEN else last + 1
    return np.array([begin <= span.start and span.end <= end for span in spans])


def example_of(name: str, pair: Pair, folder: Path) -> Example | None:
    """Return the example of a pair; None if too few of its sentences were read.

    Args:
        name: name of its file.
        pair: document and references.
        folder: folder of the states.
    """
    try:
        document = pair.document
    except DocumentError:
        return None
    states = load_states(folder, document.text)
    spans = statements(document)
    if states is None or len(spans) < MIN_SENTENCES:
        return None
    inside = read_in(spans, states, document.text)
    if inside.sum() < MIN_KNOWN:
        return None
    s = sentences_of(pair, spans)
    words = vocabulary_of(s.words)
    of_sentences = np.full((len(spans), 2 * states.values.shape[1]), np.nan, np.float32)
    of_sentences[inside] = states.of_sentences([spans[i] for i in np.flatnonzero(inside)])
    of_words = states_of_words(document.text, words.terms, states, whole=bool(inside.all()))
    of_words = of_words.astype(np.float16)  # gigabytes of all documents
    read = ReadSentences(s, words, pairs_of(s.words), of_sentences, of_words)
    return example_with(name, pair, read, Known(inside, terms_in(words, inside)))


def states_of_words(
    text: str, terms: Sequence[str], states: TokenStates, *, whole: bool
) -> np.ndarray:
    """Return each word's mean state where it was read: (words, directions)."""
    if whole:
        return states.of_words(text, terms)
    begin, last = int(states.starts[0]), int(states.starts[-1])
    window = text[begin : last + 1].rpartition(" ")[0]  # the last word may be cut
    return TokenStates(states.values, states.starts - begin).of_words(window, terms)


def terms_in(words: Vocabulary[str], inside: np.ndarray) -> np.ndarray:
    """Return whether each word occurs in one of the sentences that were read: (words,) bool."""
    found = np.zeros(len(words.terms), bool)
    found[words.term[inside[words.sentence]]] = True
    return found


def fill_means(examples: Sequence[Example]) -> None:
    """Give each sentence that was not read the mean state of those that were."""
    known = [e.read.sentence_states[e.known.sentences] for e in examples]
    mean = np.concatenate(known).mean(0)
    for e in examples:
        e.read.sentence_states[~e.known.sentences] = mean


def write_head(
    networks: dict[str, torch.Tensor], projections: dict[int, np.ndarray], base: Path, out: Path
) -> None:
    """Write a head as it is shipped: matrices in float16, with its features and its base's name."""
    named = projection_tensors(projections)
    tensors = {name: torch.from_numpy(each) for name, each in named.items()} | networks
    stored = {n: (t.half() if t.ndim == 2 else t.float()).contiguous() for n, t in tensors.items()}
    features = metadata_of(sum(each.shape[1] for each in projections.values()))
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file(stored, out, features | {BASE_KEY: weights_fingerprint([base])})
    out.chmod(0o644)  # it is written for its owner alone


def main() -> None:
    """Train the head and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with pairs/")
    parser.add_argument("--base", type=Path, required=True, help="the GGUF file")
    parser.add_argument("--states", type=Path, default=Path("runs/smol/states"))
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    taken = documents(arguments.data, FILES | VALIDATION)
    found = (example_of(name, pair, arguments.states) for name, pair in taken)
    read = [each for each in found if each is not None]
    whole = sum(each.known.is_whole for each in read)
    fill_means(read)
    examples = with_queries(read, arguments.data)
    print(f"{len(read):,} documents, {whole:,} of them whole, {len(examples):,} examples")
    encode = find_model(LoadConfig(model=str(arguments.base))).tokenizer.encode_many
    networks = train_head(examples, encode)
    projections = load_projections(arguments.states)
    write_head(networks, projections, arguments.base, arguments.out)
    print(f"{arguments.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
