"""Hide libraries' warnings, which are meant for programmers, from users.

A deprecation would appear between two lines of an answer. `LONGSUM_DEBUG=1`, `-v`, Python's `-W`
and PYTHONWARNINGS show everything.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from contextlib import ExitStack
from typing import Any

from longsum.environment import is_debugging

QUIET = {
    "PYTHONWARNINGS": "ignore",
    "TORCH_CPP_LOG_LEVEL": "ERROR",
    "TRANSFORMERS_VERBOSITY": "error",
    "HF_HUB_VERBOSITY": "error",
}
"""Variables that libraries and child processes read; values set by the user take precedence."""

_silence = ExitStack()


def silence() -> None:
    """Drop libraries' warnings and log lines, in this process and in those it starts.

    Must be called before the libraries are imported. Errors are still shown.
    """
    if is_debugging() or sys.warnoptions:
        return
    # not a filter, as libraries insert their own before it
    _silence.callback(setattr, warnings, "showwarning", warnings.showwarning)
    warnings.showwarning = _drop
    # longsum itself logs errors only
    _silence.callback(logging.disable, logging.NOTSET)
    logging.disable(logging.WARNING)
    for name, value in QUIET.items():
        if name not in os.environ:
            os.environ[name] = value
            _silence.callback(os.environ.pop, name, None)


def let_speak(wanted: bool) -> bool:
    """Undo `silence` if `wanted`; the callback of `-v`."""
    if wanted:
        _silence.close()
    return wanted


def _drop(*warning: Any, **more: Any) -> None:
    """Show nothing."""
