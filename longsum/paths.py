"""Where longsum keeps its things, and the environment variables it reads."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import platformdirs

from longsum.errors import UsageError

ENVIRONMENT = {
    "LONGSUM_MODEL": "default model: an alias, a folder or a Hugging Face id",
    "LONGSUM_CONFIG_HOME": "folder of config.toml",
    "LONGSUM_CACHE_HOME": "folder of documents that were read, kept for later questions",
    "LONGSUM_CACHE_SIZE": "most bytes of it, such as 20GiB; 0 keeps nothing",
    "LONGSUM_MODELS_HOME": "folder of models that are fetched as a single file",
    "LONGSUM_DEBUG": "1 shows what libraries warn of",
    "NO_COLOR": "print without colours",
    "HF_HOME": "where downloaded models are kept",
    "HF_TOKEN": "access to gated models, for `longsum models pull`",
}


def config_file() -> Path:
    """Return the user's configuration file, which need not exist."""
    home = os.environ.get("LONGSUM_CONFIG_HOME")
    folder = Path(home) if home else Path(platformdirs.user_config_dir("longsum", appauthor=False))
    return folder / "config.toml"


def prefix_folder() -> Path:
    """Return the folder of documents that were read, which need not exist."""
    home = os.environ.get("LONGSUM_CACHE_HOME")
    folder = Path(home) if home else Path(platformdirs.user_cache_dir("longsum", appauthor=False))
    return folder / "documents"


def models_folder() -> Path:
    """Return the folder of weight files that were fetched one by one, which need not exist."""
    home = os.environ.get("LONGSUM_MODELS_HOME")
    folder = Path(home) if home else Path(platformdirs.user_data_dir("longsum", appauthor=False))
    return folder / "models"


def gguf_folder() -> Path:
    """Return the folder of what was unpacked of GGUF files, which need not exist."""
    return prefix_folder().with_name("gguf")


def configured_cache_size() -> str | None:
    """Return what `LONGSUM_CACHE_SIZE` says."""
    return os.environ.get("LONGSUM_CACHE_SIZE") or None


def configured_model() -> str | None:
    """Return the model the user chose as default: `LONGSUM_MODEL`, then config.toml."""
    if model := os.environ.get("LONGSUM_MODEL"):
        return model
    path = config_file()
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", hint="mend or delete it") from error
    model = settings.get("model")
    if model is not None and not isinstance(model, str):
        raise UsageError(f"{path}: model is not a string", hint='write model = "mini"')
    return model


def save_configured_model(name: str | None) -> Path:
    """Write the default model to config.toml, or remove it, and return the file."""
    path = config_file()
    try:
        if name is None:
            path.unlink(missing_ok=True)
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        # JSON's escapes are TOML's, but for DEL, which TOML wants escaped
        quoted = json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")
        temporary = path.with_suffix(".tmp")
        temporary.write_text(f"model = {quoted}\n", encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}",
            hint="set LONGSUM_CONFIG_HOME to a folder of yours",
        ) from error
    return path
