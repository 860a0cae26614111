"""What the fields of a GGUF file say of the model, and which files are refused for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGMLQuantizationType as Type
from ggufs import write_gguf, write_shards
from tiny import tiny_model
from tiny_qwen2 import tiny_qwen2, write_qwen2
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from longsum.checkpoint.files import read_shape
from longsum.checkpoint.gguf import NAMES, WHOLE, gguf_in, hugging_face_name, read_gguf, shards_of
from longsum.checkpoint.gguf_config import LLAMA3, llama3_divisors
from longsum.checkpoint.rope import read_rope
from longsum.errors import ModelNotFound, UnsupportedModel
from longsum.settings import Setting

from benchmarks.peers import gguf_layout  # isort: skip  # ggufs has put it on the path

LINEAR = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}
YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0}
FREQUENCIES = "rope_freqs.weight"


def write(tmp_path: Path, change: Any = None, model: Any = None, **fields: Any) -> Path:
    """Write a file in which some fields of `llama.` are others."""
    stated = {f"llama.{name.replace('__', '.')}": value for name, value in fields.items()}
    return write_gguf(tmp_path / "x.gguf", model or tiny_model(), fields=stated, change=change)


def refuses(path: Path, says: str) -> None:
    with pytest.raises(UnsupportedModel, match=says) as caught:
        read_gguf(path)
    assert caught.value.exit_code == 5
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_names_are_the_inverse_of_the_peers_benchmark_s() -> None:
    ours = [f"model.layers.3.{name}.weight" for name in NAMES.values()] + list(WHOLE.values())
    assert set(NAMES.values()) == set(gguf_layout.NAMES)
    for name in ours:
        assert hugging_face_name(gguf_layout.gguf_name(name)) == name


@pytest.mark.parametrize("tied", [True, False])
def test_shape_is_that_of_the_original_config(tmp_path: Path, tied: bool) -> None:
    model = tiny_model(tie_word_embeddings=tied)
    found = read_gguf(write(tmp_path, model=model)).config
    original = model.config.to_dict()
    assert read_shape(found) == read_shape(original)
    assert found["rms_norm_eps"] == pytest.approx(original["rms_norm_eps"])
    assert (found["bos_token_id"], found["eos_token_id"]) == (0, 1)


@pytest.mark.parametrize(
    ("rope", "positions"),
    [
        ({"rope_type": "default", "rope_theta": 500000.0}, 256),
        (LINEAR, 16384),
        (LINEAR, 2048),
        (YARN | {"original_max_position_embeddings": 2048}, 8192),
    ],
)
def test_positions_are_those_of_the_original_config(
    tmp_path: Path, rope: dict[str, Any], positions: int
) -> None:
    model = tiny_model(rope_parameters=rope, max_position_embeddings=positions)
    found, original = (
        read_rope(read_gguf(write(tmp_path, model=model)).config),
        read_rope(model.config.to_dict()),
    )
    assert (found.rope_type, found.factor, found.rope_theta) == (
        *(original.rope_type, original.factor, original.rope_theta),
    )
    assert (found.native_window, found.window) == (original.native_window, original.window)
    assert found.parameters == original.parameters


def test_original_window_of_linear_scaling_is_read(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        **{"rope__scaling__type": "linear", "rope__scaling__factor": 4.0},
        rope__scaling__original_context_length=8192,
        context_length=32768,
    )
    rope = read_rope(read_gguf(path).config)
    assert (rope.rope_type, rope.factor, rope.native_window, rope.window) == (
        *("linear", 4, 8192, 32768),
    )


def test_factor_without_a_type_is_linear_as_in_old_files(tmp_path: Path) -> None:
    for name in ("rope__scale_linear", "rope__scaling__factor"):
        found = read_gguf(write(tmp_path, **{name: 2.0})).config["rope_parameters"]
        assert (found["rope_type"], found["factor"]) == ("linear", 2)
    for none in (
        {"rope__scaling__type": "none", "rope__scaling__factor": 2.0},
        {"rope__scaling__type": "linear", "rope__scaling__factor": 0.0},
        {"rope__scaling__type": "linear"},
    ):
        assert read_gguf(write(tmp_path, **none)).config["rope_parameters"] == {
            **{"rope_type": "default", "rope_theta": 10000.0}
        }


def test_what_yarn_states_besides_is_read(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        **{"rope__scaling__type": "yarn", "rope__scaling__factor": 4.0},
        **{"rope__scaling__yarn_beta_fast": 16.0, "rope__scaling__attn_factor": 0.5},
    )
    found = read_gguf(path).config["rope_parameters"]
    assert found["beta_fast"] == 16
    assert found["attention_factor"] == pytest.approx(0.5 * (0.1 * np.log(4) + 1))
    refuses(
        write(
            tmp_path,
            rope__scaling__type="yarn",
            rope__scaling__factor=4.0,
            rope__scaling__yarn_ext_factor=0.5,
        ),
        "yarn_ext_factor",
    )


def with_frequencies(divisors: Any, kind: Type = Type.F32) -> Callable[[dict[str, Any]], object]:
    """Return a change that adds divisors of the rotation frequencies."""
    return lambda tensors: tensors.update({FREQUENCIES: (np.array(divisors, np.float32), kind)})


@pytest.mark.parametrize("factor", [8.0, 32.0])
def test_scaling_of_llama_3_is_known_by_its_divisors(tmp_path: Path, factor: float) -> None:
    llama3 = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": factor} | LLAMA3
    config = LlamaConfig(
        **{"hidden_size": 512, "num_attention_heads": 4, "head_dim": 128},
        rope_parameters=llama3,
        max_position_embeddings=131072,
    )
    scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
    plain = 500000.0 ** (-np.arange(0, 128, 2) / 128)
    divisors = plain / scaled.numpy()
    np.testing.assert_allclose(llama3_divisors(500000.0, 128, factor), divisors, rtol=1e-4)
    model = tiny_model(head_dim=128, num_hidden_layers=1)
    path = write(
        tmp_path, with_frequencies(divisors), model, rope__freq_base=5e5, context_length=131072
    )
    rope = read_rope(read_gguf(path).config)
    assert (rope.rope_type, rope.factor) == ("llama3", factor)
    assert (rope.native_window, rope.window) == (8192, 131072)


def test_other_divisors_are_refused_and_ones_are_none(tmp_path: Path) -> None:
    ones = np.ones(8)
    found = read_gguf(write(tmp_path, with_frequencies(ones))).config["rope_parameters"]
    assert found["rope_type"] == "default"
    refuses(write(tmp_path, with_frequencies(ones * 3)), "not Llama 3's")
    refuses(write(tmp_path, with_frequencies(ones[:3] * 3)), "not Llama 3's")
    scaled = {"rope__scaling__type": "linear", "rope__scaling__factor": 2.0}
    refuses(write(tmp_path, with_frequencies(ones * 3), **scaled), "with linear scaling")


def test_other_architectures_are_refused(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "x.gguf", tiny_model(), architecture="qwen3")
    refuses(path, "'qwen3'; longsum runs 'llama' and 'qwen2'")


def test_biases_are_those_of_a_qwen2_only(tmp_path: Path) -> None:
    found = read_gguf(write_qwen2(tmp_path / "qwen2.gguf", tiny_qwen2()))
    names = {tensor.name for tensor in found.tensors}
    assert "model.layers.1.self_attn.v_proj.bias" in names
    assert not any(tensor.heads for tensor in found.tensors)
    assert read_shape(found.config).attention_bias
    bias = {"blk.0.attn_q.bias": (np.zeros(64, np.float32), Type.F32)}
    refuses(write(tmp_path, lambda tensors: tensors.update(bias)), "blk.0.attn_q.bias")


def test_a_qwen2_without_one_of_its_biases_is_refused(tmp_path: Path) -> None:
    model = tiny_qwen2()
    state = model.state_dict()
    del state["model.layers.1.self_attn.k_proj.bias"]
    model.state_dict = lambda: state  # type: ignore[method-assign,assignment]
    path = write_qwen2(tmp_path / "qwen2.gguf", model)
    refuses(path, "no model.layers.1.self_attn.k_proj.bias")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"expert_count": 8}, "mixture of experts"),
        ({"rope__dimension_count": 8}, "8 of 16 values"),
        ({"attention__value_length": 8}, "keys have size 16, its values 8"),
        ({"attention__key_length": 15, "rope__dimension_count": None}, "keys have size 15"),
        ({"rope__scaling__type": "longrope"}, "'longrope'"),
        ({"block_count": None}, "llama.block_count is missing"),
        ({"block_count": 3}, "no model.layers.2.self_attn.q_proj.weight"),
        ({"block_count": 4_000_000_000}, "no model.layers.2"),
        ({"block_count": 1}, "but states 1 layers"),
        ({"embedding_length": "wide"}, "is wide"),
        ({"embedding_length": 65}, r"has the shape \(300, 64\), not \(300, 65\)"),
        ({"attention__head_count": [4, 4]}, "is a list"),
        ({"attention__head_count": True}, "is True"),
        ({"attention__head_count_kv": 4}, "k_proj.weight has the shape"),
        ({"context_length": 0}, "is 0"),
        ({"rope__freq_base": float("nan")}, "is nan"),
        ({"attention__layer_norm_rms_epsilon": float("inf")}, "is inf"),
    ],
)
def test_fields_that_are_not_a_plain_llama_s_are_refused(
    tmp_path: Path, fields: dict[str, Any], says: str
) -> None:
    refuses(write(tmp_path, **fields), says)


def without(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda tensors: tensors.pop(name)


def test_missing_and_foreign_tensors_are_refused(tmp_path: Path) -> None:
    refuses(write(tmp_path, without("blk.1.ffn_up.weight")), "no model.layers.1.mlp.up_proj")
    refuses(write(tmp_path, without("token_embd.weight")), "no token embeddings")
    refuses(write(tmp_path, without("output_norm.weight")), "no model.norm.weight")
    for name in ("blk.0.attn_q.bias", "blk.0.ffn_gate_exps.weight", "blk.00.ffn_up.weight", "x"):
        added = {name: (np.zeros(64, np.float32), Type.F32)}
        refuses(write(tmp_path, lambda tensors, new=added: tensors.update(new)), name)


def test_missing_shard_is_named(tmp_path: Path) -> None:
    paths = write_shards(tmp_path, tiny_model())
    assert shards_of(paths[1]) == tuple(paths)
    assert gguf_in(tmp_path) == paths[0]
    assert len(read_gguf(paths[2]).tensors) == 21
    paths[1].unlink()
    refuses(paths[0], "one of 3 files, and tiny-00002-of-00003.gguf")
    paths[0].rename(tmp_path / "renamed.gguf")
    refuses(tmp_path / "renamed.gguf", "renamed.gguf is one of 3 files")


def test_folder_with_several_needs_a_name(tmp_path: Path) -> None:
    assert gguf_in(tmp_path) is None
    for name in ("a.Q4_K_M.gguf", "b-00001-of-00002.gguf", "b-00002-of-00002.gguf"):
        (tmp_path / name).touch()
    with pytest.raises(UnsupportedModel, match="2 GGUF checkpoints: a.Q4_K_M.gguf, b-0") as caught:
        gguf_in(tmp_path)
    assert caught.value.remedies == (Setting("model", str(tmp_path / "a.Q4_K_M.gguf")),)


def test_missing_file_and_folder_are_not_found(tmp_path: Path) -> None:
    for path in (tmp_path / "none.gguf", tmp_path):
        with pytest.raises(ModelNotFound):
            read_gguf(path)
