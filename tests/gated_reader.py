"""A reader process that goes on when a test lets it, in place of one that holds a model.

It imports nothing heavy. Whatever it answers are the document's own sentences, then one without
support, then `HOSTILE`. A step waits for a file of its name in the folder that `GATES` names.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from longsum.child import is_asked_to_stop
from longsum.window.tasks import Ask, ListModels, Open, Plan, Summarize

GATES = "LONGSUM_TEST_GATES"
CODE = "from longsum.window import reader; reader.FACTORY = 'gated_reader:open_reader'"
"""Puts it in the place of the reader process; for `RunningWindow`."""
READ, ANSWER = "read", "answer"
"""Steps: the second half of the reading; an answer after its first sentence."""
UNSUPPORTED = "The moon is made of green cheese."
HOSTILE = "Hear <img src=x onerror=alert(1)> and [more](http://evil.example) in \u202ereverse."
STEPS = 4
WINDOW = 32_768
Report = Callable[[tuple[str, dict[str, Any]]], None]


class Stopped(Exception):
    """The window asked it to stop."""


def wait_for(gate: str) -> None:
    """Wait until a test opens a gate."""
    while not (Path(os.environ[GATES]) / gate).exists():
        if is_asked_to_stop():
            raise Stopped
        time.sleep(0.01)


def places(text: str) -> list[tuple[int, int]]:
    """Return first and last + 1 characters of the first sentences of a text."""
    return [match.span() for match in re.finditer(r"\S.*?\.(?=\s|$)", text, re.S)][:3]


class GatedReader:
    """Does what the window asks, a step at a time."""

    def __init__(self) -> None:
        self._document: Any = None

    def __call__(self, task: Any, report: Report) -> tuple[str, Any]:
        """Work on a task and return how it ended."""
        try:
            if isinstance(task, Open):
                return "done", self._open(task, report)
            if isinstance(task, Summarize | Ask):
                return "done", self._answer(report)
            return "done", [] if isinstance(task, ListModels | Plan) else None
        except Stopped:
            return "stopped", None

    def _open(self, task: Open, report: Report) -> dict[str, Any]:
        self._document = document = task.document
        tokens = [len(document.text) // 4 // len(document.pages) for _ in document.pages] or [100]
        total = sum(tokens)
        sizes = {"tokens": total, "prompt": 90, "answer": 256, "window": WINDOW, "over": 0}
        report(("counted", {**sizes, "fits": True, "model": "gated", "pages": tokens}))
        report(("phase", {"name": "reading", "line": "reading"}))
        for step in range(1, STEPS + 1):
            if step > STEPS // 2:
                wait_for(READ)
            pages = document.pages
            page = pages[(len(pages) * step - 1) // STEPS].number if pages else None
            done = {"done": total * step // STEPS, "total": total, "page": page}
            report(("prefill", {**done, "tokens_per_s": 1000, "seconds_left": STEPS - step}))
        left_out = {"from_cache": False, "left_out": None}
        return {"tokens": total, "total_tokens": total, "seconds": 1.0, **left_out}

    def _answer(self, report: Report) -> dict[str, Any]:
        text, written = self._document.text, ""
        for number, said in enumerate([*places(text), UNSUPPORTED, HOSTILE]):
            if number:
                wait_for(ANSWER)
            words = said if isinstance(said, str) else " ".join(text[slice(*said)].split())
            piece = f"{' ' if written else ''}{words}"
            report(("text", {"text": piece}))
            written += piece
            span = None if isinstance(said, str) else said
            report(("sentence", self._sentence(words, len(written), span)))
        return {"receipt": ["read all of it"], "cautions": [], "answered": True, "model": "gated"}

    def _sentence(self, words: str, end: int, span: tuple[int, int] | None) -> dict[str, Any]:
        from longsum.documents.document import Span

        reference = None if span is None else self._document.reference(Span(*span))
        place = span and {"start": span[0], "end": span[1], "text": words, "score": 1.0}
        return {
            "start": end - len(words),
            "end": end,
            "text": words,
            "supported": span is not None,
            "refusal": False,
            "heading": False,
            "reference": reference,
            "pages": [] if span is None else list(self._document.pages_of(Span(*span))),
            "reason": None,
            "evidence": [place | {"reference": reference}] if place else [],
            "contrary": None,
            "quotations": [],
        }


def open_reader(argument: Any, say: Any) -> GatedReader:
    """Return the handler of the reader process."""
    return GatedReader()
