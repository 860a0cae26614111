"""Say once that a fast path does not work here and a slower one, with the same result, is taken.

It is told where it is found out, deep in the model's layers, where no listener reaches; so it goes
to the `longsum` logger, which writes plain lines to stderr unless a program takes them elsewhere.
"""

from __future__ import annotations

import logging

_told: set[str] = set()


def tell_once(what: str, why: BaseException | str) -> None:
    """Warn that something does not work, the first time in this process.

    Args:
        what: what is slower now.
        why: the error that was met.
    """
    if what in _told:
        return
    _told.add(what)
    said = " ".join(str(why).split())[:200] or type(why).__name__
    line = "".join(each if each.isprintable() else "?" for each in f"{what}: {said}")
    logging.getLogger("longsum").error("%s", line)  # warnings are libraries'
