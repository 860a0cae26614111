"""Groups of options that commands share, and the settings made from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from longsum import config, environment
from longsum.bytesize import parse_bytes
from longsum.cli.console import print_line
from longsum.cli.grouping import panel
from longsum.cli.libraries import let_speak
from longsum.config import (
    MAX_AROUND,
    AnswerConfig,
    AskConfig,
    DecodeConfig,
    LoadConfig,
    ReadConfig,
    StoreConfig,
    Style,
    SummaryConfig,
)
from longsum.documents.formats import format_names
from longsum.errors import UsageError

MODEL, ANSWER, OUTPUT = "Model", "Answer", "Output"
in_reading, in_model, in_answer, in_output = map(panel, ("Reading", MODEL, ANSWER, OUTPUT))

File = Annotated[
    str, typer.Argument(metavar="FILE", help=f"{format_names()} file, or - for stdin.")
]
Verbatim = Annotated[
    bool | None,
    typer.Option(
        "--verbatim/--free",
        show_default=False,
        help="The document's sentences word for word, or the model's own words (default: for mini "
        "sentences, asides left out; else free).",
        rich_help_panel=ANSWER,
    ),
]
STYLE = (
    "Layout; executive is the conclusion above a list. A verbatim summary has the same "
    "sentences in each."
)
Revision = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Commit or branch of a Hugging Face model.",
        rich_help_panel=MODEL,
    ),
]
Offline = Annotated[
    bool, typer.Option("--offline", help="Never use the network.", rich_help_panel=MODEL)
]
PlainJson = Annotated[
    bool, typer.Option("--json", help="Print JSON instead of text.", rich_help_panel=OUTPUT)
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", help="Print only the answer, warnings and errors.", rich_help_panel=OUTPUT
    ),
]


@dataclass(frozen=True)
class ReadingOptions:
    """Which parts of the document are read."""

    pages: str | None = in_reading(
        ReadConfig.pages,
        metavar="RANGES",
        help="Read only these pages, slides or chapters, such as 3-20,25.",
    )
    page_labels: bool = in_reading(
        False, "--page-labels", help="Show printed page numbers as well: p. 9 (printed 1)."
    )
    password: str | None = in_reading(
        ReadConfig.password, metavar="TEXT", help="Password of an encrypted PDF."
    )
    encoding: str | None = in_reading(
        ReadConfig.encoding,
        metavar="NAME",
        help="Encoding of text files, such as cp1252 (default: decided by their bytes).",
    )
    attachment: str | None = in_reading(
        ReadConfig.attachment,
        metavar="NAME",
        help="Read this file of a PDF portfolio, or attached to a PDF, instead of the PDF.",
    )
    truncate: config.Truncate | None = in_reading(
        ReadConfig.truncate,
        help="Leave out this part of a document that is too long (default: refuse it).",
    )
    parts: bool = in_reading(
        ReadConfig.parts,
        "--parts",
        help="Read a document that is too long in as few parts as fit: a summary of each and of "
        "all (--length each), answers from each.",
    )

    def read_config(self) -> ReadConfig:
        """Return the settings for reading a document."""
        return ReadConfig(
            pages=self.pages,
            password=self.password,
            encoding=self.encoding,
            attachment=self.attachment,
            truncate=self.truncate,
            parts=self.parts,
        )


@dataclass(frozen=True)
class CacheOptions:
    """How documents are cached on disk for later questions."""

    no_cache: bool = in_reading(
        False,
        "--no-cache",
        help="Read the document again, and do not cache it for later questions.",
    )
    cache_size: str | None = in_reading(
        None,
        metavar="BYTES",
        help="Maximum size of the document cache, such as 20GiB (default: 5GiB). Least "
        "recently used entries are removed first; 0 disables it.",
    )

    def store_config(self) -> StoreConfig:
        """Return the settings of these options; the environment fills in what is absent."""
        from longsum.paths import configured_cache_size

        asked = self.cache_size or configured_cache_size()
        if self.no_cache or (asked is not None and asked.strip() == "0"):
            return StoreConfig(size_bytes=0)
        if asked is None:
            return StoreConfig()
        try:
            return StoreConfig(size_bytes=parse_bytes(asked))
        except UsageError as error:
            name = "--cache-size" if self.cache_size else environment.CACHE_SIZE
            raise UsageError(f"{name} is {error.message}", hint="write 20GiB, 8GB, or 0") from None


@dataclass(frozen=True)
class ModelOptions:
    """Which weights and window, and how they are held in memory."""

    model: str | None = in_model(
        LoadConfig.model,
        "--model",
        "-m",
        metavar="MODEL",
        help="Alias (see `longsum models list`), folder, GGUF file, or Hugging Face id "
        "(owner/name, or owner/name:Q4_K_M for one GGUF file).",
    )
    context: str | None = in_model(
        None,
        metavar="TOKENS",
        help="Window in tokens, such as 16k (default: the tuned window).",
    )
    force_context: bool = in_model(
        LoadConfig.force_context,
        "--force-context",
        help="Allow a window the weights were not tuned for; expect nonsense.",
    )
    quantize: config.Quantize = in_model(
        LoadConfig.quantize, help="Format of the weights in memory."
    )
    kv_cache: config.AskedKVCache = in_model(
        LoadConfig.kv_cache,
        help="Format of keys and values: native is exact, int8 half of 16 bits, int4 a quarter; "
        "auto takes the first that fits.",
    )
    device: str = in_model(
        LoadConfig.device, metavar="DEVICE", help="Device: auto, cuda, mps or cpu."
    )
    dtype: str = in_model(
        LoadConfig.dtype, metavar="DTYPE", help="Compute dtype: auto, bfloat16, float16 or float32."
    )
    attention: config.Attention = in_model(
        LoadConfig.attention, help="Attention kernel; auto is longsum's own, exact and in chunks."
    )
    memory: str | None = in_model(
        None,
        metavar="BYTES",
        help="Memory to plan for, such as 12GiB (default: what is free).",
    )
    revision: Revision = LoadConfig.revision
    offline: Offline = LoadConfig.offline
    download: bool = in_model(
        LoadConfig.download, "--download", help="Download the model if it is not cached."
    )

    def load_config(self) -> LoadConfig:
        """Return the settings of these options; `--offline` cuts the network off at once."""
        from longsum.checkpoint.context import parse_context
        from longsum.model.resolve import set_offline
        from longsum.paths import unknown_settings

        if self.offline:
            set_offline()  # before anything imports the hub's library
        if environment.variable(environment.MODEL) is None:  # only then is the file read
            for line in unknown_settings():
                print_line("warning", "yellow", line)
        return LoadConfig(
            model=self.model,
            context=parse_context(self.context) if self.context else None,
            force_context=self.force_context,
            quantize=self.quantize,
            kv_cache=self.kv_cache,
            device=self.device,
            dtype=self.dtype,
            attention=self.attention,
            memory_bytes=parse_bytes(self.memory) if self.memory else None,
            revision=self.revision,
            offline=self.offline,
            download=self.download,
        )


@dataclass(frozen=True)
class AnswerOptions:
    """What kind of answer is wanted."""

    verbatim: Verbatim = None
    language: str = in_answer(
        "auto",
        metavar="LANGUAGE",
        help="Answer language, such as de or fr; auto is the document's.",
    )
    prompt: Path | None = in_answer(
        None, metavar="FILE", help="Jinja2 template to use as the prompt."
    )
    strict: bool = in_answer(
        AnswerConfig.strict,
        "--strict",
        help="Leave out what a model writes and the document does not support, instead of "
        "marking it.",
    )
    sources: bool = in_answer(
        False, "--sources", help="Print the document's own sentences under each statement."
    )
    around: int | None = in_answer(
        None,
        "--around",
        metavar="N",
        min=0,
        max=MAX_AROUND,
        help="Print N sentences on either side of each as well; implies --sources. Up to 20, "
        "--context N says the same.",
    )

    def _settings(self) -> dict[str, Any]:
        """Return the settings that every kind of answer has, by name."""
        around = 0 if self.sources and self.around is None else self.around
        named = {name: vars(self)[name] for name in ("verbatim", "language", "prompt", "strict")}
        return named | {"sources": around}

    def summary_config(self, *, words: int, style: Style, focus: str | None) -> SummaryConfig:
        """Return the settings of a summary.

        Args:
            words: wanted length.
            style: layout of the text.
            focus: what matters most to the user; None for everything.
        """
        return SummaryConfig(**self._settings(), words=words, style=style, focus=focus)

    def ask_config(self) -> AskConfig:
        """Return the settings of an answer to a question."""
        return AskConfig(**self._settings())


def told_apart(answer: AnswerOptions, model: ModelOptions) -> tuple[AnswerOptions, ModelOptions]:
    """Return the options with a `--context` that is too small for a window as `--around`."""
    asked = model.context
    if asked is None or not (asked.isascii() and asked.isdigit() and int(asked) <= MAX_AROUND):
        return answer, model
    around = int(asked) if answer.around is None else answer.around
    return replace(answer, around=around), replace(model, context=None)


@dataclass(frozen=True)
class SamplingOptions:
    """How an answer is written."""

    temperature: float = in_answer(
        DecodeConfig.temperature,
        metavar="NUMBER",
        min=0.0,
        max=5.0,
        help="Sampling temperature; 0 gives the same answer each time.",
    )
    top_p: float = in_answer(
        DecodeConfig.top_p,
        metavar="NUMBER",
        help="Sample from the most likely tokens, up to this total probability.",
    )
    seed: int = in_answer(DecodeConfig.seed, metavar="N", min=0, help="Random seed for sampling.")
    max_new_tokens: int | None = in_answer(
        DecodeConfig.max_new_tokens,
        metavar="N",
        min=1,
        help="Maximum tokens per answer (default: derived from --length).",
    )
    lookup: bool = in_answer(
        DecodeConfig.lookup,
        "--lookup/--no-lookup",
        help="Draft tokens from the document and check several at once in a free answer: the "
        "same text, faster.",
    )

    def decode_config(self) -> DecodeConfig:
        """Return the settings of the decoding."""
        return DecodeConfig(**vars(self))


@dataclass(frozen=True)
class OutputOptions:
    """Where the answer goes, and what is printed beside it."""

    as_json: bool = in_output(
        False, "--json", help="Print text, sentences with their places, and receipt as JSON."
    )
    output: Path | None = in_output(
        None, "--output", "-o", metavar="FILE", help="File to write to instead of stdout."
    )
    force: bool = in_output(False, "--force", "-f", help="Overwrite the output file.")
    quiet: Quiet = False
    verbose: bool = in_output(
        False, "--verbose", "-v", help="Show what was chosen, and why.", callback=let_speak
    )
