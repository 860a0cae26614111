"""`longsum batch`: its options, and the job made of them."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from longsum.batch.config import BatchConfig
from longsum.bytesize import parse_bytes
from longsum.cli import batch_options as b
from longsum.cli import options as o
from longsum.cli.batch_run import run_job
from longsum.cli.flags import as_flag
from longsum.cli.grouping import Without, grouped
from longsum.cli.run import download_missing
from longsum.config import AskConfig, SummaryConfig, parse_length
from longsum.errors import DocumentNotFound, OutputError, UsageError
from longsum.terminal import shown_name

if TYPE_CHECKING:
    from longsum.batch.inputs import Input, Passed
    from longsum.batch.job import Job
    from longsum.batch.run import FindInputs


@grouped
def batch(
    documents: b.Documents = None,
    output: Path | None = o.in_output(
        None, "--output", "-o", metavar="OUT", help="Folder for the results."
    ),
    *,
    task: b.TaskOptions,
    inputs: b.InputOptions,
    summary: b.SummaryOptions,
    answer: o.AnswerOptions,
    sampling: Annotated[o.SamplingOptions, Without("lookup")],
    reading: Annotated[o.ReadingOptions, Without("page_labels")],
    limits: b.LimitOptions,
    model: o.ModelOptions,
    running: b.RunningOptions,
    results: b.ResultOptions,
) -> None:
    """Summarize every document of a folder, or ask each the same questions.

    Every document gets a result file in OUT, beside index.md, results.jsonl and results.csv. The
    same command continues an interrupted run: finished documents are left alone, changed ones are
    done again. A document that cannot be read, does not fit, or crashes its process is listed in
    index.md with its error; the others continue.

    The first Ctrl-C finishes the current documents, the second stops at once.

    Exits with 0 when all are done, 1 when some failed, 130 when interrupted.
    """
    from longsum.batch.inputs import parse_shard
    from longsum.batch.job import Job

    folder, named = _folder_or_files(documents or [], inputs.files_from)
    output = _check_folders(folder, output, inputs.files_from, named)
    answer, model = o.told_apart(answer, model)
    wanted = _task(task, summary, answer)
    settings = BatchConfig(
        format=results.format,
        recursive=inputs.recursive,
        include=tuple(inputs.include or ()),
        exclude=tuple(inputs.exclude or ()),
        read_limit_s=limits.read_limit,
        read_memory_bytes=parse_bytes(limits.read_memory),
        retry_failed=inputs.retry_failed,
        redo=inputs.redo,
        **vars(running) | {"shard": parse_shard(running.shard) if running.shard else None},
    )
    load = model.load_config()
    download_missing(load)
    job = Job(
        output=output.absolute(),
        load=load,
        read=reading.read_config(),
        decode=sampling.decode_config(),
        task=wanted,
        questions=tuple(task.question or ()),
        batch=settings,
        setting_style=as_flag,
    )
    found = _inputs(folder, inputs.files_from, named, job)
    run_job(job, found, as_json=results.as_json, quiet=results.quiet)


def _folder_or_files(
    documents: list[Path], files_from: str | None
) -> tuple[Path | None, list[Path]]:
    """Return the folder that was named, or the files."""
    if len(documents) < 2 and not any(path.is_file() for path in documents):
        return (documents[0] if documents else None), []
    for path in documents:
        if path.is_dir():
            raise UsageError(
                f"{shown_name(str(path))} is a folder among files", hint="name one folder, or files"
            )
    if files_from is not None:
        raise UsageError("--files-from cannot be combined with files", hint="leave one out")
    return None, documents


def _check_folders(
    folder: Path | None, output: Path | None, files_from: str | None, named: list[Path]
) -> Path:
    """Return the folder for the results; refuse inputs and outputs that cannot work."""
    from longsum.batch.inputs import require_folder

    if folder is None and files_from is None and not named:
        raise UsageError(
            "no FOLDER given", hint="name one, or a list of documents with --files-from"
        )
    if files_from == "-" and sys.stdin.isatty():
        raise UsageError(
            "--files-from is - but nothing is piped in", hint="find … | longsum batch …"
        )
    if output is None:
        raise UsageError("no output folder given", hint="name one with -o OUT")
    if output.exists() and not output.is_dir():
        raise OutputError(f"{shown_name(str(output))} is a file", hint="name a folder with -o")
    if folder is not None:
        require_folder(folder)
        if os.path.realpath(output) == os.path.realpath(folder):
            raise UsageError(
                "FOLDER and OUT are the same folder", hint="results need a folder of their own"
            )
    return output


def _task(
    asked: b.TaskOptions, summary: b.SummaryOptions, answer: o.AnswerOptions
) -> SummaryConfig | AskConfig:
    """Return what is asked of every document."""
    questions = asked.question or []
    if answer.prompt is not None:
        answer = replace(answer, prompt=answer.prompt.absolute())
    if not questions and asked.task != "ask":
        return answer.summary_config(
            words=parse_length(summary.length or "medium"),
            style=summary.style or SummaryConfig.style,
            focus=summary.focus,
        )
    if asked.task == "summarize":
        raise UsageError("--task summarize takes no --question", hint="leave one out")
    if not questions:
        raise UsageError("--task ask needs a --question", hint='add --question "Who paid?"')
    if any(not each.strip() for each in questions):
        raise UsageError("a --question is empty", hint='write --question "Who paid?"')
    for name, value in vars(summary).items():
        if value is not None:
            raise UsageError(f"--{name} applies to summaries, not to answers", hint="leave it out")
    return answer.ask_config()


def _inputs(folder: Path | None, files_from: str | None, named: list[Path], job: Job) -> FindInputs:
    """Return what finds the documents: of the folder, of the list, or named one by one."""
    from longsum.batch.inputs import listed, wanted
    from longsum.batch.run import folder_inputs

    if files_from is None and not named:
        assert folder is not None
        return folder_inputs(folder, job)

    def find(passed: Passed) -> Iterator[Input]:
        with _lines(files_from, named) as lines:
            for each in listed(lines, folder):
                if wanted(each.name, job.batch):
                    yield each
                else:
                    passed.filtered += 1

    return find


@contextlib.contextmanager
def _lines(source: str | None, named: list[Path]) -> Iterator[Iterable[str]]:
    """Open a list of paths, which may hold any bytes, as file names may."""
    if source is None:
        yield map(str, named)
        return
    if source == "-":
        yield (os.fsdecode(line) for line in sys.stdin.buffer)
        return
    try:
        file = open(source, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise DocumentNotFound(
            f"{shown_name(source)} cannot be read: {error.strerror}",
            hint="--files-from takes a file with one path per line",
        ) from error
    with file:
        yield (os.fsdecode(line) for line in file)
