"""What the package imports is what `pyproject.toml` declares, no less and no more."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from warned import REPOSITORY

DECLARED = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]

NEVER_IMPORTED = {
    "sumy": "longsum/evaluate/baselines.py imports its summarizers by name",
    "mypy": "a command",
    "httpx": "starlette's TestClient needs it",
    "pytest-timeout": "a plugin of pytest",
    "ruff": "a command",
}
"""What is declared without an `import` statement that names it, and why."""

OUR_OWN = {"longsum", "tests", "recipes", "benchmarks", "examples", "docs"} | {
    path.stem for path in (REPOSITORY / "tests").glob("*") if path.name != "__pycache__"
}

OF_MODULE = {"PIL": "pillow", "markdown_it": "markdown-it-py"}
"""Distributions of modules that may be missing where the tests run and have another name."""


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*extras: str) -> set[str]:
    """Return the distributions declared for users, and for some extras."""
    found: set[str] = set()
    for requirement in (
        *DECLARED["dependencies"],
        *(line for extra in extras for line in DECLARED["optional-dependencies"][extra]),
    ):
        match = re.match(r"([\w.-]+)(?:\[([\w,]+)\])?", requirement)
        assert match
        if match[1] == DECLARED["name"]:
            found |= declared(*match[2].split(","))
        else:
            found.add(normalized(match[1]))
    return found


def imported(*folders: str) -> dict[str, str]:
    """Return the distributions imported by the code of some folders, each with a file that does."""
    distributions = packages_distributions()
    found: dict[str, str] = {}
    for folder in folders:
        for path in sorted((REPOSITORY / folder).rglob("*.py")):
            for module in modules(path):
                name = next(iter(distributions.get(module, ())), OF_MODULE.get(module, module))
                found.setdefault(normalized(name), str(path.relative_to(REPOSITORY)))
    return found


def modules(path: Path) -> Iterator[str]:
    """Yield the top-level modules that a file imports, without Python's and our own."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            top = name.split(".")[0]
            if top not in sys.stdlib_module_names and top not in OUR_OWN:
                yield top


@pytest.mark.parametrize(
    ("folders", "extras"),
    [
        (["longsum"], ["eval", "ray", "train", "word"]),
        (["longsum", "tests", "examples", "docs", "recipes"], ["dev"]),
    ],
)
def test_what_is_imported_is_declared(folders: list[str], extras: list[str]) -> None:
    """numpy, huggingface_hub, tokenizers and nltk came only because other libraries need them."""
    missing = {n: file for n, file in imported(*folders).items() if n not in declared(*extras)}
    if folders == ["longsum"]:
        assert missing.pop("triton", None)  # comes with torch where it can run
    assert not missing


def test_what_is_declared_is_imported() -> None:
    everything = imported("longsum", "tests", "examples", "docs", "recipes")
    unused = declared("dev") - set(everything) - set(NEVER_IMPORTED)
    assert not unused
    for_users = (
        declared("eval", "ray", "train", "word") - set(imported("longsum")) - set(NEVER_IMPORTED)
    )
    assert not for_users
