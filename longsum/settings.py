"""Settings as messages name them, whoever shows the message.

A message of the core holds `‹quantize=nf4›`. The command line shows a flag, Python
`quantize="nf4"`, a window may show a button: each renders the marks in a style of its own. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NamedTuple

_MARK = re.compile(r"‹([a-z][a-z0-9_]*)(?:=((?:[^›]|››)*))?›")
_BARE = re.compile(r"-?\d+(?:\.\d+)?|True|False")
_TEXTS = frozenset({"pages", "encoding"})
"""Settings whose values are text even where they look like a number."""


class Setting(NamedTuple):
    """A setting that a message names, and the value it proposes or was given."""

    name: str
    """A lower-case identifier."""
    value: str | None = None
    """As text; `True` or `False` of what is on or off."""

    def __str__(self) -> str:
        """Return the mark that stands for it in a message."""
        if self.value is None:
            return f"‹{self.name}›"
        return f"‹{self.name}={self.value.replace('›', '››')}›"


SettingStyle = Callable[[Setting], str]
"""Writes a setting as its reader would."""


def settings_in(text: str) -> tuple[Setting, ...]:
    """Return the settings that a text names."""
    return tuple(_setting(match) for match in _MARK.finditer(text))


def rendered(text: str, style: SettingStyle) -> str:
    """Return a text with its marks written in a style."""
    return _MARK.sub(lambda match: style(_setting(match)), text)


def as_argument(setting: Setting) -> str:
    """Return a setting as Python writes it: `quantize="nf4"`."""
    name, value = setting
    if value is None:
        return name
    bare = _BARE.fullmatch(value) and name not in _TEXTS
    return f"{name}={value if bare else json.dumps(value, ensure_ascii=False)}"


def _setting(match: re.Match[str]) -> Setting:
    value = match[2]
    return Setting(match[1], None if value is None else value.replace("››", "›"))
