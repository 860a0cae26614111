"""Scripts that no test runs are at least complete: every module of recipes and benchmarks loads."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from helpers import REPOSITORY

APART = {"benchmarks.peers.run_llama_cpp", "benchmarks.peers.run_llama_probs"}
"""Run by another environment's Python, which has llama.cpp's bindings."""


def modules() -> list[str]:
    found = [
        path
        for folder in ("recipes", "benchmarks")
        for path in REPOSITORY.glob(f"{folder}/**/*.py")
    ]
    names = [".".join(path.relative_to(REPOSITORY).with_suffix("").parts) for path in found]
    return sorted(name for name in names if not name.endswith("__main__") and name not in APART)


@pytest.mark.parametrize("name", modules())
def test_module_loads(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # scripts of one folder that are started by their path find one another there
    monkeypatch.syspath_prepend(str(Path(REPOSITORY, *name.split(".")[:-1])))
    importlib.import_module(name)
