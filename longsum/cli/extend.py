"""`longsum extend`: its options and its look."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from longsum.cli import options as o
from longsum.cli.grouping import Without, grouped, panel
from longsum.cli.run import fetch_missing
from longsum.errors import UsageError
from longsum.extend.config import ExtendConfig, Method, Position, TrainDtype

in_data, in_training, in_run = map(panel, ("Data", "Training", "Run"))
in_lora = panel("LoRA (arXiv 2106.09685)")
PAPER = "arXiv 2306.15595, 3.1"


@dataclass(frozen=True)
class TrainingOptions:
    """How the weights learn."""

    position: Position = in_training(
        ExtendConfig.position,
        help="pi: Position Interpolation (arXiv 2306.15595); none: direct fine-tuning, its "
        "baseline; yarn, ntk: scaled by frequency (YaRN, arXiv 2309.00071).",
    )
    method: Method = in_training(
        ExtendConfig.method,
        help=f"full: all weights ({PAPER}); lora: low-rank matrices, norms and embedding "
        "(LongLoRA, arXiv 2309.12307); qlora: the same on NF4 weights (arXiv 2305.14314), "
        "CUDA only.",
    )
    steps: int = in_training(
        ExtendConfig.steps,
        metavar="N",
        help=f"Optimizer steps. {PAPER}: 1000; YaRN (arXiv 2309.00071): 400.",
    )
    batch: int = in_training(
        ExtendConfig.batch,
        metavar="N",
        help=f"Sequences of a step, all processes together. {PAPER}: 64 for 8k, 128 otherwise, "
        "on 32 to 128 A100s; 1 suits one small machine.",
    )
    gradient_accumulation: int | None = in_training(
        ExtendConfig.gradient_accumulation,
        metavar="N",
        help="Parts a process reads its share of the batch in; by default one sequence at a time.",
    )
    learning_rate: float = in_training(
        ExtendConfig.learning_rate,
        metavar="NUMBER",
        help=f"{PAPER}: 2e-5 for 7B and 13B, 1e-5 for 33B and 65B; LongLoRA and YaRN: 2e-5. "
        "Small models bear more.",
    )
    warmup_steps: int = in_training(
        ExtendConfig.warmup_steps,
        metavar="N",
        help=f"Steps of the linear warm-up; the rate is constant after it. {PAPER}: 20.",
    )
    warmup_start: float = in_training(
        ExtendConfig.warmup_start,
        metavar="SHARE",
        help=f"Share of the learning rate it starts from. {PAPER}: 0.1.",
    )
    beta1: float = in_training(ExtendConfig.beta1, metavar="NUMBER", help=f"AdamW's. {PAPER}: 0.9.")
    beta2: float = in_training(
        ExtendConfig.beta2, metavar="NUMBER", help=f"AdamW's. {PAPER}: 0.95."
    )
    weight_decay: float = in_training(
        ExtendConfig.weight_decay, metavar="NUMBER", help=f"AdamW's. {PAPER}: none."
    )
    max_grad_norm: float = in_training(
        ExtendConfig.max_grad_norm,
        metavar="NUMBER",
        help="Cut longer gradients; 0 leaves them. LLaMA (arXiv 2302.13971): 1.",
    )
    gradient_checkpointing: bool | None = in_training(
        ExtendConfig.gradient_checkpointing,
        "--gradient-checkpointing/--no-gradient-checkpointing",
        show_default=False,
        help="Compute activations twice instead of keeping them (arXiv 1604.06174); by default "
        "where memory asks for it.",
    )
    dtype: TrainDtype = in_training(
        ExtendConfig.dtype, help="Dtype of the products; weights that learn are kept in float32."
    )
    seed: int = in_training(
        ExtendConfig.seed, metavar="N", help="Random seed for the order of the sequences."
    )


@dataclass(frozen=True)
class LoraOptions:
    """The low-rank matrices."""

    rank: int = in_lora(
        ExtendConfig.rank,
        metavar="N",
        help="Rank of the matrices. LongLoRA (arXiv 2309.12307): 8; more did not help.",
    )
    alpha: float = in_lora(
        ExtendConfig.alpha, metavar="NUMBER", help="Their scale: the product counts alpha / rank."
    )
    targets: str = in_lora(
        ",".join(ExtendConfig.targets),
        metavar="NAMES",
        help="Layers that get them. LongLoRA: the four of the attention.",
    )
    train_norm_and_embedding: bool = in_lora(
        ExtendConfig.train_norm_and_embedding,
        "--train-norm-and-embedding/--matrices-only",
        help="Norms and embedding learn too. LongLoRA, 32k: perplexity 8.12 against 11.44.",
    )


@dataclass(frozen=True)
class RowOptions:
    """Which sequences are trained and measured on."""

    validation_rows: int = in_data(
        ExtendConfig.validation_rows,
        metavar="N",
        help="Sequences held out to measure on, at most a tenth.",
    )
    max_rows: int | None = in_data(
        ExtendConfig.max_rows, metavar="N", help="Train on no more sequences."
    )


@dataclass(frozen=True)
class SaveOptions:
    """What is saved on the way."""

    save_every: int = o.in_output(
        ExtendConfig.save_every,
        metavar="N",
        help="Steps between checkpoints to go on from; 0 keeps none.",
    )
    keep_at: str = o.in_output(
        "", metavar="STEPS", help="Keep the whole model of these steps as DIR/step-N: 200,400."
    )


@dataclass(frozen=True)
class RunOptions:
    """What of the run is wanted, and shown."""

    dry_run: bool = in_run(False, "--dry-run", help="Show what the run reads and needs, and leave.")
    as_json: o.PlainJson = False
    quiet: o.Quiet = False


@grouped
def extend(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="The base: mini, an alias of `longsum models list`, a folder, a GGUF file, or a "
            "Hugging Face id.",
        ),
    ],
    more: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="More --data, such as a shell makes of *.txt."),
    ] = None,
    context: str | None = o.in_model(
        None,
        metavar="TOKENS",
        help="The new window, such as 32k; larger than the one of the pre-training.",
    ),
    data: list[Path] | None = in_data(
        None,
        metavar="FILE",
        help="Text, PDF, .jsonl[.gz|.xz] with a `text` field, or a folder; may be given often.",
    ),
    output: Path | None = o.in_output(
        None,
        "--output",
        "-o",
        metavar="DIR",
        help="Folder of the extended model; a run that was stopped goes on in it.",
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
    """Extend a model's window by fine-tuning on long texts, as Position Interpolation does.

    By default with the settings of the paper (arXiv 2306.15595, section 3.1). A run that was
    stopped goes on when the same command is given again. On several GPUs: accelerate launch -m
    longsum extend …
    """
    from longsum.cli.training import TrainingReporter, run_extension

    config = _config(training, lora, rows, saving)
    load = replace(source, model=model, context=context).load_config()
    files = [*(data or ()), *(more or ())]
    folder = _required(context, files, output)
    fetch_missing(load)
    with TrainingReporter(quiet=run.quiet) as reporter:
        run_extension(
            load, files, folder, config, reporter, dry_run=run.dry_run, as_json=run.as_json
        )


def _config(
    training: TrainingOptions, lora: LoraOptions, rows: RowOptions, saving: SaveOptions
) -> ExtendConfig:
    """Return the settings of the training; the options have their names."""
    targets = tuple(filter(None, (name.strip() for name in lora.targets.split(","))))
    return ExtendConfig(
        **vars(training),
        **(vars(lora) | {"targets": targets}),
        **vars(rows),
        save_every=saving.save_every,
        keep_checkpoints_at=_steps(saving.keep_at),
    )


def _required(context: str | None, files: list[Path], output: Path | None) -> Path:
    """Return the output folder; what has to be said must be said."""
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
        raise UsageError(f"--keep-at {text!r} is no list of steps", hint="write --keep-at 200,400")
    return tuple(sorted({int(part) for part in parts}))
