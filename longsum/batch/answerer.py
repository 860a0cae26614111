"""What a worker does: holds the model, and turns one read document after another into a row."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from longsum.ask import AskTask, answer_question
from longsum.batch.devices import workers_here
from longsum.batch.job import Job
from longsum.batch.outcome import DONE, Row, base_row
from longsum.batch.reading import Reading
from longsum.batch.result_files import result_name, result_text, write_result
from longsum.batch.worker import Progress
from longsum.bywords import WordsSession, ranks_by_words, words_session
from longsum.checkpoint.tokenizer import Tokenizer
from longsum.config import AskConfig, LoadConfig, SummaryConfig
from longsum.documents.document import Document
from longsum.errors import InsufficientMemory
from longsum.events import Listener
from longsum.fitting import require_room
from longsum.model.find import Model, find_model, plan_for
from longsum.model.hardware import Machine, detect_machine
from longsum.model.memory import MemoryPlan, require_fit
from longsum.selection.head import load_head
from longsum.session import Prepared, Session, prepare
from longsum.summarize import prepare_summary, summarize_session

if TYPE_CHECKING:
    from longsum.answer import Answer
    from longsum.engine.llama import AnyLlama


class _ReadAhead(Tokenizer):
    """A tokenizer that knows one text's tokens already."""

    def __init__(self, inner: Any, text: str, ids: list[int]) -> None:
        super().__init__(inner)
        self._text, self._ids = text, ids

    def encode_document(self, text: str) -> list[int]:
        """Return the ids of foreign text; the known one's at once."""
        return self._ids if text == self._text else super().encode_document(text)


class _Forward(Listener):
    """Passes on how far a document is read."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    def prefill(self, done: int, total: int) -> None:
        """Take how many tokens are read."""
        if self._progress is not None:
            self._progress((done, total))


class Answerer:
    """A model in memory that answers a job's question about every document it is given.

    Args:
        job: what is asked.
        model: how it was found.
        load: as asked, with the quantization that the weights have.
        weights: in evaluation mode; None where questions are answered by words alone.
    """

    def __init__(self, job: Job, model: Model, load: LoadConfig, weights: AnyLlama | None) -> None:
        self.job, self.model, self.load, self.weights = job, model, load, weights
        self.head = load_head(model.source.folder) if weights is None else None

    def __call__(self, reading: Reading, progress: Progress | None) -> Row:
        """Answer about a document, write its result, and return its row.

        Raises:
            LongsumError: when it does not fit, the model wrote nothing, or the disk is full.
        """
        try:
            answers = self._answers(reading, _Forward(progress))
        except InsufficientMemory:
            self._free()
            raise
        job = self.job
        name = result_name(reading.name, job.batch.format)
        text = result_text(reading.name, answers, job.batch.format)
        row = base_row(job, reading, DONE)
        cautions = dict.fromkeys(line for each in answers for line in each.receipt.cautions())
        return row | {
            "warnings": [*row["warnings"], *cautions],
            "result": name,
            "result_bytes": write_result(job.output, name, text),
            "answers": [_as_row(each) for each in answers],
            "receipt": answers[-1].receipt.as_dict(),
        }

    def _answers(self, reading: Reading, listener: Listener) -> list[Answer]:
        """Read a document, then summarize it, or answer all questions from one reading."""
        job = self.job
        session = self._session(reading, listener)
        if isinstance(job.task, SummaryConfig):
            assert isinstance(session, Session)
            return [summarize_session(session, job.task, job.decode, listener)]
        return [
            answer_question(session, question, job.task, job.decode, listener)
            for question in job.questions
        ]

    def _session(self, reading: Reading, listener: Listener) -> Session | WordsSession:
        """Open a document: read by the model, unless words alone answer."""
        if isinstance(self.job.task, AskConfig):
            assert reading.document is not None
            words = words_session(reading.document, self.model.source, self.job.task, self.head)
            if words is not None:
                return words
        return Session(self._prepare(reading), self.load, listener, weights=self.weights)

    def _prepare(self, reading: Reading) -> Prepared:
        """Count and plan; refuse what does not fit, with its numbers."""
        document = reading.document
        assert document is not None
        model = self.model
        ids = reading.input_ids.tolist() if reading.input_ids is not None else None
        if ids is not None and model.tokenizer.are_plain(ids):
            model = replace(model, tokenizer=_ReadAhead(model.tokenizer.inner, document.text, ids))
        prepared = prepare_document(self.job, document, self.load, model)
        if prepared.truncated is None:
            require_room(document, model, prepared.budget)
        require_fit(prepared.plan, limited=self.load.memory_bytes is not None)
        return prepared

    def _free(self) -> None:
        """Give back what a document that did not fit has left behind."""
        import torch

        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _as_row(answer: Answer) -> dict[str, Any]:
    """Return what the journal holds of an answer."""
    found = {"answered": answer.answered} if answer.question is not None else {}
    return {"question": answer.question, "text": answer.text, **found}


def prepare_document(job: Job, document: Document, load: LoadConfig, model: Model) -> Prepared:
    """Count and plan what a job asks of a document; refuses only mistakes of the user's."""
    if isinstance(job.task, AskConfig):
        task = AskTask(document, job.task)
        return prepare(
            document,
            lambda source, wrap: [task.prompt(source, wrap, each) for each in job.questions],
            lambda source: task.answer_tokens(source, job.decode),
            load,
            truncate=job.read.truncate,
            check=False,
            model=model,
        )
    return prepare_summary(
        document, job.task, load, job.decode, truncate=job.read.truncate, check=False, model=model
    )


def open_answerer(job: Job, listener: Listener) -> Answerer:
    """Load a job's model for all its documents.

    Args:
        job: what is asked of them.
        listener: hears of the loading.

    Raises:
        ModelUnavailable: when it cannot be used.
        InsufficientMemory: when it does not fit.
        UsageError: when the job's prompts cannot be used with it.
    """
    load = job.load
    model = find_model(load, _share(detect_machine(load.device, load.dtype)))
    probe = Document("A sentence.", (), sha256="", name="probe")
    prepare_document(job, probe, load, model)  # a template's mistake is every document's
    if isinstance(job.task, AskConfig) and ranks_by_words(model.source, job.task.verbatim):
        return Answerer(job, model, load, None)
    plan = _plan(model, load)
    for held in ("none", "nf4", "int8"):
        if plan.quantize == held:
            load = replace(load, quantize=held)  # documents' plans must not choose again
    from longsum.loading.loader import load_model
    from longsum.loading.quantized_cache import weights_config

    weights = load_model(
        model.checkpoint,
        plan,
        listener=listener,
        attention=load.attention,
        weights=weights_config(plan.quantize),
    )
    return Answerer(job, model, load, weights)


def _plan(model: Model, load: LoadConfig) -> MemoryPlan:
    """Plan for the longest document there can be, or else for what fits."""
    plan = plan_for(model, load, model.rope.window)
    if plan.fits:
        return plan
    small = plan_for(model, load, 1)  # short documents may fit all the same
    require_fit(small, limited=load.memory_bytes is not None)
    return small


def _share(machine: Machine) -> Machine:
    """Return the machine with a worker's part of its memory."""
    if machine.device == "cuda":
        return machine  # a worker sees a GPU of its own
    return replace(machine, free_bytes=machine.free_bytes // workers_here())
