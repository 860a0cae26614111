"""What the window asks of its reader process, as plain values that can be sent to it."""

from __future__ import annotations

from dataclasses import dataclass

from longsum.config import (
    AskConfig,
    DecodeConfig,
    LoadConfig,
    StoreConfig,
    SummaryConfig,
    Truncate,
)
from longsum.documents.document import Document


@dataclass(frozen=True)
class Plan:
    """Count and plan for a document and settings, reading nothing."""

    document: Document
    load: LoadConfig
    summary: SummaryConfig
    ask: AskConfig
    decode: DecodeConfig


@dataclass(frozen=True)
class Open(Plan):
    """Read a document with a model; the one that was open is forgotten."""

    store: StoreConfig | None
    truncate: Truncate | None = None
    parts: bool = False
    """Whether a document that is too long is read in parts."""


@dataclass(frozen=True)
class Summarize:
    """Summarize the document that is open."""

    config: SummaryConfig
    decode: DecodeConfig


@dataclass(frozen=True)
class Ask:
    """Answer a question about the document that is open."""

    question: str
    config: AskConfig
    decode: DecodeConfig


@dataclass(frozen=True)
class Save:
    """Cache what was read, for later openings."""


@dataclass(frozen=True)
class ListModels:
    """List the known models, and whether each fits this machine."""


@dataclass(frozen=True)
class Pull:
    """Download a model of the catalogue."""

    name: str


Task = Open | Summarize | Ask | Save | Plan | ListModels | Pull
