"""Merge the parts of a batch: several journals become one, with one set of overviews."""

from __future__ import annotations

import os
import re
import shutil
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from longsum.batch.batch_journal import FOLDER, BatchJournal, journal_path, journal_rows, journals
from longsum.batch.export import export
from longsum.batch.lock import locked
from longsum.batch.outcome import DONE
from longsum.batch.progress_db import Ledger
from longsum.errors import DocumentNotFound, OutputError
from longsum.files import replacing
from longsum.settings import Setting
from longsum.terminal import shown_name

_SHARD = re.compile(r"shard-(\d+)-of-(\d+)\.jsonl")


@dataclass(frozen=True)
class Merged:
    """Result of a merge."""

    journals: int
    """Number of journals that were merged."""
    outcomes: dict[str, int]
    """Number of documents by outcome."""
    missing: tuple[str, ...]
    """Parts without a journal, as `2/8`."""

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def merge(output: Path, others: list[Path]) -> Merged:
    """Merge the parts in `output` and in other folders into `output`.

    If it is killed, it can be repeated: a journal is deleted only when its rows are in the merged
    one, and the newest row of a document counts.

    Args:
        output: folder that receives everything.
        others: folders of parts that ran elsewhere; their results are copied, not moved.

    Raises:
        DocumentNotFound: when a folder holds no batch.
        OutputError: when a part is running, or something cannot be written.
    """
    for folder in (output, *others):
        if not journals(folder) and not (folder == output and others):
            raise DocumentNotFound(
                f"{shown_name(str(folder))} holds no results of longsum batch",
                hint=f"name the OUT of `longsum batch {Setting('shard')}`",
            )
    with locked(output):
        ledger = Ledger()
        try:
            found = [path for folder in (output, *others) for path in journals(folder)]
            missing = _missing(found)
            _copy_results(output, others)
            _join(output, found)
            ledger.load(journal_path(output))
            export(output, ledger)
            return Merged(len(found), ledger.outcomes(), missing)
        finally:
            ledger.close()


def _missing(found: list[Path]) -> tuple[str, ...]:
    """Return the missing parts, as `2/8`."""
    present: dict[int, set[int]] = defaultdict(set)
    for path in found:
        if match := _SHARD.fullmatch(path.name):
            present[int(match[2])].add(int(match[1]))
    return tuple(
        f"{part}/{parts}"
        for parts, have in sorted(present.items())
        for part in range(1, parts + 1)
        if part not in have
    )


def _join(output: Path, found: list[Path]) -> None:
    """Append the rows of all journals to that of the whole run, and delete those of parts."""
    whole = journal_path(output)
    journal = BatchJournal(whole)
    try:
        for path in found:
            if path != whole:
                for _, row in journal_rows(path):
                    journal.append(row)
    finally:
        journal.close()
    for path in journals(output):
        if path != whole:
            path.unlink()


def _copy_results(output: Path, others: list[Path]) -> None:
    """Copy the results that the rows of other folders name."""
    for folder in others:
        with locked(folder):
            for path in journals(folder):
                for _, row in journal_rows(path):
                    result = row.get("result")
                    if row["outcome"] == DONE and isinstance(result, str):
                        _copy(folder, output, result)


def _copy(folder: Path, output: Path, name: str) -> None:
    source, target = folder / name, output / name
    inside = os.path.realpath(target).startswith(os.path.realpath(output) + os.sep)
    if not inside or not source.is_file():  # anyone may have written the journal
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as temporary:
            shutil.copyfile(source, temporary)
    except OSError as error:
        raise OutputError(
            f"{shown_name(str(target))} cannot be written: {error.strerror}",
            hint=f"everything is still in {shown_name(str(folder / FOLDER))}",
        ) from error
