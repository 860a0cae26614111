"""The command line: the app, and the one place where errors become exit codes.

Nothing heavy is imported here, as `longsum --help` must answer at once.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from longsum import __version__
from longsum.cli.help_text import HELP, help_text
from longsum.cli.libraries import silence
from longsum.environment import DEBUG, is_debugging
from longsum.errors import LongsumError

TRACEBACK = "--traceback"
"""Prints the traceback of an error; hidden from the help, as it is for bug reports."""
EPILOG = (
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 document unreadable or too long, "
    "4 too little memory, 5 model unavailable, 130 interrupted."
)

COMMAND = "longsum.command"
"""Key of the name of the parsed command in the metadata of a context."""

ParseError: type[Exception] = typer.BadParameter.__mro__[1]
"""The error typer raises for options it cannot parse; it exports only its subclasses."""


class PlainFlags:
    """Shows flags without a type: `--quiet`, not `--quiet <bool>`."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters of a command, its flags without a type."""
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for param in params:
            if getattr(param, "is_bool_flag", False):
                param.metavar = ""
        return params


class PlainCommand(PlainFlags, TyperCommand):
    """A command whose help shows flags plainly."""


class PlainGroup(PlainFlags, TyperGroup):
    """A group whose help shows flags plainly."""


class ErrorBoundary(PlainFlags, TyperGroup):
    """Turns errors into two lines and an exit code; a bug keeps its traceback."""

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **more: Any) -> Any:
        """Parse the options before the command; `--traceback` may be anywhere."""
        end = args.index("--") if "--" in args else len(args)
        if TRACEBACK in args[:end]:
            os.environ[DEBUG] = "1"  # for child processes as well
            args = [each for each in args[:end] if each != TRACEBACK] + args[end:]
        with _errors_shown():
            return super().make_context(info_name, args, *rest, **more)

    def invoke(self, ctx: Any) -> Any:
        """Parse a command's options and run it."""
        with _errors_shown(ctx):
            return super().invoke(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find a command by its first word, or by two, as `batch merge` is a separate command."""
        if args[:2] == ["batch", "merge"] and not _names_output(args[2:]):
            args = ["batch merge", *args[2:]]
        found = super().resolve_command(ctx, args)
        ctx.meta[COMMAND] = found[0]
        return found


def _names_output(args: list[str]) -> bool:
    """Return whether arguments contain `-o`, which batch requires and `batch merge` lacks."""
    options = args[: args.index("--")] if "--" in args else args
    return any(re.match(r"-[a-z]*o|--output(=|$)", each) for each in options)


@contextlib.contextmanager
def _errors_shown(ctx: Any = None) -> Iterator[None]:
    """Print an error and its hint on stderr, and leave with its exit code."""
    from longsum.cli.console import print_error, print_traceback
    from longsum.cli.flags import as_flag

    try:
        yield
    except LongsumError as error:
        if is_debugging():
            print_traceback(error)
        print_error(*error.rendered(as_flag))
        raise typer.Exit(error.exit_code) from error
    except ParseError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            raise  # no mistake: its message is the help
        print_error(*_parse_message(error, ctx))
        raise typer.Exit(2) from error
    except KeyboardInterrupt as error:
        print_error("interrupted", None)
        raise typer.Exit(130) from error
    except BrokenPipeError as error:
        sys.stderr.close()  # its reader has exited: any further output would fail as well
        raise typer.Exit(1) from error


def _parse_message(error: Any, ctx: Any) -> tuple[str, str]:
    """Return what is wrong with the command line, and what to do, such as which help to read."""
    message = " ".join(error.format_message().split()).rstrip(".").replace("Value error, ", "")
    message = message[:1].lower() + message[1:]
    path = error.ctx.command_path.split()[1:] if error.ctx else []
    if not path and ctx is not None and ctx.meta.get(COMMAND):
        path = [
            ctx.meta[COMMAND]
        ]  # the error for an option without its value does not name the command
    extra = re.fullmatch(r"got unexpected extra argument(?:\(s\)|s)? \((.+)\)", message)
    if extra and path in (["summarize"], ["plan"]):
        first = (error.ctx.params.get("file") or "FILE") if error.ctx else "FILE"
        files = " ".join([shlex.quote(first), extra[1]])
        return f"{path[0]} takes one document", f"for several: longsum batch {files} -o OUT"
    return message, f"{' '.join(['longsum', *path])} -h shows the options"


app = typer.Typer(
    cls=ErrorBoundary,
    no_args_is_help=True,
    epilog=EPILOG,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_version(wanted: bool) -> None:
    """Print the version and exit."""
    if wanted:
        print(f"longsum {__version__}")
        raise typer.Exit


@app.callback(help=HELP)
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", callback=show_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Take the options before the command."""


def _register() -> None:
    """Add the commands; each file imports nothing heavy."""
    from longsum.cli import ask, batch, batch_run, bench, cache, export, extend, models, plan
    from longsum.cli import summarize as summarizing
    from longsum.cli import window as windowing
    from longsum.cli.evaluate import app as evaluate

    commands = (
        *(summarizing.summarize, ask.ask, batch.batch, plan.plan, extend.extend, export.export),
        *(windowing.window, bench.bench, batch_run.merge),
    )
    for command in commands:
        name = "batch merge" if command is batch_run.merge else command.__name__
        app.command(name=name, help=help_text(command, name), cls=PlainCommand)(command)
    for name, group in (("cache", cache), ("models", models), ("evaluate", evaluate)):
        for command in group.app.registered_commands:
            assert command.callback is not None
            word = command.name or command.callback.__name__
            command.cls, command.help = PlainCommand, help_text(command.callback, f"{name} {word}")
        app.add_typer(group.app, name=name, cls=PlainGroup)


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
