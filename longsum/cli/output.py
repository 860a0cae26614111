"""Write answers where the user wants them: whole or not at all."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from longsum.cli.flags import with_flags
from longsum.errors import OutputError
from longsum.files import is_special, replacing
from longsum.terminal import escape_for_terminal


def check_output(path: Path | None, force: bool) -> None:
    """Refuse an output file that cannot be written before any work is done for it.

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
    """Write a file so that it is either whole or not there.

    Raises:
        OutputError: when the disk is full or the folder cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def as_json_text(payload: Any) -> str:
    """Return JSON that is safe to print: readable letters, but nothing a terminal obeys."""
    content = json.dumps(payload, ensure_ascii=False, indent=2)
    if escape_for_terminal(content) != content:
        content = json.dumps(payload, ensure_ascii=True, indent=2)
    return content


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
        payload: for JSON.
        text: for people; was streamed already unless it goes to a file.
        cautions: what a reader of the file must know; the JSON's receipt holds it, too.
        as_json: which of the two is wanted.
        output: a file; None is stdout.
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
