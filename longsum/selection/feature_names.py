"""The names of what each network of the selection head is given, in order.

They are read off the columns that the features are computed in, so that no second list can differ
from the code, and saved with the weights: weights of another order would rank wrongly, and nothing
would say so. Pure; no torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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
"""In a head's safetensors file: JSON, from each network to the names of its features."""
_SAMPLE = "The port froze. Nobody left."
_SPANS = (Span(0, 15), Span(16, 28))


def feature_names(directions: int) -> dict[str, list[str]]:
    """Return what each network is given by this version.

    Args:
        directions: that a token's state is projected to.
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
    """Return what a head's file says of its features."""
    return {METADATA_KEY: json.dumps(feature_names(directions))}


def require_same_features(path: Path, metadata: Mapping[str, str], directions: int) -> None:
    """Check that a head was trained on the features of this version, in their order.

    Args:
        path: the head's file.
        metadata: of that file.
        directions: that a token's state is projected to.

    Raises:
        UnsupportedModel: when it was not, or does not say.
    """
    saved = _saved(metadata)
    if not saved:
        found = "does not name its features: an older version of longsum wrote it"
        raise UnsupportedModel(f"{path} {found}", hint="export it again with recipes/mini")
    for network, expected in feature_names(directions).items():
        difference = _difference(saved.get(network, []), expected)
        if difference:
            raise UnsupportedModel(
                f"{path} is for another version of longsum: its network `{network}` {difference}",
                hint="use the version that trained it, or train it again with recipes/mini",
            )


def _saved(metadata: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the names in a file's metadata, none where they are not there or damaged."""
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
