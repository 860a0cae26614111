"""The command line: the app, and the one place where errors become exit codes.

Nothing heavy is imported here: `longsum --help` must answer at once.
"""

from __future__ import annotations

import inspect
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from longsum import __version__
from longsum.errors import LongsumError

EPILOG = (
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 document unreadable or too long, "
    "4 too little memory, 5 model unavailable, 130 interrupted."
)


class ErrorBoundary(TyperGroup):
    """Turns our errors into two lines and an exit code; a bug keeps its traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        from longsum.cli.console import print_error

        try:
            return super().invoke(ctx)
        except LongsumError as error:
            print_error(error.message, error.hint)
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            print_error("interrupted", None)
            raise typer.Exit(130) from error
        except BrokenPipeError as error:
            sys.stderr.close()  # the reader has gone: whatever else is printed would fail, too
            raise typer.Exit(1) from error


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


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", callback=show_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Read the whole of a long document with a language model on this computer.

    Summaries and answers carry the page of every statement. Nothing is chunked, nothing is cut
    silently, nothing leaves the machine.

    longsum summarize report.pdf
    longsum ask book.txt "Who wrote the letter?"
    """


def _joined(docstring: str) -> str:
    """Put each paragraph on one line, as the help wraps them itself."""
    paragraphs = inspect.cleandoc(docstring).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _register() -> None:
    """Add the commands; each file imports nothing heavy."""
    from longsum.cli import ask, models, plan, summarize

    for command in (summarize.summarize, ask.ask, plan.plan):
        app.command(name=command.__name__, help=_joined(command.__doc__ or ""))(command)
    app.add_typer(models.app, name="models")


_register()


def main() -> None:
    """Run the command line."""
    app(prog_name="longsum")
