from __future__ import annotations

import importlib.util
import re
from types import ModuleType

import pytest
from helpers import REPOSITORY


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", REPOSITORY / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def words(page: str) -> list[str]:
    """Return the page's words.

    How typer breaks lines, brackets choices and marks the types of arguments is its own affair.
    """
    marks = {"...", "path", "list", "Path"}  # not every release writes them
    return [word for word in re.sub(r"[<>{}\[\]]", " ", page).split() if word not in marks]


def test_reference_is_what_the_commands_say_of_themselves(generate):
    written = (REPOSITORY / "docs" / "cli.md").read_text(encoding="utf-8")
    assert words(written) == words(generate.reference()), "run python docs/generate.py"


def test_every_command_is_in_the_reference(generate):
    from typer.main import get_command

    from longsum.cli import app

    def paths(command, path=()):
        yield path
        for name, child in getattr(command, "commands", {}).items():
            yield from paths(child, (*path, name))

    assert set(paths(get_command(app))) == set(generate.COMMANDS)
