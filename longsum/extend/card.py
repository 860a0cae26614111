"""The card of an extended model: its base, its training and its losses. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from longsum.extend.config import ExtendConfig
from longsum.extend.training_events import ExtendResult, TrainingExtent, Validation

POSITIONS = {
    "pi": "Position Interpolation, arXiv 2306.15595",
    "none": "direct fine-tuning, positions unchanged",
    "yarn": "YaRN, arXiv 2309.00071",
    "ntk": "NTK-aware base, arXiv 2309.00071, section 3.1",
}


@dataclass(frozen=True)
class TrainingEnvironment:
    """The hardware and software a model was trained with."""

    hardware: str
    dtype: str
    """Compute dtype."""
    processes: int
    versions: dict[str, str]
    """Version of each library."""


def model_card(result: ExtendResult, config: ExtendConfig, environment: TrainingEnvironment) -> str:
    """Return the card as Markdown with the hub's header.

    Args:
        result: the finished run, with its extent.
        config: how it was trained.
        environment: hardware and library versions.
    """
    extent = result.extent
    assert extent is not None
    files = "\n".join(
        f"| {_cell(f.name)} | {f.texts:,} | {f.tokens:,} | `{f.sha256}` |" for f in extent.files
    )
    versions = ", ".join(f"{name} {version}" for name, version in environment.versions.items())
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
| steps | {result.steps:,} of {config.batch:,} × {_length(extent, result)} |
| optimizer | AdamW ({config.beta1:g}, {config.beta2:g}), weight decay {config.weight_decay:g}, \
learning rate {config.learning_rate:g}, warm-up {config.warmup_steps} steps |
| hardware | {_cell(environment.hardware)}, {environment.processes} process(es), \
{environment.dtype} |
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


def _length(extent: TrainingExtent, result: ExtendResult) -> str:
    """Return the length of a sequence, and how the positions of short ones were spread."""
    tokens = f"{extent.train_tokens:,} tokens"
    if extent.train_tokens == result.context:
        return tokens
    return f"{tokens}, positions spread over {result.context:,} (PoSE, arXiv 2309.10400)"


def _method(config: ExtendConfig) -> str:
    if config.method == "full":
        return "full: every weight learns"
    also_trained = ", norms and embedding" if config.train_norm_and_embedding else ""
    return (
        f"{config.method}: rank {config.rank}, alpha {config.alpha:g} on "
        f"{', '.join(config.targets)}{also_trained}; merged"
    )


def _losses(losses: Sequence[float]) -> str:
    """Return table rows of the first loss, the last, and nine evenly spaced between them."""
    count = len(losses)
    steps = sorted({1, count, *(round(count * tenth / 10) for tenth in range(1, 10))} - {0})
    return "\n".join(f"| {step:,} | {losses[step - 1]:.4f} |" for step in steps)


def _validation(name: str, validation: Validation) -> str:
    losses = (validation.native, validation.extended)
    cells = ["–" if loss is None else f"{loss:.4f}" for loss in losses]
    return f"| {name} | {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """Return text that stays inside its table cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
