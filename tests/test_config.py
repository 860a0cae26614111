from __future__ import annotations

import dataclasses

import pytest

from longsum.config import LENGTH_WORDS, DecodeConfig, LoadConfig, SummaryConfig, parse_length
from longsum.errors import UsageError


@pytest.mark.parametrize(
    ("text", "words"), [("short", 80), ("medium", 200), ("long", 450), ("10", 10), ("20000", 20000)]
)
def test_lengths(text, words):
    assert parse_length(text) == words


@pytest.mark.parametrize(
    "text", ["", "9", "20001", "-50", "+50", "1.5", "Short", "5 pages", "١٢", "1_000"]
)
def test_what_is_no_length_is_refused_with_the_flag_and_the_choices(text):
    with pytest.raises(UsageError) as caught:
        parse_length(text)
    assert f"--length {text!r}" in caught.value.message
    assert all(name in caught.value.hint for name in LENGTH_WORDS)


@pytest.mark.parametrize(
    ("field", "value", "flag"),
    [
        ("max_new_tokens", 0, "--max-new-tokens 0"),
        ("temperature", -0.1, "--temperature -0.1"),
        ("temperature", 5.1, "--temperature 5.1"),
        ("temperature", float("nan"), "--temperature nan"),
        ("top_p", 0.0, "--top-p 0.0"),
        ("top_p", 1.1, "--top-p 1.1"),
        ("top_p", float("nan"), "--top-p nan"),
    ],
)
def test_decoding_settings_name_the_flag_that_is_wrong(field, value, flag):
    with pytest.raises(UsageError, match=flag) as caught:
        DecodeConfig(**{field: value})
    assert caught.value.exit_code == 2


def test_by_default_decoding_is_greedy_and_nothing_is_downloaded():
    assert (DecodeConfig().temperature, DecodeConfig().max_new_tokens) == (0.0, None)
    assert not LoadConfig().download
    assert SummaryConfig().words == LENGTH_WORDS["medium"]


@pytest.mark.parametrize("config", [DecodeConfig(), LoadConfig(), SummaryConfig()])
def test_settings_cannot_be_changed_under_way(config):
    name = dataclasses.fields(config)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(config, name, None)
