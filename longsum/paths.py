"""The folders longsum uses, and the settings of the user's config.toml."""

from __future__ import annotations

import difflib
import json
import tomllib
from pathlib import Path
from typing import Any

import platformdirs

from longsum.environment import (
    CACHE_HOME,
    CACHE_SIZE,
    CONFIG_HOME,
    DATA_HOME,
    MODEL,
    MODELS_HOME,
    variable,
)
from longsum.errors import UsageError

SETTINGS = ("model",)
"""Keys of config.toml."""


def config_file() -> Path:
    """Return the user's configuration file, which need not exist."""
    home = variable(CONFIG_HOME)
    folder = Path(home) if home else Path(platformdirs.user_config_dir("longsum", appauthor=False))
    return folder / "config.toml"


def prefix_folder() -> Path:
    """Return the folder of cached documents, which need not exist."""
    home = variable(CACHE_HOME)
    folder = Path(home) if home else Path(platformdirs.user_cache_dir("longsum", appauthor=False))
    return folder / "documents"


def models_folder() -> Path:
    """Return the folder of models downloaded as a single file, which need not exist."""
    home = variable(MODELS_HOME)
    folder = Path(home) if home else Path(platformdirs.user_data_dir("longsum", appauthor=False))
    return folder / "models"


def library_folder() -> Path:
    """Return the folder of documents opened in the window, which need not exist."""
    home = variable(DATA_HOME)
    folder = Path(home) if home else Path(platformdirs.user_data_dir("longsum", appauthor=False))
    return folder / "library"


def gguf_folder() -> Path:
    """Return the folder of unpacked GGUF files, which need not exist."""
    return prefix_folder().with_name("gguf")


def state_folder() -> Path:
    """Return the folder of state saved between runs, which need not exist."""
    if home := variable(CACHE_HOME):
        return Path(home) / "state"
    return Path(platformdirs.user_state_dir("longsum", appauthor=False))


def unknown_settings() -> list[str]:
    """Return a message for each unknown key of config.toml."""
    lines = []
    for key in _settings():
        if key not in SETTINGS:
            near = difflib.get_close_matches(key, SETTINGS, n=1)
            meant = f"did you mean {near[0]}?" if near else f"available: {', '.join(SETTINGS)}"
            lines.append(f"{config_file()}: {key!a} is not a setting; {meant}")
    return lines


def _settings() -> dict[str, Any]:
    """Return the content of config.toml; empty when there is no such file.

    Raises:
        UsageError: when it cannot be read.
    """
    path = config_file()
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", hint="fix or delete it") from error


def configured_cache_size() -> str | None:
    """Return the value of `LONGSUM_CACHE_SIZE`."""
    return variable(CACHE_SIZE)


def configured_model() -> str | None:
    """Return the user's default model: from `LONGSUM_MODEL`, then from config.toml.

    Raises:
        UsageError: when config.toml cannot be read, or its `model` is not a string.
    """
    if model := variable(MODEL):
        return model
    model = _settings().get("model")
    if model is not None and not isinstance(model, str):
        raise UsageError(f"{config_file()}: model is not a string", hint='write model = "mini"')
    return model


def save_configured_model(name: str) -> Path:
    """Write the default model to config.toml, and return the file.

    Raises:
        UsageError: when the file cannot be written.
    """
    path = config_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # JSON's escapes are valid TOML, which also wants DEL escaped
        quoted = json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")
        temporary = path.with_suffix(".tmp")
        temporary.write_text(f"model = {quoted}\n", encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}",
            hint=f"set {CONFIG_HOME} to a folder you can write to",
        ) from error
    return path
