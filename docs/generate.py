"""Write docs/cli.md, the reference of the command line, from the commands' own `--help`.

python docs/generate.py
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

COMMANDS = (
    (),
    ("summarize",),
    ("ask",),
    ("window",),
    ("batch",),
    ("batch merge",),
    ("plan",),
    ("bench",),
    ("cache",),
    ("cache", "list"),
    ("cache", "clear"),
    ("extend",),
    ("export",),
    ("evaluate",),
    ("evaluate", "perplexity"),
    ("evaluate", "passkey"),
    ("evaluate", "summaries"),
    ("evaluate", "answers"),
    ("evaluate", "short"),
    ("evaluate", "speed"),
    ("models",),
    ("models", "list"),
    ("models", "show"),
    ("models", "pull"),
    ("models", "remove"),
    ("models", "use"),
)
COLUMNS = 100
HEADING = """\
# Command line

Every command's `--help`. This page is written by `python docs/generate.py`.
"""
PROGRAM = f"from longsum.cli import app; app(prog_name='longsum', terminal_width={COLUMNS})"


def help_of(command: tuple[str, ...]) -> str:
    """Return a command's help as plain text: no boxes, no colours, a fixed width."""
    environment = os.environ | {"TYPER_USE_RICH": "0", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    shown = subprocess.run(
        [sys.executable, "-c", PROGRAM, *" ".join(command).split(), "--help"],
        env=environment,
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    text = re.sub(r" <(?:str|list\[str\])>", "", shown.stdout)  # some versions show types
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def reference() -> str:
    """Return the page."""
    parts = [HEADING]
    for command in COMMANDS:
        name = " ".join(["longsum", *command])
        parts.append(f"## `{name}`\n\n```console\n$ {name} --help\n{help_of(command)}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    Path(__file__).with_name("cli.md").write_text(reference(), encoding="utf-8")
