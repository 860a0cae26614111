"""A reader process that goes on when a test lets it, in place of one that holds a model.

It imports nothing heavy. Whatever it answers are the document's own sentences, then one without
support, then `HOSTILE`. A step waits for a file of its name in the folder that `GATES` names.
With `PARTS`, documents are too long for it, and fit in so many parts.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from longsum.child import is_asked_to_stop
from longsum.errors import DocumentTooLong, LongsumError
from longsum.settings import Setting
from longsum.window.tasks import Ask, ListModels, Open, Plan, Summarize

GATES = "LONGSUM_TEST_GATES"
PARTS = "LONGSUM_TEST_PARTS"
CODE = "from longsum.window import reader; reader.FACTORY = 'gated_reader:open_reader'"
"""Puts it in the place of the reader process; for `RunningWindow`."""
READ, ANSWER = "read", "answer"
"""Steps: the second half of the reading; an answer after its first sentence."""
PART = "part"
"""Before its number: the second half of the reading of a part."""
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
        self._parts: list[dict[str, Any]] = []

    def __call__(self, task: Any, report: Report) -> tuple[str, Any]:
        """Work on a task and return how it ended."""
        try:
            if isinstance(task, Open):
                return "done", self._open(task, report)
            if isinstance(task, Summarize | Ask):
                answer = self._answer_in_parts if self._parts else self._answer
                return "done", answer(report)
            return "done", [] if isinstance(task, ListModels | Plan) else None
        except Stopped:
            return "stopped", None
        except LongsumError as error:
            return "failed", error

    def _open(self, task: Open, report: Report) -> dict[str, Any]:
        self._document = document = task.document
        tokens = [len(document.text) // 4 // len(document.pages) for _ in document.pages] or [100]
        total = sum(tokens)
        sizes = {"tokens": total, "prompt": 90, "answer": 256, "window": WINDOW, "over": 0}
        self._parts = []
        if many := int(os.environ.get(PARTS, 0)):
            sizes |= {"window": total // many + 400, "over": total - total // many - 54}
        report(("counted", {**sizes, "fits": not many, "model": "gated", "pages": tokens}))
        if many and not task.parts:
            message = (
                f"{document.name} is too long: {total:,} tokens, gated reads {sizes['window']:,}"
            )
            hint = f"read all of it in {many} parts: {Setting('parts', 'True')}"
            raise DocumentTooLong(message, hint=hint, facts={"parts": many})
        if many:
            return self._divide(many, tokens)
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

    def _divide(self, many: int, tokens: list[int]) -> dict[str, Any]:
        """Divide the document's pages into parts; nothing is read yet."""
        each = len(tokens) // many
        for first in range(1, len(tokens), each):
            last = first + each - 1
            part = {"where": f"pages {first}-{last}", "unit": "page", "first": first, "last": last}
            self._parts.append(part | {"tokens": sum(tokens[first - 1 : last])})
        ranges = ", ".join(f"{part['first']}-{part['last']}" for part in self._parts)
        return {"parts": self._parts, "line": f"{many} parts: pages {ranges}"}

    def _answer_in_parts(self, report: Report) -> dict[str, Any]:
        """Read part after part, and answer with its first sentence."""
        total, before, written = sum(part["tokens"] for part in self._parts), 0, ""

        def said(text: str, start: int | None = None, pages: tuple[int, ...] = ()) -> None:
            nonlocal written
            report(("text", {"text": text}))
            written += text
            span = None if start is None else (start, start + len(text))
            sentence = self._sentence(text, len(written), span)
            if span is None:
                sentence |= {"heading": True, "supported": True, "pages": list(pages)}
            report(("sentence", sentence))
            report(("text", {"text": "\n\n"}))
            written += "\n\n"

        for number, part in enumerate(self._parts, 1):
            now = {"number": number, "of": len(self._parts)}
            report(("part", now | {"where": part["where"], "first": part["first"]}))
            report(("phase", {"name": "reading", "line": "reading"}))
            for half in (1, 2):
                done = before + part["tokens"] * half // 2
                page = (part["first"] + part["last"]) // 2 if half == 1 else part["last"]
                left = {"seconds_left": 60 * (len(self._parts) - number + 1), "tokens_per_s": 1000}
                report(("prefill", {"done": done, "total": total, "page": page, **left}))
                if half == 1:
                    wait_for(f"{PART}{number}")
            before += part["tokens"]
            report(("phase", {"name": "choosing", "line": "choosing"}))
            said(f"Part {number} of {len(self._parts)} ({part['where']})", pages=(part["first"],))
            start = self._document.pages[part["first"] - 1].start
            end = places(self._document.text[start:])[0][1]
            said(self._document.text[start : start + end], start)
        receipt = f"read {total:,} of {total:,} tokens in {len(self._parts)} parts"
        return {"receipt": [receipt], "cautions": [], "answered": True, "model": "gated"}

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
