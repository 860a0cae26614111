"""A checkpoint's tokenizer as the fields of a GGUF file: the inverse of `gguf_tokenizer`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from longsum.checkpoint.gguf_tokenizer import (
    CONTROL,
    GPT2_SPLIT,
    LLAMA3_SPLIT,
    NORMAL,
    SPLITS,
    USER_DEFINED,
)
from longsum.errors import UnsupportedModel

UNKNOWN, UNUSED, BYTE = 2, 5, 6
"""Further values of `tokenizer.ggml.token_type`."""
ROLES = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}
"""Names of roles in tokenizer_config.json, and in GGUF."""
_PREFIX = "tokenizer.ggml."


def tokenizer_fields(folder: Path, rows: int) -> dict[str, Any]:
    """Return the fields of a checkpoint's tokenizer.

    Args:
        folder: the checkpoint, with tokenizer.json.
        rows: number of rows of the embeddings; more than there are tokens are filled up.

    Raises:
        UnsupportedModel: it has no tokenizer.json, or llama.cpp has no such tokenizer.
    """
    try:
        stored = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        settings = _settings(folder)
        model = stored["model"]
        if model.get("type", "BPE") != "BPE":
            raise UnsupportedModel(f"its tokenizer is a {model['type']}, not a BPE")
        tokens, kinds = _vocabulary(stored, rows)
        merges = [" ".join(each) if isinstance(each, list) else each for each in model["merges"]]
        own = _sentencepiece(tokens, kinds, merges) if model.get("byte_fallback") else None
        fields = own or {"model": "gpt2", "pre": _split_name(stored), "merges": merges}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnsupportedModel(
            "its tokenizer.json is missing or damaged", hint="download the model again"
        ) from error
    named = {_PREFIX + name: value for name, value in fields.items()}
    found = named | {f"{_PREFIX}tokens": tokens, f"{_PREFIX}token_type": kinds}
    return found | _roles(stored, settings, tokens) | _template(folder, settings)


def _settings(folder: Path) -> dict[str, Any]:
    """Return the content of tokenizer_config.json; nothing if there is none."""
    path = folder / "tokenizer_config.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found if isinstance(found, dict) else {}


def _vocabulary(stored: Mapping[str, Any], rows: int) -> tuple[list[str], list[int]]:
    """Return the tokens by number, and the kind of each; rows without a token are unused."""
    numbers: dict[str, int] = dict(stored["model"]["vocab"])
    added = {each["content"]: each for each in stored.get("added_tokens", [])}
    numbers |= {token: int(each["id"]) for token, each in added.items()}
    tokens = [f"[UNUSED{number}]" for number in range(rows)]
    kinds = [UNUSED] * rows
    unknown = stored["model"].get("unk_token")
    for token, number in numbers.items():
        if number >= rows:
            raise UnsupportedModel(f"its token {number:,} has no row among {rows:,} embeddings")
        tokens[number], kinds[number] = token, NORMAL
        if token in added:
            kinds[number] = CONTROL if added[token].get("special") else USER_DEFINED
        elif stored["model"].get("byte_fallback") and _is_byte(token):
            kinds[number] = BYTE
        if token == unknown:
            kinds[number] = UNKNOWN
    return tokens, kinds


def _is_byte(token: str) -> bool:
    """Return whether a token stands for a byte: `<0x0A>`."""
    return len(token) == 6 and token.startswith("<0x") and token.endswith(">")


def _sentencepiece(
    tokens: Sequence[str], kinds: Sequence[int], merges: Sequence[str]
) -> dict[str, Any]:
    """Return a SentencePiece BPE: llama.cpp joins the neighbours with the best score.

    A merge's rank becomes its token's score; tokens that no merge makes come after all of them.
    """
    rank: dict[str, int] = {}
    for number, merge in enumerate(merges):
        rank.setdefault(merge.replace(" ", "", 1), number)
    last = len(merges)
    scores = [
        -float(rank.get(token, last)) if kind in (NORMAL, USER_DEFINED) else 0.0
        for token, kind in zip(tokens, kinds, strict=True)
    ]
    return {"model": "llama", "pre": "default", "scores": scores}


def _split_name(stored: Mapping[str, Any]) -> str:
    """Return llama.cpp's name of how a byte-level BPE splits text.

    Raises:
        UnsupportedModel: it has none that longsum knows.
    """
    steps = stored.get("pre_tokenizer") or {}
    parts = steps.get("pretokenizers", [steps])
    splits = tuple(
        each["pattern"].get("Regex") or each["pattern"].get("String")
        for each in parts
        if each.get("type") == "Split"
    )
    kinds = [each.get("type") for each in parts]
    digits = [each for each in parts if each.get("type") == "Digits"]
    if not splits and kinds and kinds[-1] == "ByteLevel" and parts[-1].get("use_regex", True):
        return "smollm" if digits and digits[0].get("individual_digits") else "gpt-2"
    if splits == (GPT2_SPLIT,):
        return "gpt-2"
    if splits == (LLAMA3_SPLIT,):
        return "llama-bpe"
    name = next((name for name, patterns in SPLITS.items() if patterns == splits), None)
    if name is None:
        raise UnsupportedModel(
            "its tokenizer splits text in a way that llama.cpp has no name for",
            hint="export a model with the tokenizer of Llama 2, Llama 3 or GPT-2",
        )
    return name


def _roles(
    stored: Mapping[str, Any], settings: Mapping[str, Any], tokens: Sequence[str]
) -> dict[str, Any]:
    """Return the numbers of the begin, end, unknown and padding tokens."""
    found: dict[str, Any] = {}
    place = {token: number for number, token in enumerate(tokens)}
    for short, name in ROLES.items():
        token = settings.get(f"{short}_token")
        token = token.get("content") if isinstance(token, Mapping) else token
        if token in place:
            found[f"{_PREFIX}{name}_token_id"] = place[token]
    begins = settings.get("add_bos_token")
    if begins is None:
        begins = "bos_token" in settings and _begins(stored, settings)
    return found | {f"{_PREFIX}add_bos_token": bool(begins)}


def _begins(stored: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
    """Return whether the tokenizer's last step puts the begin token before a text."""
    token = settings["bos_token"]
    token = token.get("content") if isinstance(token, Mapping) else token
    return json.dumps(token) in json.dumps(stored.get("post_processor"))


def _template(folder: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the chat template, if there is one."""
    path = folder / "chat_template.jinja"
    text = path.read_text(encoding="utf-8") if path.is_file() else settings.get("chat_template")
    return {"tokenizer.chat_template": text} if isinstance(text, str) else {}
