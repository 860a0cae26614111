"""Texts as they are compared: what typesetting changes does not count.

White space, line breaks, hyphenation, ligatures, marks of footnotes, the shape of quotation marks
and dashes. Case and every word count. Works on strings; knows nothing about pages.
"""

from __future__ import annotations

import re
import unicodedata
from array import array

_CLUSTER = re.compile("[!-,./-~]+(?![\u0300-\u036f])|\\s+|.[\u0300-\u036f\u3099\u309a]*", re.DOTALL)
_ALIKE = str.maketrans(
    dict.fromkeys("‘’‚‛′`´", "'")
    | dict.fromkeys("“”„‟«»″", '"')
    | dict.fromkeys("‐‑‒–—―−\u00ad\u0002", "-")  # the last two mark a hyphenated line break
    | dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff", "")
    | dict.fromkeys("¹²³⁰⁴⁵⁶⁷⁸⁹", "")  # footnote marks
)
_DASH = re.compile(r" ?-+ ?")


def folded(text: str) -> tuple[str, array[int], array[int]]:
    """Return a text normalized for comparison, with each character's start and end in the original.

    A dash and the spaces around it are dropped, because hyphenation adds dashes and lines break at
    them, but not before a digit, because `3-4` is not `34`.
    """
    pieces: list[str] = []
    starts, ends = array("l"), array("l")
    for match in _CLUSTER.finditer(text):
        start, end, cluster = match.start(), match.end(), match[0]
        if cluster[0].isspace():
            pieces.append(" ")
            starts.append(start)
            ends.append(end)
        elif cluster.isascii() and "`" not in cluster:
            pieces.append(cluster)
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
        else:
            alike = unicodedata.normalize("NFKC", cluster.translate(_ALIKE)).translate(_ALIKE)
            pieces.append(alike)
            starts.extend([start] * len(alike))
            ends.extend([end] * len(alike))
    return _drop_dashes(re.sub(r"\s", " ", "".join(pieces)), starts, ends)


def _drop_dashes(
    folded: str, starts: array[int], ends: array[int]
) -> tuple[str, array[int], array[int]]:
    kept: list[slice] = []
    position = 0
    for match in _DASH.finditer(folded):
        kept.append(slice(position, match.start()))
        if folded[match.end() : match.end() + 1].isdigit():
            dash = folded.index("-", match.start())
            kept.append(slice(dash, dash + 1))
        position = match.end()
    kept.append(slice(position, None))
    kept_starts, kept_ends = array("l"), array("l")
    for part in kept:
        kept_starts.extend(starts[part])
        kept_ends.extend(ends[part])
    return "".join(folded[part] for part in kept), kept_starts, kept_ends
