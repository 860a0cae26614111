"""Tokenizers inside GGUF files, and those that are refused."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pytest
from ggufs import PIECES, TEMPLATE, byte_level_fields, sentencepiece_fields

from longsum.checkpoint.gguf_tokenizer import GPT2_SPLIT, LLAMA3_TOKENS, SPLITS, write_tokenizer
from longsum.checkpoint.tokenizer import Tokenizer, load_tokenizer
from longsum.errors import UnsupportedModel

TEXT = "It's the other: 12345 in  a\n\nrather Größe 🌊 <s>."


def tokenizer_of(folder: Path, fields: dict[str, Any]) -> Tokenizer:
    write_tokenizer(fields, 300, folder)
    return load_tokenizer(folder)


def pieces(tokenizer: Tokenizer, text: str) -> list[str]:
    backend = tokenizer.inner.backend_tokenizer
    found: list[str] = [backend.id_to_token(each) for each in tokenizer.encode_document(text)]
    return found


@pytest.mark.parametrize(
    ("pre", "digits"),
    [
        ("default", ["1234", "5"]),
        (None, ["1234", "5"]),
        ("smollm", ["1", "2", "3", "4", "5"]),
        ("llama-bpe", ["123", "4", "5"]),
        ("smaug-bpe", ["123", "4", "5"]),
        ("tekken", ["1", "2", "3", "4", "5"]),
    ],
)
def test_text_is_split_as_the_file_says(tmp_path: Path, pre: str | None, digits: list[str]) -> None:
    tokenizer = tokenizer_of(tmp_path, byte_level_fields(300, pre))
    assert pieces(tokenizer, "12345") == digits
    assert pieces(tokenizer, "the in the")[:2] == ["the", "Ġ"]
    assert tokenizer.decode(tokenizer.encode_document(TEXT)) == TEXT


def test_piece_in_the_vocabulary_is_taken_whole_only_where_llama_3_does(tmp_path: Path) -> None:
    """Without `ignore_merges` a token that no merge leads to is never produced."""
    for pre, whole in (("llama-bpe", True), ("smaug-bpe", False), ("default", False)):
        fields = byte_level_fields(300, pre)
        fields["tokenizer.ggml.tokens"][290] = "rain"
        folder = tmp_path / pre
        folder.mkdir()
        assert (pieces(tokenizer_of(folder, fields), "rain") == ["rain"]) == whole


def test_file_of_llama_3_from_before_splits_were_named_is_known(tmp_path: Path) -> None:
    fields = byte_level_fields(LLAMA3_TOKENS, None)
    write_tokenizer(fields, LLAMA3_TOKENS, tmp_path)
    assert pieces(load_tokenizer(tmp_path), "12345") == ["123", "4", "5"]


def test_control_tokens_are_text_in_a_document_and_special_in_a_prompt(tmp_path: Path) -> None:
    tokenizer = tokenizer_of(tmp_path, byte_level_fields(300))
    assert tokenizer.encode_prompt("<s>a</s>") == [0, tokenizer.encode_prompt("a")[0], 1]
    assert not {0, 1} & set(tokenizer.encode_document("<s>a</s>"))
    assert tokenizer.decode([0, *tokenizer.encode_document("a"), 1]) == "a"
    assert tokenizer.with_beginning("a", [5]) == [0, 5]
    assert tokenizer.stop_ids({}) == {1}


def test_user_s_tokens_are_found_whole_and_shown(tmp_path: Path) -> None:
    """Taken as special they would vanish from every answer."""
    fields = byte_level_fields(300)
    fields["tokenizer.ggml.tokens"][290], fields["tokenizer.ggml.token_type"][290] = "rain", 4
    tokenizer = tokenizer_of(tmp_path, fields)
    assert 290 in tokenizer.encode_document("a rain")
    assert tokenizer.decode([290]) == "rain"


def test_chat_template_is_the_file_s(tmp_path: Path) -> None:
    fields = byte_level_fields(300) | {"tokenizer.chat_template": TEMPLATE}
    wrap = tokenizer_of(tmp_path, fields).wrap(None)
    assert wrap("Why?") == "user: Why?\nassistant:"
    assert tokenizer_of(tmp_path, byte_level_fields(300)).wrap(None)("Why?") == "Why?"


def by_score(text: str) -> list[str]:
    """Cut a text as SentencePiece does: join the neighbours of the best score, the left one first.

    Slow and plain: what the merges are held against.
    """
    scores = {piece: number for number, piece in enumerate(PIECES)}
    parts = list("▁" + text.replace(" ", "▁"))
    while True:
        joins = [
            (scores[left + right], -at)
            for at, (left, right) in enumerate(itertools.pairwise(parts))
            if left + right in scores
        ]
        if not joins:
            break
        at = -max(joins)[1]
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return [
        each
        for part in parts
        for each in ([part] if part in scores else [f"<0x{b:02X}>" for b in part.encode()])
    ]


def test_sentencepiece_joins_the_best_scores_first(tmp_path: Path) -> None:
    tokenizer = tokenizer_of(tmp_path, sentencepiece_fields())
    chance = random.Random(0)
    for _ in range(300):
        text = "".join(chance.choice("the ainrx\nö") for _ in range(chance.randrange(1, 30)))
        assert pieces(tokenizer, text) == by_score(text)
        assert tokenizer.decode(tokenizer.encode_document(text)) == text


def test_sentencepiece_knows_control_tokens_and_its_prefix(tmp_path: Path) -> None:
    tokenizer = tokenizer_of(tmp_path, sentencepiece_fields())
    assert tokenizer.encode_prompt("<s>")[0] == 1
    assert not {1, 2} & set(tokenizer.encode_document("<s>the</s>"))
    assert pieces(tokenizer, "the") == ["▁the"]
    bare = sentencepiece_fields() | {"tokenizer.ggml.add_space_prefix": False}
    tokenizer = tokenizer_of(tmp_path, bare)
    assert pieces(tokenizer, "the the") == ["the", "▁the"]
    assert tokenizer.decode(tokenizer.encode_document(" the")) == " the"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"model": "bert"}, "a tokenizer of kind 'bert'"),
        ({"model": "no_vocab"}, "no tokenizer"),
        ({"model": None}, "no tokenizer"),
        ({"pre": "hieroglyphs"}, "'hieroglyphs'"),
        ({"tokens": None}, "no tokens"),
        ({"tokens": [1, 2, 3]}, "tokens are not a list of strings"),
        ({"tokens": ["<s>"] * 301, "token_type": None}, "301 tokens, 300 embeddings"),
        ({"token_type": [1, 2]}, "2 kinds for 300 tokens"),
        ({"merges": ["x"]}, "damaged"),
        ({"merges": ["q w"]}, "damaged"),
        ({"model": "llama", "merges": None}, "0 scores for 300"),
    ],
)
def test_tokenizers_that_cannot_be_are_refused(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    changed = {f"tokenizer.ggml.{name}": value for name, value in changes.items()}
    with pytest.raises(UnsupportedModel, match=says) as caught:
        write_tokenizer(byte_level_fields(300) | changed, 300, tmp_path)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_qwen2_cuts_digits_apart_and_composes_accents(tmp_path: Path) -> None:
    tokenizer = tokenizer_of(tmp_path, byte_level_fields(300, "qwen2"))
    assert pieces(tokenizer, "12") == ["1", "2"]  # the merge `12` is never reached
    composed = tokenizer.encode_document("\u00e9")
    assert tokenizer.encode_document("e\u0301") == composed


def test_damaged_roles_are_left_out(tmp_path: Path) -> None:
    roles = {"bos_token_id": 4000, "eos_token_id": "x", "padding_token_id": -1}
    fields = byte_level_fields(300) | {f"tokenizer.ggml.{k}": v for k, v in roles.items()}
    tokenizer = tokenizer_of(tmp_path, fields | {"tokenizer.chat_template": 3})
    assert tokenizer.inner.bos_token_id is None
    assert not tokenizer.inner.chat_template


def test_splits_are_regular_expressions_that_the_library_takes(tmp_path: Path) -> None:
    for number, pre in enumerate(SPLITS):
        folder = tmp_path / str(number)
        folder.mkdir()
        tokenizer = tokenizer_of(folder, byte_level_fields(300, pre))
        assert tokenizer.decode(tokenizer.encode_document(TEXT)) == TEXT
    assert GPT2_SPLIT in SPLITS["smollm"]
