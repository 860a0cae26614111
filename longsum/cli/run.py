"""Steps that commands share: download the model, read the document, open a session."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from longsum.cli.places import SourceFile, add_places
from longsum.config import LoadConfig

if TYPE_CHECKING:
    from longsum.answer import Answer
    from longsum.cli.console import Reporter
    from longsum.cli.options import CacheOptions, ModelOptions, OutputOptions, ReadingOptions
    from longsum.documents.document import Document
    from longsum.session import Session
    from longsum.task import Task

PASSWORD_TRIES = 3
"""Passwords asked for before giving up."""


class Opened(NamedTuple):
    """A document that is open for a command."""

    session: Session
    reporter: Reporter
    source: SourceFile


def download_missing(load: LoadConfig) -> None:
    """Download the model a command names if `--download` is given and it is not on this disk."""
    from longsum.cli.download import download
    from longsum.errors import ModelNotFound
    from longsum.model.resolve import resolve_model

    if load.download and load.model:
        try:
            resolve_model(load.model, revision=load.revision)
        except ModelNotFound:
            download(load.model, load.revision, ask=False)


def reporting(
    options: OutputOptions, *, explained: str | None = None, remember: bool = False
) -> Reporter:
    """Check the output file and return what shows the run.

    Args:
        options: where the answer goes.
        explained: the attention asked for, to show what was chosen for the run; None hides it.
        remember: explain the choice of a model once, not in every run.

    Raises:
        OutputError: when the answer cannot be written there.
    """
    from longsum.cli.console import Reporter
    from longsum.cli.output import check_output
    from longsum.cli.streams import require_stdout

    check_output(options.output, options.force)
    if options.output is None:
        require_stdout()
    return Reporter(
        quiet=options.quiet,
        stream=not options.as_json and options.output is None,
        explained=explained,
        remember=remember,
    )


@contextmanager
def opened(
    file: str,
    tasks: Sequence[Task],
    reading: ReadingOptions,
    cache: CacheOptions,
    model: ModelOptions,
    output: OutputOptions,
) -> Iterator[Opened]:
    """Open a document for the tasks, and show the progress.

    Args:
        file: path of the document, or - for stdin.
        tasks: what will be asked.
        reading: pages, password, what to leave out.
        cache: how documents are cached on disk.
        model: which weights, and how they are held.
        output: where the answer goes.

    Yields:
        The session, the reporter that shows the run, and the file for places in it.
    """
    read = reading.read_config()
    load, store = model.load_config(), cache.store_config()
    explained = load.attention if output.verbose else None
    with reporting(output, explained=explained, remember=bool(store.size_bytes)) as reporter:
        document, source = open_file(file, reading, reporter, keep=output.as_json)
        download_missing(load)
        from longsum.opening import open_session

        with open_session(
            document,
            tasks,
            load,
            truncate=read.truncate,
            parts=read.parts,
            store=store,
            listener=reporter,
        ) as session:
            yield Opened(session, reporter, source)


def deliver_answers(opened: Opened, answers: Sequence[Answer], output: OutputOptions) -> None:
    """Deliver finished answers with their cautions and receipt, then cache what was read.

    Args:
        opened: the open document.
        answers: at least one; their text was streamed unless it goes to JSON or a file.
        output: where the answers go.
    """
    from longsum.cli.output import deliver

    session, reporter, source = opened
    reporter.clear()
    payload = [answer.as_dict() for answer in answers]
    if output.as_json:
        add_places(payload, session.document, source)
    text = "\n\n".join(
        f"{a.question}\n{a.marked}" if len(answers) > 1 else a.marked for a in answers
    )
    cautions = _cautions(answers)
    whole = payload if len(payload) > 1 else payload[0]
    deliver(whole, text, as_json=output.as_json, output=output.output, cautions=cautions)
    for line in cautions:
        reporter.warning(line)
    reporter.receipt(answers[-1].receipt)
    session.save()


def _cautions(answers: Sequence[Answer]) -> list[str]:
    """Return each caution once; of several answers, with the question it belongs to."""
    found: dict[str, None] = {}
    for answer in answers:
        own = answer.receipt.answer_cautions()
        found |= dict.fromkeys(line for line in answer.receipt.cautions() if line not in own)
        which = f"{answer.question}: " if len(answers) > 1 else ""
        found |= dict.fromkeys(which + line for line in own)
    return list(found)


def open_document(file: str, reading: ReadingOptions, reporter: Reporter) -> Document:
    """Read a document as `open_file` does."""
    return open_file(file, reading, reporter)[0]


def open_file(
    file: str, reading: ReadingOptions, reporter: Reporter, *, keep: bool = False
) -> tuple[Document, SourceFile]:
    """Read a document and show its warnings; ask for a password where there is a terminal.

    Args:
        file: path of the document, or - for stdin.
        reading: pages, password, encoding, attached file, printed numbers in references or not.
        reporter: shows progress and warnings.
        keep: whether to keep what comes from stdin, to find places in it.

    Returns:
        The document, and the file it was read from.

    Raises:
        DocumentError: when the document cannot be read.
    """
    import io
    from getpass import getpass

    from longsum.cli.console import print_line
    from longsum.cli.flags import as_flag
    from longsum.documents.isolated import read_document
    from longsum.documents.source import is_stdin, load_source
    from longsum.errors import PasswordError
    from longsum.terminal import shown_name

    refuse_terminal(file)
    password = given = reading.password
    document = None
    data = load_source(file)[0] if keep and is_stdin(file) else None
    for attempt in range(PASSWORD_TRIES, -1, -1):
        reporter.phase("opening")
        try:
            document = read_document(
                file,
                pages=reading.pages,
                password=password,
                encoding=reading.encoding,
                attachment=reading.attachment,
                stdin=None if data is None else io.BytesIO(data),
            )
            break
        except PasswordError as error:
            reporter.clear()
            if not attempt or not _can_ask(file, given):
                raise
            if password is not None:
                print_line("", "", error.rendered(as_flag)[0])
            password = getpass(f"Password of {shown_name(file)}: ")
    reporter.clear()
    assert document is not None, "the last try raises"
    for warning in document.warnings:
        reporter.warning(warning)
    if reporter.explained is not None:
        for note in document.notes:
            reporter.notice(note)
    if reading.page_labels and not any(page.label for page in document.pages):
        reporter.warning(f"{document.name} has no printed page numbers")
    source = SourceFile(file, password, reading.attachment, data)
    return replace(document, shows_labels=reading.page_labels), source


def refuse_terminal(file: str | None) -> None:
    """Refuse stdin where nothing is piped in, as the program would wait for the user."""
    from longsum.documents.source import is_stdin
    from longsum.errors import UsageError

    if file is not None and is_stdin(file) and sys.stdin is not None and sys.stdin.isatty():
        raise UsageError(
            f"FILE is {file} but nothing is piped in", hint="cat notes.txt | longsum summarize -"
        )


def _can_ask(file: str, given: str | None) -> bool:
    """Return whether a password can be asked for: on a terminal, when none was given."""
    return given is None and sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
