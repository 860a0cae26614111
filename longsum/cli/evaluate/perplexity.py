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
    """Which texts are read, in which windows."""

    data: list[Path] = c.in_measurement(
        metavar="FILE",
        help="Document, .jsonl[.gz|.xz] with a `text` field, or a folder of them; repeatable.",
    )
    window: list[str] | None = c.in_measurement(
        None,
        metavar="TOKENS",
        help="Window in tokens, such as 4k; repeatable (default: powers of two up to the tuned "
        "window).",
    )
    stride: int = c.in_measurement(
        PerplexityConfig.stride,
        metavar="S",
        help="Tokens that each window predicts, its last ones (the paper: 256).",
    )
    max_windows: int | None = c.in_measurement(
        PerplexityConfig.max_windows,
        metavar="N",
        help="Maximum windows of each size, evenly spaced over all documents; windows of every "
        "size predict the same tokens.",
    )
    max_tokens: int | None = c.in_measurement(
        PerplexityConfig.max_tokens,
        metavar="N",
        help="Maximum tokens read of each document, from its beginning (the paper: 32,768 of "
        "proof-pile's).",
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
    """Measure perplexity by window: whether a model predicts better from more text.

    Sliding windows as in the paper (section 3.2), each read from position 0; a document's first one
    predicts all tokens but the first. Documents shorter than a window are left out of it. Windows
    start at 2,048 tokens, or at the native window if smaller; those above the tuned window measure
    extrapolation.
    """
    make = partial(perplexity_task, data=measured.data, config=measured.config())
    c.evaluate(models, held.load_config(), files, make, scheme=scheme)


def perplexity_task(
    found: list[c.Found], listener: Listener, *, data: list[Path], config: PerplexityConfig
) -> c.Task:
    """Read the documents, and return what is measured.

    Args:
        found: the models.
        listener: receives the progress of reading.
        data: files or folders of texts.
        config: windows, stride and limits.

    Raises:
        LongsumError: when the data cannot be read.
    """
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
