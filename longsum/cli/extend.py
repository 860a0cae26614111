"""`longsum extend`: its options."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from longsum.cli import options as o
from longsum.cli.grouping import Without, grouped, panel
from longsum.cli.run import download_missing
from longsum.errors import UsageError
from longsum.extend.config import ExtendConfig, Method, Position, TrainDtype

in_data, in_training, in_run = map(panel, ("Data", "Training", "Run"))
in_lora = panel("LoRA (arXiv 2106.09685)")
PAPER = "arXiv 2306.15595, 3.1"


@dataclass(frozen=True)
class TrainingOptions:
    """How the weights are trained."""

    position: Position = in_training(
        ExtendConfig.position,
        help="Position scheme: pi (arXiv 2306.15595), none, or by frequency with yarn or ntk "
        "(arXiv 2309.00071).",
    )
    method: Method = in_training(
        ExtendConfig.method,
        help="Weights to train: all; low-rank matrices, norms and embedding (lora); or these "
        "over NF4 (qlora, CUDA only).",
    )
    steps: int = in_training(
        ExtendConfig.steps,
        metavar="N",
        help=f"Number of optimizer steps; {PAPER}: 1000; YaRN: 400.",
    )
    batch: int = in_training(
        ExtendConfig.batch,
        metavar="N",
        help=f"Sequences per step over all processes; {PAPER}: 64 for 8k, otherwise 128, on 32 "
        "to 128 A100s.",
    )
    gradient_accumulation: int | None = in_training(
        ExtendConfig.gradient_accumulation,
        metavar="N",
        help="Parts in which a process reads its share of the batch (default: one sequence each).",
    )
    train_tokens: int | None = in_training(
        ExtendConfig.train_tokens,
        metavar="N",
        help="Tokens of a training sequence, with --skip-positions (default: the window).",
    )
    skip_positions: bool = in_training(
        ExtendConfig.skip_positions,
        "--skip-positions",
        help="Spread the positions of short sequences over the window, PoSE (arXiv 2309.10400): "
        "far less memory and time.",
    )
    learning_rate: float = in_training(
        ExtendConfig.learning_rate,
        metavar="NUMBER",
        help=f"Learning rate; {PAPER}: 2e-5 for 7B and 13B, 1e-5 for 33B and 65B. Small models "
        "tolerate more.",
    )
    warmup_steps: int = in_training(
        ExtendConfig.warmup_steps,
        metavar="N",
        help=f"Steps of linear warm-up before the constant rate; {PAPER}: 20.",
    )
    warmup_start: float = in_training(
        ExtendConfig.warmup_start,
        metavar="SHARE",
        help=f"Share of the learning rate at the first step; {PAPER}: 0.1.",
    )
    beta1: float = in_training(
        ExtendConfig.beta1, metavar="NUMBER", help=f"AdamW's beta 1; {PAPER}: 0.9."
    )
    beta2: float = in_training(
        ExtendConfig.beta2, metavar="NUMBER", help=f"AdamW's beta 2; {PAPER}: 0.95."
    )
    weight_decay: float = in_training(
        ExtendConfig.weight_decay, metavar="NUMBER", help=f"AdamW's weight decay; {PAPER}: none."
    )
    max_grad_norm: float = in_training(
        ExtendConfig.max_grad_norm,
        metavar="NUMBER",
        help="Maximum norm of the gradient; 0 does not clip. LLaMA (arXiv 2302.13971): 1.",
    )
    gradient_checkpointing: bool | None = in_training(
        ExtendConfig.gradient_checkpointing,
        "--gradient-checkpointing/--no-gradient-checkpointing",
        show_default=False,
        help="Recompute activations instead of storing them, arXiv 1604.06174 (default: where "
        "memory requires it).",
    )
    compile_layers: bool = in_training(
        ExtendConfig.compile_layers,
        "--compile",
        help="Compile each layer with torch.compile: faster steps after a minute.",
    )
    dtype: TrainDtype = in_training(
        ExtendConfig.dtype, help="Compute dtype; trained weights stay float32."
    )
    seed: int = in_training(ExtendConfig.seed, metavar="N", help="Random seed for shuffling.")


@dataclass(frozen=True)
class LoraOptions:
    """The low-rank matrices of LoRA."""

    rank: int = in_lora(
        ExtendConfig.rank,
        metavar="N",
        help="Rank of the matrices; LongLoRA (arXiv 2309.12307): 8.",
    )
    alpha: float = in_lora(
        ExtendConfig.alpha,
        metavar="NUMBER",
        help="Scale of the matrices: their product is multiplied by alpha / rank.",
    )
    targets: str = in_lora(
        ",".join(ExtendConfig.targets),
        metavar="NAMES",
        help="Layers that get matrices; LongLoRA: the four of the attention.",
    )
    train_norm_and_embedding: bool = in_lora(
        ExtendConfig.train_norm_and_embedding,
        "--train-norm-and-embedding/--matrices-only",
        help="Train norms and embedding as well; LongLoRA, 32k: perplexity 8.12 against 11.44.",
    )


@dataclass(frozen=True)
class RowOptions:
    """Which sequences are used for training and for validation."""

    validation_rows: int = in_data(
        ExtendConfig.validation_rows,
        metavar="N",
        help="Sequences held out for validation, at most a tenth.",
    )
    max_rows: int | None = in_data(
        ExtendConfig.max_rows, metavar="N", help="Maximum number of training sequences."
    )


@dataclass(frozen=True)
class SaveOptions:
    """What is saved during training."""

    save_every: int = o.in_output(
        ExtendConfig.save_every,
        metavar="N",
        help="Steps between checkpoints to resume from; 0 saves none.",
    )
    keep_at: str = o.in_output(
        "",
        metavar="STEPS",
        help="Save the whole model at these steps, such as 200,400, as DIR/step-N.",
    )


@dataclass(frozen=True)
class RunOptions:
    """Whether to run, and what is printed."""

    dry_run: bool = in_run(False, "--dry-run", help="Show what the run reads and needs, then exit.")
    as_json: o.PlainJson = False
    quiet: o.Quiet = False


@grouped
def extend(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="Base model: alias (see `longsum models list`), folder, GGUF file, or Hugging "
            "Face id.",
        ),
    ],
    more: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="More --data, such as *.txt expanded by the shell."),
    ] = None,
    context: str | None = o.in_model(
        None,
        metavar="TOKENS",
        help="New window in tokens, such as 32k; larger than the native one.",
    ),
    data: list[Path] | None = in_data(
        None,
        metavar="FILE",
        help="Document, .jsonl[.gz|.xz] with a `text` field, or a folder of them; repeatable.",
    ),
    output: Path | None = o.in_output(
        None,
        "--output",
        "-o",
        metavar="DIR",
        help="Folder for the extended model; an interrupted run continues in it.",
    ),
    *,
    training: TrainingOptions,
    lora: LoraOptions,
    rows: RowOptions,
    saving: SaveOptions,
    source: Annotated[
        o.ModelOptions,
        Without(
            *("model", "context", "force_context", "quantize", "kv_cache", "dtype", "attention")
        ),
    ],
    run: RunOptions,
) -> None:
    """Extend a model's window by fine-tuning it on long texts.

    The method is Position Interpolation, by default with the settings of the paper (arXiv
    2306.15595, section 3.1). The same command continues an interrupted run. For several GPUs:
    accelerate launch -m longsum extend …
    """
    from longsum.cli.training import TrainingReporter, run_extension

    config = _config(training, lora, rows, saving)
    load = replace(source, model=model, context=context).load_config()
    files = [*(data or ()), *(more or ())]
    folder = _required(context, files, output)
    download_missing(load)
    with TrainingReporter(quiet=run.quiet) as reporter:
        run_extension(
            load, files, folder, config, reporter, dry_run=run.dry_run, as_json=run.as_json
        )


def _config(
    training: TrainingOptions, lora: LoraOptions, rows: RowOptions, saving: SaveOptions
) -> ExtendConfig:
    """Return the settings of the training, which have the names of the options."""
    targets = tuple(filter(None, (name.strip() for name in lora.targets.split(","))))
    return ExtendConfig(
        **vars(training),
        **(vars(lora) | {"targets": targets}),
        **vars(rows),
        save_every=saving.save_every,
        keep_checkpoints_at=_steps(saving.keep_at),
    )


def _required(context: str | None, files: list[Path], output: Path | None) -> Path:
    """Return the output folder; refuse a command without one of the required options."""
    if not context:
        raise UsageError("--context is missing", hint="add the new window: --context 32k")
    if not files:
        raise UsageError("--data is missing", hint="name long texts: --data books/")
    if output is None:
        raise UsageError("--output is missing", hint="name a new folder: --output my-model-32k")
    return output


def _steps(text: str) -> tuple[int, ...]:
    """Return the steps of `200,400`."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise UsageError(
            f"--keep-at {text!r} is not a list of steps", hint="write --keep-at 200,400"
        )
    return tuple(sorted({int(part) for part in parts}))
