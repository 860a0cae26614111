"""Whether a training fits this machine, computed before anything is loaded. Pure arithmetic.

Counts what torch saves for the backward pass of transformers' Llama with SDPA attention, one
sequence at a time; the estimate is within a tenth of what torch saves on a CPU (tested).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from longsum.bytesize import format_bytes
from longsum.checkpoint.files import ModelShape
from longsum.errors import InsufficientMemory
from longsum.extend.config import ExtendConfig, Method
from longsum.model.footprint import DTYPE_BYTES, WEIGHT_BYTES
from longsum.model.run_memory import OVERHEAD_BYTES
from longsum.settings import Setting

STEP = 1024
"""Suggested windows are multiples of this many tokens."""


_LINEAR = (
    *("q_proj", "k_proj", "v_proj", "o_proj"),
    *("gate_proj", "up_proj", "down_proj"),
)
_SMALLER_METHODS: dict[Method, tuple[Method, ...]] = {
    "full": ("lora", "qlora"),
    "lora": ("qlora",),
    "qlora": (),
}
"""Methods that need less memory than each method."""


@dataclass(frozen=True)
class TrainingPlan:
    """What a training needs on each device, and the memory available."""

    weights_bytes: int
    gradients_bytes: int
    optimizer_bytes: int
    """AdamW's two moments in float32, in bytes."""
    activation_bytes: int
    loss_bytes: int
    """Bytes of a chunk's logits, their softmax and gradients."""
    overhead_bytes: int
    total_bytes: int
    free_bytes: int
    fits: bool
    gradient_checkpointing: bool
    reason: str
    remedies: tuple[str, ...]
    """Texts with marked settings; any one makes the training fit."""


@dataclass(frozen=True)
class _Run:
    """Inputs of the arithmetic."""

    shape: ModelShape
    context: int
    """Tokens of a sequence to train on."""
    held: int
    """Tokens of a held-out sequence, read one at a time without gradients."""
    native_window: int
    config: ExtendConfig
    device: str
    dtype: str
    sequences: int
    shards: int
    chunk: int

    @property
    def fixed(self) -> tuple[int, int, int]:
        """Bytes of weights, gradients and AdamW's state."""
        trained = trainable_parameters(self.shape, self.config)
        width = DTYPE_BYTES[self.dtype]
        copies = trained * 2 if self.dtype != "float32" else 0  # autocast to bfloat16
        frozen = _frozen_bytes(self.shape, self.config, width)
        weights = frozen + 4 * trained + copies
        return weights // self.shards, 4 * trained // self.shards, 8 * trained // self.shards

    def parts(self, checkpointing: bool) -> tuple[int, int, int, int, int, int]:
        """Return the bytes needed, by purpose."""
        tokens = self.context * self.sequences
        saved = saved_bytes_per_token(
            self.shape, self.config, dtype=self.dtype, checkpointing=checkpointing
        )
        # plus one layer's gradients and, with checkpointing, its recomputed activations
        layer = layer_bytes_per_token(self.shape, self.config, self.dtype)
        activations = tokens * (saved + (2 if checkpointing else 1) * layer)
        activations = max(activations, self.held * layer)
        loss = loss_bytes(self.shape.vocab_size, min(self.chunk, tokens), self.dtype)
        return (*self.fixed, activations, loss, OVERHEAD_BYTES[self.device])

    def fits(self, checkpointing: bool, free_bytes: int) -> bool:
        """Return whether the training fits into the free bytes."""
        return sum(self.parts(checkpointing)) <= free_bytes


def trainable_parameters(shape: ModelShape, config: ExtendConfig) -> int:
    """Return the number of parameters that are trained."""
    if config.method == "full":
        return shape.parameters
    sizes = {
        "q_proj": (shape.hidden_size, shape.attention_size),
        "k_proj": (shape.hidden_size, shape.key_value_size),
        "v_proj": (shape.hidden_size, shape.key_value_size),
        "o_proj": (shape.attention_size, shape.hidden_size),
        "gate_proj": (shape.hidden_size, shape.intermediate_size),
        "up_proj": (shape.hidden_size, shape.intermediate_size),
        "down_proj": (shape.intermediate_size, shape.hidden_size),
    }
    layer = sum(config.rank * sum(sizes.get(name, (0, 0))) for name in config.targets)
    total = shape.num_hidden_layers * layer
    if config.train_norm_and_embedding:
        total += (2 * shape.num_hidden_layers + 1 + shape.vocab_size) * shape.hidden_size
    return total


def _frozen_bytes(shape: ModelShape, config: ExtendConfig, width: int) -> int:
    """Return the bytes of the weights that are not trained."""
    if config.method == "full":
        return 0
    linear: float = shape.linear_parameters * width
    if config.method == "qlora":
        linear = shape.linear_parameters * WEIGHT_BYTES["nf4"]
    other = shape.other_parameters
    if config.train_norm_and_embedding:
        other -= (2 * shape.num_hidden_layers + 1 + shape.vocab_size) * shape.hidden_size
    return int(linear + other * width)


def layer_bytes_per_token(shape: ModelShape, config: ExtendConfig, dtype: str) -> int:
    """Return the bytes per token that a decoder layer saves for the backward pass.

    With widths h of the hidden state, q of queries, k of keys and i of the MLP:
    - input of each norm and the values its weight multiplies, float32: 2 h;
    - inputs of the linear layers that are trained: once in float32, but autocast makes a bfloat16
      copy for each of them;
    - queries, keys, values and output of the attention, and the sum of each head's softmax:
      2 q + 2 k;
    - gate, its activation and up, and the input of `down_proj`: 3 i, or 4 i where that is trained.

    Args:
        shape: the model's shape.
        config: method, LoRA rank and target layers.
        dtype: compute dtype, `float32` or `bfloat16`.
    """
    width = DTYPE_BYTES[dtype]
    learning = _LINEAR if config.method == "full" else config.targets
    attention, mlp = _readers(learning, ("q", "k", "v")), _readers(learning, ("gate", "up"))
    if dtype == "float32":
        attention, mlp = min(attention, 1), min(mlp, 1)
    norms = 2 * (4 + 4) * shape.hidden_size + 8
    read = (attention + mlp) * shape.hidden_size * width
    # bitsandbytes' 4-bit layers return the dtype of their input: the residual stream's float32
    returned = 4 if config.method == "qlora" else width
    scores = 2 * (shape.attention_size + shape.key_value_size) * returned
    inner = (3 + ("down_proj" in learning)) * shape.intermediate_size * returned
    total = norms + read + scores + 4 * shape.num_attention_heads + inner
    if config.method != "full":
        copied = "o_proj" in learning and dtype != "float32"
        total += len(learning) * config.rank * width + copied * shape.attention_size * width
    return total


def _readers(learning: Sequence[str], names: Sequence[str]) -> int:
    """Return how many of the layers that share an input are trained."""
    return sum(f"{name}_proj" in learning for name in names)


def saved_bytes_per_token(
    shape: ModelShape, config: ExtendConfig, *, dtype: str, checkpointing: bool
) -> int:
    """Return the bytes per token saved between the forward and the backward pass.

    They are those of every layer, or with gradient checkpointing only its float32 input (arXiv
    1604.06174); those of the last norm; the head's input if the head is trained; cos and sin.

    Args:
        shape: the model's shape.
        config: method, LoRA rank and target layers.
        dtype: compute dtype, `float32` or `bfloat16`.
        checkpointing: recompute activations instead of saving them.
    """
    tied = shape.tie_word_embeddings and config.train_norm_and_embedding
    head = DTYPE_BYTES[dtype] if config.method == "full" or tied else 0
    ends = (4 + 4 + head) * shape.hidden_size + 2 * 4 * shape.head_dim
    layer = 4 * shape.hidden_size
    if not checkpointing:
        layer = layer_bytes_per_token(shape, config, dtype)
    return shape.num_hidden_layers * layer + ends


def loss_bytes(vocab_size: int, chunk: int, dtype: str) -> int:
    """Return the bytes of a chunk's logits, their float32 copy, their softmax and gradients.

    Args:
        vocab_size: logits of a position.
        chunk: positions computed at once.
        dtype: compute dtype, `float32` or `bfloat16`.
    """
    return chunk * vocab_size * (3 * 4 + 2 * DTYPE_BYTES[dtype])


def plan_training(
    shape: ModelShape,
    config: ExtendConfig,
    *,
    context: int,
    native_window: int,
    device: str,
    dtype: str,
    free_bytes: int,
    chunk: int,
    sequences: int = 1,
    shards: int = 1,
) -> TrainingPlan:
    """Decide on gradient checkpointing, and on whether the training fits.

    Args:
        shape: the model's shape.
        config: method, and whether gradient checkpointing was asked for.
        context: L' in tokens.
        native_window: L in tokens; only larger windows are suggested.
        device: `cuda`, `mps` or `cpu`.
        dtype: compute dtype, `float32` or `bfloat16`.
        free_bytes: free memory of each device.
        chunk: positions whose loss is computed at once.
        sequences: sequences that a process reads at once.
        shards: devices over which weights, gradients and optimizer are sharded (FSDP).

    Returns:
        The bytes needed by purpose, the decision with its reason, and options that would fit.
    """
    length = config.train_tokens or context
    run = _Run(
        shape, length, context, native_window, config, device, dtype, sequences, shards, chunk
    )
    asked = config.gradient_checkpointing
    if asked is None:
        checkpointing = not run.fits(False, free_bytes)
        reason = (
            "gradient checkpointing, because activations would not fit otherwise"
            if checkpointing
            else "no gradient checkpointing: activations fit"
        )
    else:
        checkpointing = asked
        reason = f"{Setting('gradient_checkpointing', str(asked))} was asked for"
    parts = run.parts(checkpointing)
    fits = sum(parts) <= free_bytes
    remedies = () if fits else _remedies(run, checkpointing, free_bytes)
    return TrainingPlan(*parts, sum(parts), free_bytes, fits, checkpointing, reason, remedies)


def require_training_fit(plan: TrainingPlan) -> None:
    """Raise unless a plan fits.

    Raises:
        InsufficientMemory: when it does not, with the remedies as its hint.
    """
    if not plan.fits:
        hint = f"add {', or '.join(plan.remedies)}" if plan.remedies else None
        raise InsufficientMemory(
            f"training needs {format_bytes(plan.total_bytes)}, "
            f"{format_bytes(plan.free_bytes)} free",
            hint=hint or "use a larger machine, or several through accelerate launch with FSDP",
            facts={"needed_bytes": plan.total_bytes, "free_bytes": plan.free_bytes},
        )


def _remedies(run: _Run, checkpointing: bool, free_bytes: int) -> tuple[str, ...]:
    """Return options that make the training fit, each checked by the same arithmetic."""
    found: list[str] = []
    if not checkpointing and run.fits(True, free_bytes):
        found.append(str(Setting("gradient_checkpointing")))
    if run.sequences > 1 and replace(run, sequences=1).fits(checkpointing, free_bytes):
        found.append(f"{Setting('gradient_accumulation')} above {run.config.gradient_accumulation}")
    for method in _SMALLER_METHODS[run.config.method]:
        if method == "qlora" and run.device != "cuda":
            continue
        other = replace(run, config=replace(run.config, method=method))
        if other.fits(True, free_bytes):
            found.append(str(Setting("method", method)))
            break
    tokens = run.context - 1
    while (tokens := (tokens - 1) // STEP * STEP) > run.native_window:
        if replace(run, context=tokens, held=tokens).fits(checkpointing, free_bytes):
            found.append(str(Setting("context", f"{tokens // STEP}k")))
            break
    return tuple(found)
