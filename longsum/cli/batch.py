"""`longsum batch`: its options, and the job made of them."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from longsum.cli import batch_options as b
from longsum.cli import options as o
from longsum.cli.run import fetch_missing, load_config
from longsum.config import (
    LENGTH_WORDS,
    AskConfig,
    BatchConfig,
    DecodeConfig,
    LoadConfig,
    ReadConfig,
    Style,
    SummaryConfig,
    parse_length,
)
from longsum.errors import DocumentNotFound, OutputError, UsageError
from longsum.terminal import shown_name

if TYPE_CHECKING:
    from longsum.batch.inputs import Input, Passed
    from longsum.batch.job import Job
    from longsum.batch.run import FindInputs


def batch(
    documents: b.Documents = None,
    output: b.Output = None,
    task: b.Task = None,
    question: b.Questions = None,
    recursive: b.Recursive = BatchConfig.recursive,
    include: b.Include = None,
    exclude: b.Exclude = None,
    files_from: b.FilesFrom = None,
    retry_failed: b.RetryFailed = BatchConfig.retry_failed,
    redo: b.Redo = BatchConfig.redo,
    length: b.Length = None,
    style: b.Style = None,
    focus: b.Focus = None,
    verbatim: o.Verbatim = None,
    language: o.Language = "auto",
    prompt: o.PromptFile = None,
    temperature: o.Temperature = DecodeConfig.temperature,
    top_p: o.TopP = DecodeConfig.top_p,
    seed: o.Seed = DecodeConfig.seed,
    max_new_tokens: o.MaxNewTokens = DecodeConfig.max_new_tokens,
    pages: o.Pages = None,
    password: o.Password = None,
    truncate: o.Truncate = None,
    read_limit: b.ReadLimit = BatchConfig.read_limit_s,
    read_memory: b.ReadMemory = "4GiB",
    model: o.ModelName = LoadConfig.model,
    context: o.Context = None,
    force_context: o.ForceContext = LoadConfig.force_context,
    quantize: o.Quantize = LoadConfig.quantize,
    kv_cache: o.KVCache = LoadConfig.kv_cache,
    device: o.Device = LoadConfig.device,
    dtype: o.Dtype = LoadConfig.dtype,
    attention: o.Attention = LoadConfig.attention,
    memory: o.Memory = None,
    revision: o.Revision = LoadConfig.revision,
    offline: o.Offline = LoadConfig.offline,
    download: o.Download = LoadConfig.download,
    workers: b.Workers = BatchConfig.workers,
    readers: b.Readers = BatchConfig.readers,
    shard: b.Shard = None,
    engine: b.Engine = BatchConfig.engine,
    ray_address: b.RayAddress = BatchConfig.ray_address,
    fail_on: b.FailOn = BatchConfig.fail_on,
    format: b.Format = BatchConfig.format,
    as_json: b.AsJson = False,
    quiet: b.Quiet = False,
) -> None:
    """Summarize the documents of a folder, or ask each the same questions, and lose none.

    Every document gets a result file in OUT, beside index.md, results.jsonl and results.csv. Run
    the same command again and it goes on: what is done is left alone, what has changed is done
    again. A document that cannot be read, does not fit, or crashes its process is reported in the
    overviews, and the others go on.

    The first Ctrl-C finishes the current documents, the second stops at once.

    Exits with 0 when all are done, 1 when some failed, 130 when interrupted.
    """
    from longsum.batch.inputs import parse_shard
    from longsum.batch.job import Job
    from longsum.bytesize import parse_bytes
    from longsum.cli.batch_run import run_job

    folder, named = _folder_or_files(documents or [], files_from)
    output = _check_folders(folder, output, files_from, named)
    wanted = _task(task, question or [], length, style, focus, verbatim, language, prompt)
    settings = BatchConfig(
        format=format,
        recursive=recursive,
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        workers=workers,
        readers=readers,
        read_limit_s=read_limit,
        read_memory_bytes=parse_bytes(read_memory),
        retry_failed=retry_failed,
        redo=redo,
        fail_on=fail_on,
        shard=parse_shard(shard) if shard else None,
        engine=engine,
        ray_address=ray_address,
    )
    load = load_config(
        model,
        context,
        force_context,
        quantize,
        device,
        dtype,
        attention,
        memory,
        revision,
        offline,
        download,
        kv_cache=kv_cache,
    )
    fetch_missing(load)
    job = Job(
        output=output.absolute(),
        load=load,
        read=ReadConfig(pages, password, truncate),
        decode=DecodeConfig(max_new_tokens, temperature, top_p, seed),
        task=wanted,
        questions=tuple(question or ()),
        batch=settings,
    )
    run_job(job, _inputs(folder, files_from, named, job), as_json=as_json, quiet=quiet)


def _folder_or_files(
    documents: list[Path], files_from: str | None
) -> tuple[Path | None, list[Path]]:
    """Return the folder that was named, or else the files."""
    if len(documents) < 2 and not any(path.is_file() for path in documents):
        return (documents[0] if documents else None), []
    for path in documents:
        if path.is_dir():
            raise UsageError(
                f"{shown_name(str(path))} is a folder among files", hint="name one folder, or files"
            )
    if files_from is not None:
        raise UsageError("files are named, and --files-from, too", hint="leave one out")
    return None, documents


def _check_folders(
    folder: Path | None, output: Path | None, files_from: str | None, named: list[Path]
) -> Path:
    """Return the folder of the results; refuse what cannot be worked through."""
    from longsum.batch.inputs import require_folder

    if folder is None and files_from is None and not named:
        raise UsageError(
            "there is no FOLDER", hint="name one, or a list of documents with --files-from"
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
    task: str | None,
    questions: list[str],
    length: str | None,
    style: Style | None,
    focus: str | None,
    verbatim: bool | None,
    language: str,
    prompt: Path | None,
) -> SummaryConfig | AskConfig:
    """Return what is asked of every document."""
    asking = bool(questions) or task == "ask"
    template = prompt.absolute() if prompt else None
    if not asking:
        return SummaryConfig(
            verbatim=verbatim,
            language=language,
            prompt=template,
            words=parse_length(length) if length else LENGTH_WORDS["medium"],
            style=style or SummaryConfig.style,
            focus=focus,
        )
    if task == "summarize":
        raise UsageError("--question has no place in --task summarize", hint="leave one out")
    if not questions:
        raise UsageError("--task ask needs a --question", hint='add --question "Who paid?"')
    if any(not each.strip() for each in questions):
        raise UsageError("a --question is empty", hint='write --question "Who paid?"')
    for flag, value in (("--length", length), ("--style", style), ("--focus", focus)):
        if value is not None:
            raise UsageError(
                f"{flag} is of summaries, not of answers to a --question", hint="leave it out"
            )
    return AskConfig(verbatim=verbatim, language=language, prompt=template)


def _inputs(folder: Path | None, files_from: str | None, named: list[Path], job: Job) -> FindInputs:
    """Return what yields the documents of the folder, of the list, or those named one by one."""
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
    """Open a list of paths; their bytes may be any, as file names' are."""
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
            hint="--files-from takes a file with one path a line",
        ) from error
    with file:
        yield (os.fsdecode(line) for line in file)
