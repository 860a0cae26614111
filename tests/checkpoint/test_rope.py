from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longsum.checkpoint.context import interpolation_factor, parse_context, rope_for_context
from longsum.checkpoint.rope import read_rope
from longsum.errors import UnsupportedModel, UsageError, WindowNotTuned
from longsum.settings import Setting

LLAMA3 = {
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
    "rope_type": "llama3",
}
LINEAR_8 = {"type": "linear", "factor": 8.0}
LINEAR_4 = {"type": "linear", "factor": 4.0}


def config(max_positions: int = 4096, **more):
    return {"model_type": "llama", "max_position_embeddings": max_positions, **more}


@pytest.mark.parametrize(
    ("name", "stated", "factor", "native", "window", "theta"),
    [
        ("together-32k", config(32768, rope_scaling=LINEAR_8), 8, 4096, 32768, 1e4),
        ("vicuna-16k", config(4096, rope_scaling=LINEAR_4), 4, 4096, 16384, 1e4),
        (
            "longchat-16k",
            config(2048, rope_scaling=LINEAR_8, rope_condense_ratio=8),
            8,
            2048,
            16384,
            1e4,
        ),
        ("longchat, old revision", config(2048, rope_condense_ratio=8), 8, 2048, 16384, 1e4),
        (
            "longchat-32k at 51b1f55",
            config(32768, rope_scaling=None, rope_condense_ratio=8),
            8,
            4096,
            32768,
            1e4,
        ),
        (
            "deepseek-coder",
            config(16384, rope_scaling=LINEAR_4, rope_theta=100000),
            4,
            4096,
            16384,
            1e5,
        ),
        (
            "smol_llama, extended stated",
            config(32768, rope_scaling={"type": "linear", "factor": 16.0}),
            16,
            2048,
            32768,
            1e4,
        ),
        (
            "smol_llama, native stated",
            config(2048, rope_scaling={"type": "linear", "factor": 16.0}),
            16,
            2048,
            32768,
            1e4,
        ),
        (
            "LLongMA-2-8k",
            config(8192, rope_scaling={"type": "linear", "factor": 2.0}),
            2,
            4096,
            8192,
            1e4,
        ),
        ("chinese-alpaca-2-16k", config(16384, rope_scaling=LINEAR_4), 4, 4096, 16384, 1e4),
        (
            "Llama 3 by PI, native stated",
            config(8192, rope_scaling=LINEAR_4, rope_theta=500000.0),
            4,
            8192,
            32768,
            5e5,
        ),
        (
            "Llama 3 by PI, extended stated",
            config(32768, rope_scaling=LINEAR_4, rope_theta=500000.0),
            4,
            8192,
            32768,
            5e5,
        ),
        (
            "original window settles it",
            config(8192, rope_scaling={**LINEAR_4, "original_max_position_embeddings": 8192}),
            4,
            8192,
            32768,
            1e4,
        ),
        (
            "original window at top level",
            config(32768, rope_scaling=LINEAR_8, original_max_position_embeddings=4096),
            8,
            4096,
            32768,
            1e4,
        ),
        (
            "transformers 5",
            config(
                32768, rope_parameters={"rope_type": "linear", "factor": 8, "rope_theta": 20000.0}
            ),
            8,
            4096,
            32768,
            2e4,
        ),
    ],
)
def test_linear_scaling_of_real_checkpoints(name, stated, factor, native, window, theta):
    rope = read_rope(stated)
    assert (rope.rope_type, rope.factor) == ("linear", factor)
    assert (rope.native_window, rope.window, rope.rope_theta) == (native, window, theta)
    assert rope.parameters == {"rope_type": "linear", "factor": factor, "rope_theta": theta}
    assert rope.reason


def test_reason_says_how_an_ambiguous_window_was_read():
    assert "is the extended window" in read_rope(config(32768, rope_scaling=LINEAR_8)).reason
    assert "is the native window" in read_rope(config(4096, rope_scaling=LINEAR_8)).reason


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"rope_scaling": None},
        {"rope_scaling": {}},
        {"rope_scaling": {"type": None}},
        {"rope_scaling": {"rope_type": "default"}},
        {"rope_parameters": {"rope_type": "none"}},
        {"rope_parameters": {"rope_type": "linear", "factor": 1.0}},
        {"rope_condense_ratio": 1},
    ],
)
def test_no_scaling(more):
    rope = read_rope(config(4096, **more))
    assert (rope.rope_type, rope.factor) == ("default", 1.0)
    assert rope.native_window == rope.window == 4096
    assert rope.parameters == {"rope_type": "default", "rope_theta": 10000.0}


def test_larger_theta_without_scaling_keeps_its_window():
    rope = read_rope(config(32768, rope_theta=1_000_000))
    assert (rope.window, rope.rope_theta, rope.rope_type) == (32768, 1e6, "default")
    assert read_rope(config(4096, rope_theta=1_000_000), known_window=32768).factor == 1.0


def test_missing_max_position_embeddings_is_llamas_2048():
    assert read_rope({"rope_scaling": LINEAR_8}).window == 16384


@pytest.mark.parametrize("key", ["rope_parameters", "rope_scaling"])
def test_llama3(key):
    stated = config(131072, rope_theta=500000.0, **{key: dict(LLAMA3)})
    rope = read_rope(stated)
    assert (rope.rope_type, rope.factor) == ("llama3", 8.0)
    assert (rope.native_window, rope.window) == (8192, 131072)
    assert rope.parameters == {**LLAMA3, "rope_theta": 500000.0}


def test_yarn_keeps_its_original_window_and_drops_what_transformers_does_not_know():
    stated = {
        "type": "yarn",
        "factor": 16.0,
        "original_max_position_embeddings": 4096,
        "finetuned": True,
    }
    rope = read_rope(config(65536, rope_scaling=stated))
    assert (rope.native_window, rope.window) == (4096, 65536)
    assert rope.parameters == {
        "rope_type": "yarn",
        "factor": 16.0,
        "original_max_position_embeddings": 4096,
        "rope_theta": 10000.0,
    }


def test_yarn_without_original_window_is_not_left_to_transformers():
    """transformers would take max_position_embeddings, here the extended window, for it."""
    rope = read_rope(config(65536, rope_scaling={"type": "yarn", "factor": 16.0}))
    assert rope.parameters["original_max_position_embeddings"] == 4096


def test_dynamic_scaling_widens_nothing():
    rope = read_rope(config(4096, rope_scaling={"type": "dynamic", "factor": 4.0}))
    assert (rope.rope_type, rope.factor, rope.window) == ("dynamic", 4.0, 4096)


def test_longrope_takes_its_factor_from_the_windows():
    stated = {"type": "su", "short_factor": [1.0], "long_factor": [4.0]}
    rope = read_rope(config(131072, rope_scaling=stated, original_max_position_embeddings=4096))
    assert (rope.rope_type, rope.factor) == ("longrope", 32.0)
    assert (rope.native_window, rope.window) == (4096, 131072)


def test_both_keys_that_agree_count_once_and_keep_theta():
    rope = read_rope(
        config(
            32768,
            rope_parameters={"rope_type": "linear", "factor": 8.0, "rope_theta": 77777.0},
            rope_scaling=LINEAR_8,
        )
    )
    assert (rope.factor, rope.rope_theta, rope.window) == (8.0, 77777.0, 32768)


def test_default_parameters_beside_a_legacy_scaling_lend_their_theta():
    rope = read_rope(
        config(
            4096,
            rope_parameters={"rope_type": "default", "rope_theta": 77777.0},
            rope_scaling=LINEAR_4,
        )
    )
    assert (rope.rope_type, rope.factor, rope.rope_theta) == ("linear", 4.0, 77777.0)


def test_theta_lost_inside_is_found_outside():
    """transformers 5.23 writes rope_theta null when config.rope_scaling was set by hand."""
    block = {"rope_type": "linear", "factor": 4.0, "rope_theta": None}
    assert read_rope(config(rope_parameters=block, rope_theta=1e5)).rope_theta == 1e5
    lost = read_rope(config(rope_parameters=block))
    assert lost.rope_theta == 10000.0
    assert "names none" in lost.reason


def test_known_window_settles_what_the_config_leaves_open():
    rope = read_rope(
        config(4096, rope_scaling={"type": "linear", "factor": 2.0}), known_window=4096
    )
    assert (rope.native_window, rope.window) == (2048, 4096)


def test_known_window_supplies_the_scaling_a_config_forgot():
    rope = read_rope(config(4096, rope_scaling=None), known_window=32768)
    assert (rope.rope_type, rope.factor, rope.native_window) == ("linear", 8.0, 4096)
    assert "catalogue" in rope.reason


@pytest.mark.parametrize(
    "more",
    [
        {"rope_scaling": {"type": "clex", "factor": 4.0}},
        {"rope_scaling": {"type": ["linear"], "factor": 4.0}},
        {"rope_scaling": {"type": "linear"}},
        {"rope_scaling": {"type": "linear", "factor": 0}},
        {"rope_scaling": {"type": "linear", "factor": -4.0}},
        {"rope_scaling": {"type": "linear", "factor": 0.25}},
        {"rope_scaling": {"type": "linear", "factor": "4"}},
        {"rope_scaling": {"type": "linear", "factor": True}},
        {"rope_scaling": {"type": "linear", "factor": float("nan")}},
        {"rope_scaling": {"type": "linear", "factor": float("inf")}},
        {"rope_scaling": {"type": "linear", "factor": 1e300}},
        {"rope_scaling": {"type": "linear", "factor": 10**400}},
        {"rope_scaling": LINEAR_4, "max_position_embeddings": 10**400},
        {"rope_scaling": "linear"},
        {"rope_scaling": ["linear", 4]},
        {"rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 4.0}}},
        {"rope_scaling": {k: v for k, v in LLAMA3.items() if not k.startswith("original")}},
        {"rope_scaling": {k: v for k, v in LLAMA3.items() if k != "low_freq_factor"}},
        {"rope_scaling": {**LLAMA3, "low_freq_factor": "1"}},
        {"rope_scaling": {"type": "longrope", "factor": 4.0}},
        {"rope_scaling": {"type": "yarn"}},
        {"rope_condense_ratio": "8"},
        {"rope_condense_ratio": 0},
        {"rope_theta": "10000"},
        {"rope_theta": True},
        {"rope_theta": 0},
        {"max_position_embeddings": "4096"},
        {"max_position_embeddings": 0},
        {"max_position_embeddings": True},
        {"original_max_position_embeddings": 4096.5, "rope_scaling": LINEAR_4},
        {"rope_scaling": LINEAR_4, "rope_condense_ratio": 8},
        {"rope_scaling": LINEAR_4, "rope_parameters": {"rope_type": "linear", "factor": 8.0}},
        {"rope_scaling": LLAMA3, "rope_condense_ratio": 8},
    ],
)
def test_malformed_unknown_and_contradicting_configs_are_refused(more):
    with pytest.raises(UnsupportedModel):
        read_rope(config(**more) if "max_position_embeddings" not in more else more)


@given(
    st.dictionaries(
        st.sampled_from(
            ["rope_parameters", "rope_scaling", "rope_condense_ratio", "rope_theta"]
            + ["max_position_embeddings", "original_max_position_embeddings"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["linear"]),
            lambda inner: (
                st.dictionaries(
                    st.sampled_from(["type", "rope_type", "factor", "rope_theta"]), inner
                )
                | st.lists(inner, max_size=2)
            ),
            max_leaves=6,
        ),
    )
)
def test_any_json_is_read_or_refused(stated):
    try:
        rope = read_rope(stated)
    except UnsupportedModel:
        return
    assert rope.window >= 1
    assert rope.factor >= 1
    json.dumps(rope.parameters)


# rope_for_context


def together():
    return read_rope(config(32768, rope_scaling=LINEAR_8))


def test_no_context_is_the_checkpoints_own():
    rope = together()
    assert rope_for_context(rope, None) is rope


def test_smaller_context_limits_the_window_and_keeps_the_tuned_factor():
    rope = rope_for_context(together(), 8192)
    assert (rope.window, rope.factor, rope.native_window) == (8192, 8.0, 4096)
    assert rope.parameters == together().parameters


def test_wider_context_is_refused_with_the_way_out():
    with pytest.raises(WindowNotTuned, match=r"65,536.*32,768.*112 at 16k") as caught:
        rope_for_context(together(), 65536)
    assert "longsum extend MODEL context=65536" in str(caught.value.hint)
    assert caught.value.remedies == (Setting("context", "65536"), Setting("force_context"))
    assert caught.value.facts == {"asked": 65536, "tuned": 32768}


def test_forced_context_interpolates_from_the_native_window():
    rope = rope_for_context(together(), 65536, force=True)
    assert (rope.factor, rope.window, rope.native_window) == (16.0, 65536, 4096)
    assert rope.parameters == {"rope_type": "linear", "factor": 16.0, "rope_theta": 10000.0}
    assert "untuned" in rope.reason
    assert together().parameters["factor"] == 8.0


@pytest.mark.parametrize("scaling", [None, {"type": "dynamic", "factor": 2.0}])
def test_forcing_an_unscaled_model_is_linear_and_keeps_theta(scaling):
    rope = read_rope(config(4096, rope_theta=50000.0, rope_scaling=scaling))
    forced = rope_for_context(rope, 16384, force=True)
    assert forced.parameters == {"rope_type": "linear", "factor": 4.0, "rope_theta": 50000.0}


def test_forcing_llama3_keeps_its_type_and_stretches_its_factor():
    rope = read_rope(config(131072, rope_theta=500000.0, rope_scaling=LLAMA3))
    forced = rope_for_context(rope, 262144, force=True)
    assert forced.parameters == {**LLAMA3, "factor": 16.0, "rope_theta": 500000.0}
    assert "llama3 factor 16 forced" in forced.reason


def test_longrope_cannot_be_forced():
    stated = {"type": "longrope", "short_factor": [1.0], "long_factor": [4.0]}
    rope = read_rope(config(131072, rope_scaling=stated, original_max_position_embeddings=4096))
    with pytest.raises(WindowNotTuned):
        rope_for_context(rope, 200_000, force=True)


@pytest.mark.parametrize("context", [0, -1])
def test_contexts_below_one_token_are_usage_errors(context):
    with pytest.raises(UsageError):
        rope_for_context(together(), context)


def test_interpolation_factor():
    assert interpolation_factor(2048, 32768) == 16.0
    assert interpolation_factor(4096, 2048) == 1.0
    with pytest.raises(ValueError, match="positive"):
        interpolation_factor(0, 2048)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("32k", 32768), ("16K", 16384), ("32768", 32768), (" 8 k ", 8192), ("1", 1)],
)
def test_parse_context(text, tokens):
    assert parse_context(text) == tokens


@pytest.mark.parametrize(
    "text", ["", "k", "0", "0k", "-1", "1.5k", "32kb", "32m", "٣٢", "9" * 5000, "32 768"]
)
def test_parse_context_refuses(text):
    with pytest.raises(UsageError, match=re.escape("not a context")):
        parse_context(text)


# against transformers


def test_parameters_are_what_transformers_computes_with():
    import torch
    from transformers import LlamaConfig
    from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

    def frequencies(rope) -> torch.Tensor:
        shape = {"hidden_size": 64, "num_attention_heads": 1, "num_hidden_layers": 1}
        built = LlamaConfig(**shape, rope_parameters=dict(rope.parameters))
        assert built.rope_parameters == rope.parameters
        return LlamaRotaryEmbedding(built).inv_freq

    plain = frequencies(read_rope(config(4096, rope_theta=100000)))
    linear = frequencies(read_rope(config(4096, rope_theta=100000, rope_scaling=LINEAR_4)))
    torch.testing.assert_close(linear, plain / 4)  # arXiv 2306.15595, eq. 4
    expected = 100000.0 ** (-torch.arange(0, 64, 2) / 64)
    torch.testing.assert_close(plain, expected)


def test_the_pure_modules_load_no_torch():
    code = (
        "import sys; from longsum.checkpoint import catalog, formats, rope; "
        "from longsum.model import find; "
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
