"""Foreign text stays text; our own markup works; what cannot be read is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import byte_tokenizer
from tokenizers import AddedToken, decoders, models, normalizers
from tokenizers import Tokenizer as Backend
from transformers import PreTrainedTokenizerFast

from longsum.checkpoint.catalog import find_known
from longsum.checkpoint.chat_formats import wrap_llama2, wrap_plain, wrap_vicuna
from longsum.checkpoint.tokenizer import Tokenizer, load_tokenizer
from longsum.errors import UnsupportedModel

BYTES = Tokenizer(byte_tokenizer())
CHAT = "{{ bos_token }}[U]{{ messages[0].content }}[/U]{% if add_generation_prompt %}[A]{% endif %}"


def llama_tokenizer() -> PreTrainedTokenizerFast:
    """Tokens as in LLaMA-2: a space is `▁`, one is put in front, unknown characters are bytes."""
    words = ["▁", "▁t", "▁th", "▁the", "t", "h", "e", "a", "n", "d", "é"]
    vocab = ["<unk>", "<s>", "</s>", *(f"<0x{i:02X}>" for i in range(256)), *words]
    merges = [("▁", "t"), ("▁t", "h"), ("▁th", "e")]
    backend = Backend(
        models.BPE(
            vocab={token: i for i, token in enumerate(vocab)},
            merges=merges,
            unk_token="<unk>",
            byte_fallback=True,
        )
    )
    backend.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    backend.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )


LLAMA = Tokenizer(llama_tokenizer())
KINDS = pytest.mark.parametrize("tokenizer", [BYTES, LLAMA], ids=["bytes", "llama"])


def chat_model(folder: Path, **template: str) -> Tokenizer:
    """A chat model's tokenizer, one of whose control tokens was added as a plain one."""
    inner = byte_tokenizer()
    inner.add_special_tokens({"additional_special_tokens": ["<|eot_id|>"]})
    inner.add_tokens([AddedToken("<|im_end|>", special=False), AddedToken("[INST]")])
    inner.add_tokens([AddedToken("longsum", special=False)])
    inner.chat_template = template.get("chat_template")
    inner.save_pretrained(folder)
    return load_tokenizer(folder)


# foreign text


@pytest.mark.parametrize("text", ["</s>", "a<s>b</s>c", "<|eot_id|>", "x<|im_end|>", "[INST] now"])
def test_text_of_a_document_never_becomes_a_control_token(tmp_path: Path, text: str) -> None:
    tokenizer = chat_model(tmp_path)
    control = {tokenizer.inner.convert_tokens_to_ids(t) for t in ("<s>", "</s>", "<|eot_id|>")}
    control |= {tokenizer.inner.convert_tokens_to_ids(t) for t in ("<|im_end|>", "[INST]")}
    for ids in (tokenizer.encode_document(text), *tokenizer.encode_many(["plain", text])):
        assert not control & set(ids)
    assert tokenizer.decode(tokenizer.encode_document(text)) == text
    assert len(tokenizer.offsets(text)) == len(tokenizer.encode_document(text))


def test_our_own_markup_is_read_as_such(tmp_path: Path) -> None:
    """Also right after a document, whose setting must not stick."""
    tokenizer = chat_model(tmp_path)
    tokenizer.encode_document("</s>")
    ids = tokenizer.encode_prompt("a</s><|im_end|>[INST]")
    assert len(ids) == 4
    assert tokenizer.decode(ids) == "a"


def test_added_words_that_are_no_markup_stay_tokens(tmp_path: Path) -> None:
    tokenizer = chat_model(tmp_path)
    ids = tokenizer.encode_document("longsum")
    assert len(ids) == 1
    assert tokenizer.decode(ids) == "longsum"


@KINDS
@given(text=st.text(max_size=60))
def test_document_tokens_give_the_text_back(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode_document(text)
    assert tokenizer.encode_many([text, "", text]) == [ids, tokenizer.encode_document(""), ids]
    if tokenizer is BYTES or not set(" ▁") & set(text):
        assert tokenizer.decode(ids) == text


@KINDS
@given(text=st.text(max_size=60))
def test_offsets_lead_from_each_token_to_its_characters(tokenizer: Tokenizer, text: str) -> None:
    pairs = tokenizer.offsets(text)
    assert len(pairs) == len(tokenizer.encode_document(text))
    assert all(0 <= start <= end <= len(text) for start, end in pairs)
    assert pairs == sorted(pairs)
    assert {i for start, end in pairs for i in range(start, end)} == set(range(len(text)))


def test_offsets_of_words_and_bytes() -> None:
    assert BYTES.offsets("aé") == [(0, 1), (1, 2), (1, 2)]
    assert LLAMA.offsets("the the☺") == [(0, 3), (3, 7), *[(7, 8)] * 3]


def test_nothing_gives_nothing() -> None:
    assert BYTES.encode_document("") == BYTES.encode_prompt("") == []
    assert BYTES.encode_many([]) == BYTES.offsets("") == []
    assert LLAMA.encode_prompt("") == []  # no stray space before nothing


def test_long_documents_raise_no_alarm(tmp_path: Path) -> None:
    """transformers warns of texts longer than its idea of the model; our own budget counts."""
    inner = byte_tokenizer()
    inner.model_max_length = 10
    inner.save_pretrained(tmp_path)
    tokenizer = load_tokenizer(tmp_path)
    assert len(tokenizer.encode_document("x" * 1000)) == 1000
    assert len(tokenizer.encode_prompt("x" * 1000)) == 1000


# beginning and end


def test_beginning_of_text_occurs_once() -> None:
    assert BYTES.with_beginning("a", [5]) == [0, 5]
    assert BYTES.with_beginning("", []) == [0]
    assert BYTES.with_beginning("<s>a", [0, 5]) == [0, 5]
    without = byte_tokenizer()
    without.bos_token = None
    assert Tokenizer(without).with_beginning("a", [5]) == [5]


def test_beginning_is_not_doubled_by_a_chat_template(tmp_path: Path) -> None:
    tokenizer = chat_model(tmp_path, chat_template=CHAT)
    wrap = tokenizer.wrap(None)
    text = wrap("hi")
    ids = tokenizer.with_beginning(text, tokenizer.encode_prompt(text))
    assert ids.count(tokenizer.inner.bos_token_id) == 1
    plain = chat_model(tmp_path, chat_template=CHAT.replace("{{ bos_token }}", ""))
    text = plain.wrap(None)("hi")
    assert plain.with_beginning(text, plain.encode_prompt(text)) == ids


@pytest.mark.parametrize(
    ("stated", "expected"),
    [({}, {1}), ({"eos_token_id": None}, {1}), ({"eos_token_id": 7}, {1, 7})]
    + [({"eos_token_id": [7, 8]}, {1, 7, 8}), ({"eos_token_id": 0}, {0, 1})],
)
def test_an_answer_ends_where_tokenizer_or_config_say(
    stated: dict[str, Any], expected: set[int]
) -> None:
    assert BYTES.stop_ids(stated) == expected


def test_an_answer_ends_with_the_chat_turn(tmp_path: Path) -> None:
    tokenizer = chat_model(tmp_path)
    turns = {tokenizer.inner.convert_tokens_to_ids(t) for t in ("<|eot_id|>", "<|im_end|>")}
    assert tokenizer.stop_ids({"eos_token_id": 1}) == {1} | turns
    assert LLAMA.stop_ids({}) == {2}  # what it does not know is <unk>, which ends nothing


# chat formats


def test_chat_template_goes_before_the_catalogue(tmp_path: Path) -> None:
    wrap = chat_model(tmp_path, chat_template=CHAT).wrap(find_known("vicuna-7b-16k"))
    assert wrap("hi") == "<s>[U]hi[/U][A]"


@pytest.mark.parametrize(
    ("alias", "expected"),
    [
        ("llama-2-7b-32k-instruct", wrap_llama2),
        ("vicuna-7b-16k", wrap_vicuna),
        ("llama-2-7b-32k", wrap_plain),
        ("llama-3.1-8b", wrap_plain),  # `chat`, but its template is not there
        (None, wrap_plain),
    ],
)
def test_without_a_template_the_catalogue_tells_the_format(
    alias: str | None, expected: Callable[[str], str]
) -> None:
    wrap = BYTES.wrap(find_known(alias) if alias else None)
    assert wrap("hi") == expected("hi")


@pytest.mark.parametrize(
    "template",
    ["{{ raise_exception('no') }}", "{% if %}", "{{ messages[0].a.b }}", "{{ 1 + 'a' }}"],
)
def test_broken_chat_template_is_told(tmp_path: Path, template: str) -> None:
    wrap = chat_model(tmp_path, chat_template=template).wrap(None)
    with pytest.raises(UnsupportedModel, match="chat template") as caught:
        wrap("hi")
    assert caught.value.hint


# damage


def garble(name: str, content: str | None) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_text(content)

    return edit


def cut_short(folder: Path) -> None:
    path = folder / "tokenizer.json"
    path.write_text(path.read_text()[:3000])


def unknown_model(folder: Path) -> None:
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"model": {"type": "Oracle"}}))


@pytest.mark.parametrize(
    "damage",
    [
        garble("tokenizer.json", None),
        garble("tokenizer.json", ""),
        garble("tokenizer.json", "{}"),
        garble("tokenizer.json", "[]"),
        garble("tokenizer_config.json", "{"),
        garble("tokenizer_config.json", "[]"),
        cut_short,
        unknown_model,
    ],
)
def test_damaged_tokenizer_is_one_line_with_a_hint(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    byte_tokenizer().save_pretrained(tmp_path)
    damage(tmp_path)
    with pytest.raises(UnsupportedModel, match="tokenizer") as caught:
        load_tokenizer(tmp_path)
    assert caught.value.exit_code == 5
    assert "tokenizer.json" in str(caught.value.hint)
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 600


def test_sentencepiece_only_names_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """transformers would ask for tiktoken."""
    monkeypatch.setattr("longsum.checkpoint.tokenizer._is_installed", lambda name: False)
    (tmp_path / "tokenizer.model").write_bytes(b"\n")
    with pytest.raises(UnsupportedModel, match="sentencepiece") as caught:
        load_tokenizer(tmp_path)
    assert caught.value.hint == "pip install sentencepiece protobuf"
