"""`longsum summarize`: its options and its output."""

from __future__ import annotations

from dataclasses import dataclass

from longsum.cli import options as o
from longsum.cli.grouping import grouped
from longsum.cli.run import deliver_answers, opened
from longsum.config import Style, SummaryConfig, parse_length


@dataclass(frozen=True)
class SummaryOptions:
    """What kind of summary is wanted."""

    length: str = o.in_answer(
        "medium",
        "--length",
        "-l",
        metavar="LENGTH",
        help="Length: short (80 words), medium (200), long (450), or a number of words.",
    )
    style: Style = o.in_answer(SummaryConfig.style, help=o.STYLE)
    focus: str | None = o.in_answer(
        SummaryConfig.focus, metavar="TEXT", help="Topic that matters most."
    )


@grouped
def summarize(
    file: o.File,
    summary: SummaryOptions,
    answer: o.AnswerOptions,
    sampling: o.SamplingOptions,
    reading: o.ReadingOptions,
    cache: o.CacheOptions,
    model: o.ModelOptions,
    output: o.OutputOptions,
) -> None:
    """Summarize a whole document, with a page reference after every sentence.

    The bundled model reads it, then a trained head picks whole sentences; nothing is generated.
    The answer goes to stdout; progress and the receipt (what was read, by which model, how fast)
    go to stderr.
    """
    answer, model = o.told_apart(answer, model)
    config = answer.summary_config(
        words=parse_length(summary.length), style=summary.style, focus=summary.focus
    )
    decode = sampling.decode_config()
    from longsum.summarize import SummaryTask

    tasks = [SummaryTask(config, decode)]
    with opened(file, tasks, reading, cache, model, output) as document:
        deliver_answers(document, [document.session.summarize(config, decode)], output)
