"""Read documents with the base, and keep what its layers say of their tokens.

    python -m recipes.smol.states --data DATA --base FILE --out runs/smol/states

Of each document that the bundled model's head is trained on, one window is read as the program
reads: from its beginning, or from a sentence drawn at random, so that the middle and the end of
documents are seen as often. Files take turns; a stopped run goes on where it stopped. On a GPU,
longer windows (`--tokens`) cost little.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from longsum.config import LoadConfig
from longsum.documents.document import Document
from longsum.engine.engine import Engine
from longsum.engine.hidden_states import LAST, recording
from longsum.errors import DocumentError
from longsum.events import Listener
from longsum.loading.loader import load_model
from longsum.model.find import Model, find_model, plan_for
from longsum.selection.candidates import statements
from longsum.selection.head import projection_tensors, projections_of
from longsum.selection.token_states import TokenStates
from recipes.mini.read import in_turns
from recipes.mini.states import digest_of, save_whole
from recipes.smol.chat import BEGIN

LAYERS = (10, 15, 20, 25, LAST)
"""Layers whose states are kept. The middle ones say most about what a sentence is about, the last
about what comes next."""
DIRECTIONS = 64
"""Directions of each layer's states that are kept, those in which tokens differ most."""
FIRST, STRIDE = 24, 10
"""The directions are computed from every `STRIDE`-th token of the `FIRST` documents."""
TOKENS = 2560
SLACK = 600
"""A document that is longer than a window by less than this is read whole."""
SHARE_INSIDE = 2 / 3
"""Share of the windows that begin at a sentence drawn at random."""
OUTLIER = 8.0
"""Standard deviations at which a state is clipped before directions are computed."""
PROJECTIONS = "projections.safetensors"


@dataclass(frozen=True)
class Window:
    """The tokens of a document that are read."""

    ids: list[int]
    starts: np.ndarray
    """Offset of each token's first character: (tokens,)."""


def first_token(starts: np.ndarray, document: Document, tokens: int) -> int:
    """Return the token at which a window begins, the same at every call.

    Args:
        starts: offset of each token's first character: (all tokens,).
        document: what is read.
        tokens: length of the window.
    """
    draw = random.Random(digest_of(document.text))
    if len(starts) <= tokens + SLACK or draw.random() > SHARE_INSIDE:
        return 0
    begins = [span.start for span in statements(document)]
    # a token may begin with the space before a sentence
    places = np.searchsorted(starts, [each - 1 for each in begins])
    places = np.minimum(places, np.searchsorted(starts, begins))
    return draw.choice([int(each) for each in places if len(starts) - each >= tokens] or [0])


def window_of(model: Model, document: Document, tokens: int) -> Window:
    """Return the window of a document that is read.

    Args:
        model: the base.
        document: what is read.
        tokens: length of a window of a longer document.
    """
    ids = model.tokenizer.encode_document(document.text)
    starts = np.array([start for start, _ in model.tokenizer.offsets(document.text)])
    begin = first_token(starts, document, tokens)
    end = begin + tokens if len(ids) > tokens + SLACK else len(ids)
    return Window(list(ids[begin:end]), starts[begin:end])


class StateReader:
    """A model that reads windows as the program does.

    Args:
        model: the base, or the base with its window adapter.
        tokens: maximum tokens of a window.
    """

    def __init__(self, model: Model, tokens: int) -> None:
        self.prefix = model.tokenizer.encode_prompt(BEGIN)
        self.capacity = len(self.prefix) + tokens
        self.plan = plan_for(model, LoadConfig(), self.capacity)
        self.weights = load_model(model.checkpoint, self.plan, listener=Listener())

    def __call__(self, ids: Sequence[int], projections: Mapping[int, np.ndarray]) -> np.ndarray:
        """Return the projected states of a window: (tokens, directions of all layers) float16."""
        engine = Engine(self.weights, capacity=self.capacity, chunk_tokens=self.plan.chunk_tokens)
        with recording(self.weights, projections) as recorder:
            engine.read([*self.prefix, *ids])
        states: np.ndarray = recorder.states[len(self.prefix) :].numpy()
        return states


def directions_of(states: np.ndarray) -> np.ndarray:
    """Return the directions in which standardized states differ most: (hidden_size, directions).

    Args:
        states: states of some tokens after one layer: (tokens, hidden_size).
    """
    deviation = states.std(0) + 1e-3
    standard = ((states - states.mean(0)) / deviation).clip(-OUTLIER, OUTLIER)
    _, _, found = np.linalg.svd(standard, full_matrices=False)
    return np.ascontiguousarray(found[:DIRECTIONS].T / deviation[:, None])


def find_projections(reader: StateReader, windows: Sequence[Window]) -> dict[int, np.ndarray]:
    """Return each layer's projection, computed from some windows."""
    width = len(reader.weights.model.norm.weight)
    plain = {layer: np.eye(width, dtype=np.float32) for layer in LAYERS}
    read = [reader(each.ids, plain)[::STRIDE].astype(np.float32) for each in windows]
    layers = np.split(np.concatenate(read), len(LAYERS), axis=1)
    return dict(zip(LAYERS, map(directions_of, layers), strict=True))


def load_projections(folder: Path) -> dict[int, np.ndarray]:
    """Return the projections that states were kept with."""
    return projections_of(load_file(folder / PROJECTIONS))


def load_states(folder: Path, text: str) -> TokenStates | None:
    """Return the states of a document's window; None if it has not been read."""
    path = folder / f"{digest_of(text)}.safetensors"
    if not path.exists():
        return None
    held = load_file(path)
    return TokenStates(held["states"].astype(np.float32), held["starts"])


def main() -> None:
    """Read what has not been read yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with pairs/")
    parser.add_argument("--base", required=True, help="the GGUF file, or smol")
    parser.add_argument("--out", type=Path, default=Path("runs/smol/states"))
    parser.add_argument("--tokens", type=int, default=TOKENS, help="of a window")
    parser.add_argument("--limit", type=int, help="of the documents, to try it out")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    model = find_model(LoadConfig(model=arguments.base))
    reader = StateReader(model, arguments.tokens + SLACK)
    documents = []
    for pair in in_turns(arguments.data):
        try:
            documents.append(pair.document)
        except DocumentError:
            continue
    if not (arguments.out / PROJECTIONS).exists():
        windows = [window_of(model, each, arguments.tokens) for each in documents[:FIRST]]
        found = find_projections(reader, windows)
        save_whole(projection_tensors(found), arguments.out / PROJECTIONS)
    projections = load_projections(arguments.out)
    started, tokens = time.perf_counter(), 0
    for number, document in enumerate(documents[: arguments.limit], 1):
        path = arguments.out / f"{digest_of(document.text)}.safetensors"
        if path.exists():
            continue
        window = window_of(model, document, arguments.tokens)
        states = reader(window.ids, projections)
        save_whole({"states": states, "starts": window.starts}, path)
        tokens += len(window.ids)
        speed = tokens / (time.perf_counter() - started)
        print(f"{number:,} of {len(documents):,} documents, {speed:,.0f} tokens/s", flush=True)


if __name__ == "__main__":
    main()
