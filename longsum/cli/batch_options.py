"""The options of `longsum batch`, in groups."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from longsum import config as c
from longsum.batch.config import BatchConfig, BatchEngineName, BatchFormat, FailOn
from longsum.cli import options as o
from longsum.cli.grouping import panel

in_options, in_documents, in_running = map(panel, (None, "Documents", "Running"))

Documents = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FOLDER", help="Folder of PDF and text files, or several files.", show_default=False
    ),
]


@dataclass(frozen=True)
class TaskOptions:
    """What is asked of every document."""

    task: Literal["summarize", "ask"] | None = in_options(
        None, help="By default ask with --question, else summarize."
    )
    question: list[str] | None = in_options(
        None, metavar="QUESTION", help="Ask it of every document; repeatable, for one reading."
    )


@dataclass(frozen=True)
class InputOptions:
    """Which documents are worked on."""

    recursive: bool = in_documents(
        BatchConfig.recursive, "--recursive", "-r", help="Enter subfolders."
    )
    include: list[str] | None = in_documents(
        None,
        metavar="GLOB",
        help="Only documents whose name, or path in FOLDER, matches; repeatable.",
    )
    exclude: list[str] | None = in_documents(None, metavar="GLOB", help="Skip files matching this.")
    files_from: str | None = in_documents(
        None,
        metavar="FILE",
        help="Documents named in a file, one a line; - is stdin. Relative to FOLDER if given.",
    )
    retry_failed: bool = in_documents(
        BatchConfig.retry_failed, "--retry-failed", help="Try again what failed before."
    )
    redo: bool = in_documents(BatchConfig.redo, "--redo", help="Work on everything again.")


@dataclass(frozen=True)
class SummaryOptions:
    """What kind of summary is wanted; None where the user left it open."""

    length: str | None = o.in_answer(
        None,
        "--length",
        "-l",
        metavar="LENGTH",
        help="Length of a summary: short (80 words), medium (200), long (450), or a number "
        "of words.",
    )
    style: c.Style | None = o.in_answer(None, help=o.STYLE)
    focus: str | None = o.in_answer(
        None, metavar="TEXT", help="What matters most to you in a summary."
    )


@dataclass(frozen=True)
class LimitOptions:
    """What reading one document may take."""

    read_limit: float = o.in_reading(
        BatchConfig.read_limit_s, metavar="SECONDS", help="Most time for reading one document."
    )
    read_memory: str = o.in_reading(
        "4GiB", metavar="BYTES", help="Most memory for reading one document."
    )


@dataclass(frozen=True)
class RunningOptions:
    """Where the work is done, and when it has failed."""

    workers: int | None = in_running(
        BatchConfig.workers,
        metavar="N",
        min=1,
        help="Processes with the model; by default one per GPU, or one on the CPU.",
    )
    readers: int | None = in_running(
        BatchConfig.readers,
        metavar="N",
        min=1,
        help="Processes that read documents ahead; by default one per core but one, at most 4.",
    )
    shard: str | None = in_running(
        None,
        metavar="I/N",
        help="Only the I-th of N parts, for job arrays. All may share OUT; then run "
        "`longsum batch merge OUT`.",
    )
    engine: BatchEngineName = in_running(
        BatchConfig.engine, help="Processes of this machine, or Ray."
    )
    ray_address: str | None = in_running(
        BatchConfig.ray_address,
        metavar="ADDRESS",
        help="A Ray cluster, such as auto or ray-head:6379; by default a local one is started. "
        "FOLDER, OUT and the model must be on storage that all nodes share.",
    )
    fail_on: FailOn = in_running(
        BatchConfig.fail_on,
        help="Exit with 1 when any document failed, only when all did, or never.",
    )


@dataclass(frozen=True)
class ResultOptions:
    """How results are written, and what is shown."""

    format: BatchFormat = o.in_output(BatchConfig.format, help="Format of each result.")
    as_json: bool = o.in_output(False, "--json", help="Print the closing table as JSON.")
    quiet: bool = o.in_output(False, "--quiet", "-q", help="Only warnings and errors.")
