"""A tokenizer that a `tokenizer.json` describes completely, read without `transformers`.

Importing `transformers` takes a second, longer than all else before a short document is read. What
it adds to `tokenizers` is needed for chat templates, and for folders whose files say more than
`tokenizer.json` does; those are left to it. The methods have its names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

ROLES = ("bos_token", "eos_token", "unk_token", "pad_token")
IGNORED = frozenset(
    {"tokenizer_class", "backend", "model_max_length", "clean_up_tokenization_spaces"}
    | {"add_bos_token", "add_eos_token", "is_local", "local_files_only", "chat_template"}
)
"""Settings that change nothing here: no token is added to a text, and no space is cleaned up."""


class PlainTokenizer:
    """Wraps a tokenizer of `tokenizers`.

    Args:
        folder: folder with the tokenizer's files.
        inner: the tokenizer.
        special: tokens by role; None for roles without one.
        extra: further special tokens.
        chat_template: the chat template; None if there is none.
    """

    def __init__(
        self,
        folder: Path,
        inner: Any,
        special: Mapping[str, str | None],
        extra: Sequence[str],
        chat_template: str | None,
    ) -> None:
        self._folder, self.backend_tokenizer = folder, inner
        self.bos_token, self.eos_token = special["bos_token"], special["eos_token"]
        self.unk_token, self.pad_token = special["unk_token"], special["pad_token"]
        self.chat_template = chat_template
        self._special = [*filter(None, special.values()), *extra]

    @property
    def bos_token_id(self) -> int | None:
        """Number of the beginning-of-text token."""
        return self._number(self.bos_token)

    @property
    def eos_token_id(self) -> int | None:
        """Number of the end-of-text token."""
        return self._number(self.eos_token)

    @property
    def unk_token_id(self) -> int | None:
        """Number of the token for what is unknown."""
        return self._number(self.unk_token)

    @property
    def all_special_ids(self) -> list[int]:
        """Numbers of the special tokens that the settings name."""
        numbers = (self._number(token) for token in dict.fromkeys(self._special))
        return [number for number in numbers if number is not None]

    @property
    def added_tokens_decoder(self) -> dict[int, Any]:
        """Tokens beside the vocabulary's, by number."""
        found: dict[int, Any] = self.backend_tokenizer.get_added_tokens_decoder()
        return found

    def __len__(self) -> int:
        """Return the number of all tokens."""
        return int(self.backend_tokenizer.get_vocab_size(with_added_tokens=True))

    def convert_tokens_to_ids(self, token: str) -> int | None:
        """Return a token's number; that of the unknown one, if there is none."""
        number = self._number(token)
        return self.unk_token_id if number is None else number

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        """Return the numbers of a text's tokens, special ones among them."""
        self.backend_tokenizer.encode_special_tokens = False
        found: list[int] = self.backend_tokenizer.encode(
            text, add_special_tokens=add_special_tokens
        ).ids
        return found

    def __call__(
        self,
        text: str | list[str],
        *,
        add_special_tokens: bool,
        split_special_tokens: bool,
        return_offsets_mapping: bool = False,
        verbose: bool = False,
    ) -> dict[str, Any]:
        """Return `input_ids`, and `offset_mapping` if wanted, of a text or of several.

        Args:
            text: one text, or several.
            add_special_tokens: whether tokens are added at the beginning and end.
            split_special_tokens: whether special tokens in a text are tokenized as plain text.
            return_offsets_mapping: whether (start, end) offsets are returned.
            verbose: has no effect; `transformers` warns of long texts.
        """
        self.backend_tokenizer.encode_special_tokens = split_special_tokens
        several = isinstance(text, list)
        encoded = self.backend_tokenizer.encode_batch(
            text if several else [text], add_special_tokens=add_special_tokens
        )
        found = {"input_ids": [each.ids for each in encoded]}
        if return_offsets_mapping:
            found["offset_mapping"] = [each.offsets for each in encoded]
        return found if several else {name: each[0] for name, each in found.items()}

    def decode(
        self, ids: list[int], *, skip_special_tokens: bool, clean_up_tokenization_spaces: bool
    ) -> str:
        """Return the text of tokens.

        Args:
            ids: numbers of tokens.
            skip_special_tokens: whether special tokens are left out.
            clean_up_tokenization_spaces: has no effect: spaces stay as they are.
        """
        found: str = self.backend_tokenizer.decode(ids, skip_special_tokens=skip_special_tokens)
        return found

    def apply_chat_template(self, messages: list[dict[str, str]], **options: Any) -> str:
        """Return messages in the chat format, by `transformers`."""
        found: str = self._whole.apply_chat_template(messages, **options)
        return found

    @cached_property
    def _whole(self) -> Any:
        """The same tokenizer by `transformers`."""
        return read_whole(self._folder)

    def _number(self, token: str | None) -> int | None:
        """Return a token's number; None if there is none."""
        if token is None:
            return None
        found: int | None = self.backend_tokenizer.token_to_id(token)
        return found


def read_plain(folder: Path, settings: Mapping[str, Any]) -> PlainTokenizer | None:
    """Read a tokenizer; None if its files say more than `tokenizer.json` does.

    Args:
        folder: folder with `tokenizer.json`.
        settings: content of `tokenizer_config.json`.

    Raises:
        Exception: `tokenizer.json` cannot be read; `tokenizers` raises nothing narrower.
    """
    extra = settings.get("extra_special_tokens") or []
    if not settings.keys() <= IGNORED | set(ROLES) | {"extra_special_tokens"}:
        return None
    beside = ("chat_template.jinja", "special_tokens_map.json", "added_tokens.json")
    if not isinstance(extra, list) or any((folder / name).exists() for name in beside):
        return None
    special = {role: settings.get(role) for role in ROLES}
    named = [*filter(None, special.values()), *extra]
    template = settings.get("chat_template")
    if not all(isinstance(each, str) for each in named) or not isinstance(template, str | None):
        return None
    from tokenizers import Tokenizer

    inner = Tokenizer.from_file(str(folder / "tokenizer.json"))
    known = {each.content for each in inner.get_added_tokens_decoder().values() if each.special}
    if not known.issuperset(named):
        return None  # `transformers` makes them special
    inner.no_truncation()
    inner.no_padding()
    return PlainTokenizer(folder, inner, special, extra, template)


def read_whole(folder: Path) -> Any:
    """Read a tokenizer of the plain class by `transformers`, without network or remote code."""
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False
    )


def settings_of(folder: Path) -> dict[str, Any]:
    """Return the content of `tokenizer_config.json`; empty if there is none, or it is damaged."""
    try:
        found = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
