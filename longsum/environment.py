"""The environment variables that longsum reads: one table, and the one way to read them."""

from __future__ import annotations

import os
from typing import NamedTuple


class Variable(NamedTuple):
    """An environment variable."""

    name: str
    meaning: str
    default: str
    """Value when it is not set, for people."""
    is_internal: bool = False
    """Set by longsum for its own processes; not documented."""


MODEL = "LONGSUM_MODEL"
CONFIG_HOME = "LONGSUM_CONFIG_HOME"
CACHE_HOME = "LONGSUM_CACHE_HOME"
CACHE_SIZE = "LONGSUM_CACHE_SIZE"
DATA_HOME = "LONGSUM_DATA_HOME"
MODELS_HOME = "LONGSUM_MODELS_HOME"
WEIGHTS_SIZE = "LONGSUM_WEIGHTS_SIZE"
CPU_DTYPE = "LONGSUM_CPU_DTYPE"
DEBUG = "LONGSUM_DEBUG"
BATCH_WORKERS = "LONGSUM_BATCH_WORKERS"

ENVIRONMENT = (
    Variable(MODEL, "default model: an alias, a folder, a GGUF file or an id", "`mini`"),
    Variable(CONFIG_HOME, "folder of `config.toml`", "the system's settings folder"),
    Variable(CACHE_HOME, "folder of cached documents and weights", "the system's cache folder"),
    Variable(CACHE_SIZE, "maximum disk space for cached documents; 0 caches none", "5GiB"),
    Variable(DATA_HOME, "folder of the documents opened in the window", "the system's data folder"),
    Variable(
        MODELS_HOME, "folder of models downloaded as a single file", "the system's data folder"
    ),
    Variable(
        WEIGHTS_SIZE, "maximum disk space for cached quantized weights; 0 caches none", "20GiB"
    ),
    Variable(
        CPU_DTYPE, "dtype on a CPU, `float32` or `bfloat16`: the same on every machine", "measured"
    ),
    Variable(DEBUG, "1 prints tracebacks and the warnings of libraries", "0"),
    Variable("HF_HOME", "where downloaded models are stored", "`~/.cache/huggingface`"),
    Variable("HF_TOKEN", "access to gated models", "none"),
    Variable("NO_COLOR", "print without colours", "colours on a terminal"),
    Variable(BATCH_WORKERS, "workers that share this machine", "1", is_internal=True),
)
"""Every variable, in the order of `docs/environment.md`; `HF_…` and `NO_COLOR` are libraries'."""

_NAMES = frozenset(variable.name for variable in ENVIRONMENT)


def variable(name: str) -> str | None:
    """Return the value of a variable of the table; None when it is not set, or empty."""
    assert name in _NAMES, name
    return os.environ.get(name, "").strip() or None


def is_debugging() -> bool:
    """Return whether errors are printed with their traceback."""
    return variable(DEBUG) not in (None, "0")


def environment_table() -> str:
    """Return the table of `docs/environment.md`, in Markdown."""
    rows = (f"| `{v.name}` | {v.meaning} | {v.default} |" for v in ENVIRONMENT if not v.is_internal)
    return "\n".join(("| environment | meaning | default |", "|---|---|---|", *rows))
