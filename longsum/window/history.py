"""The answers about the open document: those of earlier days from the library, and today's."""

from __future__ import annotations

from typing import Any

from longsum.window.answering import Answering
from longsum.window.events import EventLog
from longsum.window.library import Library
from longsum.window.open_file import OpenFile


class History:
    """Joins the answers that the library keeps and those of this run.

    Args:
        log: receives what is shown again, and what is dropped.
        answering: holds the answers of this run.
        library: keeps those of earlier days; None keeps none.
    """

    def __init__(self, log: EventLog, answering: Answering, library: Library | None) -> None:
        self._log, self._answering, self._library = log, answering, library

    def recall(self, opened: OpenFile) -> list[dict[str, Any]]:
        """Show the answers of earlier days, and note that the document was opened."""
        if self._library is None or opened.document is None:
            return []
        document = opened.document
        old = self._library.answers(opened.sha256)
        for each in old:
            self._log.emit("old", **each)
        about = {
            "name": opened.name,
            "title": document.title,
            "path": opened.path,
            "pages": document.total_pages or None,
        }
        copy = opened.data if opened.path is None else None
        self._library.opened(opened.sha256, about, copy)
        return old

    def answers(self, opened: OpenFile) -> list[dict[str, Any]]:
        """Return the answers about a document, those of earlier days first."""
        own = [each.as_dict() for each in self._answering.records.values() if each.state == "done"]
        jobs = {each["job"] for each in own}
        old = self._library.answers(opened.sha256) if self._library else []
        return [each for each in old if each.get("job") not in jobs] + own

    def forget(self, opened: OpenFile, job: str) -> bool:
        """Drop an answer, also from the library; return whether there was one."""
        known = self._answering.forget(job)
        if self._library is not None:
            known = known or any(a.get("job") == job for a in self._library.answers(opened.sha256))
            self._library.remove_answer(opened.sha256, job)
        if known:
            self._log.emit("forgotten", job=job)
        return known
