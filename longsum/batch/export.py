"""Write the overviews of an output folder from its rows: index.md, results.jsonl, results.csv.

One row at a time: a million documents take no more memory than one.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from longsum.batch.batch_journal import journals
from longsum.batch.outcome import DONE, FAILED, Row
from longsum.batch.progress_db import Ledger
from longsum.batch.result_files import INDEX, LINES, TABLE, as_markdown
from longsum.errors import OutputError
from longsum.files import replacing

MAX_PREVIEW = 240
"""Characters of an answer in the index."""
_INTERNAL = ("settings", "size", "mtime_ns", "result_bytes", "again")
"""Fields of a row that only the next run needs."""
COLUMNS = (
    *("document", "outcome", "question", "text", "result", "error", "hint", "warnings"),
    *("tokens_read", "tokens_total", "pages_read", "pages_total", "truncated", "left_out"),
    *("answer_tokens",),
    *("finish_reason", "model", "seconds", "worker", "finished_at", "sha256"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters of a cell that a spreadsheet takes for a formula."""


def is_current(output: Path) -> bool:
    """Return whether the overviews are newer than every journal."""
    try:
        oldest = min((output / name).stat().st_mtime_ns for name in (INDEX, LINES, TABLE))
        return oldest >= max(path.stat().st_mtime_ns for path in journals(output))
    except (OSError, ValueError):
        return False


def export(output: Path, ledger: Ledger) -> None:
    """Write the overviews, each whole or not at all.

    Raises:
        OutputError: when one cannot be written.
    """
    try:
        with ExitStack() as stack:

            def opened(name: str) -> IO[str]:
                path = stack.enter_context(replacing(output / name))
                file = path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
                return stack.enter_context(file)

            index, lines = opened(INDEX), opened(LINES)
            table = csv.writer(opened(TABLE))
            table.writerow(COLUMNS)
            _begin_index(index, ledger)
            for row in ledger.rows():
                index.write(index_entry(row))
                lines.write(json.dumps(public_fields(row), ensure_ascii=False) + "\n")
                table.writerows(table_rows(row))
    except OSError as error:
        raise OutputError(
            f"the overviews in {output} cannot be written: {error.strerror}",
            hint="free some space, then run the same command again",
        ) from error


def _begin_index(file: IO[str], ledger: Ledger) -> None:
    counts = ledger.outcomes()
    parts = [f"{number:,} {outcome}" for outcome, number in sorted(counts.items())]
    file.write(f"# Documents\n\n{', '.join(parts) or 'none'}. All of it: [{LINES}]({LINES}), ")
    file.write(f"[{TABLE}]({TABLE}).\n")


def index_entry(row: Row) -> str:
    """Return a document's entry in the index: its name, a link to its result, its first lines."""
    name = as_markdown(row["document"])
    if row["outcome"] != DONE:
        error = row["error"] or {}
        return f"\n## {name}\n\n{row['outcome']}: {as_markdown(error.get('message') or '')}\n"
    link = quote(str(row["result"]).encode("utf-8", "surrogateescape"))
    parts = [f"\n## [{name}]({link})\n"]
    for answer in row["answers"]:
        asked = f"**{as_markdown(answer['question'])}** " if answer["question"] else ""
        parts.append(f"\n{asked}{as_markdown(first_lines(answer['text']))}\n")
    for line in row.get("warnings") or ():
        parts.append(f"\nWarning: {as_markdown(line)}\n")
    return "".join(parts)


def first_lines(text: str) -> str:
    """Return the beginning of a text, on one line, cut between words."""
    flat = " ".join(text[: 4 * MAX_PREVIEW].split())
    if len(flat) <= MAX_PREVIEW:
        return flat
    return flat[:MAX_PREVIEW].rpartition(" ")[0] + " …"


def public_fields(row: Row) -> dict[str, Any]:
    """Return the fields of a row that are meant for other tools."""
    return {key: value for key, value in row.items() if key not in _INTERNAL}


def table_rows(row: Row) -> Iterator[list[Any]]:
    """Yield a document's rows in the table: one, or one per question."""
    receipt, error = row.get("receipt") or {}, row.get("error") or {}
    known = receipt | row
    known |= {
        "error": error.get("message"),
        "hint": error.get("hint"),
        "warnings": " | ".join(row.get("warnings") or ()),
    }
    for answer in row.get("answers") or [{}]:
        line = known | answer
        yield [_cell(line.get(column)) for column in COLUMNS]


def _cell(value: Any) -> Any:
    """Return a value that is safe in a spreadsheet: text is never a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return "" if value is None else value


def failures(ledger: Ledger) -> Iterator[Row]:
    """Yield the rows of the documents that failed."""
    return (row for row in ledger.rows() if row["outcome"] == FAILED)
