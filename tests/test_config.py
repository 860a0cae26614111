from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from longsum.batch.config import BatchConfig
from longsum.bench.config import BenchConfig
from longsum.config import LENGTH_WORDS, DecodeConfig, LoadConfig, SummaryConfig, parse_length
from longsum.errors import UsageError
from longsum.evaluate.config import PasskeyConfig, PerplexityConfig, SpeedConfig
from longsum.extend.config import ExtendConfig


@pytest.mark.parametrize(
    ("text", "words"), [("short", 80), ("medium", 200), ("long", 450), ("10", 10), ("20000", 20000)]
)
def test_lengths(text, words):
    assert parse_length(text) == words


@pytest.mark.parametrize(
    "text", ["", "9", "20001", "-50", "+50", "1.5", "Short", "5 pages", "١٢", "1_000"]
)
def test_what_is_not_a_length_is_refused_with_its_name_and_the_choices(text):
    with pytest.raises(UsageError) as caught:
        parse_length(text)
    assert f"length {text!r} is not" in caught.value.message
    assert all(name in caught.value.hint for name in LENGTH_WORDS)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("max_new_tokens", 0, "^max_new_tokens 0 "),
        ("temperature", -0.1, "^temperature -0.1 "),
        ("temperature", 5.1, "^temperature 5.1 "),
        ("temperature", float("nan"), "^temperature nan "),
        ("top_p", 0.0, "^top_p 0.0 "),
        ("top_p", 1.1, "^top_p 1.1 "),
        ("top_p", float("nan"), "^top_p nan "),
    ],
)
def test_decoding_settings_name_the_one_that_is_wrong(field, value, said):
    with pytest.raises(UsageError, match=said) as caught:
        DecodeConfig(**{field: value})
    assert caught.value.exit_code == 2


def test_by_default_decoding_is_greedy_and_nothing_is_downloaded():
    assert (DecodeConfig().temperature, DecodeConfig().max_new_tokens) == (0.0, None)
    assert not LoadConfig().download
    assert SummaryConfig().words == LENGTH_WORDS["medium"]


@pytest.mark.parametrize(
    "config", [DecodeConfig(), LoadConfig(), SummaryConfig(), BatchConfig(), ExtendConfig()]
)
def test_settings_cannot_be_changed_under_way(config):
    name = dataclasses.fields(config)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(config, name, None)


@pytest.mark.parametrize(
    ("config", "wrong", "message"),
    [
        (BatchConfig, {"workers": 0}, "workers 0 is below 1"),
        (BenchConfig, {"new_tokens": 1}, "new_tokens 1 is below 2"),
        (ExtendConfig, {"gradient_accumulation": 0}, "gradient_accumulation 0 is below 1"),
        (ExtendConfig, {"save_every": -1}, "save_every -1 is below 0"),
        (ExtendConfig, {"learning_rate": 0.0}, "learning_rate 0 is not between 1e-12 and 1"),
        (ExtendConfig, {"beta2": 1.0}, "beta2 1 is not between 0 and 1"),
        (ExtendConfig, {"max_grad_norm": float("nan")}, "max_grad_norm nan is not between"),
        (PasskeyConfig, {"lengths": (96, 95)}, "length 95 is below 96"),
        (PerplexityConfig, {"max_tokens": 1}, "max_tokens 1 is below 2"),
        (SpeedConfig, {"seed": -1}, "seed -1 is below 0"),
    ],
)
def test_bound_names_the_setting_that_is_wrong(config, wrong, message):
    with pytest.raises(UsageError) as caught:
        config(**wrong)
    assert caught.value.message.startswith(message)


def test_defaults_are_read_without_torch():
    packages = ("", ".batch", ".bench", ".evaluate", ".extend")
    code = "; ".join(f"import longsum{each}.config" for each in packages)
    code += "; import sys; print({'torch', 'numpy', 'transformers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
