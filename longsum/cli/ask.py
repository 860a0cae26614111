"""`longsum ask`: its options, its output, and the interactive session."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from longsum.cli import options as o
from longsum.cli.grouping import grouped
from longsum.cli.run import Opened, deliver_answers, opened
from longsum.config import AskConfig, DecodeConfig
from longsum.errors import UsageError

if TYPE_CHECKING:
    from longsum.answer import Answer
    from longsum.cli.console import Reporter
    from longsum.session import Session

HELP = "Ask a question. Up recalls earlier ones, Ctrl-C stops an answer, /quit or Ctrl-D leaves."
LEAVE = ("/quit", "/exit", "/q", "quit", "exit", ":q")
COMMANDS = {"/quit": "leave (also exit, quit, :q)", "/help": "show what can be typed"}


@grouped
def ask(
    file: o.File,
    questions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUESTION",
            help="Questions to answer in one reading; also from a pipe, one per line. Without "
            "any, an interactive session, in which a question may refer to the one before.",
        ),
    ] = None,
    *,
    answer: o.AnswerOptions,
    sampling: o.SamplingOptions,
    reading: o.ReadingOptions,
    cache: o.CacheOptions,
    model: o.ModelOptions,
    output: o.OutputOptions,
) -> None:
    """Answer questions about a whole document, each statement with its page.

    The document is read once, however many questions there are. The bundled model is not used for
    questions: a trained head ranks the sentences by their words. Other models that answer with
    sentences of the document judge the passages around the best of them: smol, where it is on the
    disk and no model is named, which also points at the words that answer. A sentence that likely
    holds the answer stands alone, with "Less likely" ones after it; "Perhaps" comes before
    sentences none of which stands out. "No sentence found for this." may be followed by "Nearest":
    up to two sentences that share words with the question, which are not an answer.
    """
    asked = list(questions or []) or _piped_questions(file)
    interactive = not asked
    if interactive:
        _require_terminal(file, output.as_json, output.output is not None)
    answer, model = o.told_apart(answer, model)
    config, decode = answer.ask_config(), sampling.decode_config()
    from longsum.ask import AskTask
    from longsum.cli.state import history

    tasks = [AskTask(config, decode, tuple(asked))]
    with opened(file, tasks, reading, cache, model, output) as document:
        if interactive:
            _require_one_reading(document.session)
            with history(remember=document.reporter.remember):
                converse(document.session, config, decode, document.reporter)
        else:
            _answer_all(document, asked, config, decode, output)


def _piped_questions(file: str) -> list[str]:
    """Return the questions piped in, one per line; none where the document is piped in."""
    if file == "-" or sys.stdin is None or sys.stdin.isatty():
        return []
    return [line.strip() for line in sys.stdin if line.strip()]


def _require_terminal(file: str, as_json: bool, to_file: bool) -> None:
    """Refuse an interactive session where there is no terminal."""
    example = 'longsum ask book.txt "Who wrote the letter?"'
    if file == "-" or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("no question given, and no terminal to ask for one", hint=example)
    if as_json or to_file:
        raise UsageError("--json and --output need a question", hint=example)


def _require_one_reading(session: Session) -> None:
    """Refuse an interactive session over parts, each of which every question would need again."""
    if session.in_parts:
        raise UsageError(
            "an interactive session needs the whole document in one window; this one is read in "
            "parts",
            hint='give the questions at once: longsum ask book.txt "Who wrote the letter?" --parts',
        )


def _answer_all(
    document: Opened,
    questions: list[str],
    config: AskConfig,
    decode: DecodeConfig,
    output: o.OutputOptions,
) -> None:
    """Answer the questions of the command line."""
    if document.session.in_parts:
        deliver_answers(document, document.session.ask_all(questions, config, decode), output)
        return
    answers: list[Answer] = []
    for number, question in enumerate(questions):
        if len(questions) > 1:
            document.reporter.text(("\n\n" if number else "") + f"{question}\n")
        answers.append(document.session.ask(question, config, decode))
    deliver_answers(document, answers, output)


def converse(session: Session, config: AskConfig, decode: DecodeConfig, reporter: Reporter) -> None:
    """Answer questions typed on the terminal until the user leaves.

    Args:
        session: the open document.
        config: settings of the answers.
        decode: how answers are generated.
        reporter: shows progress, notices and errors.
    """
    from longsum.cli.console import print_error, print_line
    from longsum.cli.flags import as_flag
    from longsum.errors import LongsumError

    reporter.notice(HELP)
    before: Answer | None = None
    while True:
        reporter.clear()
        try:
            question = input("? ").strip()
        except EOFError:
            print()
            return
        except KeyboardInterrupt:
            print()
            reporter.notice("/quit ends the session")
            continue
        if question.lower() in LEAVE:
            return
        if question.startswith("/") or not question:
            _help(question, reporter)
            continue
        try:
            before = answer = session.ask(question, config, decode, before)
            reporter.clear()
            print("\n")
            for line in answer.receipt.answer_cautions():
                print_line("warning", "yellow", line)
            reporter.notice(answer.receipt.lines()[-1])
            session.save()
        except KeyboardInterrupt:
            reporter.clear()
            print()
            reporter.notice("stopped; the document stays open")
        except LongsumError as error:
            reporter.clear()
            print_error(*error.rendered(as_flag))


def _help(typed: str, reporter: Reporter) -> None:
    """Show what can be typed, or that a command is unknown."""
    if typed in ("", "/help"):
        reporter.notice(HELP)
        return
    known = "; ".join(f"{name}: {what}" for name, what in COMMANDS.items())
    reporter.notice(f"unknown command {typed.split()[0]}. {known}")
