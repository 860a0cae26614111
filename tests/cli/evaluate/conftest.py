from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers import story
from tiny import save_checkpoint

TEXTS = ["\n\n".join(" ".join(page) for page in story(n)) for n in (1, 2)]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("m") / "tiny", max_position_embeddings=4096)


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def pairs(tmp_path) -> Path:
    target = "The harbour commission inspected the lighthouse. A judge described the granary."
    rows = [
        {"id": f"d{i}", "task": "summ", "doc": text, "target": target}
        for i, text in enumerate([*TEXTS, " ".join(TEXTS) * 2])
    ]
    return lines(tmp_path / "pairs.jsonl", rows)


@pytest.fixture
def items(tmp_path) -> Path:
    return lines(
        tmp_path / "items.jsonl",
        [
            {"question": "The sky is", "choices": ["blue", "so"], "answer": 0, "category": "x"},
            {"question": "Two and two", "choices": ["make", "sleep", "or"], "answer": 0},
        ],
    )
