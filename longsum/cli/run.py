"""Steps the commands share: the model fetched, a document opened, a session begun."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from longsum.config import LoadConfig, StoreConfig

if TYPE_CHECKING:
    from longsum.cli.console import Reporter
    from longsum.cli.options import OutputOptions
    from longsum.documents.document import Document
    from longsum.model.resolve import ModelSource
    from longsum.session import Prepared, Session

PASSWORD_TRIES = 3


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


def reporting(options: OutputOptions) -> Reporter:
    """Check the output file and return what shows the run."""
    from longsum.cli.console import Reporter
    from longsum.cli.output import check_output
    from longsum.cli.streams import require_stdout

    check_output(options.output, options.force)
    if options.output is None:
        require_stdout()
    return Reporter(quiet=options.quiet, stream=not options.as_json and options.output is None)


def open_session(
    prepared: Prepared,
    load: LoadConfig,
    reporter: Reporter,
    *,
    verbose: bool,
    store: StoreConfig | None = None,
) -> Session:
    """Say what was found out, then load the weights and read the document."""
    from longsum.answering import announce
    from longsum.session import Session

    announce(prepared, reporter, say_model=is_new(prepared.model.source, reporter, store))
    if verbose:
        reporter.explain(prepared, load.attention)
    return Session(prepared, load, reporter, store=store)


def is_new(source: ModelSource, reporter: Reporter, store: StoreConfig | None) -> bool:
    """Tell whether the line about a model that was chosen for the user is to be shown.

    It is shown once, and again in runs that may keep nothing.
    """
    from longsum.cli.state import first_time

    remembers = not reporter.quiet and (store is None or bool(store.size_bytes))
    return not (remembers and source.notice and not first_time(source.notice))


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
