"""Documents, prompts and sessions for tests of what happens around a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tiny import save_checkpoint

from longsum.checkpoint.chat_formats import Wrap
from longsum.config import DecodeConfig, LoadConfig, Truncate
from longsum.documents.document import Document, Page
from longsum.events import Listener
from longsum.model.resolve import ModelSource
from longsum.prepared import Prepared, prepare
from longsum.prompting.prompt import Prompt
from longsum.reading import Reading, open_reading

GIB = 1 << 30
PREFIX, QUESTION = "Read this.\n", "\nNow answer:"
PROMPT_TOKENS = 1 + len(PREFIX) + len(QUESTION)
"""One a byte, and the beginning of the text."""


def paged(text: str, pages: int = 4) -> Document:
    size = -(-len(text) // pages)
    bounds = [(i * size, min(len(text), (i + 1) * size)) for i in range(pages)]
    numbered = tuple(Page(i + 1, start, end) for i, (start, end) in enumerate(bounds))
    return Document(text, numbered, sha256="0" * 64, name="book.pdf", total_pages=pages)


SHORT = paged("The cat sat on the mat. " * 5 + "Ünïcode </s> is text, too.")
LONG = paged("".join(f"Sentence number {i:03}. " for i in range(30)))


class Asking:
    """A task whose prompts stand around a document as they are."""

    def __init__(self, *suffixes: str, answer: int = 10) -> None:
        self.suffixes, self.answer = suffixes or (QUESTION,), answer

    def prompts(self, document: Document, source: ModelSource, wrap: Wrap) -> list[Prompt]:
        return [Prompt(PREFIX, document.text, suffix) for suffix in self.suffixes]

    def answer_tokens(self, source: ModelSource) -> int:
        return self.answer

    def needs_reading(self, source: ModelSource | None) -> bool:
        return True


def config(folder: Path, **options: Any) -> LoadConfig:
    settings = {"device": "cpu", "dtype": "float32", "memory_bytes": 4 * GIB} | options
    return LoadConfig(model=str(folder), **settings)


def prepared(
    folder: Path,
    document: Document,
    answer: int = 40,
    truncate: Truncate | None = None,
    *,
    check: bool = True,
    **options: Any,
) -> Prepared:
    load = config(folder, **options)
    return prepare(document, [Asking(answer=answer)], load, truncate=truncate, check=check)


def opened(
    folder: Path,
    document: Document,
    answer: int = 40,
    truncate: Truncate | None = None,
    listener: Listener | None = None,
) -> Reading:
    ready = prepared(folder, document, answer, truncate)
    return open_reading(ready, config(folder), listener or Listener())


def written(session: Reading, suffix: str = QUESTION, count: int = 20, **settings: Any) -> str:
    return "".join(session.write(suffix, DecodeConfig(**settings), count, Listener()))


def save_window_of_512(folder: Path) -> Path:
    """Write a checkpoint whose window is 4 times its native one."""
    linear = {"rope_type": "linear", "factor": 4.0, "rope_theta": 10000.0}
    return save_checkpoint(folder, max_position_embeddings=128, rope_parameters=linear)
