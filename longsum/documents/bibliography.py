"""Where a text lists its sources: titles there look like sentences, and say nothing of the text.

Pure. A list of sources begins with its heading and goes on as long as its lines look like entries.
"""

from __future__ import annotations

import re

from longsum.documents.document import Span

MAX_WORDS = 60
"""Words of an entry: prose that mentions a year now and then has more."""
MAX_OTHER = 2
"""Lines in a row that do not look like entries within a list: halves of entries."""

_HEADING = re.compile(
    r"(?:[#\s]*)(?:(?:\d{1,2}|[IVX]{1,4}|[A-Z])\.?\s+)?(?:references|bibliography|works cited"
    r"|references and notes|literature(?: cited)?|literatur(?:verzeichnis)?|quellen(?:verzeichnis)?"
    r"|bibliographie|références(?: bibliographiques)?|bibliograf[ií]a|referencias|referências"
    r"|literatura|参考文献)\s*:?\s*",
    re.I,
)
_ENTRY = re.compile(
    r"^\s*\[\w{1,8}\]|\b(?:1[5-9]|20)\d\d[a-z]?\b|\b(?:arxiv|doi|isbn|https?:"
    r"|in:? proceedings|proc\.|journal|univ(?:ersity)? press|eds?\.|vol\.|pp\."
    r"|tech(?:nical|\.) report)",
    re.I,
)
_END = re.compile(r"(?:[A-Z]\.?\s+)?(?:appendi|anhang|annex|anexo|acknowledg|supplement)", re.I)


def bibliographies(text: str) -> list[Span]:
    """Return the spans of the lists of sources, without their headings."""
    found: list[Span] = []
    start = end = -1
    others = at = 0
    for line in text.split("\n"):
        after = at + len(line)
        if _HEADING.fullmatch(line):
            start, end, others = after, after, 0
        elif start >= 0 and line.strip():
            if _END.match(line):
                others = MAX_OTHER + 1
            elif _is_entry(line):
                end, others = after, 0
            else:
                others += 1
            if others > MAX_OTHER:
                found += [Span(start, end)] if end > start else []
                start = -1
        at = after + 1
    if end > start >= 0:
        found.append(Span(start, end))
    return found


def _is_entry(line: str) -> bool:
    """Return whether a line is an entry, or several that were joined."""
    return len(_ENTRY.findall(line)) * MAX_WORDS >= max(1, len(line.split()))
