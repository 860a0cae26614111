"""What the window's reader process does: it holds the model and the document as it was read.

It works on one task at a time and reports events; the window survives it (`reader.py`). It opens
no document: it is sent the text.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import singledispatchmethod
from typing import Any, TypeVar

from longsum.answer import Answer
from longsum.ask import AskTask
from longsum.bytesize import format_bytes
from longsum.config import LoadConfig
from longsum.divide import divide
from longsum.errors import LongsumError, describe_bug
from longsum.events import Listener
from longsum.merge import PartsReader
from longsum.model.find import Model, find_model, find_model_for_plan
from longsum.preferred import for_summaries
from longsum.prepared import Prepared
from longsum.reading import open_reading
from longsum.selection.confidence import is_sure
from longsum.session import LoadedModel, Session
from longsum.window import tasks
from longsum.window.counting import asked_of, chunk_tokens, counted, planned, prepared_for
from longsum.window.listening import (
    AnswerListener,
    ReadingListener,
    Report,
    SavingListener,
    Stopped,
)
from longsum.window.listening_in_parts import PartsListener
from longsum.window.wording import shown

HEAVY = "longsum.loading.weights"
"""Imports torch and transformers."""
LARGER = "This is the small bundled model. Larger ones that fit are under Model."
Planned = TypeVar("Planned", bound=tasks.Plan)
Result = tuple[str, Any]
"""How a task ended: `done`, `stopped` or `failed`, and what it returns: values, or an error."""


class ReadingWorker:
    """A model in memory, and a document as it read it."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._before: Answer | None = None
        """The last answer to a question about the document, which the next may refer to."""
        self._parts: PartsReader | None = None
        """Reads the document part by part, where it is too long to be read at once."""
        self._page_tokens: list[int] = []
        self._weights: tuple[Any, ...] | None = None

    def __call__(self, task: tasks.Task, report: Report) -> Result:
        """Work on a task and return how it ended."""
        try:
            return "done", self._do(task, report)
        except Stopped:
            return "stopped", None
        except LongsumError as error:
            return "failed", error
        except MemoryError:
            return "failed", LongsumError("there was not enough memory", hint="read fewer pages")
        except Exception as error:  # a bug must not end the window
            said, trace = describe_bug(error)
            return "failed", LongsumError(f"a bug in longsum: {said}", hint=trace[-300:])

    @singledispatchmethod
    def _do(self, task: Any, report: Report) -> Any:
        raise AssertionError(task)

    @_do.register
    def _open(self, task: tasks.Open, report: Report) -> dict[str, Any]:
        """Count, plan and read a document."""
        self._leave()
        report(("phase", {"name": "loading", "line": "counting"}))
        task = _preferring(task)
        model = find_model(task.load)
        if not AskTask(task.ask, task.decode).needs_reading(model.source):
            # questions need no reading, so that even a document too long can be asked
            self._session = Session(
                task.document,
                model.source,
                None,
                Listener(),
                load=task.load,
                loaded=LoadedModel(model, None),
            )
            report(("words", {}))
        prepared = prepared_for(task, model, task.truncate)
        counts = counted(prepared)  # tokenizes the text again
        report(("counted", counts))
        self._page_tokens = counts["pages"]
        listener = ReadingListener(
            report,
            counts["pages"] if not prepared.truncated else (),
            [page.number for page in task.document.pages],
        )
        if task.parts and not prepared.budget.fits:
            return self._open_parts(task, prepared, listener, report)
        report(("planned", planned(prepared)))
        self._require(prepared, task.load)
        _report_model(model, listener)
        weights = self._kept(prepared)
        reading = open_reading(
            prepared,
            task.load,
            listener,
            weights=weights,
            store=task.store,
            chunk_tokens=chunk_tokens(prepared),
        )
        self._weights = (*_format(prepared), reading.weights)
        self._session = Session(
            task.document, prepared.model.source, reading, listener, load=task.load
        )
        stats = reading.engine.stats
        return {
            "tokens": prepared.tokens_read,
            "total_tokens": len(prepared.document_ids),
            "seconds": round(stats.prefill_s, 2),
            "from_cache": stats.is_restored,
            "left_out": prepared.extent.what_is_missing() or None,
            "load_seconds": round(reading.load_s, 2),
        }

    def _open_parts(
        self, task: tasks.Open, whole: Prepared, listener: ReadingListener, report: Report
    ) -> dict[str, Any]:
        """Divide a document; its parts are read each time something is asked of them."""
        from longsum.model.memory import require_fit

        divided = divide(whole, asked_of(task), task.load)
        largest, model = divided.largest, divided.model
        report(("planned", planned(largest)))
        require_fit(largest.plan, limited=task.load.memory_bytes is not None)
        _report_model(model, listener)
        shown, *inside = divided.lines
        for line in inside:
            listener.notice(line)
        weights, chunk = self._kept(largest), chunk_tokens(largest)
        self._parts = PartsReader(divided, task.load, task.store, weights, chunk)
        self._session = Session(
            task.document,
            model.source,
            None,
            listener,
            load=task.load,
            loaded=LoadedModel(model, None),
            parts=self._parts,
        )
        return {"parts": [asdict(part) for part in divided.read], "line": shown}

    def _leave(self) -> None:
        """Forget the document, whose memory is needed, but not the model."""
        if self._parts is not None and self._parts.weights is not None:
            self._weights = (*_format(self._parts.divided.largest), self._parts.weights)
        self._session = self._before = self._parts = None

    def _require(self, prepared: Prepared, load: LoadConfig) -> None:
        """Refuse what does not fit the window or the machine.

        Raises:
            DocumentTooLong: the first.
            InsufficientMemory: the second.
        """
        from longsum.budget import require_window
        from longsum.model.memory import require_fit

        if not prepared.truncated:
            require_window(prepared.document, prepared.model, prepared.budget)
        require_fit(prepared.plan, limited=load.memory_bytes is not None)

    def _kept(self, prepared: Prepared) -> Any:
        """Return the weights in memory if they are those of a plan; None, and free them, if not."""
        if self._weights and self._weights[:-1] == _format(prepared):
            return self._weights[-1]
        self._weights = None
        return None

    @_do.register
    def _summarize(self, task: tasks.Summarize, report: Report) -> dict[str, Any]:
        session = self._opened(report)
        if not (session.is_read or session.in_parts):
            raise LongsumError(
                "a summary needs the whole document read",
                hint="read fewer pages, or choose another model",
            )
        return _as_done(session.summarize(task.config, task.decode))

    @_do.register
    def _ask(self, task: tasks.Ask, report: Report) -> dict[str, Any]:
        session = self._opened(report)
        self._before = session.ask(task.question, task.config, task.decode, self._before)
        return _as_done(self._before)

    def _opened(self, report: Report) -> Session:
        """Return the open document, reporting an answer from now on."""
        if self._session is None:
            raise LongsumError("the document is not read yet", hint="read it first")
        document = self._session.document
        if self._parts is None:
            self._session.listener = AnswerListener(report, document)
        else:
            numbers = [page.number for page in document.pages]
            parts = self._parts.divided.read
            self._session.listener = PartsListener(
                report, document, parts, self._page_tokens, numbers
            )
        return self._session

    @_do.register
    def _save(self, task: tasks.Save, report: Report) -> None:
        if self._session is not None:
            self._session.listener = SavingListener(report)
            self._session.save()

    @_do.register
    def _plan(self, task: tasks.Plan, report: Report) -> dict[str, Any]:
        task = _preferring(task)
        prepared = prepared_for(task, find_model_for_plan(task.load))
        return {"counted": counted(prepared), "planned": planned(prepared)}

    @_do.register
    def _models(self, task: tasks.ListModels, report: Report) -> list[dict[str, Any]]:
        from longsum.model.listing import listed

        return listed()

    @_do.register
    def _pull(self, task: tasks.Pull, report: Report) -> None:
        from longsum.checkpoint.catalog import find_known
        from longsum.model.download import fetch

        known = find_known(task.name)
        if known is None:
            raise LongsumError(f"no model is called {task.name}")

        listener = ReadingListener(report)

        def progress(done: int, total: int) -> None:
            listener.check()
            report(("pull", {"done": done, "total": total}))

        fetch(known, progress)


def open_reader(argument: Any, say: Callable[[str, str], None]) -> ReadingWorker:
    """Return the handler of the reader process, once what reading needs is imported.

    Args:
        argument: not used.
        say: not used; everything is reported as an event.
    """
    importlib.import_module(HEAVY)  # takes seconds, in which the document is opened
    return ReadingWorker()


def _preferring(task: Planned) -> Planned:
    """Return a task for the model preferred where none is named, if memory allows it."""
    preferred = replace(task, load=for_summaries(task.load, task.summary))
    if preferred.load is task.load:
        return task
    prepared = prepared_for(preferred, find_model_for_plan(preferred.load))
    return preferred if prepared.plan.fits else task


def _report_model(model: Model, listener: Listener) -> None:
    """Report why this model was chosen for a user who named none."""
    if notice := model.source.notice:
        listener.model_chosen(LARGER if model.source.is_bundled else notice)


def _format(prepared: Prepared) -> tuple[Any, ...]:
    """Return what weights in memory must agree in to be used again."""
    plan, model = prepared.plan, prepared.model
    rope = tuple(sorted((key, str(value)) for key, value in model.rope.parameters.items()))
    return (model.checkpoint.identity(), rope, plan.quantize, plan.dtype, plan.device, plan.layers)


def _as_done(answer: Answer) -> dict[str, Any]:
    """Return what follows an answer: receipt, cautions, and how sure it is."""
    receipt = answer.receipt
    sure = None if answer.chance is None else is_sure(answer.chance)
    return {
        "receipt": [shown(line) for line in receipt.lines()],
        "cautions": [shown(line) for line in receipt.cautions()],
        "answered": answer.answered,
        "chance": answer.chance if answer.chance is None else round(answer.chance, 3),
        "sure": sure,
        "short": answer.in_short,
        "model": receipt.model,
        "mode": receipt.mode,
        "memory": format_bytes(receipt.peak_memory_bytes) if receipt.peak_memory_bytes else None,
    }
