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
        help='.jsonl[.gz|.xz] with rows {"question" or "context", "choices": ["…", "…"], '
        '"answer": 0, "category"?}; with --make-cloze plain texts. Repeatable.',
    )
    limit: int | None = c.in_measurement(
        None, metavar="N", min=1, help="Most rows, evenly spaced over all."
    )
    make_cloze: int | None = c.in_measurement(
        None,
        metavar="N",
        min=1,
        help="Make N items out of texts, PDFs, folders of them, or .jsonl with a text field: "
        "how does a passage of 600 characters go on? Three wrong pieces of 120 characters come "
        "from other documents where there are enough. Our own construction, comparable with no "
        "published benchmark; for small models, which know too little for those.",
    )
    seed: int = c.in_measurement(0, metavar="N", min=0, help="Random seed for --make-cloze.")
    length: int | None = c.in_measurement(
        ShortConfig.length,
        metavar="TOKENS",
        help="Most tokens of a context with a choice; what is longer loses its beginning, and "
        "is counted. By default the window of the pre-training.",
    )
    batch_size: int = c.in_measurement(
        ShortConfig.batch_size, metavar="N", help="Choices read at once; it changes the speed only."
    )


@grouped
def short(
    models: c.Models,
    measured: ShortOptions,
    scheme: c.PositionOptions,
    held: Annotated[c.MeasuredOptions, Without("kv_cache")],
    files: Files,
) -> None:
    """Measure multiple choice on short texts: what a longer window cost (section 3.3).

    By log-likelihood, the method of lm-evaluation-harness: acc takes the most likely choice,
    acc_norm the most likely one per character. Further models are compared with the first, item by
    item.
    """
    config = ShortConfig(length=measured.length, batch_size=measured.batch_size)
    chosen = {name: getattr(measured, name) for name in ("limit", "make_cloze", "seed")}
    make = partial(short_task, data=measured.data, chosen=chosen, config=config)
    c.evaluate(models, held.load_config(), files, make, scheme=scheme)


def _items(data: list[Path], chosen: dict[str, Any], listener: Listener) -> list[Item]:
    """Read items, or make them."""
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
    """Read the items, and say what is measured."""
    from longsum.evaluate.bars import plot_short
    from longsum.evaluate.choices import items_hash
    from longsum.evaluate.short import COLUMNS, measure_short, short_notes, short_rows

    listener.phase("reading the items")
    items = _items(data, chosen, listener)
    measured: list[dict[str, Any]] = []

    def measure(
        opened: Opened, journal: EvaluationJournal, listener: Listener
    ) -> list[dict[str, Any]]:
        """Measure a model; the table is made with the last."""
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
