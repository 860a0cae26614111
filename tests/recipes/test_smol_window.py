"""Training of smol's window adapter: what is computed is what transformers computes."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_smol import VOCABULARY, transformers_model, weights_of
from torch.nn import functional as F

from recipes.smol import window as recipe
from recipes.smol.facts import fact, with_facts
from recipes.smol.llama import (
    Llama,
    Positions,
    attended,
    mean_loss,
    merged,
    read_adapter,
    token_losses,
)
from recipes.smol.measure import by_position, passkey_prompt, window_losses
from recipes.smol.rows import LONG, SHORT, Rows


def ids(*shape: int) -> torch.Tensor:
    return torch.randint(3, VOCABULARY, shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("rope", "positions"),
    [
        ({}, Positions()),
        ({"rope_type": "linear", "factor": 4.0}, Positions(factor=4.0)),
        (
            {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 8192},
            Positions(yarn=4.0),
        ),
    ],
)
def test_states_are_those_of_transformers(rope: dict[str, object], positions: Positions) -> None:
    model = transformers_model(**rope)
    ours, rows = Llama(weights_of(model)), ids(2, 50)
    states = ours(rows, torch.arange(50)[None].expand(2, -1), positions.table(64))
    with torch.no_grad():
        expected = model(rows).logits
    torch.testing.assert_close(states @ ours.embedding.T, expected, rtol=1e-3, atol=1e-3)


def test_bfloat16_is_read_as_the_program_reads_it() -> None:
    generator = torch.Generator().manual_seed(0)
    query, key, value = (
        torch.randn(2, heads, 40, 16, generator=generator).bfloat16() for heads in (6, 2, 2)
    )
    exact = attended(query.float(), key.float(), value.float())
    with torch.no_grad():
        read = attended(query, key, value)
    trained = attended(query.requires_grad_(), key, value)
    assert read.shape == trained.shape == (2, 40, 96)
    assert torch.allclose(read.float(), exact, atol=0.02)
    assert torch.allclose(trained.float(), exact, atol=0.02)


def test_a_jump_of_positions_hides_nothing() -> None:
    """transformers takes it for the border of a packed text, unless it is given a mask.

    Trained so, the second part of a row would never see the first, and no distance be learned.
    """
    model = transformers_model(rope_type="linear", factor=4.0)
    ours, row = Llama(weights_of(model)), ids(1, 40)
    positions = torch.arange(40)[None].clone()
    positions[:, 20:] += 100
    found = ours(row, positions, Positions(factor=4.0).table(256)) @ ours.embedding.T
    with torch.no_grad():
        seen = model(
            row, position_ids=positions, attention_mask=torch.ones_like(row), use_cache=False
        ).logits
        hidden = model(row, position_ids=positions, use_cache=False).logits
    torch.testing.assert_close(found, seen, rtol=1e-3, atol=1e-3)
    assert (hidden[:, 20:] - seen[:, 20:]).abs().max() > 1


def test_loss_and_gradients_are_those_of_whole_logits() -> None:
    model = Llama(weights_of(transformers_model()), rank=4)
    for name, parameter in model.named_parameters():
        if name.endswith(".b"):
            torch.nn.init.normal_(parameter, std=0.05)
    rows, positions = ids(2, 30), torch.arange(30)[None].expand(2, -1)
    table = Positions(factor=2.0).table(64)
    loss = mean_loss(model, model(rows, positions, table), rows)
    loss.backward()
    found = [parameter.grad.clone() for parameter in model.parameters()]
    model.zero_grad()
    logits = model(rows, positions, table) @ model.embedding.T
    plain = F.cross_entropy(logits[:, :-1].flatten(0, 1), rows[:, 1:].flatten())
    plain.backward()
    torch.testing.assert_close(loss, plain)
    for one, parameter in zip(found, model.parameters(), strict=True):
        torch.testing.assert_close(one, parameter.grad, rtol=1e-4, atol=1e-5)
    losses = token_losses(model, model(rows, positions, table), rows)
    torch.testing.assert_close(losses.mean(), plain.detach())


def test_merged_adapter_computes_what_the_adapter_does() -> None:
    weights = weights_of(transformers_model())
    model = Llama(weights, rank=4)
    for name, parameter in model.named_parameters():
        if name.endswith(".b"):
            torch.nn.init.normal_(parameter, std=0.05)
    adapter = {name: value.detach() for name, value in model.adapter().items()}
    assert all(name.startswith("base_model.model.model.layers.") for name in adapter)
    rows, positions = ids(1, 30), torch.arange(30)[None]
    table = Positions().table(64)
    plain = Llama(merged(weights, adapter))(rows, positions, table)
    torch.testing.assert_close(plain, model(rows, positions, table), rtol=1e-4, atol=1e-4)


def test_a_step_always_draws_the_same_rows() -> None:
    streams = {kind: np.arange(2000, dtype=np.uint16) for kind in SHORT | LONG}
    rows = Rows(streams, SHORT, 256, 1024, seed=1)
    first, again, other = rows(3, 4), rows(3, 4), rows(4, 4)
    assert all(a.equal(b) for a, b in zip(first, again, strict=True))
    assert not first[0].equal(other[0])
    assert first[0].shape == first[1].shape == (4, 256)


def test_facts_are_put_after_sentences_and_answer_their_questions() -> None:
    rng = random.Random(3)
    text = "One sentence is here. Another follows it. A third ends the text. " * 20
    facts = [fact(rng) for _ in range(5)]
    found = with_facts(text, facts, rng)
    left = found
    for each in facts:
        assert each.answer in each.sentence
        assert each.answer not in each.question
        assert each.sentence in left
        left = left.replace(f"{each.sentence} ", "", 1)
    assert left == text


def test_passkey_prompt_is_as_long_as_asked_and_holds_the_key_once() -> None:
    parts = {
        "begin": [1] * 30,
        "filler": [2] * 25,
        "question": [3] * 10,
        "keys": [[[4, 5, 6, 7], [5, 6]]],
    }
    for depth in (0.0, 0.5, 1.0):
        prompt, digits = passkey_prompt(parts, 1000, depth, 0)
        assert 1000 - 25 <= len(prompt) + len(digits) <= 1000
        assert prompt.count(4) == 1
        assert digits == [5, 6]
        assert prompt[-10:] == [3] * 10
    assert passkey_prompt(parts, 1000, 0.0, 0)[0][30] == 4


def test_perplexity_by_position_is_of_the_tokens_between() -> None:
    losses = torch.zeros(2, 4095)
    losses[:, 2047:] = 1.0  # the token at position 2048 is predicted by the state before it
    found = by_position(list(losses))
    assert found == pytest.approx({"0-2048": 1.0, "2048-4096": np.e})


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    folder, rng = tmp_path / "shards", np.random.default_rng(0)
    folder.mkdir()
    tokens = rng.integers(3, VOCABULARY, 4000).astype(np.uint16)
    np.savez(folder / "streams.npz", **dict.fromkeys(SHORT | LONG, tokens))
    windows = rng.integers(3, VOCABULARY, (2, 256)).astype(np.uint16)
    np.savez(folder / "held.npz", **{"books-test": windows})
    return folder


def train(shards: Path, out: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    """Run the stage on a tiny base."""
    weights = weights_of(transformers_model())
    monkeypatch.setattr(recipe, "read_base", lambda path, dtype: weights)
    monkeypatch.setattr(recipe, "device_and_dtype", lambda: ("cpu", torch.float32))
    monkeypatch.setattr(recipe, "WINDOW", 512)
    sizes = ["--short", "6", "160", "2", "1", "--long", "0", "512", "--window", "128", "--eager"]
    files = ["--base", "none", "--shards", str(shards), "--out", str(out)]
    monkeypatch.setattr("sys.argv", ["window", *files, *sizes, *arguments])
    recipe.main()


def test_stopped_run_goes_on_to_the_same_adapter(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(shards, tmp_path / "whole", monkeypatch)
    one, stopped = recipe.WindowTraining.one, 3

    def stop(self: recipe.WindowTraining, *arguments: torch.Tensor) -> torch.Tensor:
        if self.step == stopped:
            raise KeyboardInterrupt
        return one(self, *arguments)

    with monkeypatch.context() as context:
        context.setattr(recipe.WindowTraining, "one", stop)
        train(shards, tmp_path / "parts", context)
    assert not (tmp_path / "parts" / "short").exists()
    train(shards, tmp_path / "parts", monkeypatch)
    whole, parts = (
        load_file(tmp_path / name / "short" / "adapter_model.safetensors")
        for name in ("whole", "parts")
    )
    assert whole.keys() == parts.keys()
    assert all(whole[name].equal(parts[name]) for name in whole)
    config = json.loads((tmp_path / "parts" / "short" / "adapter_config.json").read_text())
    assert (config["r"], config["factor"], config["steps"]) == (32, 4.0, 6)


def test_windows_are_measured_in_pieces_of_each_size() -> None:
    model = Llama(weights_of(transformers_model()))
    windows = ids(2, 128).numpy().astype(np.uint16)
    table = Positions().table(128)
    whole = window_losses(model, windows, 128, table)
    halves = window_losses(model, windows, 64, table)
    assert [len(each) for each in whole] == [127, 127]
    assert [len(each) for each in halves] == [63] * 4
    torch.testing.assert_close(whole[0][:63], halves[0], rtol=1e-3, atol=1e-3)


def test_adapter_is_added_to_the_weights_it_names(tmp_path: Path) -> None:
    weights = {"model.layers.0.self_attn.q_proj.weight": torch.zeros(4, 6)}
    down, up = torch.randn(2, 6), torch.randn(4, 2)
    name = "base_model.model.model.layers.0.self_attn.q_proj"
    save_file(
        {f"{name}.lora_A.weight": down, f"{name}.lora_B.weight": up},
        tmp_path / "adapter_model.safetensors",
    )
    (tmp_path / "adapter_config.json").write_text('{"r": 2, "lora_alpha": 6}', encoding="utf-8")
    found = merged(weights, *read_adapter(tmp_path))["model.layers.0.self_attn.q_proj.weight"]
    torch.testing.assert_close(found, 3 * up @ down)
