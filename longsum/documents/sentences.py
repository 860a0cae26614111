"""Sentences of a clean text.

Pure, and linear in the length of the text. A sentence never crosses a newline: in a `Document`, a
newline ends a paragraph, a heading or an item.
"""

from __future__ import annotations

import re

from longsum.documents.document import Span
from longsum.similarity import listed

CLOSERS = "\"'”’»›)\\]}」』）】》"
OPENERS = "\"'“‘«‹([{「『（【《„‚¿¡"
_CANDIDATE = re.compile(
    rf"(?<![.?!…])[.?!…]++[{CLOSERS}]*+(?:\d{{1,3}}(?=\s)|(?=\s|$))"  # a note's number may follow
    rf"|[؟۔।]+[{CLOSERS}]*(?=\s|$)"
    rf"|[。！？]+[{CLOSERS}]*"
)
_NEXT = re.compile(rf"[\s{OPENERS}*•–—-]*")
_WORD = re.compile(r"[^\W_]+(?:[’'-][^\W_]+)*\.?")
_LOOK_BACK = 48
"""Characters before a full stop that are searched for its word."""


_NEVER = listed(
    """
    mr mrs ms messrs mme mlle dr prof st gen rep sen gov hon rev capt lt col sgt maj pres vs
    v cf viz e.g i.e eg ie ca approx resp incl esp fig figs eq eqs sec secs ch chs art arts
    cl para paras vol vols ed eds trans assn assoc dept univ bros gov't nat nat'l int'l tit
    subd subsec distr cty cnty supp stat const amend cong sess rec ct cir cal pet cert tr br
    reg fed app rptr bull hr hrs ff cit op z.b d.h bzw usw vgl evtl ggf sog bspw u.a s.o nr
    abs hrsg mt ft mount
    """
)
"""Abbreviations that never end a sentence."""
_BEFORE_NUMBER = listed(
    """
    no nos p pp pg n nn jan feb mar apr jun jul aug sep sept oct nov dec line col note nt s
    bd pt pts ex exh tab
    """
)
"""Abbreviations before a number, ordinary words otherwise."""
_MAYBE = listed(
    """
    inc ltd co corp llc plc gmbh etc jr sr al esq ave blvd rd comm comm'n dist int'l gov
    admin
    """
)
"""Abbreviations that may end a sentence: the next word decides."""
_STARTERS = listed(
    """
    The This That These Those There Then They Thus It Its In On At As By For From If When
    While Where Whether What Who Why How Although Though Because Since After Before During
    Under Unlike He She We You I His Her Our Their My A An And But Or Nor So Yet However
    Moreover Further Furthermore Indeed Instead Nevertheless Nonetheless Similarly Such Some
    Several Many Most Both Each Every All Any No Not Nothing Even Once Also According
    Accordingly To With Without Within Here Hence Finally First Second Third Respondent
    Petitioner Petitioners Respondents Congress Justice Court Held Today Only One Two Three
    Four See Compare Rather Consequently Given Der Die Das Ein Eine Es Er Sie Wir Im Am Bei
    Diese Dieser Dieses Da Wenn
    """
)
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_MARKER = re.compile(r"[\s(\[]{0,3}(?:\d{1,3}|[a-zA-Z]|[ivxlIVXL]{1,6}|[•*–—-])[\s.)\]]{0,4}")


def split_sentences(text: str) -> list[Span]:
    """Return the spans of a text's sentences, in order, without surrounding white space."""
    spans: list[Span] = []
    start = 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        _split_line(text, start, end, spans)
        start = end + 1
    return spans


def _split_line(text: str, start: int, end: int, spans: list[Span]) -> None:
    for match in _CANDIDATE.finditer(text, start, end):
        if _ends_sentence(text, start, match, end):
            start = _add(text, start, match.end(), spans)
            while start < end and text[start].isspace():
                start += 1
    _add(text, start, end, spans)


def _add(text: str, start: int, end: int, spans: list[Span]) -> int:
    """Append a span if it holds more than white space; return where the next begins."""
    first, last = start, end
    while first < last and text[first].isspace():
        first += 1
    while last > first and text[last - 1].isspace():
        last -= 1
    if last > first:
        spans.append(Span(first, last))
    return end


def _ends_sentence(text: str, start: int, match: re.Match[str], end: int) -> bool:
    mark = match[0]
    if mark[0] in "。！？":
        return True
    after = _NEXT.match(text, match.end(), end)
    at = after.end() if after else match.end()
    if at >= end:
        return True
    following = text[at]
    if following in ".,;:" or following.islower():
        return False
    if mark[0] in "؟۔।":
        return True
    if following not in "§$€£#[" and not following.isalnum():
        return False
    if _MARKER.fullmatch(text, start, match.end()):  # `1.` or `a.` before an item
        return False
    if mark.startswith(".."):
        return not mark[-1].isdigit()  # `100 Years...100 Movies`
    if mark[0] != ".":
        return True
    if mark[-1].isdigit() and text[match.start() - 1 : match.start()].isdigit():
        return False  # a decimal
    return _full_stop_ends(
        text, start, match.start(), at, closed=len(mark.rstrip("0123456789")) > 1
    )


def _full_stop_ends(text: str, start: int, stop: int, at: int, *, closed: bool) -> bool:
    """Return whether a single full stop ends a sentence, by the words before and after it.

    Args:
        text: the text.
        start: offset of the sentence.
        stop: offset of the full stop.
        at: offset of the first letter or digit after it.
        closed: whether a quotation mark or bracket follows the full stop.
    """
    before = text[max(start, stop - _LOOK_BACK) : stop]
    if before.endswith((" ", "\u00a0")):
        return _dots_before(before) >= 3  # `. . . .` ends a sentence, `. . .` does not
    word = before.rsplit(None, 1)[-1].lstrip(OPENERS + CLOSERS + "—–") if before.strip() else ""
    word = re.split(r"[—–/(\[“‘]", word)[-1]
    low = word.lower()
    number = text[at].isdigit()
    if low in _NEVER:
        return False
    if low in _BEFORE_NUMBER and number:
        return False
    if low in _MAYBE or _INITIALS.fullmatch(word):
        if closed and not number and low not in _MAYBE:
            return True
        return not number and text[at] not in "§[" and _is_starter(text, at)
    return True


def _dots_before(before: str) -> int:
    """Count the spaced dots that lead up to a full stop."""
    count = 0
    for char in reversed(before):
        if char == ".":
            count += 1
        elif not char.isspace():
            break
    return count


def _is_starter(text: str, at: int) -> bool:
    word = _WORD.match(text, at)
    return word is not None and word[0] in _STARTERS  # `A.` is an initial, `A` an article
