"""How a window is extended. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from longsum.config import at_least, between
from longsum.errors import UsageError
from longsum.settings import Setting

Method = Literal["full", "lora", "qlora"]
Position = Literal["pi", "none", "yarn", "ntk"]
TrainDtype = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True)
class ExtendConfig:
    """How a window is extended: by default as the paper does it (arXiv 2306.15595, section 3.1)."""

    position: Position = "pi"
    """`pi` interpolates, `none` leaves positions unchanged, `yarn` and `ntk` scale by frequency."""
    method: Method = "full"
    """Which weights are trained."""
    steps: int = 1000
    """Optimizer steps."""
    batch: int = 1
    """Sequences per step, over all processes."""
    gradient_accumulation: int | None = None
    """Parts into which a process splits its share of the batch; None makes them one sequence."""
    train_tokens: int | None = None
    """Tokens of a sequence to train on; None takes the window."""
    skip_positions: bool = False
    """Move the second part of each sequence on, so that short ones teach a long window."""
    learning_rate: float = 2e-5
    """Learning rate after the warm-up, constant from there."""
    warmup_steps: int = 20
    """Steps of the linear warm-up."""
    warmup_start: float = 0.1
    """Fraction of the learning rate at which the warm-up starts."""
    beta1: float = 0.9
    """AdamW's decay of the gradient's mean."""
    beta2: float = 0.95
    """AdamW's decay of the gradient's square."""
    weight_decay: float = 0.0
    """AdamW's weight decay."""
    max_grad_norm: float = 1.0
    """Norm to which gradients are clipped; 0 does not clip."""
    rank: int = 8
    """LoRA rank."""
    alpha: float = 16.0
    """LoRA's scale: its product is multiplied by alpha / rank."""
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")
    """Linear layers that get LoRA matrices."""
    train_norm_and_embedding: bool = True
    """With LoRA, train norms and embeddings too."""
    gradient_checkpointing: bool | None = None
    """Recompute activations instead of storing them; None decides by the memory available."""
    compile_layers: bool = False
    """Compile each layer, which joins its many small operations; takes a minute at the start."""
    dtype: TrainDtype = "auto"
    """Compute dtype; trained weights stay float32."""
    validation_rows: int = 4
    """Sequences held out, at most a tenth of all."""
    max_rows: int | None = None
    """Maximum sequences to train on; None takes all."""
    seed: int = 0
    """Random seed for the order of the sequences and for new LoRA matrices."""
    save_every: int = 100
    """Steps between checkpoints; 0 saves none."""
    keep_checkpoints_at: tuple[int, ...] = ()
    """Steps after which the whole model is saved in OUTPUT/step-N."""

    def __post_init__(self) -> None:
        at_least(
            1,
            steps=self.steps,
            batch=self.batch,
            gradient_accumulation=self.gradient_accumulation,
            rank=self.rank,
            max_rows=self.max_rows,
        )
        at_least(2, train_tokens=self.train_tokens)
        if self.train_tokens and not self.skip_positions:
            raise UsageError(
                f"{Setting('train_tokens')} alone would teach nothing about longer distances",
                hint=f"add {Setting('skip_positions')}",
            )
        if self.skip_positions and not self.train_tokens:
            raise UsageError(
                f"{Setting('skip_positions')} needs sequences shorter than the window",
                hint=f"add {Setting('train_tokens', '2048')}",
            )
        at_least(
            0,
            warmup_steps=self.warmup_steps,
            validation_rows=self.validation_rows,
            save_every=self.save_every,
            seed=self.seed,
        )
        between(1e-12, 1.0, learning_rate=self.learning_rate)
        between(0.0, 1.0, warmup_start=self.warmup_start)
        between(0.0, 0.99999999, beta1=self.beta1, beta2=self.beta2)
        between(0.0, 10.0, weight_decay=self.weight_decay)
        between(0.0, 1e9, max_grad_norm=self.max_grad_norm)
        between(1e-9, 1e9, alpha=self.alpha)
        if not self.targets:
            raise UsageError(
                f"{Setting('targets')} names no layer",
                hint=f"write {Setting('targets', 'q_proj,v_proj')}",
            )
        for step in self.keep_checkpoints_at:
            if not 0 <= step <= self.steps:
                raise UsageError(
                    f"{Setting('keep_at')} {step} is not a step from 0 to {self.steps}"
                )
