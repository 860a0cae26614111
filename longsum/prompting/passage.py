"""A passage and a question on it, as the answer adapter was trained to read them. Token ids only.

    Passage: … (newline) Question: … (newline) Answer: … or none

Plain text, without a chat format: the adapter knows this form and no other, and it is half as long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Encode = Callable[[str], Sequence[int]]
"""Returns the token ids of a text in which nothing is a control token."""

BEFORE, ASKED, ANSWER = "Passage:", "\nQuestion:", "\nAnswer:"
NONE = " none"
"""What is answered about a passage that does not hold the answer."""


@dataclass(frozen=True)
class PassagePrompt:
    """Token ids up to where the answer begins, in two parts."""

    passage: tuple[int, ...]
    """Up to where the question begins."""
    question: tuple[int, ...]
    """The question's own tokens, whose likelihood says how well the passage fits it."""
    ending: tuple[int, ...]
    """After the question, up to where the answer begins."""

    @property
    def ids(self) -> tuple[int, ...]:
        """All token ids."""
        return self.passage + self.question + self.ending


def passage_prompt(passage: str, question: str, encode: Encode) -> PassagePrompt:
    """Return the prompt of one passage.

    Args:
        passage: some sentences of a document.
        question: in the user's words.
        encode: the tokenizer's, which makes no control tokens of a text.
    """
    read = f"{BEFORE} {' '.join(passage.split())}"
    asked = f" {' '.join(question.split())}"
    return PassagePrompt(
        (*encode(read), *encode(ASKED)), tuple(encode(asked)), tuple(encode(ANSWER))
    )
