"""Run the command line in this process, or in one of its own; documents and models to run it on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from pdfs import text_pages, wrapped
from typer.testing import CliRunner

from longsum.events import Listener

torch.set_num_threads(1)  # small models are faster on one, the more so on a busy machine

REPOSITORY = Path(__file__).parent.parent
ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
LIVE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]"
)
"""What a terminal obeys instead of showing."""


SUBJECTS = (
    *("The harbour commission", "A young engineer", "The town council", "An honest fisherman"),
    *("The night watchman", "A visiting judge", "The chief surveyor", "An elderly captain"),
    *("The museum director", "A group of farmers"),
)
ACTIONS = ("inspected the broken", "described the flooded", "paid for the unfinished")
PLACES = ("lighthouse", "railway", "granary", "dockyard", "cathedral")
REPEATED = "The commission repeated its warning about the old sea wall."
REORDERED = "About the old sea wall the commission repeated its warning."
MARKED = re.compile(r"(?:- )?(\S.*?) \[(pp?\. \d+(?:-\d+)?|line \d+)\]")
"""A printed sentence and its reference."""


def story(pages: int = 3) -> list[list[str]]:
    """Return the sentences of a report, page by page; one comes again, once in other words."""
    report = [
        [
            f"{who} {ACTIONS[page % 3]} {PLACES[(number + page) % 5]} near the river in "
            f"{1700 + 20 * page + number}."
            for number, who in enumerate(SUBJECTS)
        ]
        for page in range(pages)
    ]
    for page, sentence in zip(report, (REPEATED, REORDERED, REPEATED), strict=False):
        page.append(sentence)
    return report


def report_pdf(path: Path, pages: int = 3) -> Path:
    """Write the report as a PDF."""
    path.write_bytes(text_pages(*[wrapped(" ".join(page)) for page in story(pages)]))
    return path


def printed(answer: str) -> list[tuple[str, str]]:
    """Return a verbatim answer's sentences with their references."""
    return MARKED.findall(answer)


class Recorder(Listener):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.notices: list[str] = []
        self.warnings: list[str] = []
        self.phases: list[str] = []
        self.reading: list[tuple[int, int]] = []
        self.pieces: list[str] = []

    def notice(self, line: str) -> None:
        self.notices.append(line)

    def warning(self, line: str) -> None:
        self.warnings.append(line)

    def phase(self, name: str) -> None:
        self.phases.append(name)

    def prefill(self, done: int, total: int) -> None:
        self.reading.append((done, total))

    def text(self, piece: str) -> None:
        self.pieces.append(piece)


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    exit_code: int
    stdout: str
    stderr: str


def run(*arguments: object, stdin: bytes | None = None, strip: bool = True) -> Result:
    """Run a command in this process; a bug's exception comes through.

    Args:
        arguments: as on the command line, `longsum` left out.
        stdin: what is piped in.
        strip: take colours off, which tests of words don't care for.
    """
    from longsum.cli import app

    found = CliRunner().invoke(app, [str(a) for a in arguments], input=stdin, prog_name="longsum")
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    texts = (found.stdout, found.stderr)
    return Result(found.exit_code, *(ANSI.sub("", text) if strip else text for text in texts))


def environment(**extra: str) -> dict[str, str]:
    """Return the environment of a process of its own: this test's homes, one thread, no network."""
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    fixed = {"PYTHONPATH": path, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "TERM": "xterm"}
    return kept | fixed | extra


def start(code: str, *arguments: object, **options: object) -> subprocess.Popen[bytes]:
    """Start `longsum` in a process of its own, after some code that prepares it."""
    script = f"{code}\nfrom longsum.cli import main\nmain()"
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(  # type: ignore[call-overload]
        command, env=environment(), preexec_fn=heed_interrupts, **options
    )


def heed_interrupts() -> None:
    """Undo a shell's deafness to Ctrl-C, which commands in its background inherit."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def assert_refused(result: Result, exit_code: int, *parts: str) -> None:
    """Check that a command was refused as it should: no answer, an error, a hint, no traceback."""
    assert result.exit_code == exit_code, result
    assert result.stdout == ""
    lines = [line for line in result.stderr.splitlines() if line.startswith(("error: ", "hint: "))]
    assert [line.split(":")[0] for line in lines] == ["error", "hint"], result.stderr
    assert "Traceback" not in result.stderr
    for part in parts:
        assert part in result.stderr
