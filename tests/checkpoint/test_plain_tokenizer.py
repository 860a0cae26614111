"""A tokenizer read without `transformers` is the one that `transformers` reads."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ggufs import TEMPLATE, write_gguf
from helpers import environment
from hypothesis import given
from hypothesis import strategies as st
from tiny import save_checkpoint, tiny_model
from transformers import PreTrainedTokenizerFast

from longsum.checkpoint.gguf_folder import unpacked
from longsum.checkpoint.plain_tokenizer import PlainTokenizer, read_plain, settings_of
from longsum.checkpoint.tokenizer import Tokenizer, load_tokenizer
from longsum.model.resolve import MINI_FOLDER

PLAIN = load_tokenizer(MINI_FOLDER)
WHOLE = Tokenizer(PreTrainedTokenizerFast.from_pretrained(MINI_FOLDER))
TEXTS = [
    "The port of Lund was closed for 11 days; rye cost 40 øre.",
    "<s>A <|document|> in a text, </s> and <|answer|>",
    "Ünïcode — “quotes”, 漢字, emoji 🚢\n\n\ttabs",
    " leading and trailing ",
    "",
]


def same(one: Tokenizer, other: Tokenizer, text: str) -> None:
    """Check that two tokenizers do the same to a text."""
    assert one.encode_prompt(text) == other.encode_prompt(text)
    ids = other.encode_document(text)
    assert one.encode_document(text) == ids
    assert one.offsets(text) == other.offsets(text)
    assert one.encode_many([text, text[:3]]) == other.encode_many([text, text[:3]])
    assert one.decode(ids) == other.decode(ids)
    assert one.decode(one.encode_prompt(text)) == other.decode(other.encode_prompt(text))
    assert one.are_plain(ids) == other.are_plain(ids)
    assert one.with_beginning("", ids) == other.with_beginning("", ids)


def test_the_bundled_tokenizer_is_read_without_transformers() -> None:
    assert isinstance(PLAIN.inner, PlainTokenizer)
    code = (
        "import sys; from longsum.checkpoint.tokenizer import load_tokenizer; "
        "from longsum.model.resolve import MINI_FOLDER; "
        "load_tokenizer(MINI_FOLDER).encode_document('a'); "
        "sys.exit('transformers' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=environment())


@pytest.mark.parametrize("text", TEXTS)
def test_texts_are_tokenized_the_same(text: str) -> None:
    same(PLAIN, WHOLE, text)


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["<s>", "</s>", "<|summary|>", " a"])).map("".join)
)
def test_any_text_is_tokenized_the_same(text: str) -> None:
    same(PLAIN, WHOLE, text)


def test_special_tokens_are_the_same() -> None:
    one, other = PLAIN.inner, WHOLE.inner
    for name in ("bos_token", "eos_token", "unk_token", "bos_token_id", "eos_token_id"):
        assert getattr(one, name) == getattr(other, name)
    assert one.unk_token_id == other.unk_token_id
    assert len(one) == len(other)
    assert set(one.all_special_ids) == set(other.all_special_ids)
    assert PLAIN.stop_ids({}) == WHOLE.stop_ids({})
    assert one.convert_tokens_to_ids("<|none|>") == other.convert_tokens_to_ids("<|none|>")
    assert one.convert_tokens_to_ids("</s>") == other.convert_tokens_to_ids("</s>")
    assert one.added_tokens_decoder.keys() == other.added_tokens_decoder.keys()


def test_a_gguf_files_tokenizer_is_the_same_and_has_its_chat_format(tmp_path: Path) -> None:
    folder = unpacked(write_gguf(tmp_path / "tiny.gguf", tiny_model()), tmp_path / "cache")
    plain = load_tokenizer(folder)
    assert isinstance(plain.inner, PlainTokenizer)
    whole = Tokenizer(PreTrainedTokenizerFast.from_pretrained(folder))
    for text in TEXTS:
        same(plain, whole, text)
    assert plain.inner.chat_template == TEMPLATE
    assert plain.wrap(None)("When?") == whole.wrap(None)("When?") == "user: When?\nassistant:"


def changed(folder: Path, **settings: Any) -> Path:
    """Copy the bundled tokenizer with other settings."""
    shutil.copytree(MINI_FOLDER, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    own = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(own | settings))
    return folder


@pytest.mark.parametrize("settings", [
    {"mask_token": "</s>"},
    {"bos_token": {"content": "<s>", "lstrip": True}},
    {"unk_token": "<unknown>"},
    {"eos_token": "e"},
    {"extra_special_tokens": {"image": "<s>"}},
    {"added_tokens_decoder": {}},
])  # fmt: skip
def test_what_more_than_tokenizer_json_says_is_left_to_transformers(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    folder = changed(tmp_path / "model", **settings)
    assert read_plain(folder, settings_of(folder)) is None


def test_files_beside_it_are_left_to_transformers(tmp_path: Path) -> None:
    folder = changed(tmp_path / "model")
    assert read_plain(folder, settings_of(folder)) is not None
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    assert read_plain(folder, settings_of(folder)) is None


@pytest.mark.parametrize("content", [None, "[]", "{", "{}"])
def test_missing_or_damaged_settings_are_none(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "tokenizer_config.json").write_text(content)
    assert settings_of(tmp_path) == {}


def test_without_a_named_class_it_is_read_by_transformers(tmp_path: Path) -> None:
    folder = changed(tmp_path / "model", tokenizer_class=None)
    assert not isinstance(load_tokenizer(folder).inner, PlainTokenizer)


def test_a_plain_checkpoint_of_transformers_is_read_without_it(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path / "model")
    plain = load_tokenizer(folder)
    assert isinstance(plain.inner, PlainTokenizer)
    same(plain, Tokenizer(PreTrainedTokenizerFast.from_pretrained(folder)), TEXTS[1])
