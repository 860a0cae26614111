"""Groups of options of `longsum batch`."""

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
        metavar="FOLDER",
        help="Folder of documents, or the documents themselves.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class TaskOptions:
    """What is asked of every document."""

    task: Literal["summarize", "ask"] | None = in_options(
        None, help="What to do (default: ask with --question, otherwise summarize)."
    )
    question: list[str] | None = in_options(
        None, metavar="QUESTION", help="Question for every document; repeatable."
    )


@dataclass(frozen=True)
class InputOptions:
    """Which documents are processed."""

    recursive: bool = in_documents(
        BatchConfig.recursive, "--recursive", "-r", help="Include subfolders."
    )
    include: list[str] | None = in_documents(
        None,
        metavar="GLOB",
        help="Process only documents whose name, or path in FOLDER, matches; repeatable.",
    )
    exclude: list[str] | None = in_documents(
        None, metavar="GLOB", help="Skip documents that match; repeatable."
    )
    files_from: str | None = in_documents(
        None,
        metavar="FILE",
        help="File that lists documents, one per line, relative to FOLDER if given; - is stdin.",
    )
    retry_failed: bool = in_documents(
        BatchConfig.retry_failed, "--retry-failed", help="Try failed documents again."
    )
    redo: bool = in_documents(BatchConfig.redo, "--redo", help="Process everything again.")


@dataclass(frozen=True)
class SummaryOptions:
    """What kind of summary is wanted; None where the user did not say."""

    length: str | None = o.in_answer(
        None,
        "--length",
        "-l",
        metavar="LENGTH",
        help="Length: short (80 words), medium (200), long (450), or a number of words.",
    )
    style: c.Style | None = o.in_answer(None, help=o.STYLE)
    focus: str | None = o.in_answer(
        None, metavar="TEXT", help="Topic that matters most in a summary."
    )


@dataclass(frozen=True)
class LimitOptions:
    """Limits for reading one document."""

    read_limit: float = o.in_reading(
        BatchConfig.read_limit_s, metavar="SECONDS", help="Maximum time for reading one document."
    )
    read_memory: str = o.in_reading(
        "4GiB", metavar="BYTES", help="Maximum memory for reading one document."
    )


@dataclass(frozen=True)
class RunningOptions:
    """Where the work is done, and when it counts as failed."""

    workers: int | None = in_running(
        BatchConfig.workers,
        metavar="N",
        min=1,
        help="Processes that hold the model (default: one per GPU, or one on the CPU).",
    )
    readers: int | None = in_running(
        BatchConfig.readers,
        metavar="N",
        min=1,
        help="Processes that read documents ahead (default: number of cores - 1, at most 4).",
    )
    shard: str | None = in_running(
        None,
        metavar="I/N",
        help="Process only the I-th of N parts, for job arrays that share OUT; afterwards run "
        "`longsum batch merge OUT`.",
    )
    engine: BatchEngineName = in_running(
        BatchConfig.engine, help="Run processes on this machine, or on Ray."
    )
    ray_address: str | None = in_running(
        BatchConfig.ray_address,
        metavar="ADDRESS",
        help="Ray cluster, such as auto or ray-head:6379 (default: start a local one). All nodes "
        "must share FOLDER, OUT and the model.",
    )
    fail_on: FailOn = in_running(
        BatchConfig.fail_on,
        help="Exit with 1 when any document fails, only when all fail, or never.",
    )


@dataclass(frozen=True)
class ResultOptions:
    """How results are written, and what is printed."""

    format: BatchFormat = o.in_output(BatchConfig.format, help="Format of the result files.")
    as_json: bool = o.in_output(False, "--json", help="Print the closing table as JSON.")
    quiet: bool = o.in_output(False, "--quiet", "-q", help="Print only warnings and errors.")
