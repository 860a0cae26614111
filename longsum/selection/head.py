"""The selection head: five small networks beside a model's weights, for verbatim answers.

One scores sentences for a summary, two predict how often a summary would use each word and each
pair of neighbouring words, one scores sentences as answers to a question, and one decides whether a
document answers it at all. They were trained on texts by people (`recipes/mini`) and run in numpy,
which is fastest for some ten thousand weights. A checkpoint may come without them.
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
class SelectionHead:
    """The networks, and the projection of their input states."""

    projection: np.ndarray
    """(hidden_size, directions): maps a token's last hidden state to the networks' input."""
    summary: SummaryNetworks
    answers: Network
    """Maps features of sentences and a question to a score."""
    answered: Network
    """Maps features of a document and a question to the log-odds that it answers the question."""

    @property
    def states_name(self) -> str:
        """Name of cached states that were projected for this head."""
        return f"states-{hashlib.sha256(self.projection.tobytes()).hexdigest()[:12]}"

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
    from safetensors import safe_open

    path = folder / FILE
    with safe_open(path, "np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        metadata = file.metadata() or {}
    projection = tensors["projection"].astype(np.float32)
    require_same_features(path, metadata, projection.shape[1])
    return SelectionHead(
        projection,
        summary_networks(tensors),
        network_of(tensors, "answers"),
        network_of(tensors, "answered"),
    )


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
