"""Messages of the core as the window says them: settings in words, and lines to copy. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from longsum.errors import LongsumError
from longsum.settings import Setting, rendered

_VALUED = {
    "kv_cache": "a cache in {}",
    "quantize": "weights in {}",
    "pages": "the pages {}",
    "context": "a window of {} tokens",
    "model": "the model {}",
    "focus": "the focus “{}”",
    "truncate": "leaving out the {}",
    "device": "the device {}",
    "temperature": "a temperature of {}",
}
_BARE = {
    "kv_cache": "another cache format",
    "quantize": "another weight format",
    "pages": "fewer pages",
    "truncate": "leaving out the",
    "model": "model",
    "focus": "the focus",
    "max_new_tokens": "the token limit",
    "no_cache": "the setting that caches nothing",
    "cache_size": "the cache's size",
    "memory": "the memory to plan for",
    "language": "the language",
    "verbatim": "the document's own sentences",
}
_SWITCHED = {
    ("verbatim", "True"): "the document's own sentences",
    ("verbatim", "False"): "asking for its own words",
    ("parts", "True"): "the button for it",
}
_COMMAND = re.compile(
    r"`(?P<quoted>[^`]+)`|(?P<plain>(?:ocrmypdf|qpdf|longsum models pull) [^,;]+?)(?=[,;]|\. |$)"
)


def in_words(setting: Setting) -> str:
    """Return a setting as the window names it."""
    name, value = setting
    if (name, value or "") in _SWITCHED:
        return _SWITCHED[name, value or ""]
    if value is None:
        return _BARE.get(name, name.replace("_", " "))
    return _VALUED.get(name, name.replace("_", " ") + " {}").format(value)


def shown(text: str) -> str:
    """Return a text of the core with its settings in words."""
    return rendered(text, in_words)


def as_error(error: LongsumError) -> dict[str, Any]:
    """Return an error as the window's answers and events carry it."""
    message, hint = error.rendered(in_words)
    return {
        "error": type(error).__name__,
        "message": message,
        "hint": hint,
        "copy": command_in(hint),
        "facts": error.facts,
    }


def command_in(hint: str | None) -> str | None:
    """Return the command that a hint proposes, to be copied; None if it proposes none."""
    found = _COMMAND.search(hint or "")
    return (found["quoted"] or found["plain"]) if found else None


TRUNCATIONS = {
    "tail": "Leave out the end",
    "middle": "Leave out the middle",
    "head": "Leave out the beginning",
}
_OFFERS = {
    "kv_cache": "Hold the cache in {}",
    "quantize": "Hold the weights in {}",
    "context": "Use a window of {} tokens",
    "pages": "Read only the pages {}",
    "model": "Use the model {}",
}


def choices_in(
    settings: tuple[Setting, ...], facts: Mapping[str, int | str] | None = None
) -> list[dict[str, Any]]:
    """Return the settings that mend an error as labels with what to send for each.

    Args:
        settings: the error's remedies.
        facts: its numbers.
    """
    choices: list[dict[str, Any]] = []
    for name, value in settings:
        if name == "parts":
            count = int((facts or {}).get("parts", 0))
            if count > 1:
                choices.append({"label": f"Read it in {count:,} parts", "body": {"parts": True}})
        elif name == "truncate":
            choices += [
                {"label": label, "body": {"truncate": part}}
                for part, label in TRUNCATIONS.items()
                if value in (None, part)
            ]
        elif value is not None and name in _OFFERS:
            number = f"{int(value):,}" if value.isdigit() else value
            choices.append({"label": _OFFERS[name].format(number), "body": {name: value}})
    return choices
