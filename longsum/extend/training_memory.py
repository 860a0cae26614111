"""Does a training fit this machine? Bytes before anything is loaded. Pure arithmetic.

Counts what torch keeps for the backward pass of transformers' Llama with SDPA attention, one
sequence at a time; what is kept is within a tenth of what torch saves on a CPU (tested).
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
"""Windows are suggested in multiples of this many tokens."""


_LINEAR = (
    *("q_proj", "k_proj", "v_proj", "o_proj"),
    *("gate_proj", "up_proj", "down_proj"),
)
_LESS: dict[Method, tuple[Method, ...]] = {
    "full": ("lora", "qlora"),
    "lora": ("qlora",),
    "qlora": (),
}
"""The methods that need less memory than each."""


@dataclass(frozen=True)
class TrainingPlan:
    """What a training needs on each device, and what there is."""

    weights_bytes: int
    gradients_bytes: int
    optimizer_bytes: int
    """AdamW's two moments, float32."""
    activation_bytes: int
    loss_bytes: int
    """A chunk's logits, their softmax and gradients."""
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
    """What the arithmetic depends on."""

    shape: ModelShape
    context: int
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
        copies = trained * 2 if self.dtype != "float32" else 0  # cast for the products
        frozen = _frozen_bytes(self.shape, self.config, width)
        weights = frozen + 4 * trained + copies
        return weights // self.shards, 4 * trained // self.shards, 8 * trained // self.shards

    def parts(self, checkpointing: bool) -> tuple[int, int, int, int, int, int]:
        """Return the bytes needed, by purpose."""
        tokens = self.context * self.sequences
        kept = kept_bytes_per_token(
            self.shape, self.config, dtype=self.dtype, checkpointing=checkpointing
        )
        # and a layer's: computed again, or the gradients of what it kept
        layer = layer_bytes_per_token(self.shape, self.config, self.dtype)
        activations = tokens * (kept + (2 if checkpointing else 1) * layer)
        loss = loss_bytes(self.shape.vocab_size, min(self.chunk, tokens), self.dtype)
        return (*self.fixed, activations, loss, OVERHEAD_BYTES[self.device])

    def fits(self, checkpointing: bool, free_bytes: int) -> bool:
        """Tell whether it all goes into the free bytes."""
        return sum(self.parts(checkpointing)) <= free_bytes


def trainable_parameters(shape: ModelShape, config: ExtendConfig) -> int:
    """Return how many weights learn."""
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
    beside = (2 * shape.num_hidden_layers + 1 + shape.vocab_size) * shape.hidden_size
    return shape.num_hidden_layers * layer + (beside if config.train_norm_and_embedding else 0)


def _frozen_bytes(shape: ModelShape, config: ExtendConfig, width: int) -> int:
    """Return the bytes of the weights that do not learn."""
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
    """Return the bytes a decoder layer keeps of each token for the backward pass.

    With h hidden, q and k the widths of queries and keys, i the MLP's:
    - of each norm its input and what its weight multiplies, float32: 2 h;
    - what the linear layers read, where their weights learn: once in float32, but autocast makes a
      bfloat16 copy for each of them;
    - queries, keys, values and output of the attention, and its softmax's sum of each head:
      2 q + 2 k;
    - gate, its activation and up, and what `down_proj` reads: 3 i, or 4 i where that learns.
    """
    width = DTYPE_BYTES[dtype]
    learning = _LINEAR if config.method == "full" else config.targets
    attention, mlp = _readers(learning, ("q", "k", "v")), _readers(learning, ("gate", "up"))
    if dtype == "float32":
        attention, mlp = min(attention, 1), min(mlp, 1)
    norms = 2 * (4 + 4) * shape.hidden_size + 8
    read = (attention + mlp) * shape.hidden_size * width
    # bitsandbytes' 4-bit layers return what they were given: the residual stream's float32
    returned = 4 if config.method == "qlora" else width
    scores = 2 * (shape.attention_size + shape.key_value_size) * returned
    inner = (3 + ("down_proj" in learning)) * shape.intermediate_size * returned
    total = norms + read + scores + 4 * shape.num_attention_heads + inner
    if config.method != "full":
        copied = "o_proj" in learning and dtype != "float32"
        total += len(learning) * config.rank * width + copied * shape.attention_size * width
    return total


def _readers(learning: Sequence[str], names: Sequence[str]) -> int:
    """Return how many of the layers that read one input learn."""
    return sum(f"{name}_proj" in learning for name in names)


def kept_bytes_per_token(
    shape: ModelShape, config: ExtendConfig, *, dtype: str, checkpointing: bool
) -> int:
    """Return the bytes kept of each token between the forward and the backward pass.

    All of every layer's, or with gradient checkpointing its input alone (arXiv 1604.06174), which
    is of the residual stream's float32; and of the last norm, the head's input if the head learns,
    cos and sin.
    """
    tied = shape.tie_word_embeddings and config.train_norm_and_embedding
    head = DTYPE_BYTES[dtype] if config.method == "full" or tied else 0
    ends = (4 + 4 + head) * shape.hidden_size + 2 * 4 * shape.head_dim
    layer = 4 * shape.hidden_size
    if not checkpointing:
        layer = layer_bytes_per_token(shape, config, dtype)
    return shape.num_hidden_layers * layer + ends


def loss_bytes(vocab_size: int, chunk: int, dtype: str) -> int:
    """Return the bytes of a chunk's logits: as they come, in float32, softmax, and gradients."""
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
    """Decide on gradient checkpointing, and say whether the training fits.

    Args:
        shape: the model's.
        config: method and what was asked about gradient checkpointing.
        context: L' in tokens.
        native_window: L; no smaller window than this is suggested.
        device: `cuda`, `mps` or `cpu`.
        dtype: of the products, `float32` or `bfloat16`.
        free_bytes: on each device.
        chunk: positions of the loss computed at once.
        sequences: read at once by one process.
        shards: devices that weights, gradients and optimizer are spread over (FSDP).
    """
    run = _Run(shape, context, native_window, config, device, dtype, sequences, shards, chunk)
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
        InsufficientMemory: with the remedies as its hint.
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
    """Return what makes the training fit, each checked by the same arithmetic."""
    found: list[str] = []
    if not checkpointing and run.fits(True, free_bytes):
        found.append(str(Setting("gradient_checkpointing")))
    if run.sequences > 1 and replace(run, sequences=1).fits(checkpointing, free_bytes):
        found.append(f"{Setting('gradient_accumulation')} above {run.config.gradient_accumulation}")
    for method in _LESS[run.config.method]:
        if method == "qlora" and run.device != "cuda":
            continue
        other = replace(run, config=replace(run.config, method=method))
        if other.fits(True, free_bytes):
            found.append(str(Setting("method", method)))
            break
    tokens = run.context - 1
    while (tokens := (tokens - 1) // STEP * STEP) > run.native_window:
        if replace(run, context=tokens).fits(checkpointing, free_bytes):
            found.append(str(Setting("context", f"{tokens // STEP}k")))
            break
    return tuple(found)
