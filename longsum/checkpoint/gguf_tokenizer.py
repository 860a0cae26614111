"""The tokenizer inside a GGUF file, written as the files that Hugging Face's libraries read.

Byte-level BPE (`gpt2`) is built here, since the way text is split before merging is named by a word
(`tokenizer.ggml.pre`) that decides the tokens. SentencePiece's (`llama`) is converted by
`transformers`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from longsum.errors import UnsupportedModel

CONTROL, USER_DEFINED = 3, 4
"""Values of `tokenizer.ggml.token_type`."""
GPT2_SPLIT = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPLITS: dict[str, tuple[str, ...]] = {
    "default": (GPT2_SPLIT,),
    "gpt-2": (GPT2_SPLIT,),
    "llama-bpe": (LLAMA3_SPLIT,),
    "llama3": (LLAMA3_SPLIT,),
    "smollm": (r"\p{N}", GPT2_SPLIT),
}
"""How text is cut before bytes are merged, one cut after the other, by `tokenizer.ggml.pre`."""
WHOLE_FIRST = frozenset(("llama-bpe", "llama3"))
"""Those that take a piece found in the vocabulary as it is, before any merge."""


def write_tokenizer(path: Path, reader: Any, folder: Path) -> None:
    """Write the tokenizer of a GGUF file into a folder.

    Args:
        path: the file.
        reader: the library's reader of it.
        folder: gets `tokenizer.json` and `tokenizer_config.json`.

    Raises:
        UnsupportedModel: the file has none, or one of a kind that is not known.
    """
    model = _value(reader, "model")
    if model == "gpt2":
        _write_bpe(reader, folder)
    elif model == "llama":
        _convert(path, folder)
    else:
        found = f"a tokenizer of kind {model!r}" if model else "no tokenizer"
        raise UnsupportedModel(
            f"{path.name} has {found}", hint="longsum reads tokenizers of kind gpt2 and llama"
        )


def _value(reader: Any, name: str) -> Any:
    """Return a field of the tokenizer; None where there is none."""
    field = reader.fields.get(f"tokenizer.ggml.{name}")
    return None if field is None else field.contents()


def _write_bpe(reader: Any, folder: Path) -> None:
    """Write a byte-level BPE."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

    pre = str(_value(reader, "pre") or "default")
    if pre not in SPLITS:
        raise UnsupportedModel(
            f"the tokenizer splits text in a way longsum does not know: {pre!r}",
            hint="take the model's safetensors checkpoint",
        )
    tokens: list[str] = _value(reader, "tokens") or []
    merges = [tuple(merge.split(" ", 1)) for merge in _value(reader, "merges") or []]
    tokenizer = Tokenizer(
        models.BPE(
            vocab={token: number for number, token in enumerate(tokens)},
            merges=merges,
            ignore_merges=pre in WHOLE_FIRST,
        )
    )
    cuts = [pre_tokenizers.Split(Regex(each), "isolated") for each in SPLITS[pre]]
    in_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*cuts, in_bytes])
    tokenizer.decoder = decoders.ByteLevel()
    kinds: Sequence[int] = _value(reader, "token_type") or [1] * len(tokens)
    tokenizer.add_special_tokens(
        [
            AddedToken(token, special=True, normalized=False)
            for token, kind in zip(tokens, kinds, strict=True)
            if kind in (CONTROL, USER_DEFINED)
        ]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
    _write_config(folder, settings | _roles(reader, tokens))


def _roles(reader: Any, tokens: Sequence[str]) -> dict[str, Any]:
    """Return which tokens begin, end, pad and stand for the unknown, and the chat template."""
    found: dict[str, Any] = {}
    names = {"bos": "bos", "eos": "eos", "unknown": "unk", "padding": "pad"}
    for name, short in names.items():
        number = _value(reader, f"{name}_token_id")
        if number is not None and 0 <= int(number) < len(tokens):
            found[f"{short}_token"] = tokens[int(number)]
    if _value(reader, "add_bos_token") is False:
        found["add_bos_token"] = False
    template = reader.fields.get("tokenizer.chat_template")
    if template is not None:
        found["chat_template"] = template.contents()
    return found


def _write_config(folder: Path, settings: Mapping[str, Any]) -> None:
    """Write tokenizer_config.json."""
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(settings, indent=1, ensure_ascii=False), encoding="utf-8")


def _convert(path: Path, folder: Path) -> None:
    """Let `transformers` convert a SentencePiece tokenizer."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(
        path.parent, gguf_file=path.name, local_files_only=True, trust_remote_code=False
    )
    tokenizer.save_pretrained(folder)
