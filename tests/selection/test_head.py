from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from torch import nn

from longsum.checkpoint.catalog import find_known
from longsum.documents.sentences import split_sentences
from longsum.errors import UnsupportedModel
from longsum.model.resolve import MINI_FOLDER
from longsum.selection import head as head_module
from longsum.selection.answer_features import (
    answer_columns,
    question_columns,
    question_features,
)
from longsum.selection.feature_names import METADATA_KEY, feature_names, metadata_of
from longsum.selection.head import (
    BASE_KEY,
    CLIP,
    FILE,
    LAST,
    SummaryHead,
    SummaryNetworks,
    is_shipped_for,
    load_head,
    network_of,
    shipped_head,
)
from longsum.selection.sentence_features import Sentences
from longsum.selection.vocabulary import vocabulary_of
from longsum.selection.word_pairs import pair_columns, pairs_of
from longsum.selection.words import word_columns

BUNDLED_TENSORS = "0183a9f1c7d5ecbe22900b8a4171e40d36fa377ea7d2d624254bdf2b56f925eb"
"""SHA-256 of the names and bytes of the tensors, as they were before the names were added."""


def tensors_of(part: str, inputs: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(inputs)
    sizes = (inputs, 6, 5, 1)
    found = {
        f"{part}.mean": rng.normal(size=inputs).astype(np.float32),
        f"{part}.deviation": rng.uniform(0.5, 2, inputs).astype(np.float32),
    }
    for number, (before, after) in enumerate(zip(sizes, sizes[1:], strict=False)):
        found[f"{part}.{number}.weight"] = rng.normal(size=(after, before)).astype(np.float16)
        found[f"{part}.{number}.bias"] = rng.normal(size=after).astype(np.float16)
    return found


def write_head(folder: Path, *, scale: float = 1.0, metadata: dict[str, str] | None = None) -> Path:
    """Write a head of two directions, by default with the names of its features."""
    tensors = {"projection": np.eye(4, 2, dtype=np.float32) * scale}
    for part, names in feature_names(2).items():
        tensors |= tensors_of(part, len(names))
    save_file(tensors, folder / FILE, metadata_of(2) if metadata is None else metadata)
    return folder


def digest_of(path: Path) -> dict[str, str]:
    """Return each tensor's type, shape and SHA-256."""
    return {
        name: f"{tensor.dtype} {tensor.shape} {hashlib.sha256(tensor.tobytes()).hexdigest()}"
        for name, tensor in sorted(load_file(path).items())
    }


def test_a_network_is_what_torch_computes():
    tensors = tensors_of("words", 4)
    features = np.random.default_rng(1).normal(size=(7, 4)).astype(np.float32) * 9
    x = torch.from_numpy((features - tensors["words.mean"]) / tensors["words.deviation"])
    x = x.clamp(-CLIP, CLIP)
    for number in range(3):
        weight = torch.from_numpy(tensors[f"words.{number}.weight"]).float()
        bias = torch.from_numpy(tensors[f"words.{number}.bias"]).float()
        x = nn.functional.linear(nn.functional.silu(x) if number else x, weight, bias)
    np.testing.assert_allclose(network_of(tensors, "words")(features), x.numpy(), rtol=1e-5)


def test_a_head_is_read_from_beside_the_weights(tmp_path: Path):
    assert load_head(tmp_path) is None
    head = load_head(write_head(tmp_path))
    assert head is not None
    assert head.projections[LAST].shape == (4, 2)
    networks = (head.summary.sentences, head.summary.words, head.summary.pairs, head.answers)
    named = list(feature_names(2).values())
    assert [len(network.mean) for network in networks] == [len(names) for names in named[:4]]
    assert len(head.answered.mean) == len(named[4])
    assert head.summary.words(np.zeros((2, len(named[1])), np.float32)).shape == (2, 1)


def test_states_are_named_by_what_they_were_projected_with(tmp_path: Path):
    names = []
    for scale in (1.0, 2.0, 1.0):
        head = load_head(write_head(tmp_path, scale=scale))
        assert head is not None
        names.append(head.states_name)
    assert names[0] == names[2] != names[1]


def write_shipped(path: Path, *, directions: int = 2) -> Path:
    """Write a head for summaries over two layers of the weights `abc`, two directions each."""
    tensors = {
        "projection": np.full((4, directions), 3, np.float16),
        "projection.10": np.full((4, directions), 2, np.float16),
        "projection.9": np.full((4, directions), 1, np.float16),
    }
    for part in ("sentences", "words", "pairs"):
        tensors |= tensors_of(part, len(feature_names(6)[part]))
    save_file(tensors, path, metadata_of(6) | {BASE_KEY: "abc"})
    return path


def test_a_head_that_comes_with_longsum_is_found_by_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        head_module, "SHIPPED", (tmp_path / "absent", write_shipped(tmp_path / "a"))
    )
    head = shipped_head("abc")
    assert head is not None
    assert {layer: matrix[0, 0] for layer, matrix in head.projections.items()} == {
        9: 1, 10: 2, LAST: 3,
    }  # fmt: skip
    assert list(head.projections) == [9, 10, LAST]
    names = feature_names(6)
    assert len(head.summary.sentences.mean) == len(names["sentences"])
    assert len(head.summary.words.mean) == len(names["words"])
    assert shipped_head("abd") is None


def test_a_head_that_comes_with_longsum_takes_the_features_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(head_module, "SHIPPED", (write_shipped(tmp_path / "a", directions=3),))
    with pytest.raises(UnsupportedModel, match="another version"):
        shipped_head("abc")


def test_the_head_for_smol_is_found_and_takes_the_features_there_are():
    smol = find_known("smol")
    assert smol is not None
    assert smol.file is not None
    assert is_shipped_for(smol.file.fingerprint)
    head = shipped_head(smol.file.fingerprint)
    assert head is not None
    assert list(head.projections) == [10, 15, 20, 25, LAST]
    hidden = smol.shape.hidden_size
    assert {matrix.shape for matrix in head.projections.values()} == {(hidden, 64)}


def test_states_of_other_layers_have_another_name():
    matrix = np.ones((4, 2), np.float32)
    networks = SummaryNetworks(*[network_of(tensors_of("words", 3), "words")] * 3)
    names = {
        SummaryHead(projections, networks).states_name
        for projections in ({9: matrix, LAST: matrix}, {8: matrix, LAST: matrix}, {LAST: matrix})
    }
    assert len(names) == 3


def test_very_large_inputs_do_not_overflow(tmp_path: Path):
    network = network_of(tensors_of("words", 3), "words")
    with np.errstate(over="raise"):
        assert np.isfinite(network(np.full((1, 3), 1e30, np.float32))).all()
        assert network(np.full((1, 3), -1e30, np.float32)) == pytest.approx(
            network(np.full((1, 3), -1e20, np.float32))
        )


def test_the_bundled_head_takes_the_features_there_are():
    """With a feature more or less, the weights belong to another version."""
    head = load_head(MINI_FOLDER)
    assert head is not None
    columns = answer_columns(("The port was founded in 1921.",), "When was the port founded?")
    assert len(head.answers.mean) == len(columns)
    about = question_features(columns)
    assert len(head.answered.mean) == about.shape[1]
    scores, answered = head.rank_answers(["The port was founded in 1921."], "Who?")
    assert scores.shape == (1,)
    assert isinstance(answered, bool)


def test_the_bundled_head_names_the_features_of_each_network():
    with safe_open(MINI_FOLDER / FILE, "np") as file:
        saved = json.loads(file.metadata()[METADATA_KEY])
        widths = {part: len(file.get_tensor(f"{part}.mean")) for part in saved}
    assert saved == feature_names(64)
    assert widths == {part: len(names) for part, names in saved.items()}
    assert all(len(set(names)) == len(names) for names in saved.values())


def test_the_bundled_heads_tensors_are_those_that_were_trained():
    """Names were added to the file later; not a bit of the weights may change with them."""
    found = json.dumps(digest_of(MINI_FOLDER / FILE), indent=0)
    assert hashlib.sha256(found.encode()).hexdigest() == BUNDLED_TENSORS


def test_a_head_without_names_is_refused(tmp_path: Path):
    for metadata in ({}, {METADATA_KEY: "{damaged"}, {METADATA_KEY: "[]"}):
        with pytest.raises(UnsupportedModel, match="does not name its features") as raised:
            load_head(write_head(tmp_path, metadata=metadata))
        assert raised.value.hint == "export it again with recipes/mini"


@pytest.mark.parametrize("part", feature_names(2))
def test_a_head_with_two_names_swapped_is_refused(part: str, tmp_path: Path):
    names = feature_names(2)
    names[part][1], names[part][2] = names[part][2], names[part][1]
    moved = f"`{part}` takes {names[part][1]} as feature 1, which is now feature 2"
    with pytest.raises(UnsupportedModel, match=moved) as raised:
        load_head(write_head(tmp_path, metadata={METADATA_KEY: json.dumps(names)}))
    assert "train it again" in str(raised.value.hint)


def test_a_head_says_which_feature_it_lacks_and_which_is_unknown(tmp_path: Path):
    lacking, beyond, twice = feature_names(2), feature_names(2), feature_names(2)
    lacking["pairs"].remove("mutual_information")
    beyond["words"].append("colour")
    twice["words"].append("named")
    for names, said in (
        (lacking, "`pairs` lacks the feature mutual_information"),
        (beyond, "`words` has the unknown feature colour"),
        (twice, "`words` takes named as feature 40, which is now feature 30"),
    ):
        with pytest.raises(UnsupportedModel, match=said):
            load_head(write_head(tmp_path, metadata={METADATA_KEY: json.dumps(names)}))


def test_the_names_are_those_of_the_columns_whatever_the_document():
    """The features are named once, on a sample; no document and no question may change them."""
    text = "Rain. Rain fell on the port. Who paid? Nobody paid $40 for the 54th mooring."
    s = Sentences(text, split_sentences(text), 6, "the price")
    words, pairs, scores = vocabulary_of(s.words), pairs_of(s.words), np.arange(4.0)
    answers = answer_columns(s.texts, 'How much did "the port" cost in Westhaven?')
    named = feature_names(0)
    assert list(s.columns) == named["sentences"]
    assert list(word_columns(s, words, scores, lambda t: [[1]] * len(t))) == named["words"]
    expected = np.ones(len(words.terms))
    assert list(pair_columns(s, words, expected, pairs, scores)) == named["pairs"]
    assert list(answers) == named["answers"]
    assert list(question_columns(answers)) == named["answered"]
    assert list(answer_columns(("A port.",), "?")) == named["answers"]
