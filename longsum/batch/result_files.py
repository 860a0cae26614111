"""Path and content of a document's result: one file per document, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from longsum.batch.config import BatchFormat
from longsum.errors import OutputError
from longsum.files import replacing
from longsum.marking import INDENT
from longsum.terminal import escape_for_terminal, shown_name

if TYPE_CHECKING:
    from longsum.answer import Answer
    from longsum.batch.job import Job

INDEX, LINES, TABLE = "index.md", "results.jsonl", "results.csv"
MAX_NAME_BYTES = 200
"""Bytes in a file name; systems allow 255, and a temporary file needs a longer name."""


def result_name(name: str, format: BatchFormat) -> str:
    """Return the path of a document's result inside the output folder.

    It keeps the document's suffix, so that `report.pdf` and `report.txt` do not collide.
    """
    folder, slash, base = name.rpartition("/")
    result = f"{base}.{format}"
    if not folder and result in (INDEX, LINES, TABLE):
        result = f"{base}.document.{format}"
    if len(os.fsencode(result)) > MAX_NAME_BYTES:
        digest = hashlib.sha256(os.fsencode(base)).hexdigest()[:12]
        stem = os.fsencode(base)[: MAX_NAME_BYTES - 20].decode("utf-8", "ignore")
        result = f"{stem}-{digest}.{format}"
    return folder + slash + result


def result_text(name: str, answers: list[Answer], job: Job) -> str:
    """Return the content of a result file.

    Args:
        name: the document's path inside the folder.
        answers: a summary, or an answer per question; at least one.
        job: what was asked; its format is `md` or `json`.
    """
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
        parts.append(with_quotes(answer.marked))
    receipt = "  \n".join(map(job.shown, answers[-1].receipt.lines()))
    return escape_for_terminal("\n\n".join([*parts, "---", receipt])) + "\n"


def with_quotes(marked: str) -> str:
    """Return an answer with its sources as quotations; Markdown reads indented lines as code."""
    quoted = re.sub(rf"(?m)(?:^{INDENT}.*\n?)+", lambda m: _quote(m[0]), marked)
    return quoted.strip("\n")


def _quote(lines: str) -> str:
    found = (f"> {line.strip()}" for line in lines.splitlines())
    return "\n" + "\n>\n".join(found) + "\n\n"


def as_markdown(text: str) -> str:
    """Return a name or a question on one line, escaped for Markdown and HTML."""
    shown = shown_name(text.encode("utf-8", "backslashreplace").decode())
    return "".join("\\" + char if char in "\\`*_[]<>#|~&" else char for char in shown)


def write_result(output: Path, name: str, text: str) -> int:
    """Write a result, creating its folder.

    Args:
        output: folder of the results.
        name: path inside it, from `result_name`.
        text: content of the file.

    Returns:
        Its size in bytes.

    Raises:
        OutputError: when it cannot be written.
    """
    path = output / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"folder {shown_name(str(path.parent))} cannot be created: {error.strerror}"
        ) from error
    data = text.encode("utf-8", "backslashreplace")
    with replacing(path) as temporary:
        temporary.write_bytes(data)
    return len(data)
