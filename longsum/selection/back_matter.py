"""Sections that belong to a publication and not to its content: funding, contributions, glossary.

Pure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from longsum.documents.document import Span
from longsum.selection.sections import sections_named, without_overlaps

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
    sections = [span for span, _ in without_overlaps((s, 0) for s in sections_named(text, _NAME))]
    starts = [section.start for section in sections]
    found = np.zeros(len(spans), dtype=bool)
    for number, span in enumerate(spans):
        at = bisect_right(starts, span.start) - 1
        found[number] = at >= 0 and span.start < sections[at].end
    return found
