"""Settings of a batch. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from longsum.config import MAX_READ_S, MAX_READER_BYTES, at_least
from longsum.errors import UsageError
from longsum.settings import Setting

BatchFormat = Literal["md", "json"]
BatchEngineName = Literal["local", "ray"]
FailOn = Literal["never", "any", "all"]


@dataclass(frozen=True)
class BatchConfig:
    """How a folder of documents is worked through."""

    format: BatchFormat = "md"
    """Format of each document's result file."""
    recursive: bool = False
    """Enter subfolders."""
    include: tuple[str, ...] = ()
    """Globs; a document must match at least one. Empty takes all."""
    exclude: tuple[str, ...] = ()
    """Globs of documents to leave out."""
    workers: int | None = None
    """Processes that hold the model; None takes one per GPU, or one on the CPU."""
    readers: int | None = None
    """Processes that read documents ahead; None takes one less than the cores, at most four."""
    read_limit_s: float = MAX_READ_S
    """Time limit for reading one document, in seconds."""
    read_memory_bytes: int = MAX_READER_BYTES
    """Memory limit for reading one document, in bytes."""
    retry_failed: bool = False
    """Retry documents that failed before."""
    redo: bool = False
    """Work on every document again."""
    fail_on: FailOn = "any"
    """Which failures make the command exit with 1."""
    shard: tuple[int, int] | None = None
    """(i, n): work on the i-th of n parts, i from 1."""
    engine: BatchEngineName = "local"
    """Processes of this machine, or a Ray cluster."""
    ray_address: str | None = None
    """Address of an existing cluster; None starts a local one."""

    def __post_init__(self) -> None:
        at_least(1, workers=self.workers, readers=self.readers)
        if not 0.1 <= self.read_limit_s <= 86_400:
            raise UsageError(
                f"{Setting('read_limit')} {self.read_limit_s:g} is not a time for a document",
                hint="name 0.1 to 86400 seconds",
            )
        if self.read_memory_bytes < 64 << 20:
            raise UsageError(
                f"{Setting('read_memory')} is below 64 MiB, too little for any document",
                hint="leave it out, or name 1GiB",
            )
        if self.shard is not None and not 1 <= self.shard[0] <= self.shard[1]:
            raise UsageError(
                f"{Setting('shard')} {self.shard[0]}/{self.shard[1]} is not valid",
                hint="write 1/8 to 8/8",
            )
        if self.shard is not None and self.engine == "ray":
            raise UsageError(
                f"{Setting('shard')} and {Setting('engine', 'ray')} both divide the documents",
                hint="leave one out",
            )
        if self.ray_address is not None and self.engine != "ray":
            raise UsageError(
                f"{Setting('ray_address')} needs {Setting('engine', 'ray')}",
                hint=f"add {Setting('engine', 'ray')}",
            )
