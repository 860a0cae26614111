"""Write answers to stdout or a file, completely or not at all."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from longsum.cli.flags import with_flags
from longsum.errors import OutputError
from longsum.files import is_special, replacing
from longsum.terminal import escape_for_terminal

_RECTANGLE = re.compile(r"\[\n\s+([-\d.e]+),\n\s+([-\d.e]+),\n\s+([-\d.e]+),\n\s+([-\d.e]+)\n\s+\]")
"""Four numbers, each on a line: a newline in JSON is never inside a text."""


def check_output(path: Path | None, force: bool) -> None:
    """Refuse an output file that cannot be written, before any work is done.

    Raises:
        OutputError: when it exists and `--force` is absent, or its folder cannot be written.
    """
    if path is None:
        return
    if path.is_dir():
        raise OutputError(f"{path} is a folder", hint="name a file")
    if is_special(path):
        if not os.access(path, os.W_OK):
            raise OutputError(f"{path} cannot be written", hint="name another file")
        return
    if path.exists() and not force:
        raise OutputError(f"{path} exists", hint="add --force to overwrite it")
    if not path.parent.is_dir():
        raise OutputError(f"folder {path.parent} does not exist", hint="create it first")
    if not os.access(path.parent, os.W_OK):
        raise OutputError(f"folder {path.parent} cannot be written", hint="name another folder")


def write_atomically(path: Path, text: str) -> None:
    """Write a file completely or not at all.

    Raises:
        OutputError: when the disk is full or the folder cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def as_json_text(payload: Any) -> str:
    """Return JSON that is safe to print: readable letters, but no control sequences."""
    content = json.dumps(payload, ensure_ascii=False, indent=2)
    if escape_for_terminal(content) != content:
        content = json.dumps(payload, ensure_ascii=True, indent=2)
    return _RECTANGLE.sub(r"[\1, \2, \3, \4]", content)


def deliver(
    payload: Any,
    text: str,
    *,
    as_json: bool,
    output: Path | None,
    cautions: Sequence[str] = (),
) -> None:
    """Write a finished answer to its file, or print the JSON.

    Args:
        payload: answer for JSON.
        text: answer as text; already streamed unless it goes to a file.
        cautions: warnings to append to the text; the receipt in the JSON contains them already.
        as_json: write the payload, not the text.
        output: file to write; None is stdout.

    Raises:
        OutputError: when the file cannot be written.
    """
    if cautions:
        text = "\n\n".join([text, "\n".join(f"[{with_flags(line)}]" for line in cautions)])
    content = as_json_text(payload) if as_json else escape_for_terminal(text)
    if output is not None:
        write_atomically(output, content + "\n")
    elif as_json:
        sys.stdout.write(content + "\n")
    else:
        sys.stdout.write("\n")
    sys.stdout.flush()
