"""The entry point: open a document with a model, read it once, ask it many times.

    with open_session("report.pdf", model="smol") as session:
        print(session.summarize(SummaryConfig(words=200)).marked)
        print(session.ask("Who paid?").marked)

Opening finds the model, renders, counts, plans, reports, loads and reads, once and in this order.
What cannot work is refused before weights are loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from longsum.answer import Answer
from longsum.ask import AskTask
from longsum.config import (
    AskConfig,
    DecodeConfig,
    LoadConfig,
    StoreConfig,
    SummaryConfig,
    Truncate,
    refuse_both,
)
from longsum.divide import Divided, divide
from longsum.documents.document import Document
from longsum.errors import InsufficientMemory
from longsum.events import Listener
from longsum.merge import PartsReader
from longsum.model.find import Model, find_model
from longsum.model.memory import require_fit
from longsum.model.resolve import ModelSource, resolve_model
from longsum.preferred import choosing_notice, for_summaries, judging_notice, question_model
from longsum.prepared import Prepared, prepare
from longsum.reading import open_reading
from longsum.receipt import left_out
from longsum.session import LoadedModel, Session
from longsum.summarize import SummaryTask
from longsum.task import Task


def open_session(
    document: Document | str | Path,
    tasks: Sequence[Task] = (),
    load: LoadConfig | None = None,
    *,
    model: str | None = None,
    truncate: Truncate | None = None,
    parts: bool = False,
    store: StoreConfig | None = None,
    listener: Listener | None = None,
    loaded: LoadedModel | None = None,
) -> Session:
    """Open a document: find, render, count, plan, report, load and read, once.

    Args:
        document: from `read_document`, or a file to read.
        tasks: what will be asked; prompts and answers are counted before anything is loaded.
            Without any, a summary and questions of up to 150 words.
        load: model, window, quantization, device.
        model: short for `LoadConfig(model=…)`.
        truncate: part to leave out of a document that is too long; None refuses it.
        parts: read a document that is too long in as few parts as fit; False refuses it.
        store: limits of the cache of documents; None caches nothing.
        listener: receives progress and text, and may stop the work.
        loaded: a model already in memory; None loads one.

    Returns:
        The open session; close it, or use it as a context manager.

    Raises:
        LongsumError: when the document does not fit, or the model cannot be used.
    """
    refuse_both(truncate, parts)
    load, listener = load or LoadConfig(), listener or Listener()
    load = replace(load, model=model) if model else load
    tasks = tasks or (SummaryTask(), AskTask())
    if not isinstance(document, Document):
        from longsum.documents.isolated import read_document

        document = read_document(str(document))
    found, weights, head = (loaded.found, loaded.weights, loaded.head) if loaded else (None,) * 3
    if not any(task.needs_reading(None) for task in tasks):
        searching, found = _without_reading(document, tasks, load, listener, loaded)
        if searching is not None:
            return searching
    plan = partial(_planned, document, tasks, truncate, parts)
    load, prepared, divided = _fitting(plan, tasks, load, found)
    if found and prepared.model.checkpoint is not found.checkpoint:
        weights = None  # widened by an adapter: its weights are others
    if loaded is None:
        _report(prepared, listener, divided)
    if divided is not None:
        reader = PartsReader(divided, load, store, weights)
        judging = LoadedModel(divided.model, weights, head, loaded.judge if loaded else None)
        return Session(document, divided.model.source, None, listener, head, load, judging, reader)
    reading = open_reading(prepared, load, listener, weights=weights, store=store)
    return Session(document, prepared.model.source, reading, listener, reading.head, load)


def _fitting(
    plan: Callable[[LoadConfig, Model | None], tuple[Prepared, Divided | None]],
    tasks: Sequence[Task],
    load: LoadConfig,
    found: Model | None,
) -> tuple[LoadConfig, Prepared, Divided | None]:
    """Count and plan; where no model is named, with the preferred one if memory allows it.

    Returns:
        How the model is loaded, the plan, and the parts of a document that is read in parts.
    """
    preferred = load if found else _preferred(tasks, load)
    if preferred is not load:
        with suppress(InsufficientMemory):
            model = find_model(preferred)
            source = replace(model.source, notice=choosing_notice(model.source.name))
            return preferred, *plan(preferred, replace(model, source=source))
    return load, *plan(load, found)


def _preferred(tasks: Sequence[Task], load: LoadConfig) -> LoadConfig:
    """Return how the model is loaded that all the tasks prefer where none is named."""
    configs = [task.config for task in tasks if isinstance(task, SummaryTask | AskTask)]
    if len(configs) < len(tasks):
        return load
    preferred = [for_summaries(load, config) for config in configs]
    return load if load in preferred else preferred[0]


def _planned(
    document: Document,
    tasks: Sequence[Task],
    truncate: Truncate | None,
    parts: bool,
    load: LoadConfig,
    found: Model | None,
) -> tuple[Prepared, Divided | None]:
    """Count and plan for a model; a document that is too long is divided if it may be."""
    prepared = prepare(document, tasks, load, truncate=truncate, check=not parts, model=found)
    divided = divide(prepared, tasks, load) if parts and not prepared.budget.fits else None
    if parts:
        largest = divided.largest if divided else prepared
        require_fit(largest.plan, limited=load.memory_bytes is not None)
    return prepared, divided


def _without_reading(
    document: Document,
    tasks: Sequence[Task],
    load: LoadConfig,
    listener: Listener,
    loaded: LoadedModel | None,
) -> tuple[Session | None, Model | None]:
    """Open a document for questions that need no reading.

    Returns:
        The session, or None if the model has to read, and the model if it is found.
    """
    found = loaded.found if loaded else None
    source = found.source if found else _source(load)
    if source is None:
        found = find_model(load)
        source = found.source
    if found is None and source.is_bundled and (better := question_model(load.model)):
        load = replace(load, model=better)
        source = replace(resolve_model(better), notice=judging_notice(better))
    if any(task.needs_reading(source) for task in tasks):
        return None, found
    if source.notice and loaded is None:
        listener.model_chosen(source.notice)
    head, judging = None, None
    if loaded is not None:
        head, judging = loaded.head, loaded
    elif found is not None:
        judging = LoadedModel(found, None)
    return Session(document, source, None, listener, head, load, judging), found


def _source(load: LoadConfig) -> ModelSource | None:
    """Return the model if it is found without inspecting the machine, else None."""
    cuda = load.device not in ("cpu", "mps")
    source = resolve_model(load.model, revision=load.revision, download=load.download, cuda=cuda)
    chosen = load.model is None and source.notice is not None and not source.is_bundled
    return None if chosen else source


def _report(prepared: Prepared, listener: Listener, divided: Divided | None = None) -> None:
    """Report model, token budget, truncation and parts before reading."""
    if notice := prepared.model.source.notice:
        listener.model_chosen(notice)
    listener.notice(str(prepared.budget))
    if prepared.truncated:
        total = len(prepared.document_ids)
        cut = prepared.truncated
        listener.warning(left_out(prepared.extent, prepared.tokens_read, total, cut))
    for line in divided.lines if divided else ():
        listener.notice(line)
    listener.planned(divided.largest if divided else prepared)


def summarize_document(
    document: Document,
    *,
    config: SummaryConfig | None = None,
    load: LoadConfig | None = None,
    decode: DecodeConfig | None = None,
    truncate: Truncate | None = None,
    parts: bool = False,
    listener: Listener | None = None,
) -> Answer:
    """Read a whole document and summarize it.

    Args:
        document: from `read_document`.
        config: length, style, focus, language, prompt, verbatim or free.
        load: model, window, quantization, device.
        decode: temperature, top-p, seed, token limit.
        truncate: part to leave out of a document that is too long; None refuses it.
        parts: read a document that is too long in as few parts as fit; False refuses it.
        listener: receives progress and the text as it is written.

    Returns:
        The summary, with a reference for each sentence.

    Raises:
        LongsumError: when the document does not fit, or the model cannot be used.
    """
    task = SummaryTask(config or SummaryConfig(), decode or DecodeConfig())
    with open_session(
        document, [task], load, truncate=truncate, parts=parts, listener=listener
    ) as session:
        return session.summarize(config, decode)


def ask_document(
    document: Document,
    questions: Sequence[str],
    *,
    config: AskConfig | None = None,
    load: LoadConfig | None = None,
    decode: DecodeConfig | None = None,
    truncate: Truncate | None = None,
    parts: bool = False,
    listener: Listener | None = None,
) -> list[Answer]:
    """Read a whole document once and answer questions about it.

    Args:
        document: from `read_document`.
        questions: at least one.
        config: language, prompt, verbatim or free.
        load: model, window, quantization, device.
        decode: temperature, top-p, seed, token limit.
        truncate: part to leave out of a document that is too long; None refuses it.
        parts: read a document that is too long in as few parts as fit; False refuses it.
        listener: receives progress and the text as it is written.

    Returns:
        An answer per question, in order.

    Raises:
        LongsumError: when the document does not fit, or the model cannot be used.
    """
    task = AskTask(config or AskConfig(), decode or DecodeConfig(), tuple(questions))
    with open_session(
        document, [task], load, truncate=truncate, parts=parts, listener=listener
    ) as session:
        return session.ask_all(questions, config, decode)
