"""Report once that a fast path fails here and a slower one with the same result is used.

Failures show deep in the model's layers, where there is no listener, so they go to the `longsum`
logger, which writes plain lines to stderr unless a program configures it otherwise.
"""

from __future__ import annotations

import logging

_reported: set[str] = set()


def warn_once(what: str, why: BaseException | str) -> None:
    """Warn that something does not work, the first time in this process.

    Args:
        what: what is slower now.
        why: the error that was raised, or a reason.
    """
    if what in _reported:
        return
    _reported.add(what)
    reason = " ".join(str(why).split())[:200] or type(why).__name__
    line = "".join(each if each.isprintable() else "?" for each in f"{what}: {reason}")
    logging.getLogger("longsum").error("%s", line)  # warnings are libraries'
