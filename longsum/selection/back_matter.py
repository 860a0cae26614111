"""Sections that belong to a publication and not to its content: funding, contributions, glossary.

Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from longsum.documents.document import Span
from longsum.selection.sections import section_around, sections_named, without_overlaps

_NAME = (
    r"acknowledge?ments?|(?:author|authors[’']?)\s+contributions?|funding(?:\s+(?:sources?|statement))?"
    r"|(?:competing|conflicts?\s+of)\s+interests?|disclosures?|data\s+availability(?:\s+statement)?"
    r"|ethics(?:\s+(?:statement|approval))?|supporting\s+information|supplementary\s+materials?"
    r"|about\s+(?:the\s+)?authors?|glossary|key\s+terms|list\s+of\s+(?:abbreviations|acronyms|figures"
    r"|tables)|abbreviations|further\s+reading|(?:review|self-check|critical\s+thinking)\s+questions"
    r"|exercises|copyright(?:\s+notice)?|legal\s+notice|disclaimer"
)


def in_back_matter(text: str, spans: Sequence[Span]) -> np.ndarray:
    """Return whether each sentence stands in such a section: (sentences,) bool.

    Args:
        text: the document's text.
        spans: the sentences' spans, in order.
    """
    sections = without_overlaps((section, None) for section in sections_named(text, _NAME))
    return np.array([section_around(span, sections) is not None for span in spans], dtype=bool)
