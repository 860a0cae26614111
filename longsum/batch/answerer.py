"""What a worker does: hold the model, and turn one read document after another into a row."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from longsum.batch.devices import workers_here
from longsum.batch.job import Job, job_task
from longsum.batch.outcome import DONE, Row, base_row
from longsum.batch.reading import ReadResult
from longsum.batch.result_files import result_name, result_text, write_result
from longsum.batch.worker import TokenProgress
from longsum.checkpoint.tokenizer import Tokenizer
from longsum.config import LoadConfig, SummaryConfig
from longsum.documents.document import Document
from longsum.errors import InsufficientMemory
from longsum.events import Listener
from longsum.judge import open_judge
from longsum.model.find import Model, find_model, plan_for
from longsum.model.hardware import Machine, detect_machine
from longsum.model.memory import MemoryPlan, require_fit
from longsum.opening import open_session
from longsum.prepared import prepare
from longsum.selection.head import has_head, load_head
from longsum.session import LoadedModel

if TYPE_CHECKING:
    from longsum.answer import Answer


class _ReadAhead(Tokenizer):
    """A tokenizer that already has one text's tokens."""

    def __init__(self, inner: Any, text: str, ids: list[int]) -> None:
        super().__init__(inner)
        self._text, self._ids = text, ids

    def encode_document(self, text: str) -> list[int]:
        """Return the token ids of a text; those of the known one at once."""
        return self._ids if text == self._text else super().encode_document(text)


class _ProgressListener(Listener):
    """Passes on how many tokens of a document are read."""

    def __init__(self, progress: TokenProgress | None) -> None:
        self._progress = progress

    def prefill(self, done: int, total: int) -> None:
        """Take the number of tokens read."""
        if self._progress is not None:
            self._progress((done, total))


class Answerer:
    """A model in memory that answers a job's question about every document it is given.

    Args:
        job: what is asked.
        loaded: the model.
        load: as requested, with the quantization of the loaded weights.
    """

    def __init__(self, job: Job, loaded: LoadedModel, load: LoadConfig) -> None:
        self.job, self.loaded, self.load = job, loaded, load

    def __call__(self, reading: ReadResult, progress: TokenProgress | None) -> Row:
        """Answer about a document, write its result and return its row.

        Raises:
            LongsumError: when it does not fit, the model writes nothing, or the disk is full.
        """
        try:
            answers = self._answers(reading, _ProgressListener(progress))
        except InsufficientMemory:
            self._free()
            raise
        job = self.job
        name = result_name(reading.name, job.batch.format)
        text = result_text(reading.name, answers, job)
        row = base_row(job, reading, DONE)
        cautions = dict.fromkeys(line for each in answers for line in each.receipt.cautions())
        return row | {
            "warnings": [*row["warnings"], *map(job.shown, cautions)],
            "result": name,
            "result_bytes": write_result(job.output, name, text),
            "answers": [_as_row(each) for each in answers],
            "receipt": answers[-1].receipt.as_dict(),
        }

    def _answers(self, reading: ReadResult, listener: Listener) -> list[Answer]:
        """Read a document once, then summarize it or answer all questions."""
        job, document = self.job, reading.document
        assert document is not None
        loaded, ids = self.loaded, reading.input_ids
        model = loaded.found
        if ids is not None and model.tokenizer.are_plain(plain := ids.tolist()):
            tokenizer = _ReadAhead(model.tokenizer.inner, document.text, plain)
            loaded = replace(loaded, found=replace(model, tokenizer=tokenizer))
        with open_session(
            document,
            [job_task(job)],
            self.load,
            truncate=job.read.truncate,
            parts=job.read.parts,
            listener=listener,
            loaded=loaded,
        ) as session:
            if isinstance(job.task, SummaryConfig):
                return [session.summarize(job.task, job.decode)]
            return session.ask_all(job.questions, job.task, job.decode)

    def _free(self) -> None:
        """Free the memory of a document that did not fit."""
        import torch

        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _as_row(answer: Answer) -> dict[str, Any]:
    """Return an answer as the journal stores it."""
    found: dict[str, Any] = {}
    if answer.question is not None:
        near = [{"text": each.text, "reference": each.reference} for each in answer.nearest]
        found = {"answered": answer.answered, "nearest": near}
    return {"question": answer.question, "text": answer.text, **found}


def open_answerer(job: Job, listener: Listener) -> Answerer:
    """Load a job's model for all its documents.

    Args:
        job: what is asked of them.
        listener: receives messages about loading.

    Raises:
        ModelUnavailable: when the model cannot be used.
        InsufficientMemory: when it does not fit.
        UsageError: when the job's prompts cannot be used with it.
    """
    load = job.load
    model = find_model(load, _share(detect_machine(load.device, load.dtype)))
    probe = Document("A sentence.", (), sha256="", name="probe")
    task = job_task(job)
    # a mistake in a template concerns every document
    prepare(probe, [task], load, truncate=job.read.truncate, check=False, model=model)
    if not task.needs_reading(model.source) and has_head(model.source.folder):
        return Answerer(job, LoadedModel(model, None, load_head(model.source.folder)), load)
    if not task.needs_reading(model.source):
        judge = open_judge(load, listener, model=model)
        loaded = LoadedModel(model, judge.weights, judge=judge)
        return Answerer(job, loaded, _as_planned(load, judge.plan))
    plan = _plan(model, load)
    from longsum.loading.weights import load_weights

    weights = load_weights(model.checkpoint, plan, load, listener)
    return Answerer(job, LoadedModel(model, weights), _as_planned(load, plan))


def _as_planned(load: LoadConfig, plan: MemoryPlan) -> LoadConfig:
    """Return the settings with the plan's quantization: documents' plans must not choose again."""
    for quantize in ("none", "nf4", "int8"):
        if plan.quantize == quantize:
            return replace(load, quantize=quantize)
    return load


def _plan(model: Model, load: LoadConfig) -> MemoryPlan:
    """Return a plan for the longest possible document, or else for what fits."""
    plan = plan_for(model, load, model.rope.window)
    if plan.fits:
        return plan
    small = plan_for(model, load, 1)  # short documents may still fit
    require_fit(small, limited=load.memory_bytes is not None)
    return small


def _share(machine: Machine) -> Machine:
    """Return the machine with a worker's share of its memory."""
    if machine.device == "cuda":
        return machine  # a worker sees only its own GPU
    return replace(machine, free_bytes=machine.free_bytes // workers_here())
