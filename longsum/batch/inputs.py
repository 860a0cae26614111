"""The documents of a batch: those of a folder, or of a list. Streams; reads no document."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from longsum.batch.config import BatchConfig
from longsum.errors import DocumentNotFound, UsageError
from longsum.settings import Setting
from longsum.terminal import shown_name


@dataclass(frozen=True)
class Input:
    """A document to be worked on."""

    name: str
    """Path inside the folder, with slashes; its key in the journal."""
    path: str
    size: int
    """Size in bytes; -1 if the file has vanished."""
    mtime_ns: int
    named: bool = False
    """Whether it was named individually: then it is an error if it cannot be read."""


@dataclass
class Passed:
    """What was passed over, counted by reason."""

    hidden: int = 0
    """Files and folders that begin with a dot."""
    locks: int = 0
    """`~$…` files, which office programs create next to open documents."""
    filtered: int = 0
    """Not matched by the globs to include, or matched by those to exclude."""
    folders: int = 0
    """Subfolders that were not entered."""
    special: int = 0
    """Pipes, sockets, links that lead nowhere."""
    closed: list[str] = field(default_factory=list)
    """Folders that may not be read."""

    def lines(self) -> list[str]:
        """Return the counts as lines for people."""
        reasons = (
            (self.hidden, "hidden"),
            (self.locks, "lock files"),
            (self.filtered, f"left out by {Setting('include')} or {Setting('exclude')}"),
            (self.folders, f"subfolders, not entered without {Setting('recursive')}"),
            (self.special, "not regular files"),
        )
        parts = [f"{count:,} {what}" for count, what in reasons if count]
        lines = ["passed over: " + ", ".join(parts)] if parts else []
        return lines + [f"folder {shown_name(name)} may not be read" for name in self.closed]


def parse_shard(text: str) -> tuple[int, int]:
    """Return (i, n) of `i/n`.

    Raises:
        UsageError: for anything else.
    """
    match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text.strip())
    if match is None:
        raise UsageError(f"{Setting('shard')} {text!a} is not valid", hint="write 1/8 to 8/8")
    return int(match[1]), int(match[2])


def in_shard(name: str, shard: tuple[int, int] | None) -> bool:
    """Return whether a document belongs to a part; only its name decides, so none overlap."""
    if shard is None:
        return True
    digest = hashlib.sha256(os.fsencode(name)).digest()
    return int.from_bytes(digest[:8]) % shard[1] == shard[0] - 1


def walk(folder: Path, output: Path, config: BatchConfig, passed: Passed) -> Iterator[Input]:
    """Yield the documents of a folder, in no order.

    Args:
        folder: where they are.
        output: the folder of results, which is not entered.
        config: recursion and globs.
        passed: counts what is passed over.

    Raises:
        DocumentNotFound: when there is no such folder, or it may not be read.
    """
    require_folder(folder)
    yield from _walk(str(folder), "", os.path.realpath(output), config, passed)


def require_folder(folder: Path) -> None:
    """Refuse a path that is not a readable folder.

    Raises:
        DocumentNotFound: when there is no such folder, or it may not be read.
    """
    shown = shown_name(str(folder))
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "does not exist"
        raise DocumentNotFound(
            f"folder {shown} {found}",
            hint="name a folder; for one document: longsum summarize FILE",
        )
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise DocumentNotFound(
            f"folder {shown} cannot be read: {error.strerror}", hint="check its permissions"
        ) from error


def _walk(
    folder: str, prefix: str, output: str, config: BatchConfig, passed: Passed
) -> Iterator[Input]:
    try:
        entries = os.scandir(folder)
    except OSError:
        passed.closed.append(folder)
        return
    with entries:
        for entry in entries:
            name = prefix + entry.name
            if entry.name.startswith("."):
                passed.hidden += 1
            elif entry.is_dir(follow_symlinks=False):
                if os.path.realpath(entry.path) == output:
                    continue
                if not config.recursive:
                    passed.folders += 1
                    continue
                yield from _walk(entry.path, name + "/", output, config, passed)
            elif entry.name.startswith("~$"):
                passed.locks += 1
            elif not wanted(name, config):
                passed.filtered += 1
            elif not entry.is_file() and os.path.lexists(entry.path):
                passed.special += 1
            else:
                yield stat_input(name, entry.path)


def wanted(name: str, config: BatchConfig) -> bool:
    """Return whether the globs match a document's file name, or its path in the folder."""
    base = name.rpartition("/")[2]

    def matches(patterns: Iterable[str]) -> bool:
        return any(fnmatchcase(base, glob) or fnmatchcase(name, glob) for glob in patterns)

    return (not config.include or matches(config.include)) and not matches(config.exclude)


def stat_input(name: str, path: str, *, named: bool = False) -> Input:
    """Return a document with its size and modification time.

    Args:
        name: its path inside the folder.
        path: where the file is.
        named: whether it was named individually.
    """
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # ValueError: NUL in a listed path
        return Input(name, path, -1, 0, named)
    return Input(name, path, found.st_size, found.st_mtime_ns, named)


def listed(lines: Iterable[str], folder: Path | None) -> Iterator[Input]:
    """Yield the documents of a list, one path per line.

    Args:
        lines: with or without line breaks; blank ones are skipped.
        folder: base of relative paths; None is the current folder.
    """
    base = (folder or Path()).absolute()
    for line in lines:
        text = line.rstrip("\r\n")
        if text.strip():
            yield stat_input(name_of(text), str(base / text), named=True)


def name_of(path: str) -> str:
    """Return a listed path as a name inside a folder: without a root or leading `..`."""
    normal = os.path.normpath(path)
    if normal.startswith(".."):
        normal = os.path.abspath(normal)
    return Path(normal).as_posix().removeprefix(Path(normal).anchor.replace("\\", "/")).lstrip("/")
