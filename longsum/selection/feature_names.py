"""Names of the input features of each network of the selection head, in order.

They are taken from the computed columns, so that no second list can differ from the code, and saved
with the weights: weights for another order would rank wrongly without an error. Pure; no torch.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from longsum.documents.document import Span
from longsum.errors import UnsupportedModel
from longsum.selection.answer_features import answer_columns, question_columns
from longsum.selection.sentence_features import Sentences
from longsum.selection.token_states import sentence_state_names, word_state_names
from longsum.selection.vocabulary import vocabulary_of
from longsum.selection.word_pairs import pair_columns, pairs_of
from longsum.selection.words import word_columns

METADATA_KEY = "features"
"""Metadata key of a head's safetensors file: JSON, mapping each network to its feature names."""
_SAMPLE = "The port froze. Nobody left."
_SPANS = (Span(0, 15), Span(16, 28))


def feature_names(directions: int) -> dict[str, list[str]]:
    """Return the feature names of each network in this version.

    Args:
        directions: number of directions of a projected state.
    """
    s = Sentences(_SAMPLE, _SPANS, length=4)
    words, pairs, scores = vocabulary_of(s.words), pairs_of(s.words), np.zeros(len(_SPANS))
    of_words = word_columns(s, words, scores, lambda texts: [[0]] * len(texts))
    of_pairs = pair_columns(s, words, np.ones(len(words.terms)), pairs, scores)
    answers = answer_columns(s.texts, "Who left?")
    return {
        "sentences": [*s.columns, *sentence_state_names(directions)],
        "words": [*of_words, *word_state_names(directions)],
        "pairs": list(of_pairs),
        "answers": list(answers),
        "answered": list(question_columns(answers)),
    }


def metadata_of(directions: int) -> dict[str, str]:
    """Return the metadata of a head's file that names its features."""
    return {METADATA_KEY: json.dumps(feature_names(directions))}


def require_same_features(
    path: Path, metadata: Mapping[str, str], directions: int, networks: Collection[str]
) -> None:
    """Check that a head was trained on the features of this version, in their order.

    Args:
        path: the head's file.
        metadata: the file's metadata.
        directions: number of directions of a projected state.
        networks: the networks that the head has.

    Raises:
        UnsupportedModel: when the features differ, or the file does not name them.
    """
    saved = _saved(metadata)
    if not saved:
        found = "does not name its features: an older version of longsum wrote it"
        raise UnsupportedModel(f"{path} {found}", hint="export it again with recipes/mini")
    for network, expected in feature_names(directions).items():
        if network not in networks:
            continue
        difference = _difference(saved.get(network, []), expected)
        if difference:
            raise UnsupportedModel(
                f"{path} is for another version of longsum: its network `{network}` {difference}",
                hint="use the version that trained it, or train it again with recipes/mini",
            )


def _saved(metadata: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the names in a file's metadata; empty when they are missing or damaged."""
    try:
        saved = json.loads(metadata.get(METADATA_KEY, ""))
    except ValueError:
        return {}
    return saved if isinstance(saved, dict) else {}


def _difference(saved: Sequence[str], expected: Sequence[str]) -> str | None:
    """Return the first difference between the features of a file and those computed now."""
    for name in expected:
        if name not in saved:
            return f"lacks the feature {name}"
    for at, name in enumerate(saved):
        if name not in expected:
            return f"has the unknown feature {name}"
        if expected[at : at + 1] != [name]:
            return f"takes {name} as feature {at}, which is now feature {expected.index(name)}"
    return None
