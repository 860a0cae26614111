"""Chat formats: the text around the user's message, for checkpoints without their own template.

Pure; knows nothing about documents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

Wrap = Callable[[str], str]
"""A chat format: takes the user's message, returns the full text up to where the answer begins."""


def wrap_plain(message: str) -> str:
    """Return the message itself, for base models."""
    return message


def wrap_llama2(message: str) -> str:
    """Return the format of togethercomputer/Llama-2-7B-32K-Instruct (its model card)."""
    return f"[INST]\n{message}\n[/INST]\n\n"


_VICUNA_SYSTEM = (
    "A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions."
)


def wrap_vicuna(message: str) -> str:
    """Return the format of Vicuna 1.1 and later, and of LongChat (FastChat `vicuna_v1.1`)."""
    return f"{_VICUNA_SYSTEM} USER: {message} ASSISTANT:"


def wrap_chat(apply: Callable[[list[dict[str, str]]], str]) -> Wrap:
    """Return the format of a tokenizer's own chat template.

    Args:
        apply: takes the messages and returns the text with the opening of the assistant's turn,
            as `partial(tokenizer.apply_chat_template, tokenize=False, add_generation_prompt=True)`
            does, including the begin-of-text token if the model needs one.
    """

    def wrap(message: str) -> str:
        return apply([{"role": "user", "content": message}])

    return wrap


FORMATS: Mapping[str, Wrap] = MappingProxyType(
    {"plain": wrap_plain, "llama2": wrap_llama2, "vicuna": wrap_vicuna}
)
"""Formats for tokenizers without a chat template, by name, without a begin-of-text token."""
