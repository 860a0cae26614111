from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from helpers import REPOSITORY

from longsum.bytesize import parse_bytes
from longsum.config import StoreConfig, WeightsConfig
from longsum.environment import ENVIRONMENT, environment_table, is_debugging, variable

NAME = re.compile(r"LONGSUM_[A-Z_]+")
TABLE = {each.name for each in ENVIRONMENT}


def sources() -> list[Path]:
    return sorted((REPOSITORY / "longsum").rglob("*.py"))


def test_documentation_shows_the_table():
    """If it fails, copy what `longsum.environment.environment_table()` returns."""
    assert environment_table() in (REPOSITORY / "docs" / "environment.md").read_text(
        encoding="utf-8"
    )


def test_every_variable_that_is_named_is_in_the_table():
    for path in (*sources(), REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")):
        named = set(NAME.findall(path.read_text(encoding="utf-8")))
        assert named <= TABLE, f"{path}: {named - TABLE}"


def test_variables_of_ours_are_read_through_the_table_alone():
    """`ENVIRONMENT` was not used and lacked two of the variables."""
    for path in sources():
        if path.name == "environment.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not NAME.fullmatch(node.value), f"{path}:{node.lineno}: {node.value}"


def test_every_variable_of_ours_in_the_table_is_read():
    code = "".join(path.read_text(encoding="utf-8") for path in sources())
    for name in TABLE:
        if name.startswith("LONGSUM_"):
            assert re.search(rf"variable\({name.removeprefix('LONGSUM_')}\)", code), name


def test_defaults_are_those_of_the_settings():
    defaults = {each.name: each.default for each in ENVIRONMENT}
    assert parse_bytes(defaults["LONGSUM_CACHE_SIZE"]) == StoreConfig.size_bytes
    assert parse_bytes(defaults["LONGSUM_WEIGHTS_SIZE"]) == WeightsConfig.size_bytes


def test_unknown_variable_is_a_bug(monkeypatch):
    with pytest.raises(AssertionError):
        variable("LONGSUM_TYPO")
    monkeypatch.setenv("LONGSUM_MODEL", "  ")
    assert variable("LONGSUM_MODEL") is None


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("0", False), ("", False)])
def test_debugging_is_switched_by_a_variable(monkeypatch, value, expected):
    monkeypatch.setenv("LONGSUM_DEBUG", value)
    assert is_debugging() == expected
