"""A document of two pages and three sentences."""

from __future__ import annotations

from longsum.documents.document import Document, Page, Span
from longsum.grounding.quoted import ground_verbatim

SOURCE = Document(
    "The terminal cost 412 million euros. Anna Berg chairs the board.\n"
    "Water samples showed 35 percent less oxygen than a decade before.",
    (Page(1, 0, 64), Page(2, 65, 130)),
    "0",
    "report.pdf",
)
SENTENCES = ground_verbatim(SOURCE, [Span(0, 36), Span(37, 64), Span(65, 130)])
