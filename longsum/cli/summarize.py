"""`longsum summarize`: its options and its look."""

from __future__ import annotations

from dataclasses import dataclass

from longsum.cli import options as o
from longsum.cli.grouping import grouped
from longsum.cli.run import fetch_missing, open_document, open_session, reporting
from longsum.config import Style, SummaryConfig, parse_length


@dataclass(frozen=True)
class SummaryOptions:
    """What kind of summary is wanted."""

    length: str = o.in_answer(
        "medium",
        "--length",
        "-l",
        metavar="LENGTH",
        help="short (80 words), medium (200), long (450), or a number of words.",
    )
    style: Style = o.in_answer(SummaryConfig.style, help=o.STYLE)
    focus: str | None = o.in_answer(
        SummaryConfig.focus, metavar="TEXT", help="What matters most to you."
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
    """Summarize a whole document, with a page reference behind every sentence.

    The bundled model reads it, then a trained head picks whole sentences; nothing is decoded. The
    answer goes to stdout; progress and the receipt (what was read, by which model, how fast) go to
    stderr.
    """
    config = answer.summary_config(
        words=parse_length(summary.length), style=summary.style, focus=summary.focus
    )
    decode = sampling.decode_config()
    load = model.load_config()
    store = cache.store_config()
    with reporting(output) as reporter:
        document = open_document(
            file, reading.pages, reading.password, reporter, labels=reading.page_labels
        )
        fetch_missing(load)
        from longsum.cli.output import deliver
        from longsum.summarize import prepare_summary, summarize_session

        prepared = prepare_summary(document, config, load, decode, truncate=reading.truncate)
        session = open_session(prepared, load, reporter, verbose=output.verbose, store=store)
        summarized = summarize_session(session, config, decode, reporter)
        reporter.clear()
        cautions = summarized.receipt.cautions()
        payload, text = summarized.as_dict(), summarized.marked
        deliver(payload, text, as_json=output.as_json, output=output.output, cautions=cautions)
        for line in cautions:
            reporter.warning(line)
        reporter.receipt(summarized.receipt)
        session.keep(reporter)
