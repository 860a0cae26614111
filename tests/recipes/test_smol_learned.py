"""From packed documents to saved features and trained heads, on a tiny random model."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from recipes.smol.harvest import Harvest, sums
from recipes.smol.learned import learn
from recipes.smol.llama import Llama, Positions
from recipes.smol.packed import Packed, Query
from recipes.smol.read import Findings, read_all
from recipes.smol.reading import Reader
from recipes.smol.saved import load_harvest, principal, save_harvest

HIDDEN, HEAD_DIM = 16, 8


def tiny() -> Reader:
    """Return a random model."""
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator) * 0.3

    weights = {"model.embed_tokens.weight": drawn(40, HIDDEN), "model.norm.weight": drawn(HIDDEN)}
    shapes = {
        "self_attn.q_proj": (16, HIDDEN), "self_attn.k_proj": (8, HIDDEN),
        "self_attn.v_proj": (8, HIDDEN), "self_attn.o_proj": (HIDDEN, 16),
        "mlp.gate_proj": (24, HIDDEN), "mlp.up_proj": (24, HIDDEN), "mlp.down_proj": (HIDDEN, 24),
        "input_layernorm": (HIDDEN,), "post_attention_layernorm": (HIDDEN,),
    }  # fmt: skip
    for layer in range(2):
        for name, shape in shapes.items():
            weights[f"model.layers.{layer}.{name}.weight"] = drawn(*shape)
    positions = Positions(head_dim=HEAD_DIM)
    return Reader(Llama(weights, head_dim=HEAD_DIM), positions.table(8192))


def document(number: int, rng: np.random.Generator) -> Packed:
    """Return a document of a few sentences with two questions and a summary."""
    count = int(rng.integers(4, 70))
    first = np.arange(count) * 5 + 3
    split = ("train", "train", "kept", "test")[number % 4]
    queries = []
    for place, kind in enumerate(("nothing", "question", "question", "summary")):
        labels = rng.normal(size=count).astype(np.float32)
        if kind == "question":
            labels = np.zeros(count, np.float32)
            labels[rng.integers(count)] = 1
        suffix = np.array([9, *rng.integers(10, 40, place + 1), 11, 2, 12], np.int32)
        lexical = rng.normal(size=(2, count)).astype(np.float32) if kind == "question" else None
        queries.append(Query(kind, split, "a", f"a:{number}:{place}", 20, suffix, labels, lexical))
    ids = rng.integers(3, 40, count * 5 + 3).astype(np.int32)
    return Packed("a", f"{number:016x}", ids, first, first + rng.integers(1, 5, count), queries)


@pytest.fixture(scope="module")
def harvest(tmp_path_factory: pytest.TempPathFactory) -> Harvest:
    """Return what a tiny model reads of sixteen documents."""
    rng = np.random.default_rng(0)
    documents = [document(number, rng) for number in range(16)]
    tell = Findings(tmp_path_factory.mktemp("read") / "read.jsonl", time.perf_counter())
    return read_all(tiny(), None, iter(documents), time.perf_counter() + 100, tell)


def test_sentences_get_the_attention_of_their_tokens() -> None:
    seen = torch.rand(2, 3, 50)
    first, last = torch.tensor([0, 7, 8]), torch.tensor([6, 7, 49])
    expected = torch.stack([seen[..., a : b + 1].sum(-1) for a, b in ((0, 6), (7, 7), (8, 49))], -1)
    torch.testing.assert_close(sums(seen, first, last), expected)


def test_looks_of_a_question_do_not_depend_on_those_beside_it(harvest: Harvest) -> None:
    packed = harvest.documents[0]
    alone = Packed(
        packed.file, packed.digest, packed.ids, packed.first, packed.last, packed.queries[:1]
    )
    tell = Findings(Path("/dev/null"), time.perf_counter())
    read = read_all(tiny(), None, iter([alone]), time.perf_counter() + 100, tell)
    torch.testing.assert_close(read.looks[0][0], harvest.looks[0][0], atol=2e-2, rtol=1e-2)


def test_saved_values_are_those_projected(harvest: Harvest, tmp_path: Path) -> None:
    basis = principal(torch.cat(harvest.states), 12)
    told = save_harvest(harvest, basis, tmp_path, 3.0)
    tensors, index = load_harvest(tmp_path)
    sentences = sum(map(len, harvest.states))
    assert told["sentences"] == sentences == len(tensors["states"])
    dimensions = tensors["states"].shape[1]
    expected = basis.first(dimensions)(harvest.states[0]).numpy()
    found = tensors["states"][: len(expected)] * tensors["states.scale"]
    inside = np.abs(expected) < 4 * expected.std(0)
    assert np.abs(found - expected)[inside].max() < tensors["states.scale"].max()
    last = index["questions"][-1]
    assert last["start"] + last["rows"] == len(tensors["questions"])
    heads = tensors["questions.heads"]
    number, row = last["document"], 2
    looks = harvest.looks[number][row].float().numpy()
    rows = tensors["questions.sentences"][last["start"] :]
    expected = looks[rows][:, heads]
    width = tensors["questions"].shape[1] - len(heads)
    scale = tensors["questions.scale"][width:]
    found = tensors["questions"][last["start"] :, width:] * scale
    assert (np.abs(found - expected) <= scale * 0.51 + 0.02).mean() > 0.95


def test_heads_are_trained_measured_and_saved(harvest: Harvest, tmp_path: Path) -> None:
    tell = Findings(tmp_path / "read.jsonl", time.perf_counter())
    basis = principal(torch.cat(harvest.states), 12)
    learn(harvest, basis, tmp_path, time.perf_counter() + 60, tell, layers=2, heads=2)
    lines = [json.loads(line) for line in (tmp_path / "read.jsonl").read_text().splitlines()]
    told = {line["finding"]: line for line in lines}
    assert told["head questions everything"]["a test"]["first"]["n"] == 8
    assert told["head summaries states"]["a summary kept"]["n"] == 4
    assert told["single heads"]["a test"]["n"] == 8
    scores = load_file(tmp_path / "scores.safetensors")
    measured = [d for d in harvest.documents if d.queries[0].split != "train"]
    assert len(scores["questions everything.scores"]) == 2 * sum(len(d.first) for d in measured)
    assert "questions looks.own.weight" in load_file(tmp_path / "heads.safetensors")


def test_reading_stops_in_time(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    tell = Findings(tmp_path / "read.jsonl", time.perf_counter())
    documents = (document(number, rng) for number in range(3))
    read = read_all(tiny(), None, documents, time.perf_counter() - 1, tell)
    assert not read.documents
