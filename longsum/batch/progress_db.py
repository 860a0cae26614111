"""What is done and what is to do in a batch: a scratch database built from the journals.

Every run builds it again from the journals and the folder, and deletes it; the journals are the
source of truth. It is on disk, so that a million documents take no more memory than a thousand.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from longsum.batch.batch_journal import journal_rows, row_at
from longsum.batch.eta import Work
from longsum.batch.inputs import Input
from longsum.batch.job import Job
from longsum.batch.outcome import DONE, FAILED, SKIPPED, Row
from longsum.batch.reading import ReadTask
from longsum.documents.formats import format_of_name

_SCHEMA = """
CREATE TABLE journals (id INTEGER PRIMARY KEY, path BLOB);
CREATE TABLE rows (
    name BLOB PRIMARY KEY, outcome TEXT, size INTEGER, mtime_ns INTEGER, sha256 TEXT,
    settings TEXT, result BLOB, result_bytes INTEGER, again INTEGER, finished_at TEXT,
    journal INTEGER, offset INTEGER, ours INTEGER
) WITHOUT ROWID;
CREATE TABLE inputs (name BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE todo (
    size INTEGER, name BLOB, path BLOB, mtime_ns INTEGER, sha256 TEXT, named INTEGER
);
"""


@dataclass
class Counts:
    """Numbers of documents found before the work begins."""

    done_before: int = 0
    failed_before: int = 0
    skipped_before: int = 0
    work: dict[str, Work] = field(default_factory=dict)
    """Documents to do by format, as far as their names show it."""

    @property
    def todo(self) -> int:
        """Number of documents to work on."""
        return sum(work.documents for work in self.work.values())

    @property
    def documents(self) -> int:
        """Number of all documents of this run."""
        return self.todo + self.done_before + self.failed_before + self.skipped_before


class Ledger:
    """Rows of all runs, and the documents to do."""

    def __init__(self) -> None:
        # "" is a private database on disk that is deleted when it is closed
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(_SCHEMA)
        self._journals: dict[Path, int] = {}

    def close(self) -> None:
        """Close and delete the database."""
        self._database.close()

    # ---- rows

    def load(self, path: Path) -> None:
        """Load a journal; the newest row of a document counts."""
        if not path.exists():
            return
        self._database.execute("BEGIN")
        for offset, row in journal_rows(path):
            self.put(row, path, offset, ours=False)
        self._database.execute("COMMIT")

    def put(self, row: Row, journal: Path, offset: int, *, ours: bool = True) -> None:
        """Insert a row, unless there is a newer one for its document.

        Args:
            row: the whole row.
            journal: file that holds it.
            offset: its byte offset there.
            ours: whether this run made it.
        """
        result = row.get("result")
        self._database.execute(
            "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET outcome=excluded.outcome, size=excluded.size, "
            "mtime_ns=excluded.mtime_ns, sha256=excluded.sha256, settings=excluded.settings, "
            "result=excluded.result, result_bytes=excluded.result_bytes, again=excluded.again, "
            "finished_at=excluded.finished_at, journal=excluded.journal, offset=excluded.offset, "
            "ours=excluded.ours "
            "WHERE excluded.finished_at >= rows.finished_at",
            (
                os.fsencode(row["document"]),
                row["outcome"],
                row.get("size"),
                row.get("mtime_ns"),
                row.get("sha256"),
                row.get("settings"),
                None if result is None else os.fsencode(result),
                row.get("result_bytes"),
                int(bool(row.get("again"))),
                str(row.get("finished_at") or ""),
                self._journal_id(journal),
                offset,
                int(ours),
            ),
        )

    def _journal_id(self, path: Path) -> int:
        if path not in self._journals:
            number = len(self._journals)
            self._journals[path] = number
            self._database.execute(
                "INSERT INTO journals VALUES (?, ?)", (number, os.fsencode(path))
            )
        return self._journals[path]

    def rows(self) -> Iterator[Row]:
        """Yield every document's newest whole row, sorted by name."""
        paths = {number: path for path, number in self._journals.items()}
        files = {number: path.open("rb") for number, path in paths.items() if path.exists()}
        try:
            found = self._database.execute("SELECT journal, offset FROM rows ORDER BY name")
            for journal, offset in found:
                yield row_at(files[journal], offset)
        finally:
            for file in files.values():
                file.close()

    def row(self, name: str) -> Row | None:
        """Return a document's newest row."""
        found = self._database.execute(
            "SELECT journals.path, offset FROM rows JOIN journals ON journals.id = journal "
            "WHERE name = ?",
            (os.fsencode(name),),
        ).fetchone()
        if found is None:
            return None
        with open(os.fsdecode(found[0]), "rb") as file:
            return row_at(file, found[1])

    def outcomes(self) -> dict[str, int]:
        """Return the number of documents by outcome."""
        return dict(self._database.execute("SELECT outcome, count(*) FROM rows GROUP BY outcome"))

    # ---- documents

    def plan(self, inputs: Iterable[Input], job: Job) -> Counts:
        """Record which documents are to be worked on; each counts once.

        A document is left out if its row has the same size, modification time and settings, and
        its result exists.
        """
        counts = Counts()
        self._database.execute("BEGIN")
        for each in inputs:
            name = os.fsencode(each.name)
            new = self._database.execute("INSERT OR IGNORE INTO inputs VALUES (?)", (name,))
            if not new.rowcount:
                continue
            known = self._database.execute(
                "SELECT outcome, size, mtime_ns, sha256, settings, result, result_bytes, again "
                "FROM rows WHERE name = ?",
                (name,),
            ).fetchone()
            verdict, sha256 = _verdict(each, known, job)
            if verdict == DONE:
                counts.done_before += 1
            elif verdict == SKIPPED:
                counts.skipped_before += 1
            elif verdict == FAILED:
                counts.failed_before += 1
            else:
                work = counts.work.setdefault(format_of_name(each.name), Work())
                work.documents += 1
                work.size += max(0, each.size)
                self._database.execute(
                    "INSERT INTO todo VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        each.size,
                        name,
                        os.fsencode(each.path),
                        each.mtime_ns,
                        sha256,
                        int(each.named),
                    ),
                )
        self._database.execute("CREATE INDEX longest ON todo (size DESC, name)")
        self._database.execute("COMMIT")
        return counts

    def todo(self) -> Iterator[ReadTask]:
        """Yield the documents that this run has yet to settle, the longest first."""
        found = self._database.execute(
            "SELECT todo.size, name, path, todo.mtime_ns, todo.sha256, named FROM todo "
            "LEFT JOIN rows USING (name) WHERE ours IS NOT 1 ORDER BY todo.size DESC, name"
        )
        for size, name, path, mtime_ns, sha256, named in found:
            yield ReadTask(
                os.fsdecode(name), os.fsdecode(path), size, mtime_ns, sha256, bool(named)
            )


_Known = tuple[str, int, int, str | None, str, bytes | None, int | None, int]


def _verdict(each: Input, known: _Known | None, job: Job) -> tuple[str | None, str | None]:
    """Return the outcome if it is still valid, else None and the sha256 that would confirm it."""
    if known is None or job.batch.redo:
        return None, None
    outcome, size, mtime_ns, sha256, settings, result, result_bytes, again = known
    unchanged = (size, mtime_ns) == (each.size, each.mtime_ns)
    if outcome == SKIPPED:
        return (SKIPPED, None) if unchanged else (None, None)
    if settings != job.settings:
        return None, None
    if outcome == FAILED:
        is_valid = unchanged and not again and not job.batch.retry_failed
        return (FAILED, None) if is_valid else (None, None)
    if not _has_result(job.output, result, result_bytes):
        return None, None
    return (DONE, None) if unchanged else (None, sha256)


def _has_result(output: Path, result: bytes | None, size: int | None) -> bool:
    """Return whether a result file has the size it was written with."""
    if result is None:
        return False
    try:
        return os.stat(os.path.join(os.fsencode(output), result)).st_size == size
    except OSError:
        return False
