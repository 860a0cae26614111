"""`longsum plan`: show whether a run fits, before any weights are loaded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longsum.cli import options as o
from longsum.cli.flags import with_flags
from longsum.cli.grouping import Without, grouped
from longsum.cli.run import open_document, refuse_terminal, reporting
from longsum.config import LoadConfig, SummaryConfig, parse_length
from longsum.documents.formats import format_names

if TYPE_CHECKING:
    from longsum.divide import Divided
    from longsum.documents.document import Document
    from longsum.prepared import Prepared
    from longsum.receipt import ReadPart


@grouped
def plan(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE", help=f"{format_names()} file (default: plan for a full window)."
        ),
    ] = None,
    *,
    length: str = o.in_answer(
        "medium",
        "--length",
        "-l",
        metavar="LENGTH",
        help="Summary length, as of `longsum summarize`.",
    ),
    reading: Annotated[o.ReadingOptions, Without("page_labels", "truncate")],
    model: Annotated[o.ModelOptions, Without("attention", "download")],
    as_json: o.PlainJson = False,
) -> None:
    """Show whether a document, a model and its cache fit this machine, or another.

    Only the document, the tokenizer and the model's configuration are read; no weights. Works
    for models you have not downloaded and, with --device and --memory, for machines you do not
    have.

    Exits with 3 when the document does not fit the window, 4 when the run does not fit the memory.
    """
    refuse_terminal(file)
    load, words = model.load_config(), parse_length(length)
    from longsum.budget import require_window
    from longsum.model.memory import require_fit

    with reporting(o.OutputOptions(as_json=as_json)) as reporter:
        document = None
        if file:
            document = open_document(file, reading, reporter)
        reporter.phase("planning")
        prepared = _prepare(document, words, load)
        divided = _divide(prepared, words, load) if document and reading.parts else None
        if divided:
            prepared = divided.largest
        reporter.clear()
        if as_json:
            parts = [asdict(each) for each in divided.read] if divided else []
            print(json.dumps(as_dict(prepared, document is not None, parts), indent=2))
        else:
            _show(prepared, document is not None, divided)
    if document is not None:
        require_window(prepared.document, prepared.model, prepared.budget)
    require_fit(prepared.plan, limited=load.memory_bytes is not None)


def _prepare(document: Document | None, words: int, load: LoadConfig) -> Prepared:
    """Count tokens and plan memory without refusing anything."""
    from dataclasses import replace

    from longsum.documents.document import Document
    from longsum.model.find import find_model_for_plan, plan_for
    from longsum.preferred import for_summaries
    from longsum.prepared import prepare
    from longsum.summarize import SummaryTask

    asked = document or Document(text="", pages=(), sha256="", name="")
    task = SummaryTask(SummaryConfig(words=words))

    def prepared_as(load: LoadConfig) -> Prepared:
        return prepare(asked, [task], load, check=False, model=find_model_for_plan(load))

    preferred = for_summaries(load, task.config)
    prepared = prepared_as(preferred)
    if preferred is not load and not prepared.plan.fits:  # then the bundled model reads
        prepared = prepared_as(load)
    if document is None:
        window = prepared.model.rope.window
        return replace(prepared, plan=plan_for(prepared.model, load, window))
    return prepared


def _divide(prepared: Prepared, words: int, load: LoadConfig) -> Divided | None:
    """Return the parts of a document that does not fit; None if it does."""
    from longsum.divide import divide
    from longsum.summarize import SummaryTask

    if prepared.budget.fits:
        return None
    return divide(prepared, [SummaryTask(SummaryConfig(words=words))], load)


def _obstacles(prepared: Prepared, with_document: bool) -> list[str]:
    """Return what prevents the run, one phrase each for the window and the memory."""
    from longsum.bytesize import format_bytes

    budget, plan = prepared.budget, prepared.plan
    found = []
    if with_document and not budget.fits:
        found.append(f"window: {budget.total:,} tokens, {budget.window:,} fit")
    if not plan.fits:
        needs, free = format_bytes(plan.total_bytes), format_bytes(plan.free_bytes)
        found.append(f"memory: needs {needs}, {free} free")
    return found


def as_dict(
    prepared: Prepared, with_document: bool, parts: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Return the plan for JSON; sizes in bytes, lengths in tokens.

    Args:
        prepared: the plan; of a document in parts, the one for the largest.
        with_document: whether it is for a document.
        parts: where each part is, and its tokens.
    """
    model, plan, budget = prepared.model, prepared.plan, prepared.budget
    obstacles = _obstacles(prepared, with_document)
    return {
        "model": model.source.name,
        "fits": not obstacles,
        "obstacles": obstacles,
        "estimated": model.estimated,
        "window": model.rope.window,
        "rope": {
            "type": model.rope.rope_type,
            "factor": model.rope.factor,
            "theta": model.rope.rope_theta or None,
            "native_window": model.rope.native_window,
        },
        "document": {
            "tokens": budget.document,
            "prompt": budget.prompt,
            "answer": budget.answer,
            "total": budget.total,
            "fits": budget.fits,
        }
        if with_document
        else None,
        "parts": list(parts),
        "memory": {
            "weights": plan.weights_bytes,
            "kv_cache": plan.kv_cache_bytes,
            "activations": plan.activation_bytes,
            "overhead": plan.overhead_bytes,
            "total": plan.total_bytes,
            "free": plan.free_bytes,
            "fits": plan.fits,
        },
        "device": plan.device,
        "dtype": plan.dtype,
        "quantize": plan.quantize,
        "kv_cache_dtype": plan.kv_dtype,
        "kv_cache_reason": with_flags(plan.kv_reason),
        "chunk_tokens": plan.chunk_tokens,
        "reason": with_flags(plan.reason),
        "remedies": [with_flags(each) for each in plan.remedies],
    }


def _show(prepared: Prepared, with_document: bool, divided: Divided | None = None) -> None:
    """Print the plan as a table on stdout; of a document in parts, the one for the largest."""
    from rich.table import Table

    from longsum.bytesize import format_bytes
    from longsum.cli.wrapping import stdout_console

    model, plan, budget = prepared.model, prepared.plan, prepared.budget
    console = stdout_console()
    tokens = budget.total if with_document else model.rope.window
    table = Table(title=f"{model.source.name} with {tokens:,} tokens on {model.machine.name}")
    table.add_column("part")
    table.add_column("size", justify="right")
    table.add_column("why")
    weights = plan.dtype if plan.quantize == "none" else plan.quantize
    if plan.codes:
        weights += " and 4-bit codes"
    table.add_row(
        "weights",
        format_bytes(plan.weights_bytes),
        f"{model.shape.parameters:,} parameters, {weights}",
    )
    table.add_row(
        "KV cache", format_bytes(plan.kv_cache_bytes), f"{tokens:,} tokens, {plan.kv_dtype}"
    )
    table.add_row(
        "activations",
        format_bytes(plan.activation_bytes),
        f"a chunk of {plan.chunk_tokens:,} tokens",
    )
    table.add_row("overhead", format_bytes(plan.overhead_bytes), "libraries, buffers")
    table.add_section()
    table.add_row("total", format_bytes(plan.total_bytes), plan.device)
    table.add_row("free", format_bytes(plan.free_bytes), "")
    obstacles = _obstacles(prepared, with_document)
    table.add_row("verdict", "does not fit" if obstacles else "fits", "; ".join(obstacles))
    console.print(table)
    window = f"window {model.rope.window:,} tokens: {model.rope.reason}"
    counted = [str(budget)] if with_document else []
    if model.estimated and with_document:
        counted[0] += " (estimated with the bundled tokenizer, which counts more than others)"
    if divided:
        parts, *cut = divided.lines
        counted = [parts.partition(":")[0] + ", each read by itself:"]
        counted += [*map(_line_of, divided.read), *cut, f"the largest: {budget}"]
    lines = [*counted, window, plan.reason, plan.kv_reason, model.machine.reason]
    for line in lines:
        console.print(with_flags(line))


def _line_of(part: ReadPart) -> str:
    """Return a part in a line: `pages 1-120: 31,234 tokens`."""
    return f"  {part.where}: {part.tokens:,} tokens"
