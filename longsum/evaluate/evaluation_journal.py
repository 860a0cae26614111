"""Finished units of an evaluation, in a file next to its output, so that a killed run can continue.

Works on names and JSON values; knows nothing about models. The first line has the settings and
their hash, each further line one finished unit of work.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from longsum.errors import OutputError, UsageError
from longsum.hashing import settings_hash
from longsum.journal import JournalFile, read_entries
from longsum.settings import Setting

FORMAT = "longsum evaluation 1"


def evaluation_journal_path(output: Path) -> Path:
    """Return the path of an output file's journal: `FILE.json.journal`."""
    return output.with_name(output.name + ".journal")


class EvaluationJournal:
    """Finished units by name.

    Args:
        path: the journal's file, which need not exist; None records nothing.
        settings: what the results depend on, as JSON values. A journal with the same settings is
            continued.

    Raises:
        UsageError: when the file has other settings, or is not a journal.
        OutputError: when it cannot be read or written.
    """

    def __init__(self, path: Path | None, settings: dict[str, Any]) -> None:
        self.path = path
        self._settings: dict[str, Any] = json.loads(json.dumps(settings))  # tuples become lists
        self._units: dict[str, dict[str, Any]] = {}
        self._file: JournalFile | None = None
        if path is not None:
            try:
                self._open(path)
            except OSError as error:
                raise OutputError(f"{path} cannot be written: {error.strerror}") from error

    @property
    def finished(self) -> int:
        """Number of units finished by this run and those before it."""
        return len(self._units)

    def get(self, unit: str) -> dict[str, Any] | None:
        """Return a unit's result if this run or an earlier one has finished it."""
        return self._units.get(unit)

    def add(self, unit: str, result: dict[str, Any]) -> None:
        """Record a finished unit's result.

        Raises:
            OutputError: when it cannot be written.
        """
        if self._file is None:
            return
        self._units[unit] = result
        self._file.append({"unit": unit, "result": result})

    def close(self, finished: bool) -> None:
        """Close the file; remove it when the evaluation is finished, or no unit is."""
        if self._file is None:
            return
        self._file.close()
        if finished or not self._units:
            self._file.path.unlink(missing_ok=True)
        self._file = None

    def _open(self, path: Path) -> None:
        """Read the units in the file, and open it to append."""
        found = [entry or {} for _, entry in read_entries(path)] if path.exists() else []
        if found:
            self._require_same(path, found[0])
        for entry in found:
            if isinstance(entry.get("unit"), str) and isinstance(entry.get("result"), dict):
                self._units[entry["unit"]] = entry["result"]
        self._file = JournalFile(path)
        if not found:
            digest = settings_hash(self._settings)
            self._file.append({"journal": FORMAT, "sha256": digest, "settings": self._settings})

    def _require_same(self, path: Path, header: dict[str, Any]) -> None:
        """Refuse to mix results of different settings."""
        if header.get("journal") != FORMAT:
            raise UsageError(
                f"{path} is not a journal of an evaluation",
                hint=f"choose another {Setting('output')}",
            )
        if header.get("sha256") == settings_hash(self._settings):
            return
        earlier = header.get("settings")
        earlier = earlier if isinstance(earlier, dict) else {}
        changed = [key for key in {**earlier, **self._settings} if self._differs(key, earlier)]
        changes = "; ".join(
            f"{key} was {_shown(earlier.get(key))}, is now {_shown(self._settings.get(key))}"
            for key in changed
        )
        raise UsageError(
            f"{path} is from an unfinished run with other settings: {changes}",
            hint=f"repeat that run's command to finish it, choose another {Setting('output')}, or "
            f"add {Setting('redo')} to start again",
        )

    def _differs(self, key: str, earlier: dict[str, Any]) -> bool:
        """Return whether a setting has changed."""
        now = (key in self._settings, self._settings.get(key))
        return (key in earlier, earlier.get(key)) != now


def _shown(value: Any) -> str:
    """Return a setting's value, shortened for one line."""
    text = "unset" if value is None else json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
