"""Files that code and settings name are there."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter

from helpers import REPOSITORY

SOURCES = sorted((REPOSITORY / "longsum").rglob("*.py"))
NAMED = re.compile(r"`(?:longsum/)?((?:\w+/)*\w+\.py)`")


def test_files_that_docstrings_send_to_exist():
    """One sent its reader to `weights.py`, which no longer existed."""
    folders = [REPOSITORY / name for name in ("longsum", "recipes", "benchmarks", "docs")]
    every = [path.as_posix() for folder in folders for path in folder.rglob("*.py")]
    for path in SOURCES:
        for name in NAMED.findall(path.read_text(encoding="utf-8")):
            assert any(found.endswith(f"/{name}") for found in every), f"{path}: {name}"


def test_files_named_in_the_configuration_of_ruff_exist():
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    for pattern in settings["tool"]["ruff"]["lint"]["per-file-ignores"]:
        braces = re.search(r"\{(.*)\}", pattern)
        for name in braces[1].split(",") if braces else [""]:
            plain = pattern.replace(braces[0], name) if braces else pattern
            assert any(REPOSITORY.glob(plain)), plain


def test_class_name_is_used_once():
    """Three were called `Progress`: a search for one found the others. Commands are left out."""
    found: Counter[str] = Counter()
    for path in (path for path in SOURCES if "cli" not in path.parts):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        classes = (node.name for node in tree.body if isinstance(node, ast.ClassDef))
        found.update(name for name in classes if not name.startswith("_"))
    assert [name for name, times in found.items() if times > 1] == []
