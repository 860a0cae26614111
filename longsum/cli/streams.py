"""Standard streams as they may be: closed, full, or too narrow for a character.

Whatever the caller made of them, the answer comes out, or one clear error does.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
from typing import Any, TextIO

from longsum.errors import OutputError

_ESCAPING = "longsum.escaping"
_escaped_in: set[str] = set()
"""Encodings that could not hold a character they were given."""


def prepare_streams() -> None:
    """Make standard streams ready for anything; called once, before the command line is read."""
    _fill_descriptors()
    codecs.register_error(_ESCAPING, _escape)
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - the same
    sys.stdout = _Answers.around(sys.stdout, _ESCAPING) or _Closed()
    sys.stderr = _Messages.around(sys.stderr, "backslashreplace")


def finish_streams() -> None:
    """Write what is still on its way to stdout, and say what became of it.

    Raises:
        OutputError: when it cannot be written.
        BrokenPipeError: when whoever reads it has gone.
    """
    from longsum.cli.console import print_line

    sys.stdout.flush()
    for encoding in sorted(_escaped_in):
        print_line(
            "warning",
            "yellow",
            f"standard output is {encoding}, which lacks some characters; they are written as "
            r"\u2009. PYTHONIOENCODING=utf-8, or -o FILE, keeps them",
        )
    _escaped_in.clear()


def abandon_stdout() -> None:
    """Let go of what could not be written, so that the interpreter does not try it again."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def require_stdout() -> None:
    """Refuse to work for an answer that has nowhere to go.

    Raises:
        OutputError: when standard output is closed.
    """
    if isinstance(sys.stdout, _Closed):
        raise _failure("it is closed")


class _Answers(io.TextIOWrapper):
    """Standard output, whose failures are errors of ours."""

    _replaced: TextIO | None = None

    def write(self, text: str) -> int:
        """Write a text."""
        try:
            return super().write(text)
        except OSError as error:
            raise _told(error) from error

    def flush(self) -> None:
        """Write what is on its way."""
        try:
            super().flush()
        except OSError as error:
            raise _told(error) from error

    @classmethod
    def around(cls, stream: TextIO | Any, errors: str) -> Any:
        """Return one in a stream's place, or None where there is none."""
        if not isinstance(stream, io.TextIOWrapper):
            return stream
        options = {
            "encoding": stream.encoding,
            "line_buffering": stream.line_buffering,
            "write_through": stream.write_through,
        }
        made = cls(stream.buffer, errors=errors, **options)  # type: ignore[arg-type]
        made._replaced = stream  # closes the buffer when it goes
        return made


class _Messages(_Answers):
    """Standard error; where it cannot be written, nobody listens, and the work goes on."""

    def write(self, text: str) -> int:
        """Write a text."""
        with contextlib.suppress(OSError, OutputError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is on its way."""
        with contextlib.suppress(OSError, OutputError):
            super().flush()


class _Closed(io.TextIOBase):
    """Standard output that the caller has closed."""

    def writable(self) -> bool:
        """Tell that texts are taken; they are refused with a reason."""
        return True

    def write(self, text: str) -> int:
        """Refuse a text."""
        raise _failure("it is closed")


def _told(error: OSError) -> OSError | OutputError:
    """Return what a failure to write is for people; a reader that has gone is no failure."""
    if isinstance(error, BrokenPipeError):
        return error
    abandon_stdout()
    return _failure((error.strerror or str(error)).lower())


def _failure(reason: str) -> OutputError:
    return OutputError(
        f"standard output cannot be written: {reason}", hint="send it elsewhere, or free some space"
    )


def _fill_descriptors() -> None:
    """Open the null device where a standard stream is closed.

    The next file to be opened would take its number, and a library's words would go into it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


def _escape(error: UnicodeError) -> tuple[str, int]:
    r"""Return characters as \u2009, which JSON reads, too."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    _escaped_in.add(error.encoding)
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs), error.end
