"""Report of an evaluation: rows for a table, and everything needed to measure them again.

Works on plain values; prints nothing. Every evaluation returns a `Report`.
"""

from __future__ import annotations

import importlib.metadata
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from longsum import __version__
from longsum.files import replacing

LIBRARIES = ("torch", "transformers", "tokenizers")
"""Libraries whose versions may affect a result."""


@dataclass(frozen=True)
class Column:
    """A column of the table."""

    key: str
    """Key of the value in a row."""
    title: str
    digits: int | None = None
    """Decimal places; None prints the value unrounded."""

    def text(self, row: dict[str, Any]) -> str:
        """Return a row's value as text; empty where there is none."""
        value = row.get(self.key)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return str(value)
        if not math.isfinite(value):
            return "not finite"
        if self.digits is None:
            return f"{value:,}"
        if abs(value) >= 1e6:
            return f"{value:.2e}"
        return f"{value:,.{self.digits}f}"


def utc_now() -> str:
    """Return the current time as ISO 8601, in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Report:
    """The result of one evaluation."""

    kind: str
    """The command: `perplexity`, `passkey`, ..."""
    model: str
    """Label of the model; several are joined by commas."""
    settings: dict[str, Any]
    """What the numbers depend on."""
    columns: Sequence[Column]
    """Columns of the table."""
    rows: Sequence[dict[str, Any]]
    """Values for JSON; may have more than the table shows."""
    notes: Sequence[str] = ()
    """Notes a reader of the numbers needs."""
    machine: dict[str, Any] = field(default_factory=dict)
    """Device, name and dtype."""
    seconds: float = 0.0
    """Duration, loading included; a resumed run counts only its last part."""
    date: str = field(default_factory=utc_now)

    def as_dict(self) -> dict[str, Any]:
        """Return everything for JSON; numbers that are not finite become null."""
        found: dict[str, Any] = {
            "kind": self.kind,
            "model": self.model,
            "settings": self.settings,
            "columns": [{"key": c.key, "title": c.title} for c in self.columns],
            "rows": list(self.rows),
            "notes": list(self.notes),
            "machine": self.machine,
            "versions": versions(),
            "seconds": round(self.seconds, 3),
            "date": self.date,
        }
        plain: dict[str, Any] = finite(found)
        return plain


def versions() -> dict[str, str]:
    """Return the versions of this program and of the libraries that compute its numbers."""
    return {"longsum": __version__} | {name: importlib.metadata.version(name) for name in LIBRARIES}


def finite(value: Any) -> Any:
    """Return a JSON value in which infinities and NaN, which JSON lacks, are null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return value


def write_report(report: Report, path: Path) -> None:
    """Write a report as JSON, complete or not at all.

    Raises:
        OutputError: when the disk is full or the folder cannot be written.
    """
    text = json.dumps(report.as_dict(), ensure_ascii=False, indent=2, allow_nan=False)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
