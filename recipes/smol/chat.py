"""The chat format of SmolLM2 for a document and questions on it."""

from __future__ import annotations

from collections.abc import Sequence

BEGIN = (
    "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face"
    "<|im_end|>\n<|im_start|>user\n"
)
ANSWER = "<|im_end|>\n<|im_start|>assistant\n"


def after_document(request: str) -> str:
    """Return the text between the document and the answer."""
    return f"\n\n{request.strip()}{ANSWER}"


def conversation(document: str, turns: Sequence[tuple[str, str]]) -> str:
    """Return a document and turns of a question and its answer, without the last end token.

    Args:
        document: text of the document.
        turns: at least one question and answer.
    """
    first, *others = turns
    parts = [BEGIN + document.strip() + after_document(first[0]) + first[1].strip()]
    for request, answer in others:
        parts.append(f"<|im_end|>\n<|im_start|>user\n{request.strip()}{ANSWER}{answer.strip()}")
    return "".join(parts)
