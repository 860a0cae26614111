"""All errors a user can meet, and the exit code of each family.

    LongsumError                 1   something failed
    ├── OutputError              1   the answer cannot be written where asked
    ├── UsageError               2   options that contradict each other or name nothing
    ├── DocumentError            3   the document cannot be read, or does not fit the window
    │   ├── DocumentNotFound         no such file, or a folder
    │   ├── EmptyDocument            no text in it at all
    │   ├── UnsupportedDocument      of no format that is read
    │   ├── PasswordError            password missing or wrong
    │   ├── ProtectedDocument        encrypted in a way that no password opens here
    │   ├── ImageOnlyDocument        scanned pages without a text layer
    │   ├── UnreadableText           fonts that do not say which characters they show
    │   ├── CoverOnly                a PDF around other files, or around a form in XFA
    │   ├── CorruptDocument          truncated or damaged
    │   ├── UndecodableText          no known text encoding
    │   ├── NoSuchPage               the pages asked for are not there
    │   ├── NoSuchAttachment         the attached file asked for is not there
    │   └── DocumentTooLong          more tokens than the window holds
    ├── InsufficientMemory       4   the run does not fit this machine
    └── ModelUnavailable         5   the model is missing, gated, or not one we can run
        ├── ModelNotFound            not on this disk
        ├── UnsupportedModel         not Llama-shaped, or neither safetensors nor GGUF
        └── WindowNotTuned           a window the weights were not tuned for

The core raises these and names settings by `Setting`; `cli/` alone turns them into `error: …`,
`hint: …` with its flags, and an exit code.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping

from longsum.settings import Setting, SettingStyle, as_argument, rendered, settings_in

_EXCERPT = 4000
"""Most characters of a traceback that are passed on."""


class LongsumError(Exception):
    """Base of all errors that are not bugs.

    Args:
        message: what was asked and what was found, in one line.
        hint: the next step, in one line.
        facts: the numbers and names in the message, for programs.
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        facts: Mapping[str, int | str] | None = None,
    ) -> None:
        super().__init__(rendered(message, as_argument))
        self._marked = message, hint
        self.facts = dict(facts or {})

    @property
    def message(self) -> str:
        """What was asked and what was found, as Python writes settings."""
        return self.rendered(as_argument)[0]

    @property
    def hint(self) -> str | None:
        """The next step, as Python writes settings."""
        return self.rendered(as_argument)[1]

    @property
    def remedies(self) -> tuple[Setting, ...]:
        """The settings that the hint names."""
        return settings_in(self._marked[1] or "")

    def rendered(self, style: SettingStyle) -> tuple[str, str | None]:
        """Return message and hint with settings in a style; `str` keeps their marks."""
        message, hint = self._marked
        return rendered(message, style), None if hint is None else rendered(hint, style)


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


class ProtectedDocument(DocumentError):
    """Raised when a document is encrypted in a way that no password opens here, as by DRM."""


class ImageOnlyDocument(DocumentError):
    """Raised when no page of a document has a text layer."""


class UnreadableText(DocumentError):
    """Raised when most pages of a document hold glyphs whose characters are not known."""


class CoverOnly(DocumentError):
    """Raised when a PDF's pages are only a cover: of a portfolio's files, or of an XFA form."""


class CorruptDocument(DocumentError):
    """Raised when a file is truncated or damaged."""


class UndecodableText(DocumentError):
    """Raised when a text file's encoding cannot be told."""


class NoSuchPage(DocumentError):
    """Raised when the pages asked for are not in the document."""


class NoSuchAttachment(DocumentError):
    """Raised when the attached file asked for is not in the document."""


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
