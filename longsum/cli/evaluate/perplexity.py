"""`longsum evaluate perplexity`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from longsum.cli.evaluate import common as c
from longsum.cli.evaluate.files import Files
from longsum.cli.grouping import grouped
from longsum.evaluate.config import PerplexityConfig

if TYPE_CHECKING:
    from longsum.events import Listener
    from longsum.model.find import Model


@dataclass(frozen=True)
class PerplexityOptions:
    """What is read, and in what windows."""

    data: list[Path] = c.in_measurement(
        metavar="FILE",
        help="Text, PDF, a folder of them, or .jsonl[.gz|.xz] with a text field; repeatable.",
    )
    window: list[str] | None = c.in_measurement(
        None,
        metavar="TOKENS",
        help="Window, such as 4k; repeatable. By default the powers of two from 2,048, or from "
        "the native window if that is smaller, to the one the weights were tuned for. A wider "
        "one measures extrapolation.",
    )
    stride: int = c.in_measurement(
        PerplexityConfig.stride,
        metavar="S",
        help="Tokens each window predicts, its last ones; the paper's is 256. A document's "
        "first window predicts all its tokens but the first.",
    )
    max_windows: int | None = c.in_measurement(
        PerplexityConfig.max_windows,
        metavar="N",
        help="Most windows of each size, evenly spaced over all documents. Each predicts its "
        "last S tokens, the same tokens at every window.",
    )
    max_tokens: int | None = c.in_measurement(
        PerplexityConfig.max_tokens,
        metavar="N",
        help="Read only the beginning of each document; the paper reads 32,768 tokens of "
        "proof-pile's.",
    )

    def config(self) -> PerplexityConfig:
        """Return the settings of the measurement."""
        return PerplexityConfig(
            windows=c.parse_lengths(self.window),
            stride=self.stride,
            max_windows=self.max_windows,
            max_tokens=self.max_tokens,
        )


@grouped
def perplexity(
    models: c.Models,
    measured: PerplexityOptions,
    scheme: c.PositionOptions,
    held: c.MeasuredOptions,
    files: Files,
) -> None:
    """Measure perplexity by window: whether a model predicts better the more it sees.

    Sliding windows as in the paper (section 3.2): each is read anew from position 0.

    Documents shorter than a window are left out of it.
    """
    make = partial(perplexity_task, data=measured.data, config=measured.config())
    c.evaluate(models, held.load_config(), files, make, scheme=scheme)


def perplexity_task(
    found: list[c.Found], listener: Listener, *, data: list[Path], config: PerplexityConfig
) -> c.Task:
    """Read the documents, and say what is measured."""
    from longsum.corpus.texts import read_corpus
    from longsum.evaluate.perplexity import measure_perplexity, perplexity_notes
    from longsum.evaluate.plot import plot_perplexity
    from longsum.evaluate.report import Column
    from longsum.evaluate.windows import default_windows

    def sizes(model: Model) -> tuple[int, ...]:
        rope = model.rope
        return config.windows or default_windows(rope.native_window, rope.window)

    listener.phase("reading the documents")
    texts = list(read_corpus(data, listener))
    reach = max(size for _, _, model in found for size in sizes(model))
    return c.Task(
        kind="perplexity",
        settings={"data": [str(path) for path in data], **asdict(config)},
        columns=(
            Column("model", "model"),
            Column("window", "window"),
            Column("perplexity", "perplexity", 3),
            Column("perplexity_se", "± se", 3),
            Column("nats_per_token", "nats/token", 4),
            Column("tokens", "tokens"),
            Column("windows", "windows"),
            Column("documents", "texts"),
        ),
        tokens=lambda model: max(sizes(model)),
        measure=lambda opened, journal, listener: measure_perplexity(
            opened, texts, config, journal, listener, reach=reach
        ),
        notes=lambda rows: perplexity_notes(rows, config),
        draw=plot_perplexity,
    )
