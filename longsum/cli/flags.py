"""Settings as the command line writes them: `--quantize nf4`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from longsum.settings import Setting, rendered


def as_flag(setting: Setting) -> str:
    """Return a setting as an option with its value; a mark that names no option stays as it is."""
    flag = f"--{setting.name.replace('_', '-')}"
    options = known_options()
    if flag not in options:
        return str(setting)  # a document's or a question's own ‹quoted› word
    if setting.value in (None, "True"):
        return flag
    if setting.value == "False" and options[flag]:
        return options[flag][0]
    return f"{flag} {setting.value}"


def with_flags(text: str) -> str:
    """Return a text of the core with its settings as flags."""
    return rendered(text, as_flag)


@cache
def known_options() -> dict[str, list[str]]:
    """Return all options by their first name, each with what switches it off."""
    from typer.main import get_command

    from longsum.cli import app

    return {
        name: param.secondary_opts
        for command in _commands(get_command(app))
        for param in command.params
        for name in param.opts
    }


def _commands(command: Any) -> Iterator[Any]:
    """Yield a command and those under it."""
    yield command
    for each in getattr(command, "commands", {}).values():
        yield from _commands(each)
