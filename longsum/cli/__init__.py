"""The command line: the app, and the one place where errors become exit codes.

Nothing heavy is imported here: `longsum --help` must answer at once.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from longsum import __version__
from longsum.cli.libraries import silence
from longsum.environment import DEBUG, is_debugging
from longsum.errors import LongsumError

TRACEBACK = "--traceback"
"""Prints how an error came about; left out of the help, as it is for reports of bugs."""
EPILOG = (
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 document unreadable or too long, "
    "4 too little memory, 5 model unavailable, 130 interrupted."
)


ParseError: type[Exception] = typer.BadParameter.__mro__[1]
"""What typer raises for options it cannot read; it exports only this class's children."""


class ErrorBoundary(TyperGroup):
    """Turns errors into two lines and an exit code; a bug keeps its traceback."""

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **more: Any) -> Any:
        """Read the options before the command; `--traceback` may be anywhere."""
        end = args.index("--") if "--" in args else len(args)
        if TRACEBACK in args[:end]:
            os.environ[DEBUG] = "1"  # for the processes that are started, too
            args = [each for each in args[:end] if each != TRACEBACK] + args[end:]
        with _errors_shown():
            return super().make_context(info_name, args, *rest, **more)

    def invoke(self, ctx: Any) -> Any:
        """Read a command's options and run it."""
        with _errors_shown():
            return super().invoke(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find a command by its first word, or by two: a folder stands behind `batch`."""
        if args[:2] == ["batch", "merge"]:
            args = ["batch merge", *args[2:]]
        return super().resolve_command(ctx, args)


@contextlib.contextmanager
def _errors_shown() -> Iterator[None]:
    """Print an error and its hint on stderr, and leave with its exit code."""
    from longsum.cli.console import print_error, print_traceback

    try:
        yield
    except LongsumError as error:
        if is_debugging():
            print_traceback(error)
        print_error(error.message, error.hint)
        raise typer.Exit(error.exit_code) from error
    except ParseError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            raise  # no mistake: its message is the help
        print_error(*_parse_message(error))
        raise typer.Exit(2) from error
    except KeyboardInterrupt as error:
        print_error("interrupted", None)
        raise typer.Exit(130) from error
    except BrokenPipeError as error:
        sys.stderr.close()  # the reader has gone: whatever else is printed would fail, too
        raise typer.Exit(1) from error


def _parse_message(error: Any) -> tuple[str, str]:
    """Return what is wrong with the command line, and where its help is."""
    message = " ".join(error.format_message().split()).rstrip(".").replace("Value error, ", "")
    path = error.ctx.command_path.split()[1:] if error.ctx else []
    return message[:1].lower() + message[1:], f"{' '.join(['longsum', *path])} -h shows the options"


app = typer.Typer(
    cls=ErrorBoundary,
    no_args_is_help=True,
    epilog=EPILOG,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_version(wanted: bool) -> None:
    """Print the version and leave."""
    if wanted:
        print(f"longsum {__version__}")
        raise typer.Exit


HELP = """\
Read the whole of a long document with a language model on this computer.

Summaries and answers carry the page of every statement.
Nothing is chunked, nothing is cut silently, nothing leaves the machine.

\b
longsum summarize report.pdf
longsum ask book.txt "Who wrote the letter?"
"""


@app.callback(help=HELP)
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", callback=show_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Take the options in front of the command."""


def joined(docstring: str) -> str:
    """Put each paragraph on one line, as the help wraps them itself."""
    paragraphs = inspect.cleandoc(docstring).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _register() -> None:
    """Add the commands; each file imports nothing heavy."""
    from longsum.cli import (
        ask,
        batch,
        batch_run,
        bench,
        cache,
        evaluate,
        extend,
        models,
        plan,
        summarize,
    )

    commands = (
        *(summarize.summarize, ask.ask, batch.batch, plan.plan, extend.extend),
        bench.bench,
    )
    for command in commands:
        app.command(name=command.__name__, help=joined(command.__doc__ or ""))(command)
    merge_help = joined(batch_run.merge.__doc__ or "")
    app.command(name="batch merge", help=merge_help)(batch_run.merge)
    app.add_typer(cache.app, name="cache")
    app.add_typer(models.app, name="models")
    app.add_typer(evaluate.app, name="evaluate")


_register()


def main() -> None:
    """Run the command line."""
    from longsum.cli.streams import abandon_stdout, finish_streams, prepare_streams

    prepare_streams()
    silence()
    try:
        app(prog_name="longsum")
    except SystemExit as leaving:
        code = leaving.code
    try:
        with _errors_shown():
            finish_streams()
    except typer.Exit as failed:
        abandon_stdout()
        code = code or failed.exit_code
    sys.exit(code)
