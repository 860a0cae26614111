"""Settings, one frozen dataclass per topic; large packages have their own `config.py`. No torch.

A dataclass owns its defaults, and the command line's options read them. Checks name the setting.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from longsum.errors import UsageError
from longsum.settings import Setting

Quantize = Literal["auto", "nf4", "int8", "none"]
KVCache = Literal["native", "int8", "int4"]
"""Format of cached keys and values: the compute dtype, or a format of `KV_FORMATS`."""
AskedKVCache = Literal["auto", KVCache]
Truncate = Literal["head", "tail", "middle"]
Attention = Literal["auto", "sdpa", "eager"]
Style = Literal["paragraph", "bullets", "executive"]

LENGTH_WORDS = {"short": 80, "medium": 200, "long": 450}
"""Words of each named length. A medium summary fills about half a page."""

TOKENS_PER_WORD = 1.6
"""Tokens reserved per word of an answer; English needs 1.3 LLaMA tokens, an 8k vocabulary 1.5."""

MAX_AROUND = 20
"""Maximum sentences on either side of a source; more is a page, which the reference names."""

MAX_READ_S = 300.0
"""Time limit for reading a document; a thousand pages take about ten seconds."""
MAX_READER_BYTES = 4 << 30
"""Memory limit for reading documents; 50,000 pages of text take under 1 GiB."""


def at_least(least: int, **values: int | None) -> None:
    """Refuse integers below a minimum; each keyword is a setting's name."""
    for name, value in values.items():
        if value is not None and value < least:
            raise UsageError(f"{Setting(name)} {value} is below {least}")


def between(low: float, high: float, **values: float) -> None:
    """Refuse numbers out of bounds; each keyword is a setting's name.

    Args:
        low: smallest number allowed.
        high: largest number allowed.
        values: numbers by setting.

    Raises:
        UsageError: when one is out of bounds.
    """
    for name, value in values.items():
        if not low <= value <= high:
            raise UsageError(f"{Setting(name)} {value:g} is not between {low:g} and {high:g}")


def parse_length(text: str) -> int:
    """Return the number of words that a length such as `short` or `300` asks for.

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
        f"{Setting('length')} {text!r} is not a length",
        hint="use short, medium, long, or a number of words from 10 to 20000",
    )


def known_encoding(name: str) -> str:
    """Return Python's name for an encoding of text.

    Raises:
        UsageError: there is none of this name.
    """
    try:
        found = codecs.lookup(name).name
        "".encode(found)  # refuses those of bytes to bytes, such as base64
    except (LookupError, ValueError):
        raise UsageError(
            f"{Setting('encoding')} {name!a} is not a known encoding",
            hint="write for example utf-8, cp1252, latin-2, mac-roman, utf-16-le or gb18030",
        ) from None
    return found


def refuse_both(truncate: Truncate | None, parts: bool) -> None:
    """Refuse to leave out a part of a document that is to be read in parts.

    Raises:
        UsageError: when both are asked for.
    """
    if truncate is not None and parts:
        raise UsageError(
            f"{Setting('parts', 'True')} reads all of a document, {Setting('truncate', truncate)} "
            "leaves a part out",
            hint="give one of the two",
        )


@dataclass(frozen=True)
class ReadConfig:
    """Which part of a document is read."""

    pages: str | None = None
    """Page ranges such as `3-20,25`."""
    password: str | None = None
    """Password of an encrypted PDF."""
    encoding: str | None = None
    """Encoding of text files, such as `cp1252`; None decides by their bytes."""
    attachment: str | None = None
    """Name of a file attached to a PDF, such as a portfolio's, to read instead of the PDF."""
    truncate: Truncate | None = None
    """Which part to leave out of a document that is too long; None refuses it instead."""
    parts: bool = False
    """Read a document that is too long in several parts instead of refusing it."""

    def __post_init__(self) -> None:
        refuse_both(self.truncate, self.parts)
        if self.encoding is not None:
            known_encoding(self.encoding)


@dataclass(frozen=True)
class LoadConfig:
    """Which model is loaded, with which window, and in which format."""

    model: str | None = None
    """`mini`, an alias, a folder, a GGUF file or a Hugging Face id; None takes the default."""
    context: int | None = None
    """Window in tokens; None takes the one the weights were tuned for."""
    force_context: bool = False
    """Use a window the weights were not tuned for."""
    quantize: Quantize = "auto"
    """Format of the weights in memory."""
    kv_cache: AskedKVCache = "auto"
    """Format of cached keys and values."""
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
    """Never use the network."""
    download: bool = False
    """Download the model if it is not cached."""


@dataclass(frozen=True)
class DecodeConfig:
    """How an answer is decoded."""

    max_new_tokens: int | None = None
    """Maximum tokens of an answer; None derives them from its length in words."""
    temperature: float = 0.0
    """0 is greedy: the same answer each time."""
    top_p: float = 1.0
    """Nucleus sampling draws from the most likely tokens up to this total probability."""
    seed: int = 0
    """Random seed for sampling."""
    lookup: bool = True
    """Draft tokens that the answer may copy from the document, and check several at once."""

    def __post_init__(self) -> None:
        at_least(1, max_new_tokens=self.max_new_tokens)
        if not 0.0 <= self.temperature <= 5.0:
            raise UsageError(f"{Setting('temperature')} {self.temperature} is not between 0 and 5")
        if not 0.0 < self.top_p <= 1.0:
            raise UsageError(f"{Setting('top_p')} {self.top_p} is not above 0 and at most 1")


@dataclass(frozen=True)
class AnswerConfig:
    """What kind of answer is wanted."""

    verbatim: bool | None = None
    """Answer only with sentences of the document; None leaves it to the model."""
    language: str | None = None
    """Language of the answer; None uses the document's."""
    prompt: Path | None = None
    """The user's own Jinja2 template."""
    strict: bool = False
    """Leave out what a model writes and the document does not support, instead of marking it."""
    sources: int | None = None
    """Show the source of each statement, with so many sentences on either side; None does not."""

    def __post_init__(self) -> None:
        at_least(0, sources=self.sources)


@dataclass(frozen=True)
class SummaryConfig(AnswerConfig):
    """What kind of summary is wanted."""

    words: int = LENGTH_WORDS["medium"]
    """Length in words."""
    style: Style = "paragraph"
    """Running text, a list, or a headline with key points."""
    focus: str | None = None
    """Topic to focus on."""


@dataclass(frozen=True)
class AskConfig(AnswerConfig):
    """What kind of answer to a question is wanted."""

    words: int = 120
    """Maximum words of an answer, for which tokens are reserved."""
    sentences: int = 3
    """Number of sentences in a verbatim answer."""


@dataclass(frozen=True)
class StoreConfig:
    """Cache of documents that were read, on disk, for later questions about them."""

    size_bytes: int = 5 * 1024**3
    """Maximum size of the cache in bytes; 0 disables it."""
    min_prefill_s: float = 2.0
    """Seconds of reading below which a document is not cached, as reading again is faster."""

    def __post_init__(self) -> None:
        at_least(0, cache_size=self.size_bytes)


@dataclass(frozen=True)
class WeightsConfig:
    """Cache of quantized weights, on disk, for later starts."""

    size_bytes: int = 20 * 1024**3
    """Maximum size of the cache in bytes; 0 disables it."""
    min_load_s: float = 2.0
    """Seconds of loading below which weights are not cached, as loading again is faster."""

    def __post_init__(self) -> None:
        if self.size_bytes < 0:
            raise UsageError(f"LONGSUM_WEIGHTS_SIZE {self.size_bytes} is below 0")
