"""Settings, one frozen dataclass a topic. No torch.

A dataclass owns its defaults; the command line's options read them from here. Checks name the flag.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from longsum.errors import UsageError

Quantize = Literal["auto", "nf4", "int8", "none"]
KVCache = Literal["native", "int8", "int4"]
"""How keys and values are held: in the compute dtype, or in a row of `KV_FORMATS`."""
AskedKVCache = Literal["auto", KVCache]
Truncate = Literal["head", "tail", "middle"]
Attention = Literal["auto", "sdpa", "eager"]
Style = Literal["paragraph", "bullets", "executive"]

LENGTH_WORDS = {"short": 80, "medium": 200, "long": 450}
"""Words asked for by name. A medium summary fills about half a page."""

TOKENS_PER_WORD = 1.6
"""Room reserved for an answer's word; English takes 1.3 LLaMA tokens, an 8k vocabulary 1.5."""

MAX_READ_S = 300.0
"""For reading a document; a thousand pages take about ten."""
MAX_READER_BYTES = 4 << 30
"""Memory that reading documents may take; 50,000 pages of text take under 1 GiB."""


def parse_length(text: str) -> int:
    """Return the number of words a `--length` value asks for.

    Args:
        text: `short`, `medium`, `long`, or a number of words.

    Raises:
        UsageError: for anything else, or fewer than 10 words.
    """
    if text in LENGTH_WORDS:
        return LENGTH_WORDS[text]
    if text.isascii() and text.isdigit() and 10 <= int(text) <= 20_000:
        return int(text)
    raise UsageError(
        f"--length {text!r} is not a length",
        hint="use short, medium, long, or a number of words from 10 to 20000",
    )


@dataclass(frozen=True)
class ReadConfig:
    """What of the document is read."""

    pages: str | None = None
    """Page ranges such as `3-20,25`."""
    password: str | None = None
    """Opens an encrypted PDF."""
    truncate: Truncate | None = None
    """Which part of a document that is too long to leave out; None refuses instead."""


@dataclass(frozen=True)
class LoadConfig:
    """Which weights, which window, and how they are held."""

    model: str | None = None
    """`mini`, an alias, a folder, a GGUF file or a Hugging Face id; None takes the default."""
    context: int | None = None
    """Window in tokens; None takes the one the weights were tuned for."""
    force_context: bool = False
    """Use a window the weights were not tuned for."""
    quantize: Quantize = "auto"
    """How the weights are held."""
    kv_cache: AskedKVCache = "auto"
    """How keys and values are held."""
    device: str = "auto"
    """`auto`, `cuda`, `mps` or `cpu`."""
    dtype: str = "auto"
    """`auto`, `bfloat16`, `float16` or `float32`."""
    attention: Attention = "auto"
    """`auto`, `sdpa` or `eager`."""
    memory_bytes: int | None = None
    """Plan for this much free memory instead of what the machine reports."""
    revision: str | None = None
    """Commit or branch of a Hugging Face repository."""
    offline: bool = False
    """Never reach for the network."""
    download: bool = False
    """Fetch a model that is not on this disk."""


@dataclass(frozen=True)
class DecodeConfig:
    """How an answer is written."""

    max_new_tokens: int | None = None
    """Most tokens of an answer; None derives them from the length asked for."""
    temperature: float = 0.0
    """0 is greedy: the same answer each time."""
    top_p: float = 1.0
    """Nucleus sampling keeps the most likely tokens up to this probability."""
    seed: int = 0
    """Seed of the sampling."""
    lookup: bool = True
    """Guess what the answer copies from the document, and check several tokens at once."""

    def __post_init__(self) -> None:
        if self.max_new_tokens is not None and self.max_new_tokens < 1:
            raise UsageError(f"--max-new-tokens {self.max_new_tokens} is below 1")
        if not 0.0 <= self.temperature <= 5.0:
            raise UsageError(f"--temperature {self.temperature} is not between 0 and 5")
        if not 0.0 < self.top_p <= 1.0:
            raise UsageError(f"--top-p {self.top_p} is not above 0 and at most 1")


@dataclass(frozen=True)
class AnswerConfig:
    """What kind of answer is wanted."""

    verbatim: bool | None = None
    """Only sentences of the document; None leaves it to the model."""
    language: str | None = None
    """Language of the answer; None is the document's."""
    prompt: Path | None = None
    """A Jinja2 template of the user's own."""


@dataclass(frozen=True)
class SummaryConfig(AnswerConfig):
    """What kind of summary is wanted."""

    words: int = LENGTH_WORDS["medium"]
    """Length asked for."""
    style: Style = "paragraph"
    """Running text, a list, or a headline with key points."""
    focus: str | None = None
    """What the reader cares about most."""


@dataclass(frozen=True)
class AskConfig(AnswerConfig):
    """What kind of answer to a question is wanted."""

    words: int = 120
    """Most words of an answer; the room reserved for it."""
    sentences: int = 3
    """Sentences printed by a verbatim answer."""


Method = Literal["full", "lora", "qlora"]
Position = Literal["pi", "none", "yarn", "ntk"]
TrainDtype = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True)
class ExtendConfig:
    """How a window is extended: by default as the paper does it (arXiv 2306.15595, section 3.1)."""

    position: Position = "pi"
    """`pi` interpolates, `none` leaves positions alone, `yarn` and `ntk` scale by frequency."""
    method: Method = "full"
    """Which weights learn."""
    steps: int = 1000
    """Optimizer steps."""
    batch: int = 1
    """Sequences of a step, over all processes together."""
    gradient_accumulation: int | None = None
    """Parts a process reads its share of the batch in; None reads one sequence at a time."""
    learning_rate: float = 2e-5
    """Reached at the end of the warm-up, constant from there."""
    warmup_steps: int = 20
    """Steps of the linear warm-up."""
    warmup_start: float = 0.1
    """Share of the learning rate the warm-up starts from."""
    beta1: float = 0.9
    """AdamW's decay of the gradient's mean."""
    beta2: float = 0.95
    """AdamW's decay of the gradient's square."""
    weight_decay: float = 0.0
    """AdamW's."""
    max_grad_norm: float = 1.0
    """Longer gradients are cut to this; 0 leaves them."""
    rank: int = 8
    """Of the LoRA matrices."""
    alpha: float = 16.0
    """LoRA's scale: its product counts alpha / rank."""
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")
    """Linear layers that get LoRA matrices."""
    train_norm_and_embedding: bool = True
    """With LoRA, train norms and embeddings too."""
    gradient_checkpointing: bool | None = None
    """Compute activations twice instead of keeping them; None when memory asks for it."""
    dtype: TrainDtype = "auto"
    """Of the products; weights that learn are kept in float32."""
    validation_rows: int = 4
    """Sequences held out, at most a tenth of all."""
    max_rows: int | None = None
    """Most sequences to train on; None takes all."""
    seed: int = 0
    """Of the order of the sequences and of new LoRA matrices."""
    save_every: int = 100
    """Steps between checkpoints; 0 keeps none."""
    keep_checkpoints_at: tuple[int, ...] = ()
    """Steps whose whole model stays in OUTPUT/step-N."""

    def __post_init__(self) -> None:
        for flag, value, least in (
            ("--steps", self.steps, 1),
            ("--batch", self.batch, 1),
            ("--gradient-accumulation", self.gradient_accumulation, 1),
            ("--warmup-steps", self.warmup_steps, 0),
            ("--rank", self.rank, 1),
            ("--validation-rows", self.validation_rows, 0),
            ("--max-rows", self.max_rows, 1),
            ("--save-every", self.save_every, 0),
            ("--seed", self.seed, 0),
        ):
            if value is not None and value < least:
                raise UsageError(f"{flag} {value} is below {least}")
        for flag, number, low, high in (
            ("--learning-rate", self.learning_rate, 1e-12, 1.0),
            ("--warmup-start", self.warmup_start, 0.0, 1.0),
            ("--beta1", self.beta1, 0.0, 0.99999999),
            ("--beta2", self.beta2, 0.0, 0.99999999),
            ("--weight-decay", self.weight_decay, 0.0, 10.0),
            ("--max-grad-norm", self.max_grad_norm, 0.0, 1e9),
            ("--alpha", self.alpha, 1e-9, 1e9),
        ):
            if not low <= number <= high:
                raise UsageError(f"{flag} {number:g} is not between {low:g} and {high:g}")
        if not self.targets:
            raise UsageError("--targets names no layer", hint="write --targets q_proj,v_proj")
        for step in self.keep_checkpoints_at:
            if not 0 <= step <= self.steps:
                raise UsageError(f"--keep-at {step} is not a step from 0 to {self.steps}")


def _at_least(least: int, **values: int | None) -> None:
    """Refuse whole numbers below a bound; a value's name is its flag's, with underscores."""
    for name, value in values.items():
        if value is not None and value < least:
            raise UsageError(f"--{name.replace('_', '-')} {value} is below {least}")


@dataclass(frozen=True)
class PerplexityConfig:
    """What sliding windows measure perplexity (arXiv 2306.15595, section 3.2)."""

    windows: tuple[int, ...] = ()
    """W in tokens; empty takes powers of two from 2,048 (or the native window) to the tuned one."""
    stride: int = 256
    """S: tokens every window but a document's first predicts; the paper's."""
    max_windows: int | None = None
    """Most windows of each size, evenly spaced over all documents; None takes all."""
    max_tokens: int | None = None
    """Tokens read of each document; the paper truncates proof-pile's to 32,768."""

    def __post_init__(self) -> None:
        _at_least(1, stride=self.stride, max_windows=self.max_windows)
        _at_least(2, max_tokens=self.max_tokens)
        for window in self.windows:
            if window <= self.stride:
                raise UsageError(
                    f"--window {window} is not above --stride {self.stride}",
                    hint="the predicted tokens need some before them; lower --stride",
                )


@dataclass(frozen=True)
class PasskeyConfig:
    """How passkey retrieval is measured (arXiv 2306.15595, section 3.4)."""

    lengths: tuple[int, ...] = ()
    """Tokens of prompt and answer together; empty takes the model's window."""
    depths: int = 32
    """Distances k of the passkey, evenly spaced up to the length; the paper's."""
    trials: int = 10
    """Random keys at each distance; the paper's."""
    seed: int = 0
    """Of the keys."""

    def __post_init__(self) -> None:
        _at_least(1, depths=self.depths, trials=self.trials)
        _at_least(0, seed=self.seed)
        _at_least(96, length=min(self.lengths, default=None))


@dataclass(frozen=True)
class SpeedConfig:
    """What is timed."""

    lengths: tuple[int, ...] = ()
    """Tokens read before the answer; empty takes the model's window less the answer."""
    new_tokens: int = 64
    """Tokens written behind them."""
    runs: int = 3
    """Repetitions, of which the median counts."""
    seed: int = 0
    """Of the tokens read, which are drawn at random."""

    def __post_init__(self) -> None:
        _at_least(1, length=min(self.lengths, default=None), runs=self.runs)
        _at_least(2, new_tokens=self.new_tokens)
        _at_least(0, seed=self.seed)


ZeroShotPrompt = Literal["own", "paper"]


@dataclass(frozen=True)
class SummariesConfig:
    """Which summaries are compared with their references, and how they are made."""

    words: int | None = None
    """Length asked for; None takes each reference's."""
    zero_shot_prompt: ZeroShotPrompt = "own"
    """`own` summarizes as `longsum summarize` does, `paper` as arXiv 2306.15595, section 3.5."""
    verbatim: bool | None = None
    """Only sentences of the document; None leaves it to the model."""
    truncate: Truncate | None = None
    """Which part of a document that is too long to leave out; None counts it as failed."""
    baselines: tuple[str, ...] = ("lead", "lexrank", "textrank")
    """Summaries without a language model, side by side."""
    stemmer: bool = False
    """Compare English words without their endings."""
    seed: int = 0
    """Of the sampling."""

    def __post_init__(self) -> None:
        _at_least(1, words=self.words)
        _at_least(0, seed=self.seed)
        if self.zero_shot_prompt == "paper" and self.words is not None:
            raise UsageError("--words has no place in the paper's prompt", hint="leave --words out")
        if self.zero_shot_prompt == "paper" and self.verbatim is not None:
            raise UsageError(
                "--verbatim and --free have no place in the paper's protocol, which writes freely",
                hint="leave them out",
            )


@dataclass(frozen=True)
class ShortConfig:
    """How multiple choice is scored, on the window a model was pre-trained with."""

    length: int | None = None
    """Most tokens of a context with its choice; None takes the native window."""
    batch_size: int = 16
    """Choices read at once; the result does not depend on it."""

    def __post_init__(self) -> None:
        _at_least(8, length=self.length)
        _at_least(1, batch_size=self.batch_size)


BatchFormat = Literal["md", "json"]
BatchEngine = Literal["local", "ray"]
FailOn = Literal["never", "any", "all"]


@dataclass(frozen=True)
class BatchConfig:
    """How a folder of documents is worked through."""

    format: BatchFormat = "md"
    """Of each document's result."""
    recursive: bool = False
    """Enter subfolders."""
    include: tuple[str, ...] = ()
    """Globs of which a document must match one; empty takes all."""
    exclude: tuple[str, ...] = ()
    """Globs of documents to leave out."""
    workers: int | None = None
    """Processes that hold the model; None takes one per GPU, or one on the CPU."""
    readers: int | None = None
    """Processes that read documents ahead; None takes one per core but one, at most four."""
    read_limit_s: float = MAX_READ_S
    """Most seconds for reading one document."""
    read_memory_bytes: int = MAX_READER_BYTES
    """Most memory reading one document may take."""
    retry_failed: bool = False
    """Try documents again that failed before."""
    redo: bool = False
    """Work on every document again."""
    fail_on: FailOn = "any"
    """Which failures make the command exit with 1."""
    shard: tuple[int, int] | None = None
    """(i, n): work on the i-th of n parts, i from 1."""
    engine: BatchEngine = "local"
    """Processes of this machine, or a Ray cluster."""
    ray_address: str | None = None
    """Of an existing cluster; None starts a local one."""

    def __post_init__(self) -> None:
        _at_least(1, workers=self.workers, readers=self.readers)
        if not 0.1 <= self.read_limit_s <= 86_400:
            raise UsageError(
                f"--read-limit {self.read_limit_s:g} is not a time for a document",
                hint="name 0.1 to 86400 seconds",
            )
        if self.read_memory_bytes < 64 << 20:
            raise UsageError(
                "--read-memory is below 64 MiB, too little for any document",
                hint="leave it out, or name 1GiB",
            )
        if self.shard is not None and not 1 <= self.shard[0] <= self.shard[1]:
            raise UsageError(
                f"--shard {self.shard[0]}/{self.shard[1]} is no part", hint="write 1/8 to 8/8"
            )
        if self.shard is not None and self.engine == "ray":
            raise UsageError(
                "--shard and --engine ray both divide the documents", hint="leave one out"
            )
        if self.ray_address is not None and self.engine != "ray":
            raise UsageError("--ray-address needs --engine ray", hint="add --engine ray")


@dataclass(frozen=True)
class StoreConfig:
    """What is kept on disk of documents that were read, for later questions about them."""

    size_bytes: int = 5 * 1024**3
    """Most bytes of all documents together; 0 keeps nothing and looks for nothing."""
    min_prefill_s: float = 2.0
    """Reading that took less is sooner done again."""

    def __post_init__(self) -> None:
        if self.size_bytes < 0:
            raise UsageError(f"--cache-size {self.size_bytes} is below 0")


@dataclass(frozen=True)
class BenchConfig:
    """What is timed and set beside the machine's limits."""

    tokens: int = 16_384
    """Read before the answer."""
    new_tokens: int = 64
    """Written behind them."""
    runs: int = 3
    """Repetitions, of which the median counts."""

    def __post_init__(self) -> None:
        _at_least(1, tokens=self.tokens, runs=self.runs)
        _at_least(2, new_tokens=self.new_tokens)


@dataclass(frozen=True)
class WeightsConfig:
    """What is kept on disk of weights that were quantized, for later starts."""

    size_bytes: int = 20 * 1024**3
    """Most bytes of all models together; 0 keeps nothing and looks for nothing."""
    min_load_s: float = 2.0
    """Loading that took less is sooner done again."""

    def __post_init__(self) -> None:
        if self.size_bytes < 0:
            raise UsageError(f"LONGSUM_WEIGHTS_SIZE {self.size_bytes} is below 0")
