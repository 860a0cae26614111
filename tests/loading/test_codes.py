"""A model that multiplies few tokens by its file's codes writes what it wrote without them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ggufs import write_gguf
from tiny import plan_for, tiny_model

from longsum.checkpoint.formats import open_checkpoint
from longsum.checkpoint.gguf_folder import unpacked
from longsum.engine.code_steps import CodeStepper
from longsum.engine.codes import MAX_TOKENS, CodeMatrix
from longsum.engine.engine import Engine
from longsum.engine.prefill import Reader
from longsum.events import Listener
from longsum.loading import codes
from longsum.loading.codes import add_codes, multiplies_codes
from longsum.loading.loader import load_model

SIZES = {"hidden_size": 64, "intermediate_size": 96, "vocab_size": 320}
TEXTS = 16


def loaded(
    folder: Path, kind: str, *, with_codes: bool, dtype: str = "bfloat16", **changes: Any
) -> Any:
    """Load a file, with or without its codes."""
    folder.mkdir(exist_ok=True)
    model = tiny_model(**SIZES | changes)
    path = write_gguf(folder / "tiny.gguf", model, kind=kind)
    checkpoint = open_checkpoint(unpacked(path, folder / "cache"))
    plan = replace(plan_for(checkpoint.config, "none"), dtype=dtype, codes=with_codes)
    return load_model(checkpoint, plan, listener=Listener())


def logits(model: Any, few: int) -> torch.Tensor:
    """Return the logits after some texts of which the last tokens are read as few."""
    generator = torch.Generator().manual_seed(0)
    found = []
    for _ in range(TEXTS):
        ids = torch.randint(2, 300, (20 + few,), generator=generator).tolist()
        reader = Reader(model, 64, 64)
        reader.read(ids[:20])
        several = CodeStepper(reader, model.codes).several if model.codes else reader.read_all
        found.append(several(ids[20:])[-1].float())
    return torch.stack(found)


needs_kernel = pytest.mark.skipif(
    not multiplies_codes(), reason="this torch does not multiply by codes on this processor"
)


@needs_kernel
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("kind", ["Q4_0", "Q4_1", "Q8_0"])
@pytest.mark.parametrize("few", [1, 4, MAX_TOKENS])
def test_logits_of_few_tokens_are_those_of_the_weights(
    tmp_path: Path, kind: str, few: int, tied: bool
) -> None:
    found = loaded(tmp_path / "with", kind, with_codes=True, tie_word_embeddings=tied)
    plain = loaded(tmp_path / "without", kind, with_codes=False, tie_word_embeddings=tied)
    used = [each for each in found.modules() if getattr(each, "codes", None)]
    assert used
    assert not any(getattr(each, "codes", None) for each in plain.modules())
    mine, theirs = logits(found, few), logits(plain, few)
    whole = loaded(
        tmp_path / "exact", kind, with_codes=False, dtype="float32", tie_word_embeddings=tied
    )
    exact = logits(whole, few)
    assert not torch.equal(mine, theirs)  # they were used
    error, usual = (mine - exact).abs().mean(), (theirs - exact).abs().mean()
    assert error < 1.4 * usual


@needs_kernel
def test_matrices_multiplied_by_the_same_states_are_laid_out_together(tmp_path: Path) -> None:
    model = loaded(tmp_path, "Q4_1", with_codes=True, tie_word_embeddings=True)
    for layer in model.model.layers:
        assert isinstance(layer.self_attn.codes, CodeMatrix)
        assert isinstance(layer.mlp.codes, CodeMatrix)
        assert isinstance(layer.self_attn.o_proj.codes, CodeMatrix)
    assert isinstance(model.lm_head.codes, CodeMatrix)  # those of the embeddings
    assert not hasattr(model.model.embed_tokens, "codes")


@needs_kernel
def test_matrices_of_several_kinds_are_not_laid_out_together(tmp_path: Path) -> None:
    model = loaded(tmp_path, "Q4_1", with_codes=False)
    checkpoint = open_checkpoint(unpacked(tmp_path / "tiny.gguf", tmp_path / "cache"))
    stored = dict(checkpoint.codes())
    name = "model.layers.0.self_attn.v_proj.weight"
    stored[name] = replace(stored[name], type_name="Q8_0")
    del stored["model.layers.1.mlp.up_proj.weight"]
    add_codes(model, stored)
    first, second = model.model.layers
    assert first.self_attn.codes is None
    assert first.self_attn.q_proj.codes is not None
    assert first.mlp.codes is not None
    assert second.self_attn.codes is not None
    assert second.mlp.codes is None
    assert second.mlp.up_proj.codes is None
    assert second.mlp.gate_proj.codes is not None


@needs_kernel
def test_an_engine_reads_with_the_weights_and_writes_with_the_codes(tmp_path: Path) -> None:
    model = loaded(tmp_path / "with", "Q4_1", with_codes=True)
    plain = loaded(tmp_path / "without", "Q4_1", with_codes=False)
    read = []
    for each in (model, plain):
        engine = Engine(each, capacity=64, chunk_tokens=64)
        engine.read(list(range(2, 40)))
        engine.read(list(range(2, 5)))  # few, and still read
        read.append((engine, engine.reader.cache.tensors(41)))
    (engine, mine), (other, theirs) = read
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)
    assert isinstance(engine.read_one, CodeStepper)
    assert other.read_one is None
    assert not torch.equal(engine.read_one(7), other.reader.read([7]))
    assert engine.reader.length == other.reader.length == 42


def test_a_torch_without_the_kernel_multiplies_by_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: Any) -> Any:
        raise NotImplementedError("no such kernel")

    monkeypatch.setattr(CodeMatrix, "__call__", missing)
    assert not multiplies_codes()
    model = loaded(tmp_path, "Q4_1", with_codes=True)
    assert not any(getattr(each, "codes", None) for each in model.modules())


def test_a_kernel_that_computes_something_else_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = torch.zeros(2, codes.ROWS).bfloat16()
    monkeypatch.setattr(CodeMatrix, "__call__", lambda *_: wrong)
    assert not multiplies_codes()


def test_numbers_of_the_check_need_no_rounding() -> None:
    values = np.arange(codes.ROWS * codes.GROUP) % 16 - 3
    assert np.abs(values).max() < 256  # bfloat16 holds whole numbers up to it
