from __future__ import annotations

import json
from pathlib import Path

import pytest

from longsum.checkpoint.files import (
    ModelShape,
    check_weights,
    quantized_on_disk,
    read_config,
    read_shape,
    weights_bytes,
)
from longsum.errors import ModelNotFound, UnsupportedModel

LLAMA_2_7B = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "vocab_size": 32000,
}
LLAMA_31_8B = {
    **LLAMA_2_7B,
    "intermediate_size": 14336,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
}
LLAMA_32_1B = {
    **LLAMA_31_8B,
    "hidden_size": 2048,
    "intermediate_size": 8192,
    "num_hidden_layers": 16,
    "head_dim": 64,
    "tie_word_embeddings": True,
}


def tensors(path: Path, *, data_bytes: int = 8, short_by: int = 0) -> Path:
    header = json.dumps(
        {
            "__metadata__": {"format": "pt"},
            "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, data_bytes]},
        }
    ).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\0" * (data_bytes - short_by))
    return path


def index(folder: Path, *names: object) -> None:
    weight_map = {f"layer.{i}": name for i, name in enumerate(names)}
    text = json.dumps({"weight_map": weight_map})
    (folder / "model.safetensors.index.json").write_text(text)


# config and shape


def test_config_is_read(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(LLAMA_2_7B))
    assert read_config(tmp_path) == LLAMA_2_7B


def test_missing_folder_is_model_not_found(tmp_path):
    with pytest.raises(ModelNotFound):
        read_config(tmp_path / "absent")


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"null", b"\xff\xfe", b"[" * 200_000])
def test_damaged_config_is_unsupported(tmp_path, content):
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(UnsupportedModel):
        read_config(tmp_path)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("adapter_config.json", "LoRA adapter"),
        ("model.Q4_K_M.gguf", "GGUF"),
        ("consolidated.00.pth", "save_pretrained"),
        ("notes.txt", "config.json"),
    ],
)
def test_a_folder_without_config_says_what_it_is(tmp_path, name, says):
    (tmp_path / name).write_text("{}")
    with pytest.raises(UnsupportedModel, match=r"config\.json") as caught:
        read_config(tmp_path)
    assert caught.value.hint is not None
    assert says in caught.value.hint


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        (LLAMA_2_7B, 6_738_415_616),
        (LLAMA_31_8B, 8_030_261_248),
        (LLAMA_32_1B, 1_235_814_400),
    ],
)
def test_parameter_counts_of_known_models(config, parameters):
    shape = read_shape(config)
    assert shape.parameters == parameters
    assert shape.linear_parameters + shape.other_parameters == parameters


def test_missing_heads_are_derived():
    shape = read_shape(LLAMA_2_7B)
    assert (shape.num_key_value_heads, shape.head_dim) == (32, 128)
    assert not shape.tie_word_embeddings
    assert read_shape({**LLAMA_2_7B, "head_dim": None, "num_key_value_heads": None}) == shape


def test_head_dim_need_not_divide_the_hidden_size():
    shape = read_shape({**LLAMA_2_7B, "head_dim": 96})
    assert shape.attention_size == 32 * 96


def test_counts_match_transformers():
    from transformers import LlamaConfig, LlamaForCausalLM

    for tied, bias in ((True, False), (False, True)):
        config = LlamaConfig(
            vocab_size=97,
            hidden_size=24,
            intermediate_size=56,
            num_hidden_layers=3,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=8,
            tie_word_embeddings=tied,
            attention_bias=bias,
            mlp_bias=bias,
            bos_token_id=0,
            eos_token_id=1,
        )
        model = LlamaForCausalLM(config)
        shape = read_shape(config.to_dict())
        assert shape.parameters == sum(p.numel() for p in model.parameters())
        linear = [
            m for n, m in model.named_modules() if type(m).__name__ == "Linear" and n != "lm_head"
        ]
        assert shape.linear_parameters == sum(m.weight.numel() for m in linear)
        assert shape.linear_rows == sum(m.out_features for m in linear)


def test_custom_code_is_ignored():
    code = {"AutoModelForCausalLM": "modeling_flash_llama.LlamaForCausalLM"}
    assert read_shape({**LLAMA_2_7B, "auto_map": code}) == read_shape(LLAMA_2_7B)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"model_type": "mistral"}, "'mistral'.*'llama'"),
        ({"model_type": None}, "no model_type"),
        ({"architectures": ["LlamaForSequenceClassification"]}, "cannot generate"),
        ({"hidden_size": None}, "hidden_size.*missing"),
        ({"hidden_size": "4096"}, "whole number"),
        ({"num_hidden_layers": 0}, "whole number"),
        ({"vocab_size": True}, "whole number"),
        ({"num_key_value_heads": 5}, "no multiple"),
        ({"hidden_size": 4097}, "no multiple"),
        ({"head_dim": 127}, "head_dim 127 is odd"),
    ],
)
def test_other_shapes_are_unsupported(change, says):
    with pytest.raises(UnsupportedModel, match=says):
        read_shape({**LLAMA_2_7B, **change})


# weights


def test_one_file(tmp_path):
    file = tensors(tmp_path / "model.safetensors")
    assert check_weights(tmp_path) == (file,)
    assert weights_bytes(tmp_path) == file.stat().st_size


def test_shards(tmp_path):
    first, second = (tensors(tmp_path / f"model-{i}.safetensors") for i in (1, 2))
    index(tmp_path, second.name, first.name, first.name)
    assert check_weights(tmp_path) == (first, second)
    assert weights_bytes(tmp_path) == 2 * first.stat().st_size


def test_missing_shard_is_named(tmp_path):
    tensors(tmp_path / "model-1.safetensors")
    index(tmp_path, "model-1.safetensors", "model-2.safetensors")
    with pytest.raises(UnsupportedModel, match=r"lacks 1 of 2 .*model-2\.safetensors"):
        check_weights(tmp_path)


@pytest.mark.parametrize("name", ["../x.safetensors", "/x", "a/b", "..", "", "C:x", "a\\b", 3])
def test_index_stays_in_its_folder(tmp_path, name):
    index(tmp_path, name)
    with pytest.raises(UnsupportedModel):
        check_weights(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": []}', '{"weight_map": {}}'])
def test_damaged_index(tmp_path, text):
    (tmp_path / "model.safetensors.index.json").write_text(text)
    with pytest.raises(UnsupportedModel):
        check_weights(tmp_path)


def test_download_cut_short(tmp_path):
    tensors(tmp_path / "model.safetensors", short_by=1)
    with pytest.raises(UnsupportedModel, match="incomplete"):
        check_weights(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"version https://git-lfs.github.com/spec/v1\noid", b"\x02" + b"\0" * 7 + b"[]"],
)
def test_what_is_no_safetensors_file(tmp_path, content):
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(UnsupportedModel, match="not a safetensors file"):
        check_weights(tmp_path)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "pytorch_model-00001-of-00002.bin"])
def test_pickled_weights_are_refused_with_the_way_to_convert(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(UnsupportedModel, match=r"only pytorch_model\.bin; .*only") as caught:
        check_weights(tmp_path)
    assert "save_pretrained" in str(caught.value.hint)


def test_no_weights(tmp_path):
    with pytest.raises(UnsupportedModel, match=r"no model\.safetensors"):
        check_weights(tmp_path)


# quantization


@pytest.mark.parametrize(
    ("block", "found"),
    [
        (None, None),
        (
            {
                "quant_method": "bitsandbytes",
                "load_in_4bit": True,
                "bnb_4bit_quant_type": "nf4",
            },
            "nf4",
        ),
        ({"load_in_4bit": True}, "fp4"),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True, "load_in_4bit": False}, "int8"),
        ({"_load_in_8bit": True}, "int8"),
        ({"quant_method": "bitsandbytes", "load_in_8bit": False}, None),
    ],
)
def test_stored_quantization(block, found):
    assert quantized_on_disk({"quantization_config": block}) == found


@pytest.mark.parametrize(
    "block",
    [
        {"quant_method": "gptq", "bits": 4},
        {"quant_method": "awq"},
        {"bits": 4},
        "nf4",
        {"load_in_4bit": True, "bnb_4bit_quant_type": "af4"},
    ],
)
def test_other_quantizations_are_unsupported(block):
    with pytest.raises(UnsupportedModel):
        quantized_on_disk({"quantization_config": block})


def test_gptq_hint_names_the_way():
    with pytest.raises(UnsupportedModel, match="gptq") as caught:
        quantized_on_disk({"quantization_config": {"quant_method": "gptq"}})
    assert "--quantize nf4" in str(caught.value.hint)


def test_shape_is_hashable():
    shape = ModelShape(1, 2, 3, 4, 5, 6, 7)
    assert hash(shape) == hash(ModelShape(1, 2, 3, 4, 5, 6, 7))
