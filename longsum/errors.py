"""All errors a user can meet, and the exit code of each family.

    LongsumError                 1   something failed
    ├── OutputError              1   the answer cannot be written where asked
    ├── UsageError               2   options that contradict each other or name nothing
    ├── DocumentError            3   the document cannot be read, or does not fit the window
    │   ├── DocumentNotFound         no such file, or a folder
    │   ├── EmptyDocument            no text in it at all
    │   ├── UnsupportedDocument      of no format that is read
    │   ├── PasswordError            password missing or wrong
    │   ├── ImageOnlyDocument        scanned pages without a text layer
    │   ├── CorruptDocument          truncated or damaged
    │   ├── UndecodableText          no known text encoding
    │   ├── NoSuchPage               --pages names pages that are not there
    │   └── DocumentTooLong          more tokens than the window holds
    ├── InsufficientMemory       4   the run does not fit this machine
    └── ModelUnavailable         5   the model is missing, gated, or not one we can run
        ├── ModelNotFound            not on this disk
        ├── UnsupportedModel         not Llama-shaped, or neither safetensors nor GGUF
        └── WindowNotTuned           a window the weights were not tuned for

The core raises these; `cli/` alone turns them into `error: …`, `hint: …` and an exit code.
"""

from __future__ import annotations

import traceback

_EXCERPT = 4000
"""Most characters of a traceback that are passed on."""


class LongsumError(Exception):
    """Base of all errors that are not bugs.

    Args:
        message: what was asked and what was found, in one line.
        hint: the next step, in one line.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class OutputError(LongsumError):
    """Raised when the answer cannot be written where the user asked."""


class UsageError(LongsumError):
    """Raised when options contradict each other or name something unknown."""

    exit_code = 2


class DocumentError(LongsumError):
    """Raised when a document cannot be read or used."""

    exit_code = 3


class DocumentNotFound(DocumentError):
    """Raised when there is no such file, or it is a folder or unreadable."""


class EmptyDocument(DocumentError):
    """Raised when a document holds no text."""


class UnsupportedDocument(DocumentError):
    """Raised when a file is of no format that is read."""


class PasswordError(DocumentError):
    """Raised when a document is encrypted and the password is missing or wrong."""


class ImageOnlyDocument(DocumentError):
    """Raised when no page of a document has a text layer."""


class CorruptDocument(DocumentError):
    """Raised when a file is truncated or damaged."""


class UndecodableText(DocumentError):
    """Raised when a text file's encoding cannot be told."""


class NoSuchPage(DocumentError):
    """Raised when the pages asked for are not in the document."""


class DocumentTooLong(DocumentError):
    """Raised when document, prompt and answer exceed the model's window."""


class InsufficientMemory(LongsumError):
    """Raised when a run cannot fit this machine's memory."""

    exit_code = 4


class ModelUnavailable(LongsumError):
    """Raised when a model cannot be used."""

    exit_code = 5


class ModelNotFound(ModelUnavailable):
    """Raised when a model is not on this disk and may not be, or could not be, downloaded."""


class UnsupportedModel(ModelUnavailable):
    """Raised when a checkpoint is not a Llama in safetensors or GGUF."""


class WindowNotTuned(ModelUnavailable):
    """Raised when a window was asked for that the weights were not tuned for."""


def describe_bug(error: BaseException) -> tuple[str, str]:
    """Return what an error that is not ours says, on one line, and the end of its traceback."""
    kind, said = type(error).__name__, " ".join(str(error).split())[:500]
    trace = "".join(traceback.format_exception(error))
    return f"{kind}: {said}" if said else kind, trace[-_EXCERPT:]
