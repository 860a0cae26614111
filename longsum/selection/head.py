"""The selection head: small networks beside a model's weights, for verbatim answers.

One scores sentences for a summary, two predict how often a summary would use each word and each
pair of neighbouring words, one scores sentences as answers to a question, and one decides whether a
document answers it at all. They were trained on texts by people (`recipes/mini`) and run in numpy,
which is fastest for some ten thousand weights. A checkpoint may come without them; for one, longsum
comes with the three for summaries (`recipes/smol`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from longsum.selection.answer_features import (
    answer_columns,
    literal_weight,
    question_features,
)
from longsum.selection.feature_names import require_same_features
from longsum.selection.sentence_features import Columns, stacked

FILE = "selection.safetensors"
"""Name of the head's file, beside the weights."""
BASE_KEY = "base"
"""Metadata key of the fingerprint of the weights whose states a head takes."""
LAST = -1
"""Number of the last layer."""
SHIPPED: tuple[Path, ...] = (Path(__file__).parent.parent / "smol" / FILE,)
"""Heads that come with longsum, for weights that do not."""
CLIP = 5.0
"""Standard deviations at which a feature is clipped."""
MAX_LOG_USES = 6.0
"""Maximum natural logarithm of a term's expected uses."""
MIN_LOG_ODDS = -1.0
"""Minimum natural logarithm of the odds that a document answers a question."""
WHOLLY_COVERED = 0.999
"""Share of a question's words, by weight, that counts as all of them."""


@dataclass(frozen=True)
class Network:
    """A multilayer perceptron over standardized features, SiLU between its layers."""

    mean: np.ndarray
    """(features,)."""
    deviation: np.ndarray
    """(features,)."""
    layers: tuple[tuple[np.ndarray, np.ndarray], ...]
    """(out, in) weights and (out,) biases."""

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Map (rows, features) to (rows, outputs)."""
        x: np.ndarray = ((features - self.mean) / self.deviation).clip(-CLIP, CLIP)
        for number, (weight, bias) in enumerate(self.layers):
            if number:
                x = x / (1 + np.exp(-x))
            x = x @ weight.T + bias
        return x


@dataclass(frozen=True)
class SummaryNetworks:
    """The networks for summaries."""

    sentences: Network
    """Maps features and states of sentences to a score."""
    words: Network
    """Maps features and states of words to the logarithm of their expected uses."""
    pairs: Network
    """Maps features of pairs of neighbouring words to the same."""


@dataclass(frozen=True)
class SummaryHead:
    """The networks for summaries, and the projections of their input states."""

    projections: Mapping[int, np.ndarray]
    """(hidden_size, directions) by the number of a layer, from 1, `LAST` at the end: maps a token's
    hidden state after it to the networks' input."""
    summary: SummaryNetworks

    @property
    def states_name(self) -> str:
        """Name of cached states that were projected for this head."""
        digest = hashlib.sha256()
        for layer, projection in self.projections.items():
            digest.update(b"" if layer == LAST else f"{layer} ".encode())
            digest.update(projection.tobytes())
        return f"states-{digest.hexdigest()[:12]}"


@dataclass(frozen=True)
class SelectionHead(SummaryHead):
    """The networks for summaries and for questions."""

    answers: Network
    """Maps features of sentences and a question to a score."""
    answered: Network
    """Maps features of a document and a question to the log-odds that it answers the question."""

    def rank_answers(self, texts: Sequence[str], question: str) -> tuple[np.ndarray, bool]:
        """Return how likely sentences are to hold the answer, and whether one of them is.

        Args:
            texts: the document's sentences, at least one.
            question: in the user's words.

        Returns:
            (sentences,) scores, and False when the document is likely about something else.
        """
        columns = answer_columns(texts, question)
        return answer_scores(self.answers, columns), is_answered(self.answered, columns)


def answer_scores(network: Network, columns: Columns) -> np.ndarray:
    """Return how likely sentences are to hold an answer, as a score: (sentences,).

    Args:
        network: the head's network `answers`.
        columns: from `answer_columns`.
    """
    scores: np.ndarray = network(stacked(columns))[:, 0] + literal_weight(columns)
    return scores


def is_answered(network: Network, columns: Columns) -> bool:
    """Return whether one of the sentences likely answers the question.

    Always true when three sentences in a row hold every word of the question.

    Args:
        network: the head's network `answered`.
        columns: from `answer_columns`.
    """
    if float(columns["covered_near"].max()) > WHOLLY_COVERED:
        return True
    return float(network(question_features(columns))[0, 0]) >= MIN_LOG_ODDS


def has_head(folder: Path) -> bool:
    """Return whether a checkpoint has a head."""
    return (folder / FILE).is_file()


def load_head(folder: Path) -> SelectionHead | None:
    """Return a checkpoint's head, or None when it has none.

    Raises:
        UnsupportedModel: when it was trained on other features than this version computes.
    """
    if not has_head(folder):
        return None
    tensors, metadata = _read(folder / FILE)
    head = _summary_head(folder / FILE, tensors, metadata)
    answers, answered = (network_of(tensors, name) for name in ("answers", "answered"))
    return SelectionHead(head.projections, head.summary, answers, answered)


def shipped_head(base: str) -> SummaryHead | None:
    """Return the head for summaries that comes with longsum for some weights.

    Args:
        base: fingerprint of the weights, see `weights_fingerprint`.

    Returns:
        The head; None if there is none for them.

    Raises:
        UnsupportedModel: when it was trained on other features than this version computes.
    """
    for path in SHIPPED:
        if path.is_file() and _metadata(path).get(BASE_KEY) == base:
            return _summary_head(path, *_read(path))
    return None


def is_shipped_for(base: str) -> bool:
    """Return whether a head for summaries comes with longsum for the weights of a fingerprint."""
    return any(path.is_file() and _metadata(path).get(BASE_KEY) == base for path in SHIPPED)


def _metadata(path: Path) -> dict[str, str]:
    """Return the metadata of a head's file."""
    from safetensors import safe_open

    with safe_open(path, "np") as file:
        return file.metadata() or {}


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return the tensors and the metadata of a head's file."""
    from safetensors import safe_open

    with safe_open(path, "np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        return tensors, file.metadata() or {}


def _summary_head(
    path: Path, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]
) -> SummaryHead:
    """Return the networks for summaries, after checking their features."""
    projections = projections_of(tensors)
    networks = {name.partition(".")[0] for name in tensors} - {"projection"}
    directions = sum(each.shape[1] for each in projections.values())
    require_same_features(path, metadata, directions, networks)
    return SummaryHead(projections, summary_networks(tensors))


def projections_of(tensors: Mapping[str, np.ndarray]) -> dict[int, np.ndarray]:
    """Return the projections by layer, from a head's tensors `projection` and `projection.LAYER`.

    Args:
        tensors: the head's; `projection` is that of the last layer.
    """
    found = {
        int(name.partition(".")[2] or LAST): tensor.astype(np.float32)
        for name, tensor in tensors.items()
        if name.partition(".")[0] == "projection"
    }
    return dict(sorted(found.items(), key=lambda each: (each[0] == LAST, each[0])))


def projection_tensors(projections: Mapping[int, np.ndarray]) -> dict[str, np.ndarray]:
    """Return projections under the names that `projections_of` reads."""
    return {
        "projection" if layer == LAST else f"projection.{layer}": matrix
        for layer, matrix in projections.items()
    }


def summary_networks(tensors: Mapping[str, np.ndarray]) -> SummaryNetworks:
    """Return the networks for summaries from a head's tensors."""
    return SummaryNetworks(*(network_of(tensors, part.name) for part in fields(SummaryNetworks)))


def network_of(tensors: Mapping[str, np.ndarray], name: str) -> Network:
    """Return the network of the tensors `name.mean`, `name.deviation`, `name.N.weight|bias`."""
    count = sum(key.startswith(f"{name}.") and key.endswith(".weight") for key in tensors)
    layers = tuple(
        (
            tensors[f"{name}.{n}.weight"].astype(np.float32),
            tensors[f"{name}.{n}.bias"].astype(np.float32),
        )
        for n in range(count)
    )
    return Network(tensors[f"{name}.mean"], tensors[f"{name}.deviation"], layers)
