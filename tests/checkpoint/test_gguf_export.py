"""What is written as GGUF is read back as it was: weights, rotation, tokenizer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from adapters import write_adapter
from ggufs import MERGES, TEMPLATE, byte_level_fields, sentencepiece_fields, write_gguf
from tiny import restate, save_checkpoint, tiny_model

from longsum.checkpoint import adapters as shipped_adapters
from longsum.checkpoint.checkpoint import Checkpoint
from longsum.checkpoint.formats import open_checkpoint
from longsum.checkpoint.gguf_export import export_gguf, gguf_name
from longsum.checkpoint.gguf_folder import unpacked
from longsum.checkpoint.gguf_vocabulary import tokenizer_fields
from longsum.errors import OutputError, UnsupportedModel

TEXT = "The theatre in Erin: 12345 apples, <s> naïve — “thing”\n\n  the end"


def again(checkpoint: Checkpoint, folder: Path, kind: Any = "f32") -> Checkpoint:
    """Export a checkpoint, and open the file."""
    folder.mkdir(exist_ok=True)
    export_gguf(checkpoint, folder / "out.gguf", kind)
    return open_checkpoint(unpacked(folder / "out.gguf", folder / "cache"))


@pytest.fixture
def base(tmp_path: Path) -> Checkpoint:
    return open_checkpoint(save_checkpoint(tmp_path / "base"))


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [("f32", torch.float32), ("f16", torch.float16), ("bf16", torch.bfloat16)],
)
@pytest.mark.parametrize("tied", [False, True])
def test_weights_are_those_of_the_checkpoint(
    tmp_path: Path, kind: str, dtype: torch.dtype, tied: bool
) -> None:
    base = open_checkpoint(save_checkpoint(tmp_path / "base", tie_word_embeddings=tied))
    found = again(base, tmp_path / "out", kind)
    assert found.shape == base.shape
    expected = base.tensors(torch.float32)
    for name, lazy in found.tensors(torch.float32).items():
        exact = expected[name][...]
        wanted = exact.to(dtype).float() if exact.ndim > 1 else exact
        assert torch.equal(lazy[...], wanted), name
    assert found.packing().keys() == {kind.upper(), "F32"}


def test_q8_0_stays_near(tmp_path: Path, base: Checkpoint) -> None:
    found, expected = again(base, tmp_path / "out", "q8_0"), base.tensors(torch.float32)
    for name, lazy in found.tensors(torch.float32).items():
        torch.testing.assert_close(lazy[...], expected[name][...], rtol=0, atol=0.01)
    assert "Q8_0" in found.packing()


@pytest.mark.parametrize(
    "rope",
    [
        {"rope_type": "default", "rope_theta": 500_000.0},
        {"rope_type": "linear", "rope_theta": 10_000.0, "factor": 4.0},
        {"rope_type": "yarn", "rope_theta": 10_000.0, "factor": 4.0, "beta_fast": 24.0,
         "original_max_position_embeddings": 64},
        {"rope_type": "llama3", "rope_theta": 500_000.0, "factor": 8.0, "low_freq_factor": 1.0,
         "high_freq_factor": 4.0, "original_max_position_embeddings": 8192},
    ],
)  # fmt: skip
def test_rotation_and_window_are_stated(
    tmp_path: Path, base: Checkpoint, rope: dict[str, Any]
) -> None:
    positions = 16_384 if rope["rope_type"] == "llama3" else 256
    changed = {"rope_parameters": rope, "max_position_embeddings": positions}
    scaled = open_checkpoint(restate(base.folder, tmp_path / "scaled", changed))
    found = again(scaled, tmp_path / "out")
    assert found.rope.rope_type == rope["rope_type"]
    assert (found.rope.factor, found.rope.rope_theta) == (scaled.rope.factor, rope["rope_theta"])
    for name, value in scaled.rope.parameters.items():
        assert found.rope.parameters[name] == pytest.approx(value), name
    assert found.config["max_position_embeddings"] == scaled.rope.window


def test_widened_checkpoint_is_written_merged_with_linear_scaling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_gguf(tmp_path / "tiny.gguf", tiny_model())
    small = open_checkpoint(unpacked(file, tmp_path / "cache"))
    monkeypatch.setattr(shipped_adapters, "SHIPPED", (tmp_path / "adapter",))
    products = write_adapter(tmp_path / "adapter", small, 1024)
    wide = small.widened()
    assert wide is not None
    found = again(wide, tmp_path / "out")
    assert (found.rope.rope_type, found.rope.factor) == ("linear", 4.0)
    weights = small.tensors(torch.float32)
    for name, lazy in found.tensors(torch.float32).items():
        expected = weights[name][...] + products.get(name, torch.zeros(()))
        torch.testing.assert_close(lazy[...], expected, rtol=0, atol=0)


# ---- tokenizers


def ids(checkpoint: Checkpoint, text: str = TEXT) -> list[int]:
    tokenizer = checkpoint.tokenizer()
    return [*tokenizer.encode_document(text), *tokenizer.encode_prompt("<s>a</s>")]


@pytest.mark.parametrize("pre", ["gpt-2", "smollm", "llama-bpe", "tekken"])
def test_tokens_of_a_byte_level_tokenizer_are_the_same(tmp_path: Path, pre: str) -> None:
    file = write_gguf(tmp_path / "a.gguf", tiny_model(), fields=byte_level_fields(300, pre))
    first = open_checkpoint(unpacked(file, tmp_path / "cache"))
    fields = tokenizer_fields(first.folder, 300)
    assert fields["tokenizer.ggml.pre"] == pre
    assert fields["tokenizer.ggml.merges"] == list(MERGES)
    assert fields["tokenizer.chat_template"] == TEMPLATE
    second = write_gguf(tmp_path / "b.gguf", tiny_model(), fields=fields)
    assert ids(open_checkpoint(unpacked(second, tmp_path / "cache"))) == ids(first)


def test_tokens_of_a_sentencepiece_tokenizer_are_the_same(tmp_path: Path) -> None:
    fields = sentencepiece_fields()
    file = write_gguf(tmp_path / "a.gguf", tiny_model(), fields=fields | _without_merges())
    first = open_checkpoint(unpacked(file, tmp_path / "cache"))
    found = tokenizer_fields(first.folder, 300)
    assert found["tokenizer.ggml.model"] == "llama"
    size = len(fields["tokenizer.ggml.tokens"])
    assert found["tokenizer.ggml.tokens"][:size] == fields["tokenizer.ggml.tokens"]
    assert found["tokenizer.ggml.token_type"][:size] == fields["tokenizer.ggml.token_type"]
    second = write_gguf(tmp_path / "b.gguf", tiny_model(), fields=found | _without_merges())
    assert ids(open_checkpoint(unpacked(second, tmp_path / "cache"))) == ids(first)


def _without_merges() -> dict[str, Any]:
    return {"tokenizer.ggml.merges": None}


def test_tokens_of_a_folder_are_the_same(tmp_path: Path, base: Checkpoint) -> None:
    found = again(base, tmp_path / "out")
    assert ids(found) == ids(base)
    assert found.tokenizer().inner.bos_token == "<s>"
    assert found.tokenizer().inner.eos_token == "</s>"


def test_tokenizer_that_llama_cpp_cannot_name_is_refused(tmp_path: Path, base: Checkpoint) -> None:
    path = base.folder / "tokenizer.json"
    stored = json.loads(path.read_text())
    split = {"type": "Split", "pattern": {"Regex": "."}, "behavior": "Isolated", "invert": False}
    stored["pre_tokenizer"] = split
    path.write_text(json.dumps(stored))
    with pytest.raises(UnsupportedModel, match="no name for"):
        tokenizer_fields(base.folder, 300)
    path.write_text("{}")
    with pytest.raises(UnsupportedModel, match="missing or damaged"):
        tokenizer_fields(base.folder, 300)
    with pytest.raises(UnsupportedModel, match="no row among 200"):
        tokenizer_fields(save_checkpoint(tmp_path / "other"), 200)


# ---- refusals


def test_weight_without_an_equivalent_is_refused() -> None:
    assert gguf_name("model.layers.3.mlp.up_proj.weight") == "blk.3.ffn_up.weight"
    with pytest.raises(UnsupportedModel, match=r"q_proj.bias has no equivalent"):
        gguf_name("model.layers.0.self_attn.q_proj.bias")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"hidden_act": "gelu"}, "its activation is gelu"),
        ({"rope_parameters": {"rope_type": "yarn", "factor": 2.0, "rope_theta": 1e4,
                              "attention_factor": 1.5}}, "attention_factor"),
    ],
)  # fmt: skip
def test_model_that_gguf_cannot_state_is_refused_and_nothing_is_left(
    tmp_path: Path, base: Checkpoint, config: dict[str, Any], message: str
) -> None:
    other = open_checkpoint(restate(base.folder, tmp_path / "other", config))
    with pytest.raises(UnsupportedModel, match=message):
        export_gguf(other, tmp_path / "out.gguf", "f16")
    assert not list(tmp_path.glob("*out*"))


def test_interrupted_export_leaves_the_earlier_file(tmp_path: Path, base: Checkpoint) -> None:
    path = tmp_path / "out.gguf"
    export_gguf(base, path, "f16")
    before = path.read_bytes()

    def interrupt(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_gguf(base, path, "f32", interrupt)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["out.gguf"]


def test_folder_that_does_not_exist_is_refused(tmp_path: Path, base: Checkpoint) -> None:
    with pytest.raises(OutputError):
        export_gguf(base, tmp_path / "none" / "out.gguf", "f16")
