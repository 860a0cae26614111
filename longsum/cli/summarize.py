"""`longsum summarize`: its options and its look."""

from __future__ import annotations

from typing import Annotated

import typer

from longsum.cli import options as o
from longsum.cli.run import (
    fetch_missing,
    load_config,
    open_document,
    reporting,
    store_config,
)
from longsum.config import DecodeConfig, LoadConfig, Style, SummaryConfig, parse_length


def summarize(
    file: o.File,
    length: Annotated[
        str,
        typer.Option(
            "--length",
            "-l",
            metavar="LENGTH",
            rich_help_panel=o.ANSWER,
            help="short (80 words), medium (200), long (450), or a number of words.",
        ),
    ] = "medium",
    style: Annotated[
        Style,
        typer.Option(
            "--style",
            help="Running text, a list, or the main point with a list below. A verbatim summary "
            "has the same sentences in each; executive prints the first one above the list.",
            rich_help_panel=o.ANSWER,
        ),
    ] = SummaryConfig.style,
    focus: Annotated[
        str | None,
        typer.Option(
            "--focus", metavar="TEXT", help="What matters most to you.", rich_help_panel=o.ANSWER
        ),
    ] = None,
    verbatim: o.Verbatim = None,
    language: o.Language = "auto",
    prompt: o.PromptFile = None,
    temperature: o.Temperature = DecodeConfig.temperature,
    top_p: o.TopP = DecodeConfig.top_p,
    seed: o.Seed = DecodeConfig.seed,
    max_new_tokens: o.MaxNewTokens = DecodeConfig.max_new_tokens,
    lookup: o.Lookup = DecodeConfig.lookup,
    pages: o.Pages = None,
    page_labels: o.PageLabels = False,
    password: o.Password = None,
    truncate: o.Truncate = None,
    no_cache: o.NoCache = False,
    cache_size: o.CacheSize = None,
    model: o.ModelName = LoadConfig.model,
    context: o.Context = None,
    force_context: o.ForceContext = LoadConfig.force_context,
    quantize: o.Quantize = LoadConfig.quantize,
    kv_cache: o.KVCache = LoadConfig.kv_cache,
    device: o.Device = LoadConfig.device,
    dtype: o.Dtype = LoadConfig.dtype,
    attention: o.Attention = LoadConfig.attention,
    memory: o.Memory = None,
    revision: o.Revision = LoadConfig.revision,
    offline: o.Offline = LoadConfig.offline,
    download: o.Download = LoadConfig.download,
    as_json: o.AsJson = False,
    output: o.OutputFile = None,
    force: o.Force = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Summarize a whole document, with a page reference behind every sentence.

    The bundled model reads it, then a trained head picks whole sentences; nothing is decoded. The
    answer goes to stdout; progress and the receipt (what was read, by which model, how fast) go to
    stderr.
    """
    config = SummaryConfig(
        verbatim=verbatim,
        language=language,
        prompt=prompt,
        words=parse_length(length),
        style=style,
        focus=focus,
    )
    decode = DecodeConfig(max_new_tokens, temperature, top_p, seed, lookup)
    load = load_config(
        model,
        context,
        force_context,
        quantize,
        device,
        dtype,
        attention,
        memory,
        revision,
        offline,
        download,
        kv_cache=kv_cache,
    )
    store = store_config(no_cache, cache_size)
    with reporting(
        quiet,
        as_json,
        output,
        force,
        explained=load.attention if verbose else None,
        remember=bool(store.size_bytes),
    ) as reporter:
        document = open_document(file, pages, password, reporter, labels=page_labels)
        fetch_missing(load)
        from longsum.cli.output import deliver
        from longsum.session import open_session
        from longsum.summarize import SummaryTask

        tasks = [SummaryTask(config, decode)]
        with open_session(
            document, tasks, load, truncate=truncate, store=store, listener=reporter
        ) as session:
            answer = session.summarize(config, decode)
            reporter.clear()
            cautions = answer.receipt.cautions()
            payload, text = answer.as_dict(), answer.marked
            deliver(payload, text, as_json=as_json, output=output, cautions=cautions)
            for line in cautions:
                reporter.warning(line)
            reporter.receipt(answer.receipt)
            session.save()
