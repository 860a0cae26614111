"""What libraries say to their programmers: kept off the terminal of somebody who only runs them.

A deprecation is for longsum's next release to act on; here it would stand between two lines of an
answer. `LONGSUM_DEBUG=1`, `-v`, Python's `-W` and PYTHONWARNINGS show everything.
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
"""What libraries and child processes read; a user's own value goes before ours."""

_silence = ExitStack()


def silence() -> None:
    """Drop libraries' warnings and log lines, in this process and in those it starts.

    Must come before the libraries are imported. Errors are left alone.
    """
    if is_debugging() or sys.warnoptions:
        return
    # not a filter: libraries put their own before it
    _silence.callback(setattr, warnings, "showwarning", warnings.showwarning)
    warnings.showwarning = _drop
    # longsum's own lines are errors, or come from the console
    _silence.callback(logging.disable, logging.NOTSET)
    logging.disable(logging.WARNING)
    for name, value in QUIET.items():
        if name not in os.environ:
            os.environ[name] = value
            _silence.callback(os.environ.pop, name, None)


def let_speak(wanted: bool) -> bool:
    """Take `silence` back if `wanted`; the callback of `-v`."""
    if wanted:
        _silence.close()
    return wanted


def _drop(*warning: Any, **more: Any) -> None:
    """Show nothing."""
