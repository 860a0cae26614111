"""A tiny base of 64 tokens, text for it, and a call that extends it to 128."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import save_checkpoint

from longsum.config import LoadConfig
from longsum.extend.config import ExtendConfig
from longsum.extend.training_events import ExtendListener, ExtendResult

WORDS = "the grass is green the sky is blue there and back again here we go".split()  # noqa: SIM905
SETTINGS: dict[str, Any] = {
    "steps": 6,
    "learning_rate": 1e-3,
    "warmup_steps": 2,
    "batch": 2,
    "save_every": 2,
    "dtype": "float32",
}


def write_text(path: Path, words: int = 800) -> Path:
    """Write words in a random order, the same each time."""
    chosen = random.Random(0).choices(WORDS, k=words)
    path.write_text(" ".join(chosen) + ".")
    return path


@pytest.fixture(scope="session")
def base(tmp_path_factory) -> Path:
    """A checkpoint with a native window of 64 tokens."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("base") / "base"
    return save_checkpoint(folder, max_position_embeddings=64)


@pytest.fixture(scope="session")
def text(tmp_path_factory) -> Path:
    """About 3,500 tokens: 26 sequences of 128 to train on, two held out."""
    return write_text(tmp_path_factory.mktemp("data") / "words.txt")


@pytest.fixture
def extended(base, text, tmp_path) -> Callable[..., ExtendResult]:
    """Extend the base; options are settings, or replace base, text and output."""
    from longsum.extend.train import extend

    def run(
        listener: ExtendListener | None = None,
        *,
        model: Path = base,
        data: tuple[Path, ...] = (text,),
        output: Path = tmp_path / "out",
        context: int = 128,
        memory: int | None = None,
        **settings: Any,
    ) -> ExtendResult:
        load = LoadConfig(
            model=str(model), context=context, device="cpu", memory_bytes=memory, offline=True
        )
        return extend(load, data, output, ExtendConfig(**SETTINGS | settings), listener)

    return run
