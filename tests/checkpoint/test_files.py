from __future__ import annotations

import json

import pytest

from longsum.checkpoint.files import (
    ModelShape,
    quantized_on_disk,
    read_config,
    read_shape,
)
from longsum.errors import ModelNotFound, UnsupportedModel
from longsum.settings import Setting

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
        ({"model_type": "mistral"}, "'mistral'.*'llama' and 'qwen2'"),
        ({"model_type": None}, "no model_type"),
        ({"architectures": ["LlamaForSequenceClassification"]}, "cannot generate"),
        ({"hidden_size": None}, "hidden_size.*missing"),
        ({"hidden_size": "4096"}, "whole number"),
        ({"num_hidden_layers": 0}, "whole number"),
        ({"vocab_size": True}, "whole number"),
        ({"num_key_value_heads": 5}, "not a multiple"),
        ({"hidden_size": 4097}, "not a multiple"),
        ({"head_dim": 127}, "head_dim 127 is odd"),
    ],
)
def test_other_shapes_are_unsupported(change, says):
    with pytest.raises(UnsupportedModel, match=says):
        read_shape({**LLAMA_2_7B, **change})


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
    assert caught.value.remedies == (Setting("quantize", "nf4"),)


def test_shape_is_hashable():
    shape = ModelShape(1, 2, 3, 4, 5, 6, 7)
    assert hash(shape) == hash(ModelShape(1, 2, 3, 4, 5, 6, 7))
