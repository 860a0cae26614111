"""The options of `longsum batch`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from longsum import config as c
from longsum.cli import options as o

DOCUMENTS, RUNNING = "Documents", "Running"

Documents = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FOLDER", help="Folder of PDF and text files, or several files.", show_default=False
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="OUT", help="Folder of the results.", rich_help_panel=o.OUTPUT
    ),
]
Task = Annotated[
    Literal["summarize", "ask"] | None,
    typer.Option("--task", help="By default ask with --question, else summarize."),
]
Questions = Annotated[
    list[str] | None,
    typer.Option(
        "--question",
        metavar="QUESTION",
        help="Ask it of every document; repeatable, for one reading.",
    ),
]
Recursive = Annotated[
    bool,
    typer.Option("--recursive", "-r", help="Enter subfolders.", rich_help_panel=DOCUMENTS),
]
Include = Annotated[
    list[str] | None,
    typer.Option(
        "--include",
        metavar="GLOB",
        rich_help_panel=DOCUMENTS,
        help="Only documents whose name, or path in FOLDER, matches; repeatable.",
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude", metavar="GLOB", help="Skip files matching this.", rich_help_panel=DOCUMENTS
    ),
]
FilesFrom = Annotated[
    str | None,
    typer.Option(
        "--files-from",
        metavar="FILE",
        rich_help_panel=DOCUMENTS,
        help="Documents named in a file, one a line; - is stdin. Relative to FOLDER if given.",
    ),
]
RetryFailed = Annotated[
    bool,
    typer.Option("--retry-failed", help="Try again what failed before.", rich_help_panel=DOCUMENTS),
]
Redo = Annotated[
    bool,
    typer.Option("--redo", help="Work on everything again.", rich_help_panel=DOCUMENTS),
]
Length = Annotated[
    str | None,
    typer.Option(
        "--length",
        "-l",
        metavar="LENGTH",
        rich_help_panel=o.ANSWER,
        help="Length of a summary: short (80 words), medium (200), long (450), or a number "
        "of words.",
    ),
]
Style = Annotated[
    c.Style | None,
    typer.Option(
        "--style",
        help="Running text, a list, or the main point with a list below. A verbatim summary has "
        "the same sentences in each; executive prints the first one above the list.",
        rich_help_panel=o.ANSWER,
    ),
]
Focus = Annotated[
    str | None,
    typer.Option(
        "--focus",
        metavar="TEXT",
        help="What matters most to you in a summary.",
        rich_help_panel=o.ANSWER,
    ),
]
ReadLimit = Annotated[
    float,
    typer.Option(
        "--read-limit",
        metavar="SECONDS",
        rich_help_panel=o.READING,
        help="Most time for reading one document.",
    ),
]
ReadMemory = Annotated[
    str,
    typer.Option(
        "--read-memory",
        metavar="BYTES",
        rich_help_panel=o.READING,
        help="Most memory for reading one document.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        min=1,
        rich_help_panel=RUNNING,
        help="Processes with the model; by default one per GPU, or one on the CPU.",
    ),
]
Readers = Annotated[
    int | None,
    typer.Option(
        "--readers",
        metavar="N",
        min=1,
        rich_help_panel=RUNNING,
        help="Processes that read documents ahead; by default one per core but one, at most 4.",
    ),
]
Shard = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        rich_help_panel=RUNNING,
        help="Only the I-th of N parts, for job arrays. All may share OUT; then run "
        "`longsum batch merge OUT`.",
    ),
]
Engine = Annotated[
    c.BatchEngine,
    typer.Option("--engine", help="Processes of this machine, or Ray.", rich_help_panel=RUNNING),
]
RayAddress = Annotated[
    str | None,
    typer.Option(
        "--ray-address",
        metavar="ADDRESS",
        rich_help_panel=RUNNING,
        help="A Ray cluster, such as auto or ray-head:6379; by default a local one is started. "
        "FOLDER, OUT and the model must be on storage that all nodes share.",
    ),
]
FailOn = Annotated[
    c.FailOn,
    typer.Option(
        "--fail-on",
        rich_help_panel=RUNNING,
        help="Exit with 1 when any document failed, only when all did, or never.",
    ),
]
Format = Annotated[
    c.BatchFormat,
    typer.Option("--format", help="Format of each result.", rich_help_panel=o.OUTPUT),
]
AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print the closing table as JSON.", rich_help_panel=o.OUTPUT),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Only warnings and errors.", rich_help_panel=o.OUTPUT),
]
