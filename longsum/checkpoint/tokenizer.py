"""A checkpoint's tokenizer, with the methods the program needs.

A document's text never becomes a control token: special tokens in it are tokenized as plain text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

from longsum.checkpoint.catalog import KnownModel
from longsum.checkpoint.chat_formats import FORMATS, Wrap, wrap_chat
from longsum.checkpoint.plain_tokenizer import read_plain, read_whole, settings_of
from longsum.errors import UnsupportedModel

PLAIN_CLASSES = ("PreTrainedTokenizerFast", "TokenizersBackend")
"""Names of the class that needs only tokenizer.json, in transformers 4 and 5."""

_MARKUP = re.compile(r"<[^<>\s]+>|\[[^\[\]\s]+\]")
"""Tokens that look like control tokens: `<|im_end|>`, `[INST]`."""


class Tokenizer:
    """Wraps the checkpoint's own tokenizer.

    Args:
        inner: a tokenizer of `transformers`, or a `PlainTokenizer`.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def encode_prompt(self, text: str) -> list[int]:
        """Return the token ids of our own text, which may contain chat markup."""
        ids: list[int] = self.inner.encode(text, add_special_tokens=False) if text else []
        return ids

    def encode_document(self, text: str) -> list[int]:
        """Return the token ids of untrusted text, in which nothing is a control token."""
        ids: list[int] = self.inner(
            text, add_special_tokens=False, split_special_tokens=True, verbose=False
        )["input_ids"]
        return ids

    def are_plain(self, ids: Sequence[int]) -> bool:
        """Return whether ids are plain text only: all known, and none a control token."""
        added = self.inner.added_tokens_decoder
        control = {number for number, token in added.items() if token.special}
        control.update(self.inner.all_special_ids)
        return control.isdisjoint(ids) and 0 <= min(ids, default=0) <= max(ids, default=0) < len(
            self.inner
        )

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Return the (start, end) character offsets of each of the document's tokens."""
        pairs: list[tuple[int, int]] = self.inner(
            text,
            add_special_tokens=False,
            split_special_tokens=True,
            return_offsets_mapping=True,
            verbose=False,
        )["offset_mapping"]
        return pairs

    def encode_many(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of many untrusted texts."""
        if not texts:
            return []
        ids: list[list[int]] = self.inner(
            list(texts), add_special_tokens=False, split_special_tokens=True, verbose=False
        )["input_ids"]
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids, without control tokens."""
        text: str = self.inner.decode(
            list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text

    def with_beginning(self, text: str, ids: list[int]) -> list[int]:
        """Prepend the beginning-of-text token, unless the chat markup already has it."""
        begin = self.inner.bos_token_id
        if begin is None or (ids and ids[0] == begin):
            return ids
        return [begin, *ids]

    def stop_ids(self, config: dict[str, Any]) -> frozenset[int]:
        """Return the token ids that end an answer: the tokenizer's, the config's, ends of turns."""
        found: set[int] = set()
        for value in (self.inner.eos_token_id, config.get("eos_token_id")):
            found.update([value] if isinstance(value, int) else value or [])
        for token in ("<|eot_id|>", "<|im_end|>", "<|end_of_turn|>"):
            number = self.inner.convert_tokens_to_ids(token)
            if isinstance(number, int) and number != self.inner.unk_token_id:
                found.add(number)
        return frozenset(found)

    def wrap(self, known: KnownModel | None) -> Wrap:
        """Return the chat format: the tokenizer's own, the catalogue's, or none."""
        if self.inner.chat_template:

            def apply(messages: list[dict[str, str]]) -> str:
                try:
                    text: str = self.inner.apply_chat_template(
                        messages, tokenize=False, add_generation_prompt=True
                    )
                except (TemplateError, TypeError, ValueError) as error:
                    raise UnsupportedModel(
                        f"the tokenizer's chat template cannot be used: {error}",
                        hint="fix or delete the template in the model's folder",
                    ) from error
                return text

            return wrap_chat(apply)
        name = known.prompt_format if known and known.prompt_format in FORMATS else "plain"
        return FORMATS[name]


def load_tokenizer(folder: Path) -> Tokenizer:
    """Load a checkpoint's tokenizer from its folder, without network or remote code.

    Raises:
        UnsupportedModel: there is none, or it cannot be read.
    """
    _require_files(folder)
    try:
        inner = _read(folder)
    except Exception as error:  # tokenizers raises nothing narrower for a file it cannot read
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise UnsupportedModel(
            f"the tokenizer in {folder} cannot be loaded: {reason}",
            hint="the folder needs a complete tokenizer.json; download the model again",
        ) from error
    inner.model_max_length = 10**9  # silences its length warning: we budget tokens ourselves
    _declare_markup_special(inner)
    return Tokenizer(inner)


def _read(folder: Path) -> Any:
    """Return a folder's tokenizer, read in the quickest way.

    `AutoTokenizer` finds any class, but imports torch and models, which takes two seconds. If
    tokenizer_config.json names the plain class, as Llama 3's does, it is used directly, and without
    `transformers` where tokenizer.json says all.
    """
    settings = settings_of(folder)
    named = settings.get("tokenizer_class") in PLAIN_CLASSES
    if named and (folder / "tokenizer.json").is_file():
        plain = read_plain(folder, settings)
        return read_whole(folder) if plain is None else plain
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)


def _require_files(folder: Path) -> None:
    """Refuse a folder without a usable tokenizer, which `transformers` reports at length.

    Raises:
        UnsupportedModel: files or packages are missing.
    """
    if (folder / "tokenizer.json").is_file() or (folder / "vocab.json").is_file():
        return
    if not (folder / "tokenizer.model").is_file():
        raise UnsupportedModel(
            f"{folder} has no tokenizer", hint="it needs tokenizer.json; download the model again"
        )
    absent = [name for name in ("sentencepiece", "google.protobuf") if not _is_installed(name)]
    if absent:
        raise UnsupportedModel(
            f"{folder} has no tokenizer.json, and its tokenizer.model needs sentencepiece",
            hint="pip install sentencepiece protobuf",
        )


def _is_installed(module: str) -> bool:
    """Return whether a module can be imported."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # its parent package is missing
        return False


def _declare_markup_special(inner: Any) -> None:
    """Make control tokens special that some chat models add as plain ones.

    Only special tokens are tokenized as plain text in a document and removed from an answer.
    """
    from tokenizers import AddedToken

    markup = [
        AddedToken(token.content, special=True, normalized=False)
        for token in inner.added_tokens_decoder.values()
        if not token.special and _MARKUP.fullmatch(token.content)
    ]
    if markup:
        inner.backend_tokenizer.add_special_tokens(markup)
