"""Steps the commands share: settings from options, a document from a file."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from longsum.config import AskedKVCache, Attention, LoadConfig, Quantize, StoreConfig

if TYPE_CHECKING:
    from longsum.cli.console import Reporter
    from longsum.documents.document import Document

PASSWORD_TRIES = 3


def load_config(
    model: str | None,
    context: str | None,
    force_context: bool,
    quantize: Quantize,
    device: str,
    dtype: str,
    attention: Attention,
    memory: str | None,
    revision: str | None,
    offline: bool,
    download: bool,
    *,
    kv_cache: AskedKVCache = LoadConfig.kv_cache,
) -> LoadConfig:
    """Return the settings of the options about the model."""
    from longsum.bytesize import parse_bytes
    from longsum.checkpoint.rope import parse_context
    from longsum.cli.console import print_line
    from longsum.environment import MODEL, variable
    from longsum.model.resolve import set_offline
    from longsum.paths import unknown_settings

    if offline:
        set_offline()  # before anything imports the hub's library
    if variable(MODEL) is None:  # the file is asked only then
        for line in unknown_settings():
            print_line("warning", "yellow", line)
    return LoadConfig(
        model=model,
        context=parse_context(context) if context else None,
        force_context=force_context,
        quantize=quantize,
        kv_cache=kv_cache,
        device=device,
        dtype=dtype,
        attention=attention,
        memory_bytes=parse_bytes(memory) if memory else None,
        revision=revision,
        offline=offline,
        download=download,
    )


def store_config(no_cache: bool, cache_size: str | None) -> StoreConfig:
    """Return the settings of the options about documents that are kept, and of the environment."""
    from longsum.bytesize import parse_bytes
    from longsum.environment import CACHE_SIZE
    from longsum.errors import UsageError
    from longsum.paths import configured_cache_size

    asked = cache_size or configured_cache_size()
    if no_cache or (asked is not None and asked.strip() == "0"):
        return StoreConfig(size_bytes=0)
    if asked is None:
        return StoreConfig()
    try:
        return StoreConfig(size_bytes=parse_bytes(asked))
    except UsageError as error:
        name = "--cache-size" if cache_size else CACHE_SIZE
        raise UsageError(f"{name} is {error.message}", hint="write 20GiB, 8GB, or 0") from None


def fetch_missing(load: LoadConfig) -> None:
    """Fetch the model a command names if `--download` was given and it is not on this disk."""
    from longsum.cli.download import fetch
    from longsum.errors import ModelNotFound
    from longsum.model.resolve import resolve_model

    if load.download and load.model:
        try:
            resolve_model(load.model, revision=load.revision)
        except ModelNotFound:
            fetch(load.model, load.revision, ask=False)


def reporting(
    quiet: bool,
    as_json: bool,
    output: Path | None,
    force: bool,
    *,
    explained: str | None = None,
    remember: bool = False,
) -> Reporter:
    """Check the output file and return what shows the run.

    Args:
        quiet: no notices, no progress.
        as_json: the answer is printed as JSON when it is whole.
        output: file of the answer; None is stdout.
        force: overwrite it.
        explained: the attention asked for, where what was chosen for the run is to be shown.
        remember: what was said once of a model that was chosen for the user is not said again.
    """
    from longsum.cli.console import Reporter
    from longsum.cli.output import check_output
    from longsum.cli.streams import require_stdout

    check_output(output, force)
    if output is None:
        require_stdout()
    return Reporter(
        quiet=quiet,
        stream=not as_json and output is None,
        explained=explained,
        remember=remember,
    )


def open_document(
    file: str,
    pages: str | None,
    password: str | None,
    reporter: Reporter,
    *,
    labels: bool = False,
) -> Document:
    """Read a document, asking for its password where there is a terminal, and show its warnings."""
    from getpass import getpass

    from longsum.cli.console import print_line
    from longsum.documents.isolated import read_document
    from longsum.errors import PasswordError
    from longsum.terminal import shown_name

    refuse_terminal(file)
    given, document = password, None
    for attempt in range(PASSWORD_TRIES, -1, -1):
        reporter.phase("opening")
        try:
            document = read_document(file, pages=pages, password=password)
            break
        except PasswordError as error:
            reporter.clear()
            if not attempt or not _can_ask(file, given):
                raise
            if password is not None:
                print_line("", "", error.message)
            password = getpass(f"Password of {shown_name(file)}: ")
    reporter.clear()
    assert document is not None, "the last try raises"
    for warning in document.warnings:
        reporter.warning(warning)
    if labels and not any(page.label for page in document.pages):
        reporter.warning(f"{document.name} gives its pages no printed numbers of their own")
    return replace(document, shows_labels=labels)


def refuse_terminal(file: str | None) -> None:
    """Refuse standard input where nothing is piped in: a person would wait for the program."""
    from longsum.documents.source import is_stdin
    from longsum.errors import UsageError

    if file is not None and is_stdin(file) and sys.stdin is not None and sys.stdin.isatty():
        raise UsageError(
            f"FILE is {file} but nothing is piped in", hint="cat notes.txt | longsum summarize -"
        )


def _can_ask(file: str, given: str | None) -> bool:
    """Tell whether a password can be typed: on a terminal, by a user who gave none."""
    return given is None and sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
