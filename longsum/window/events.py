"""The events of a window: one numbered log, which every page of the browser replays and follows.

A page shows what the log says and nothing else, so that one opened again shows the same.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any, NamedTuple

LOOK_S = 1.0
"""Seconds of silence after which a follower is asked whether it is still there."""
MAX_STREAMS = 16


class Event(NamedTuple):
    """Something that happened."""

    number: int
    kind: str
    data: dict[str, Any]


class EventLog:
    """The events since a document was opened; used from one thread.

    Numbers rise by one for as long as the program runs, also where the log begins anew.
    """

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._next = 1
        self._news = asyncio.Event()
        self._ended = False
        self.streams = 0
        """Pages that follow the log now."""
        self.was_followed = False
        """Whether any page has."""

    @property
    def last(self) -> int:
        """Number of the newest event; 0 before the first."""
        return self._next - 1

    def emit(self, kind: str, /, **data: Any) -> None:
        """Add an event."""
        self._events.append(Event(self._next, kind, data))
        self._next += 1
        self._wake()

    def restart(self, kind: str, /, **data: Any) -> None:
        """Drop all events and begin anew with this one."""
        self._events.clear()
        self.emit(kind, **data)

    def after(self, number: int) -> list[Event]:
        """Return the events after a number; all if it is older than the log, or not of it."""
        if not self._events or not self._events[0].number <= number + 1 <= self._next:
            return list(self._events)
        return self._events[number + 1 - self._events[0].number :]

    def end(self) -> None:
        """End every stream, after what is in the log."""
        self._ended = True
        self._wake()

    async def follow(self, number: int) -> AsyncGenerator[Event | None]:
        """Yield the events after a number as they come; None after each silence of `LOOK_S`."""
        self.streams += 1
        self.was_followed = True
        try:
            while True:
                news = self._news  # before the log is read: nothing is missed between
                for event in self.after(number):
                    number = event.number
                    yield event
                if self._ended and not self.after(number):
                    return
                try:
                    await asyncio.wait_for(news.wait(), LOOK_S)
                except TimeoutError:
                    yield None
        finally:
            self.streams -= 1

    def _wake(self) -> None:
        """Wake who follows; later followers wait for later news."""
        self._news.set()
        self._news = asyncio.Event()


def as_stream(event: Event | None) -> bytes:
    """Return an event as `text/event-stream` writes it; a comment for silence."""
    if event is None:
        return b": beat\n\n"
    data = json.dumps(event.data, ensure_ascii=False).encode("utf-8", "replace")
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.number, event.kind.encode(), data)
