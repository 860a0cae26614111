"""`longsum extend`: its options and its look."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from longsum.cli import options as o
from longsum.cli.training import TrainingReporter, run_extension
from longsum.config import ExtendConfig, LoadConfig, Method, Position, TrainDtype
from longsum.errors import UsageError

DATA = "Data"
TRAINING = "Training"
LORA = "LoRA (arXiv 2106.09685)"
RUN = "Run"
PAPER = "arXiv 2306.15595, 3.1"


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
    context: Annotated[
        str | None,
        typer.Option(
            "--context",
            metavar="TOKENS",
            rich_help_panel=o.MODEL,
            help="The new window, such as 32k; larger than the one of the pre-training.",
        ),
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(
            "--data",
            metavar="FILE",
            rich_help_panel=DATA,
            help="Text, PDF, .jsonl[.gz|.xz] with a `text` field, or a folder; may be given often.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            rich_help_panel=o.OUTPUT,
            help="Folder of the extended model; a run that was stopped goes on in it.",
        ),
    ] = None,
    position: Annotated[
        Position,
        typer.Option(
            "--position",
            rich_help_panel=TRAINING,
            help="pi: Position Interpolation (arXiv 2306.15595); none: direct fine-tuning, its "
            "baseline; yarn, ntk: scaled by frequency (YaRN, arXiv 2309.00071).",
        ),
    ] = ExtendConfig.position,
    method: Annotated[
        Method,
        typer.Option(
            "--method",
            rich_help_panel=TRAINING,
            help=f"full: all weights ({PAPER}); lora: low-rank matrices, norms and embedding "
            "(LongLoRA, arXiv 2309.12307); qlora: the same on NF4 weights (arXiv 2305.14314), "
            "CUDA only.",
        ),
    ] = ExtendConfig.method,
    steps: Annotated[
        int,
        typer.Option(
            "--steps",
            metavar="N",
            rich_help_panel=TRAINING,
            help=f"Optimizer steps. {PAPER}: 1000; YaRN (arXiv 2309.00071): 400.",
        ),
    ] = ExtendConfig.steps,
    batch: Annotated[
        int,
        typer.Option(
            "--batch",
            metavar="N",
            rich_help_panel=TRAINING,
            help=f"Sequences of a step, all processes together. {PAPER}: 64 for 8k, 128 otherwise, "
            "on 32 to 128 A100s; 1 suits one small machine.",
        ),
    ] = ExtendConfig.batch,
    gradient_accumulation: Annotated[
        int | None,
        typer.Option(
            "--gradient-accumulation",
            metavar="N",
            rich_help_panel=TRAINING,
            help="Parts a process reads its share of the batch in; by default one sequence at a "
            "time.",
        ),
    ] = ExtendConfig.gradient_accumulation,
    learning_rate: Annotated[
        float,
        typer.Option(
            "--learning-rate",
            metavar="NUMBER",
            rich_help_panel=TRAINING,
            help=f"{PAPER}: 2e-5 for 7B and 13B, 1e-5 for 33B and 65B; LongLoRA and YaRN: 2e-5. "
            "Small models bear more.",
        ),
    ] = ExtendConfig.learning_rate,
    warmup_steps: Annotated[
        int,
        typer.Option(
            "--warmup-steps",
            metavar="N",
            rich_help_panel=TRAINING,
            help=f"Steps of the linear warm-up; the rate is constant after it. {PAPER}: 20.",
        ),
    ] = ExtendConfig.warmup_steps,
    warmup_start: Annotated[
        float,
        typer.Option(
            "--warmup-start",
            metavar="SHARE",
            rich_help_panel=TRAINING,
            help=f"Share of the learning rate it starts from. {PAPER}: 0.1.",
        ),
    ] = ExtendConfig.warmup_start,
    beta1: Annotated[
        float,
        typer.Option(
            "--beta1", metavar="NUMBER", rich_help_panel=TRAINING, help=f"AdamW's. {PAPER}: 0.9."
        ),
    ] = ExtendConfig.beta1,
    beta2: Annotated[
        float,
        typer.Option(
            "--beta2", metavar="NUMBER", rich_help_panel=TRAINING, help=f"AdamW's. {PAPER}: 0.95."
        ),
    ] = ExtendConfig.beta2,
    weight_decay: Annotated[
        float,
        typer.Option(
            "--weight-decay",
            metavar="NUMBER",
            rich_help_panel=TRAINING,
            help=f"AdamW's. {PAPER}: none.",
        ),
    ] = ExtendConfig.weight_decay,
    max_grad_norm: Annotated[
        float,
        typer.Option(
            "--max-grad-norm",
            metavar="NUMBER",
            rich_help_panel=TRAINING,
            help="Cut longer gradients; 0 leaves them. LLaMA (arXiv 2302.13971): 1.",
        ),
    ] = ExtendConfig.max_grad_norm,
    gradient_checkpointing: Annotated[
        bool | None,
        typer.Option(
            "--gradient-checkpointing/--no-gradient-checkpointing",
            rich_help_panel=TRAINING,
            show_default=False,
            help="Compute activations twice instead of keeping them (arXiv 1604.06174); by default "
            "where memory asks for it.",
        ),
    ] = ExtendConfig.gradient_checkpointing,
    dtype: Annotated[
        TrainDtype,
        typer.Option(
            "--dtype",
            rich_help_panel=TRAINING,
            help="Dtype of the products; weights that learn are kept in float32.",
        ),
    ] = ExtendConfig.dtype,
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            metavar="N",
            rich_help_panel=TRAINING,
            help="Random seed for the order of the sequences.",
        ),
    ] = ExtendConfig.seed,
    rank: Annotated[
        int,
        typer.Option(
            "--rank",
            metavar="N",
            rich_help_panel=LORA,
            help="Rank of the matrices. LongLoRA (arXiv 2309.12307): 8; more did not help.",
        ),
    ] = ExtendConfig.rank,
    alpha: Annotated[
        float,
        typer.Option(
            "--alpha",
            metavar="NUMBER",
            rich_help_panel=LORA,
            help="Their scale: the product counts alpha / rank.",
        ),
    ] = ExtendConfig.alpha,
    targets: Annotated[
        str,
        typer.Option(
            "--targets",
            metavar="NAMES",
            rich_help_panel=LORA,
            help="Layers that get them. LongLoRA: the four of the attention.",
        ),
    ] = ",".join(ExtendConfig.targets),
    train_norm_and_embedding: Annotated[
        bool,
        typer.Option(
            "--train-norm-and-embedding/--matrices-only",
            rich_help_panel=LORA,
            help="Norms and embedding learn too. LongLoRA, 32k: perplexity 8.12 against 11.44.",
        ),
    ] = ExtendConfig.train_norm_and_embedding,
    validation_rows: Annotated[
        int,
        typer.Option(
            "--validation-rows",
            metavar="N",
            rich_help_panel=DATA,
            help="Sequences held out to measure on, at most a tenth.",
        ),
    ] = ExtendConfig.validation_rows,
    max_rows: Annotated[
        int | None,
        typer.Option(
            "--max-rows", metavar="N", rich_help_panel=DATA, help="Train on no more sequences."
        ),
    ] = ExtendConfig.max_rows,
    save_every: Annotated[
        int,
        typer.Option(
            "--save-every",
            metavar="N",
            rich_help_panel=o.OUTPUT,
            help="Steps between checkpoints to go on from; 0 keeps none.",
        ),
    ] = ExtendConfig.save_every,
    keep_at: Annotated[
        str,
        typer.Option(
            "--keep-at",
            metavar="STEPS",
            rich_help_panel=o.OUTPUT,
            help="Keep the whole model of these steps as DIR/step-N: 200,400.",
        ),
    ] = "",
    device: o.Device = LoadConfig.device,
    memory: o.Memory = None,
    revision: o.Revision = LoadConfig.revision,
    offline: o.Offline = LoadConfig.offline,
    download: o.Download = LoadConfig.download,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", rich_help_panel=RUN, help="Show what the run reads and needs, and leave."
        ),
    ] = False,
    as_json: o.PlainJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Extend a model's window by fine-tuning on long texts, as Position Interpolation does.

    By default with the settings of the paper (arXiv 2306.15595, section 3.1). A run that was
    stopped goes on when the same command is given again. On several GPUs: accelerate launch -m
    longsum extend …
    """
    from longsum.cli.run import fetch_missing, load_config

    config = ExtendConfig(
        position=position,
        method=method,
        steps=steps,
        batch=batch,
        gradient_accumulation=gradient_accumulation,
        learning_rate=learning_rate,
        warmup_steps=warmup_steps,
        warmup_start=warmup_start,
        beta1=beta1,
        beta2=beta2,
        weight_decay=weight_decay,
        max_grad_norm=max_grad_norm,
        rank=rank,
        alpha=alpha,
        targets=tuple(filter(None, (name.strip() for name in targets.split(",")))),
        train_norm_and_embedding=train_norm_and_embedding,
        gradient_checkpointing=gradient_checkpointing,
        dtype=dtype,
        validation_rows=validation_rows,
        max_rows=max_rows,
        seed=seed,
        save_every=save_every,
        keep_checkpoints_at=_steps(keep_at),
    )
    load = load_config(
        model,
        context,
        False,
        LoadConfig.quantize,
        device,
        LoadConfig.dtype,
        LoadConfig.attention,
        memory,
        revision,
        offline,
        download,
    )
    files = [*(data or ()), *(more or ())]
    folder = _required(context, files, output)
    fetch_missing(load)
    reporter = TrainingReporter(quiet=quiet)
    with reporter:
        run_extension(load, files, folder, config, reporter, dry_run=dry_run, as_json=as_json)


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
