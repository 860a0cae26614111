"""Where a document's result lies, and what is in it. One file a document, whole or not there."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from longsum.batch.config import BatchFormat
from longsum.errors import OutputError
from longsum.files import replacing
from longsum.terminal import escape_for_terminal, shown_name

if TYPE_CHECKING:
    from longsum.answer import Answer
    from longsum.batch.job import Job

INDEX, LINES, TABLE = "index.md", "results.jsonl", "results.csv"
MOST_NAME_BYTES = 200
"""Of a file's name; systems take 255, and a file in the making has a longer one."""


def result_name(name: str, format: BatchFormat) -> str:
    """Return the path of a document's result inside the output folder.

    The document's own ending stays, lest `report.pdf` and `report.txt` meet.
    """
    folder, slash, base = name.rpartition("/")
    result = f"{base}.{format}"
    if not folder and result in (INDEX, LINES, TABLE):
        result = f"{base}.document.{format}"
    if len(os.fsencode(result)) > MOST_NAME_BYTES:
        digest = hashlib.sha256(os.fsencode(base)).hexdigest()[:12]
        kept = os.fsencode(base)[: MOST_NAME_BYTES - 20].decode("utf-8", "ignore")
        result = f"{kept}-{digest}.{format}"
    return folder + slash + result


def result_text(name: str, answers: list[Answer], job: Job) -> str:
    """Return the content of a result."""
    if job.batch.format == "json":
        payload = [answer.as_dict() for answer in answers]
        whole = payload if len(payload) > 1 else payload[0]
        text = json.dumps(whole, ensure_ascii=False, indent=2)
        if escape_for_terminal(text) != text:
            text = json.dumps(whole, indent=2)
        return text + "\n"
    parts = [f"# {as_markdown(name)}"]
    for answer in answers:
        if answer.question is not None:
            parts.append(f"## {as_markdown(answer.question)}")
        parts.append(answer.marked)
    receipt = "  \n".join(map(job.shown, answers[-1].receipt.lines()))
    return escape_for_terminal("\n\n".join([*parts, "---", receipt])) + "\n"


def as_markdown(text: str) -> str:
    """Return a name or a question on one line, with nothing in it that Markdown or HTML obeys."""
    shown = shown_name(text.encode("utf-8", "backslashreplace").decode())
    return "".join("\\" + char if char in "\\`*_[]<>#|~&" else char for char in shown)


def write_result(output: Path, name: str, text: str) -> int:
    """Write a result, with the folders above it, and return its bytes.

    Raises:
        OutputError: when it cannot be written.
    """
    path = output / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"folder {shown_name(str(path.parent))} cannot be made: {error.strerror}"
        ) from error
    data = text.encode("utf-8", "backslashreplace")
    with replacing(path) as temporary:
        temporary.write_bytes(data)
    return len(data)
