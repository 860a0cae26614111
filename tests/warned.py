"""Which warnings fail a test: faults of our own code. What libraries announce is listed at the end.

A library issues its deprecations with a `stacklevel` that names the caller, so the file shown is
often ours and proves nothing. What counts is the category, and the frame that was running.
"""

from __future__ import annotations

import contextlib
import sys
import sysconfig
import warnings
from collections import Counter
from collections.abc import Generator, Iterator
from importlib.metadata import packages_distributions, version
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
OURS = tuple(
    f"{REPOSITORY / folder}/"
    for folder in ("longsum", "tests", "recipes", "benchmarks", "examples", "docs")
)
STANDARD_LIBRARY = f"{sysconfig.get_paths()['stdlib']}/"
INSTALLED = ("site-packages", "dist-packages")

FAULTS = (RuntimeWarning, ResourceWarning, SyntaxWarning, BytesWarning, pytest.PytestWarning)
"""What code does wrong: an overflow, a file left open. Others announce or advise; ours never do."""

ANNOUNCEMENTS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)


def place_of(frame: FrameType | None) -> str:
    """Return the file of the code that was running, whoever of the standard library it called."""
    while frame is not None:
        file = frame.f_code.co_filename
        standard = file.startswith(STANDARD_LIBRARY) and not any(n in file for n in INSTALLED)
        if not standard and not file.startswith("<"):
            return file
        frame = frame.f_back
    return "Python"


def is_fault(category: type[Warning], shown: str, place: str) -> bool:
    """Return whether a warning comes from our own code.

    Args:
        category: its class.
        shown: the file it names.
        place: the file of the code that was running when it was issued.
    """
    if issubclass(category, ANNOUNCEMENTS) or not issubclass(category, FAULTS):
        return False
    if issubclass(category, pytest.PytestWarning):
        return True  # of our tests, or of an exception nobody could catch
    return (shown if issubclass(category, SyntaxWarning) else place).startswith(OURS)


@contextlib.contextmanager
def faults_raised() -> Iterator[None]:
    """Raise the warnings that come from our own code, where they are issued."""
    record = warnings.showwarning

    def judge(
        message: Warning, category: type[Warning], filename: str, lineno: int, *rest: Any
    ) -> None:
        place = place_of(sys._getframe(1))
        if is_fault(category, filename, place):
            raise message
        message.issued_in = place  # type: ignore[attr-defined]
        record(message, category, filename, lineno, *rest)

    warnings.showwarning = judge  # type: ignore[assignment]
    try:
        yield
    finally:
        warnings.showwarning = record


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Judge what importing the tests issues."""
    with faults_raised():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Judge what a test issues; inside pytest's own wrapper, which sets the filters."""
    with faults_raised():
        return (yield)


RECORDED: Counter[tuple[str, str]] = Counter()
"""How often each library said what."""


def pytest_warning_recorded(warning_message: warnings.WarningMessage) -> None:
    """Remember a warning for the end."""
    place = getattr(warning_message.message, "issued_in", warning_message.filename)
    said = " ".join(f"{warning_message.category.__name__}: {warning_message.message}".split())
    RECORDED[place, said] += 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List what libraries said, in a block of its own."""
    if not RECORDED:
        return
    terminalreporter.section("warnings of libraries, which fail no test")
    lines: Counter[str] = Counter()
    for (place, said), count in RECORDED.items():
        lines[f"{library(place)}: {said}"] += count
    for line, count in sorted(lines.items()):
        terminalreporter.write_line(f"{line} ({count:,} times)" if count > 1 else line)


def library(place: str) -> str:
    """Return the name and version of the distribution a file belongs to.

    C code has no frame: what numpy's or torch's says is put down to the file that called it.
    """
    parts = Path(place).parts
    at = next((number for number, part in enumerate(parts) if part in INSTALLED), None)
    if at is None or at + 1 == len(parts):
        return str(Path(place).relative_to(REPOSITORY)) if place.startswith(OURS) else place
    module = parts[at + 1].removesuffix(".py")
    for name in packages_distributions().get(module, ()):
        return f"{name} {version(name)}"
    return module
