"""Standard streams that may be closed, full, or unable to encode a character.

In each case the answer is printed, or one clear error is.
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
"""Encodings that lacked a character of the output."""


def prepare_streams() -> None:
    """Replace closed and failing streams; called once, before the command line is parsed."""
    _fill_descriptors()
    codecs.register_error(_ESCAPING, _escape)
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - the same
    sys.stdout = _Answers.around(sys.stdout, _ESCAPING) or _Closed()
    sys.stderr = _Messages.around(sys.stderr, "backslashreplace")


def finish_streams() -> None:
    """Flush stdout, and warn of characters that had to be escaped.

    Raises:
        OutputError: when it cannot be written.
        BrokenPipeError: when its reader has exited.
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
    """Discard what could not be written, so that the interpreter does not try again."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def require_stdout() -> None:
    """Refuse to work for an answer that cannot be printed.

    Raises:
        OutputError: when standard output is closed.
    """
    if isinstance(sys.stdout, _Closed):
        raise _failure("it is closed")


class _Answers(io.TextIOWrapper):
    """Standard output, whose failures become our own errors."""

    _replaced: TextIO | None = None

    def write(self, text: str) -> int:
        """Write a text."""
        try:
            return super().write(text)
        except OSError as error:
            raise _shown(error) from error

    def flush(self) -> None:
        """Write what is buffered."""
        try:
            super().flush()
        except OSError as error:
            raise _shown(error) from error

    @classmethod
    def around(cls, stream: TextIO | Any, errors: str) -> Any:
        """Return a wrapper of a stream; anything else, such as None, as it is."""
        if not isinstance(stream, io.TextIOWrapper):
            return stream
        options = {
            "encoding": stream.encoding,
            "line_buffering": stream.line_buffering,
            "write_through": stream.write_through,
        }
        made = cls(stream.buffer, errors=errors, **options)  # type: ignore[arg-type]
        made._replaced = stream  # closes the buffer when it is collected
        return made


class _Messages(_Answers):
    """Standard error; failures to write are ignored, as nobody would see them."""

    def write(self, text: str) -> int:
        """Write a text."""
        with contextlib.suppress(OSError, OutputError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is buffered."""
        with contextlib.suppress(OSError, OutputError):
            super().flush()


class _Closed(io.TextIOBase):
    """Standard output that the caller has closed."""

    def writable(self) -> bool:
        """Return True, so that `write` is called and can give the reason."""
        return True

    def write(self, text: str) -> int:
        """Refuse a text."""
        raise _failure("it is closed")


def _shown(error: OSError) -> OSError | OutputError:
    """Return the error for a failure to write; a reader that has exited is not a failure."""
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

    Otherwise the next file opened would get its number, and libraries would print into it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number


def _escape(error: UnicodeError) -> tuple[str, int]:
    r"""Return characters as \u2009, which JSON can read."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    # the codecs of code pages all call themselves charmap
    is_named = error.encoding != "charmap"
    _escaped_in.add(error.encoding if is_named else sys.stdout.encoding)
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs), error.end
