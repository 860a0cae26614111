"""Read the whole of a long document with a local language model.

from longsum import read_document, summarize_document
print(summarize_document(read_document("report.pdf")).marked)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from longsum.answer import Answer
    from longsum.config import AskConfig, LoadConfig, SummaryConfig
    from longsum.documents.document import Document
    from longsum.documents.isolated import read_document
    from longsum.opening import ask_document, open_session, summarize_document
    from longsum.session import Session

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "AskConfig",
    "Document",
    "LoadConfig",
    "Session",
    "SummaryConfig",
    "ask_document",
    "open_session",
    "read_document",
    "summarize_document",
]

_MODULES = {
    "Answer": "longsum.answer",
    "Document": "longsum.documents.document",
    "ask_document": "longsum.opening",
    "read_document": "longsum.documents.isolated",
    "summarize_document": "longsum.opening",
    "AskConfig": "longsum.config",
    "LoadConfig": "longsum.config",
    "Session": "longsum.session",
    "SummaryConfig": "longsum.config",
    "open_session": "longsum.opening",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import longsum` stays fast."""
    if name not in _MODULES:
        raise AttributeError(f"module 'longsum' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
