"""`longsum evaluate short`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from longsum.cli.evaluate import common as c
from longsum.cli.evaluate.files import Files
from longsum.cli.grouping import Without, grouped
from longsum.evaluate.config import ShortConfig

if TYPE_CHECKING:
    from longsum.evaluate.choices import Item
    from longsum.evaluate.evaluation_journal import EvaluationJournal
    from longsum.evaluate.loading import Opened
    from longsum.events import Listener


@dataclass(frozen=True)
class ShortOptions:
    """Which items are scored, and how."""

    data: list[Path] = c.in_measurement(
        metavar="FILE",
        help='.jsonl[.gz|.xz] of {"question" or "context", "choices": [...], "answer", '
        '"category"?}; repeatable.',
    )
    limit: int | None = c.in_measurement(
        None, metavar="N", min=1, help="Maximum number of rows, evenly spaced over all."
    )
    make_cloze: int | None = c.in_measurement(
        None,
        metavar="N",
        min=1,
        help="Make N items from documents, folders of them, or .jsonl with a `text` field; see "
        "above.",
    )
    seed: int = c.in_measurement(0, metavar="N", min=0, help="Random seed for --make-cloze.")
    length: int | None = c.in_measurement(
        ShortConfig.length,
        metavar="TOKENS",
        help="Maximum tokens of a context with a choice; longer ones lose their beginning "
        "(default: the native window).",
    )
    batch_size: int = c.in_measurement(
        ShortConfig.batch_size, metavar="N", help="Choices read at once; affects speed only."
    )


@grouped
def short(
    models: c.Models,
    measured: ShortOptions,
    scheme: c.PositionOptions,
    held: Annotated[c.MeasuredOptions, Without("kv_cache")],
    files: Files,
) -> None:
    """Measure multiple choice on short texts: what a longer window costs (section 3.3).

    The score is by log-likelihood, as in lm-evaluation-harness: acc takes the most likely choice,
    acc_norm the most likely one per character. Further models are compared with the first, item by
    item.

    "answer" is the index of the right choice, from 0; the category is optional.

    --make-cloze is for small models, which know too little for published benchmarks, and is not
    comparable with those: it asks how a passage of 600 characters continues. The three wrong pieces
    of 120 characters come from other documents where there are enough.
    """
    config = ShortConfig(length=measured.length, batch_size=measured.batch_size)
    chosen = {name: getattr(measured, name) for name in ("limit", "make_cloze", "seed")}
    make = partial(short_task, data=measured.data, chosen=chosen, config=config)
    c.evaluate(models, held.load_config(), files, make, scheme=scheme)


def _items(data: list[Path], chosen: dict[str, Any], listener: Listener) -> list[Item]:
    """Read items, or make them from texts."""
    from longsum.corpus.texts import read_corpus
    from longsum.evaluate.choices import make_cloze, read_items
    from longsum.evaluate.windows import evenly_spaced

    if chosen["make_cloze"] is None:
        items = read_items(data)
    else:
        texts = list(read_corpus(data, listener))
        items = make_cloze(texts, chosen["make_cloze"], seed=chosen["seed"])
    return [items[i] for i in evenly_spaced(len(items), chosen["limit"] or len(items))]


def short_task(
    found: list[c.Found],
    listener: Listener,
    *,
    data: list[Path],
    chosen: dict[str, Any],
    config: ShortConfig,
) -> c.Task:
    """Read the items, and return what is measured.

    Args:
        found: the models.
        listener: receives the progress of reading.
        data: files of items, or of texts to make items from.
        chosen: `limit`, `make_cloze` and `seed` of the options.
        config: length limit and batch size.

    Raises:
        LongsumError: when the data cannot be read.
    """
    from longsum.evaluate.bars import plot_short
    from longsum.evaluate.choices import items_hash
    from longsum.evaluate.short import COLUMNS, measure_short, short_notes, short_rows

    listener.phase("reading the items")
    items = _items(data, chosen, listener)
    measured: list[dict[str, Any]] = []

    def measure(
        opened: Opened, journal: EvaluationJournal, listener: Listener
    ) -> list[dict[str, Any]]:
        """Measure a model; return the whole table after the last one, and no rows before."""
        measured.append(measure_short(opened, items, config, journal, listener))
        return short_rows(measured) if len(measured) == len(found) else []

    names = [str(path) for path in data]
    own = asdict(config)
    own.pop("batch_size")  # the numbers do not depend on it
    return c.Task(
        kind="short",
        settings={
            "data": names,
            **chosen,
            **own,
            "items": len(items),
            "sha256": items_hash(items),
        },
        columns=COLUMNS,
        tokens=lambda model: config.length or model.rope.native_window,
        measure=measure,
        notes=lambda rows: short_notes(measured),
        draw=plot_short,
    )
