"""Measure base and extensions with the functions of `longsum evaluate`, one file per result."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.paper.settings import Extension, Settings
from longsum.config import LoadConfig
from longsum.corpus.jsonl import read_jsonl
from longsum.corpus.texts import Text
from longsum.evaluate.choices import make_cloze
from longsum.evaluate.config import PasskeyConfig, PerplexityConfig, ShortConfig
from longsum.evaluate.evaluation_journal import EvaluationJournal
from longsum.evaluate.loading import Opened, open_model
from longsum.evaluate.passkey import measure_passkey
from longsum.evaluate.perplexity import measure_perplexity
from longsum.evaluate.short import measure_short
from longsum.events import Listener
from longsum.extend.config import Position
from longsum.extend.folder import write_json
from recipes.mini.shards import TAKEN

MAX_TOKENS = 32_768
"""Maximum tokens of a document, as the paper truncates proof-pile's."""
CLOZE_ITEMS = 200

Rows = list[dict[str, Any]]


class Notices(Listener):
    """Prints notices."""

    def notice(self, line: str) -> None:
        """Print it."""
        print(line, flush=True)


@dataclass(frozen=True)
class Variant:
    """A model to measure: a folder, optionally with positions its weights were not tuned for."""

    label: str
    folder: Path
    position: Position | None = None
    context: int | None = None

    def open(self, tokens: int) -> Opened:
        """Load it for runs of at most `tokens` tokens."""
        return open_model(
            LoadConfig(model=str(self.folder)),
            tokens=tokens,
            listener=Notices(),
            position=self.position,
            context=self.context,
            label=self.label,
        )


def tuned(settings: Settings, extension: Extension, step: int | None = None) -> Variant:
    """Return an extension's model.

    Args:
        settings: settings of the reproduction.
        extension: the extension.
        step: number of its steps; None for all.
    """
    label = f"{extension.method} {extension.context}"
    if step is not None:
        label += f" after {step}"
    return Variant(label, settings.folder(extension, step))


def cached(path: Path, measure: Callable[[], Any]) -> Any:
    """Return a result that is measured once and cached as JSON."""
    if not path.exists():
        print(f"== {path.stem}", flush=True)
        found = measure()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, found)
    return json.loads(path.read_text())


def held_out(settings: Settings, name: str) -> Iterator[Text]:
    """Yield documents that no training has seen: `books-test`, or the last specifications."""
    path = settings.data / "text" / f"{name}.jsonl.xz"
    for _, row in islice(read_jsonl(path), TAKEN.get(name, 0), None):
        yield Text(str(row["id"]), row["text"])


def perplexity(settings: Settings, name: str, variants: list[Variant]) -> Rows:
    """Measure perplexity by window, on the same tokens for every window and model.

    Args:
        settings: settings of the reproduction.
        name: `books-test` or `specifications`.
        variants: models to measure.
    """
    texts = list(held_out(settings, name))
    return [
        row
        for variant in variants
        for row in _by_window(settings, texts, variant.open(settings.extended), settings.windows)
    ]


def perplexity_by_steps(settings: Settings, extension: Extension) -> Rows:
    """Measure perplexity at the extended window after different numbers of steps."""
    texts = list(held_out(settings, "books-test"))
    window = extension.context
    return [
        {**row, "step": step}
        for step in settings.measured_steps
        for row in _by_window(
            settings, texts, tuned(settings, extension, step).open(window), (window,)
        )
    ]


def _by_window(
    settings: Settings, texts: list[Text], opened: Opened, windows: tuple[int, ...]
) -> Rows:
    """Measure a model's perplexity on the tokens that the largest window can predict."""
    config = PerplexityConfig(
        windows=windows,
        stride=settings.stride,
        max_windows=settings.max_windows,
        max_tokens=MAX_TOKENS,
    )
    nothing = EvaluationJournal(None, {})
    return measure_perplexity(opened, texts, config, nothing, Notices(), reach=settings.extended)


def passkey(settings: Settings, variant: Variant, length: int) -> dict[str, Any]:
    """Measure retrieval by distance.

    Args:
        settings: settings of the reproduction.
        variant: model to measure.
        length: length of the prompts in tokens.
    """
    config = PasskeyConfig(lengths=(length,), depths=settings.depths, trials=settings.trials)
    (row,) = measure_passkey(variant.open(length), config, EvaluationJournal(None, {}), Notices())
    return row


def copying(settings: Settings, variants: list[Variant]) -> dict[str, float]:
    """Measure the share of random tokens predicted when their sequence is repeated."""
    import torch

    drawn = torch.Generator().manual_seed(0)
    shares = {}
    for variant in variants:
        opened = variant.open(settings.window)
        once = torch.randint(
            6, opened.model.config.vocab_size, (16, settings.window // 2), generator=drawn
        )
        twice = torch.cat([once, once], dim=1)
        with torch.no_grad():
            predicted = opened.model(twice).logits[:, once.shape[1] : -1].argmax(-1)
        shares[variant.label] = (predicted == twice[:, once.shape[1] + 1 :]).float().mean().item()
    return shares


def short_tasks(settings: Settings, variants: list[Variant]) -> Rows:
    """Measure multiple choice inside the native window: which continuation is the original."""
    rows: Rows = []
    for name in ("books-test", "specifications"):
        items = make_cloze(list(held_out(settings, name)), CLOZE_ITEMS, seed=0)
        for variant in variants:
            opened = variant.open(settings.window)
            config = ShortConfig(length=settings.window)
            found = measure_short(opened, items, config, EvaluationJournal(None, {}), Notices())
            rows.append({**found, "model": variant.label, "text": name})
    return rows
