"""`longsum evaluate summaries` and `longsum evaluate short`: their options."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from longsum import config as settings
from longsum.cli import evaluation_options as e
from longsum.cli import options as o
from longsum.cli.evaluation import Files, evaluate, measured_load
from longsum.cli.output import check_output
from longsum.cli.quality_tasks import short_task, summaries_task
from longsum.config import LoadConfig, ShortConfig, SummariesConfig
from longsum.errors import OutputError, UsageError

Limit = Annotated[
    int | None,
    typer.Option(
        "--limit",
        metavar="N",
        min=1,
        help="Most rows, evenly spaced over all.",
        rich_help_panel=e.MEASURE,
    ),
]


def summaries(
    models: e.Models,
    data: Annotated[
        list[Path],
        typer.Option(
            "--data",
            metavar="FILE",
            rich_help_panel=e.MEASURE,
            help='.jsonl[.gz|.xz] with rows {"id", "task", "doc", "query", "target"}; target is a '
            "text or a list of references; repeatable.",
        ),
    ],
    limit: Limit = None,
    task_filter: Annotated[
        str | None,
        typer.Option(
            "--task-filter",
            metavar="TASK",
            help="Only rows of this task, such as summ.",
            rich_help_panel=e.MEASURE,
        ),
    ] = None,
    query_filter: Annotated[
        str | None,
        typer.Option(
            "--query-filter",
            metavar="TEXT",
            rich_help_panel=e.MEASURE,
            help='Only rows whose query holds this, such as "whole meeting".',
        ),
    ] = None,
    words: Annotated[
        int | None,
        typer.Option(
            "--words",
            metavar="N",
            rich_help_panel=e.MEASURE,
            help="Length of every summary; by default each reference's.",
        ),
    ] = SummariesConfig.words,
    zero_shot_prompt: Annotated[
        settings.ZeroShotPrompt,
        typer.Option(
            "--zero-shot-prompt",
            rich_help_panel=e.MEASURE,
            help="own summarizes as longsum summarize does, a query being its --focus. paper is "
            "the paper's protocol (section 3.5) for base or fine-tuned models: the first 15,000 "
            "tokens, its prompt, temperature 0.5, top-p 0.95, at most 1,000 tokens.",
        ),
    ] = SummariesConfig.zero_shot_prompt,
    baselines: Annotated[
        str,
        typer.Option(
            "--baselines",
            metavar="NAMES",
            rich_help_panel=e.MEASURE,
            help="Which of lead, lexrank, textrank, lsa, luhn, or none: sentences in their order "
            "until the next would pass 1.1 times the words of the reference. lexrank, textrank and "
            "lsa leave out documents of over 900 sentences.",
        ),
    ] = ",".join(SummariesConfig.baselines),
    stemmer: Annotated[
        bool,
        typer.Option(
            "--stemmer",
            rich_help_panel=e.MEASURE,
            help="Compare English words without their endings (Porter).",
        ),
    ] = SummariesConfig.stemmer,
    seed: Annotated[
        int,
        typer.Option(
            "--seed", metavar="N", help="Random seed for sampling.", rich_help_panel=e.MEASURE
        ),
    ] = SummariesConfig.seed,
    verbatim: o.Verbatim = SummariesConfig.verbatim,
    truncate: Annotated[
        settings.Truncate | None,
        typer.Option(
            "--truncate",
            rich_help_panel=e.MEASURE,
            help="Leave out this part of a document that is too long; without it, it counts as "
            "failed.",
        ),
    ] = SummariesConfig.truncate,
    position: e.Position = None,
    context: e.PositionContext = None,
    quantize: o.Quantize = LoadConfig.quantize,
    device: o.Device = LoadConfig.device,
    dtype: o.Dtype = LoadConfig.dtype,
    memory: o.Memory = None,
    revision: o.Revision = LoadConfig.revision,
    offline: o.Offline = LoadConfig.offline,
    save_summaries: Annotated[
        Path | None,
        typer.Option(
            "--save-summaries",
            metavar="FILE",
            rich_help_panel=o.OUTPUT,
            help="Write every summary with its scores, or why there is none, as JSON lines.",
        ),
    ] = None,
    output: e.OutputJson = None,
    plot: e.Plot = None,
    redo: e.Redo = False,
    as_json: e.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Measure how close summaries come to people's: ROUGE-1, 2, L and Lsum, beside baselines.

    Words are Unicode's, so that every language counts. Of several references the best one does.
    Differences are paired: over the documents that both have summarized. A document that does not
    fit the window is a row of its own, with the reason.
    """
    from longsum.evaluate.baselines import parse_baselines, require_baselines
    from longsum.evaluate.rouge import require_rouge

    names = parse_baselines(baselines)
    config = SummariesConfig(words, zero_shot_prompt, verbatim, truncate, names, stemmer, seed)
    load = measured_load(quantize, device, dtype, memory, revision, offline)
    files = Files(output, plot, redo, as_json, quiet)
    _check_saved(save_summaries, files)
    require_rouge()
    require_baselines(names)
    chosen = {"task": task_filter, "query": query_filter, "limit": limit}
    make = partial(summaries_task, data=data, chosen=chosen, config=config, save_to=save_summaries)
    evaluate(models, load, position, context, files, make)


def _check_saved(path: Path | None, files: Files) -> None:
    """Refuse a file of summaries that could not be written, before any work is done for it."""
    if path is None:
        return
    if path in (files.output, files.plot):
        raise UsageError("--save-summaries names the same file as --output or --plot")
    if path.is_file() and not files.redo:
        raise OutputError(f"{path} exists", hint="add --redo to measure anew, or name another file")
    check_output(path, force=True)


def short(
    models: e.Models,
    data: Annotated[
        list[Path],
        typer.Option(
            "--data",
            metavar="FILE",
            rich_help_panel=e.MEASURE,
            help='.jsonl[.gz|.xz] with rows {"question" or "context", "choices": ["…", "…"], '
            '"answer": 0, "category"?}; with --make-cloze plain texts. Repeatable.',
        ),
    ],
    limit: Limit = None,
    make_cloze: Annotated[
        int | None,
        typer.Option(
            "--make-cloze",
            metavar="N",
            min=1,
            rich_help_panel=e.MEASURE,
            help="Make N items out of texts, PDFs, folders of them, or .jsonl with a text field: "
            "how does a passage of 600 characters go on? Three wrong pieces of 120 characters come "
            "from other documents where there are enough. Our own construction, comparable with no "
            "published benchmark; for small models, which know too little for those.",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            metavar="N",
            min=0,
            help="Random seed for --make-cloze.",
            rich_help_panel=e.MEASURE,
        ),
    ] = 0,
    length: Annotated[
        int | None,
        typer.Option(
            "--length",
            metavar="TOKENS",
            rich_help_panel=e.MEASURE,
            help="Most tokens of a context with a choice; what is longer loses its beginning, and "
            "is counted. By default the window of the pre-training.",
        ),
    ] = ShortConfig.length,
    batch_size: Annotated[
        int,
        typer.Option(
            "--batch-size",
            metavar="N",
            rich_help_panel=e.MEASURE,
            help="Choices read at once; it changes the speed only.",
        ),
    ] = ShortConfig.batch_size,
    position: e.Position = None,
    context: e.PositionContext = None,
    quantize: o.Quantize = LoadConfig.quantize,
    device: o.Device = LoadConfig.device,
    dtype: o.Dtype = LoadConfig.dtype,
    memory: o.Memory = None,
    revision: o.Revision = LoadConfig.revision,
    offline: o.Offline = LoadConfig.offline,
    output: e.OutputJson = None,
    plot: e.Plot = None,
    redo: e.Redo = False,
    as_json: e.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Measure multiple choice on short texts: what a longer window cost (section 3.3).

    By log-likelihood, the method of lm-evaluation-harness: acc takes the most likely choice,
    acc_norm the most likely one per character. Further models are compared with the first, item by
    item.
    """
    config = ShortConfig(length, batch_size)
    load = measured_load(quantize, device, dtype, memory, revision, offline)
    files = Files(output, plot, redo, as_json, quiet)
    chosen = {"limit": limit, "make_cloze": make_cloze, "seed": seed}
    make = partial(short_task, data=data, chosen=chosen, config=config)
    evaluate(models, load, position, context, files, make)
