"""What is asked of every document of a batch, and a hash of everything that affects the results.

Plain data that is sent to other processes and machines. No torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longsum.batch.config import BatchConfig
from longsum.config import AskConfig, DecodeConfig, LoadConfig, ReadConfig, SummaryConfig
from longsum.documents.formats import READING
from longsum.hashing import settings_hash
from longsum.settings import SettingStyle, as_argument, rendered

if TYPE_CHECKING:
    from longsum.task import Task

_WHERE = ("model", "revision", "device", "memory_bytes", "offline", "download")
"""Settings of `LoadConfig` that say where a model is and where it runs, not what it answers."""

ANSWERER = "longsum.batch.answerer:open_answerer"
READER = "longsum.batch.reading:open_reader"


@dataclass(frozen=True)
class Job:
    """A batch's question and where its results go."""

    output: Path
    """Folder of the results, absolute."""
    load: LoadConfig = field(default_factory=LoadConfig)
    read: ReadConfig = field(default_factory=ReadConfig)
    decode: DecodeConfig = field(default_factory=DecodeConfig)
    task: SummaryConfig | AskConfig = field(default_factory=SummaryConfig)
    questions: tuple[str, ...] = ()
    """Questions asked of every document; empty summarizes."""
    batch: BatchConfig = field(default_factory=BatchConfig)
    model_folder: Path | None = None
    """Folder of the checkpoint, for tokenizing ahead; None leaves that to the worker."""
    identity: str = ""
    """Identifies the weights; the same on every machine."""
    settings: str = ""
    """Hash of everything except the documents that affects the results; set by `with_settings`."""
    open_worker: str = ANSWERER
    """`module:function` that a worker calls with the job to get its answerer."""
    open_reader: str = READER
    """`module:function` that a reader process calls to get its handler."""
    setting_style: SettingStyle = as_argument
    """How results and rows write settings; a module's function, so that the job can be pickled."""

    def shown(self, line: str) -> str:
        """Return a line of the core as results and rows write it."""
        return rendered(line, self.setting_style)


def settings_of(job: Job) -> dict[str, Any]:
    """Return what the results depend on, as JSON values; the same on every machine.

    A password is left out: it opens a document or does not, but never changes an answer.
    """
    load = {key: value for key, value in asdict(job.load).items() if key not in _WHERE}
    task = asdict(job.task)
    template = task.pop("prompt")
    if task["sources"] is None:
        del task["sources"]  # as in results of versions without it
    if not task["strict"]:
        del task["strict"]  # likewise
    if template is not None:
        from longsum.prompting.prompt import load_template  # not for every process that takes a job

        text = load_template(template)
        task["prompt_sha256"] = hashlib.sha256(text.encode()).hexdigest()
    # absent where they are not used, as in results of versions without them
    added: dict[str, Any] = {"parts": True} if job.read.parts else {}
    if job.read.attachment is not None:
        added["attachment"] = job.read.attachment
    return added | {
        "reading": READING,
        "model": job.identity,
        "load": load,
        "pages": job.read.pages,
        "encoding": job.read.encoding,
        "truncate": job.read.truncate,
        "decode": asdict(job.decode),
        "task": task,
        "questions": list(job.questions),
        "format": job.batch.format,
    }


def with_settings(job: Job) -> Job:
    """Return the job with the hash of its settings."""
    return replace(job, settings=settings_hash(settings_of(job))[:16])


def job_task(job: Job) -> Task:
    """Return the task of a job for each document."""
    from longsum.ask import AskTask
    from longsum.summarize import SummaryTask

    if isinstance(job.task, AskConfig):
        return AskTask(job.task, job.decode, job.questions)
    return SummaryTask(job.task, job.decode)


def with_model(job: Job, notice: Callable[[str], None] | None = None) -> Job:
    """Find the job's model, without its weights, and return the job with its folder and identity.

    Args:
        job: what is asked of every document.
        notice: receives a line where a model is preferred to the bundled one.

    Raises:
        ModelUnavailable: when it is missing, or not one we can run.
    """
    from longsum.batch.devices import has_cuda
    from longsum.model.find import find_checkpoint
    from longsum.preferred import choosing_notice, for_summaries, judging_notice, question_model

    load, cuda, better = job.load, has_cuda(job.load.device), None
    source, checkpoint = find_checkpoint(load, cuda=cuda)
    asks = not job_task(job).needs_reading(source)
    if source.is_bundled and load.model is None:
        better = question_model(None) if asks else for_summaries(load, job.task).model
    if better:
        load = replace(load, model=better)
        source, checkpoint = find_checkpoint(load, cuda=cuda)
    checkpoint.weight_files()
    if better and notice:
        notice(judging_notice(source.name) if asks else choosing_notice(source.name))
    # with the adapter that judges, or the window adapter, which longer documents are read with
    tuned = checkpoint.answering() if asks else checkpoint.widened()
    # every process must choose the same model: by whole path for a folder, else by name
    is_folder = source.revision is None and source.known is None
    name = str(source.path) if is_folder else load.model or source.name
    return replace(
        job,
        load=replace(load, model=name),
        model_folder=source.folder,
        identity=(tuned or checkpoint).content_identity(),
    )
