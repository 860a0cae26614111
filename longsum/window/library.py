"""The documents opened before, with their answers, on this disk.

One folder a document, named by its digest: `document.json`, `answers.jsonl`, and the file itself
where it was dropped onto the page and has no path. Only the owner may open the folders. Lines are
written whole; one that a crash cut off is skipped.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longsum.paths import library_folder, prefix_folder
from longsum.store.prefixes import PrefixStore
from longsum.window.record import now

ABOUT, ANSWERS, COPY = "document.json", "answers.jsonl", "file"
_DIGEST = re.compile(r"[0-9a-f]{64}")
MAX_LINE_BYTES = 4 << 20
"""A longer line is not an answer of ours."""


@dataclass(frozen=True)
class Held:
    """A document of the library."""

    folder: Path
    about: dict[str, Any]

    @property
    def sha256(self) -> str:
        """Digest of the file."""
        return self.folder.name

    @property
    def path(self) -> Path | None:
        """Where the file is: where it was opened, or the copy; None if it is gone."""
        copy, given = self.folder / COPY, self.about.get("path")
        if copy.is_file():
            return copy
        return Path(given) if isinstance(given, str) and Path(given).is_file() else None


class Library:
    """What is kept of documents that were opened.

    Args:
        size_bytes: maximum bytes of all copies of dropped files; the oldest are removed.
        root: its folder; created with the first document.
    """

    def __init__(self, size_bytes: int, root: Path | None = None) -> None:
        self.root = root or library_folder()
        self._size_bytes = size_bytes
        self._readings = PrefixStore(prefix_folder(), 0)

    def opened(self, sha256: str, about: dict[str, Any], copy: bytes | None) -> None:
        """Note that a document was opened; a failure is not one of the run.

        Args:
            sha256: digest of the file.
            about: `name`, `title`, `path`, `pages`.
            copy: the file, where it has no path.
        """
        with suppress(OSError):
            folder = self._folder(sha256)
            self.root.parent.mkdir(parents=True, exist_ok=True)
            for each in (self.root, folder):
                each.mkdir(mode=0o700, exist_ok=True)
            if copy is not None and self._make_room(len(copy), folder):
                _write(folder / COPY, copy)
            _write(folder / ABOUT, json.dumps(about | {"opened": now()}).encode())

    def add_answer(self, sha256: str, record: dict[str, Any]) -> None:
        """Add an answer to a document that was opened; a failure is not one of the run."""
        with suppress(OSError):
            line = json.dumps(record, ensure_ascii=True).encode() + b"\n"
            path = self._folder(sha256) / ANSWERS
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with open(handle, "wb") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())

    def answers(self, sha256: str) -> list[dict[str, Any]]:
        """Return a document's answers, oldest first."""
        found = []
        with suppress(OSError), (self._folder(sha256) / ANSWERS).open("rb") as file:
            for line in file:
                with suppress(ValueError, RecursionError):
                    record = json.loads(line) if len(line) < MAX_LINE_BYTES else None
                    if isinstance(record, dict) and isinstance(record.get("sentences"), list):
                        found.append(record)
        return found

    def remove_answer(self, sha256: str, job: str) -> None:
        """Forget one answer."""
        kept = [each for each in self.answers(sha256) if each.get("job") != job]
        with suppress(OSError):
            lines = "".join(json.dumps(each, ensure_ascii=True) + "\n" for each in kept)
            _write(self._folder(sha256) / ANSWERS, lines.encode())

    def documents(self) -> list[dict[str, Any]]:
        """Return what is held, the last opened first, with its size on disk."""
        prefixes = self._prefixes()
        rows = []
        for held in self._held():
            about = held.about
            cached = sum(each.size_bytes for each in prefixes.get(held.sha256, []))
            own = sum(path.stat().st_size for path in held.folder.iterdir() if path.is_file())
            rows.append(
                {
                    "id": held.sha256,
                    "name": str(about.get("name", "")),
                    "title": about.get("title"),
                    "pages": about.get("pages"),
                    "opened": str(about.get("opened", "")),
                    "answers": len(self.answers(held.sha256)),
                    "bytes": cached + own,
                    "here": held.path is not None,
                }
            )
        return sorted(rows, key=lambda row: row["opened"], reverse=True)

    def find(self, sha256: str) -> Held | None:
        """Return a document by its digest; None if it is not held."""
        if not _DIGEST.fullmatch(sha256):
            return None
        return next((held for held in self._held() if held.sha256 == sha256), None)

    def forget(self, sha256: str) -> bool:
        """Remove a document's answers, its copy and its cached readings."""
        held = self.find(sha256)
        for entry in self._prefixes().get(sha256, []):
            with suppress(KeyError):  # another process has just removed it
                self._readings.clear(entry.name)
        if held is None:
            return False
        shutil.rmtree(held.folder, ignore_errors=True)
        return True

    def _folder(self, sha256: str) -> Path:
        assert _DIGEST.fullmatch(sha256), sha256
        return self.root / sha256

    def _held(self) -> list[Held]:
        found = []
        with suppress(OSError):
            for folder in self.root.iterdir():
                if not _DIGEST.fullmatch(folder.name):
                    continue
                with suppress(OSError, ValueError, RecursionError):
                    about = json.loads((folder / ABOUT).read_bytes())
                    if isinstance(about, dict):
                        found.append(Held(folder, about))
        return found

    def _prefixes(self) -> dict[str, list[Any]]:
        """Return the cached readings by the digest of their document."""
        found: dict[str, list[Any]] = {}
        for entry in self._readings.entries():
            found.setdefault(str(entry.record.get("sha256")), []).append(entry)
        return found

    def _make_room(self, needed: int, keep: Path) -> bool:
        """Remove the oldest copies until `needed` bytes fit; return whether they do."""
        if needed > self._size_bytes:
            return False
        copies = [held.folder / COPY for held in self._held() if held.folder != keep]
        copies = sorted((c for c in copies if c.is_file()), key=lambda path: path.stat().st_mtime)
        held = sum(copy.stat().st_size for copy in copies)
        while copies and held + needed > self._size_bytes:
            held -= copies[0].stat().st_size
            copies.pop(0).unlink(missing_ok=True)
        return True


def _write(path: Path, data: bytes) -> None:
    """Write a file whole, readable by the owner only."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
    try:
        with open(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
