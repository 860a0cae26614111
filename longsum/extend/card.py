"""The card of an extended model: what it was made of, how, and how well it went. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from longsum.extend.config import ExtendConfig
from longsum.extend.training_events import ExtendResult, Validation

POSITIONS = {
    "pi": "Position Interpolation, arXiv 2306.15595",
    "none": "direct fine-tuning, positions unchanged",
    "yarn": "YaRN, arXiv 2309.00071",
    "ntk": "NTK-aware base, arXiv 2309.00071, section 3.1",
}


@dataclass(frozen=True)
class TrainingEnvironment:
    """Where a model was made."""

    hardware: str
    dtype: str
    processes: int
    versions: dict[str, str]


def model_card(result: ExtendResult, config: ExtendConfig, made: TrainingEnvironment) -> str:
    """Return the card as Markdown with the hub's header."""
    extent = result.extent
    assert extent is not None  # only a run that was made is told of
    files = "\n".join(
        f"| {_cell(f.name)} | {f.texts:,} | {f.tokens:,} | `{f.sha256}` |" for f in extent.files
    )
    versions = ", ".join(f"{name} {version}" for name, version in made.versions.items())
    return f"""---
library_name: transformers
pipeline_tag: text-generation
tags: [long-context, llama]
---

# {_cell(result.model)}, window extended to {result.context:,} tokens

Made by `longsum extend`. Loads in plain `transformers` and in longsum:
`longsum summarize FILE --model DIR`.

| | |
|---|---|
| base | {_cell(result.model)} |
| licence | as the base's |
| window | {result.native_window:,} tokens in pre-training, {result.context:,} now |
| position | {POSITIONS[result.position]} |
| factor | {result.factor:g} |
| method | {_method(config)} |
| steps | {result.steps:,} of {config.batch:,} × {result.context:,} tokens |
| optimizer | AdamW ({config.beta1:g}, {config.beta2:g}), weight decay {config.weight_decay:g}, \
learning rate {config.learning_rate:g}, warm-up {config.warmup_steps} steps |
| hardware | {_cell(made.hardware)}, {made.processes} process(es), {made.dtype} |
| time | {result.seconds:,.0f} s |
| versions | {versions} |

## Data

| name | texts | tokens | sha256 |
|---|---|---|---|
{files}

{extent.rows:,} sequences were trained on ({extent.epochs:.2f} times), {extent.held_out:,} held out.

## Losses

Nats a token. Training:

| step | loss |
|---|---|
{_losses(result.losses)}

On the held-out sequences, in pieces of the native window and whole:

| | {result.native_window:,} tokens | {result.context:,} tokens |
|---|---|---|
{_validation("base, its own positions", result.base)}
{_validation("before the first step", result.before)}
{_validation(f"after {result.steps:,} steps", result.after)}
"""


def _method(config: ExtendConfig) -> str:
    if config.method == "full":
        return "full: every weight learns"
    beside = ", norms and embedding" if config.train_norm_and_embedding else ""
    return (
        f"{config.method}: rank {config.rank}, alpha {config.alpha:g} on "
        f"{', '.join(config.targets)}{beside}; merged"
    )


def _losses(losses: Sequence[float]) -> str:
    """Return the first, every tenth of the way, and the last."""
    count = len(losses)
    steps = sorted({1, count, *(round(count * tenth / 10) for tenth in range(1, 10))} - {0})
    return "\n".join(f"| {step:,} | {losses[step - 1]:.4f} |" for step in steps)


def _validation(name: str, validation: Validation) -> str:
    cells = ["–" if v is None else f"{v:.4f}" for v in (validation.native, validation.extended)]
    return f"| {name} | {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """Return text that stays inside its table cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
