"""Sentences of a clean text, and which of them can stand alone in a summary.

Pure, and linear in the length of the text. A sentence never crosses a newline: what `documents`
leaves as a newline ends a paragraph, a heading or an item.
"""

from __future__ import annotations

import re

from longsum.documents.clean import is_cjk
from longsum.documents.document import Span

_CLOSERS = "\"'”’»›)\\]}」』）】》"
_OPENERS = "\"'“‘«‹([{「『（【《„‚¿¡"
_CANDIDATE = re.compile(
    rf"(?<![.?!…])[.?!…]++[{_CLOSERS}]*+(?:\d{{1,3}}(?=\s)|(?=\s|$))"  # a note's number may follow
    rf"|[؟۔।]+[{_CLOSERS}]*(?=\s|$)"
    rf"|[。！？]+[{_CLOSERS}]*"
)
_NEXT = re.compile(rf"[\s{_OPENERS}*•–—-]*")
_WORD = re.compile(r"[^\W_]+(?:[’'-][^\W_]+)*\.?")
_LOOK_BACK = 48
"""Characters before a full stop in which its word is sought."""


def _lexicon(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NEVER = _lexicon(
    """
    mr mrs ms messrs mme mlle dr prof st gen rep sen gov hon rev capt lt col sgt maj pres vs
    v cf viz e.g i.e eg ie ca approx resp incl esp fig figs eq eqs sec secs ch chs art arts
    cl para paras vol vols ed eds trans assn assoc dept univ bros gov't nat nat'l int'l tit
    subd subsec distr cty cnty supp stat const amend cong sess rec ct cir cal pet cert tr br
    reg fed app rptr bull hr hrs ff cit op z.b d.h bzw usw vgl evtl ggf sog bspw u.a s.o nr
    abs hrsg mt ft mount
    """
)
"""Abbreviations that something always follows."""
_BEFORE_NUMBER = _lexicon(
    """
    no nos p pp pg n nn jan feb mar apr jun jul aug sep sept oct nov dec line col note nt s
    bd pt pts ex exh tab
    """
)
"""Abbreviations before a number, words otherwise."""
_MAYBE = _lexicon(
    """
    inc ltd co corp llc plc gmbh etc jr sr al esq ave blvd rd comm comm'n dist int'l gov
    admin
    """
)
"""Abbreviations that may end a sentence: the next word decides."""
_STARTERS = _lexicon(
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
    """Return the spans of a text's sentences, in order, without white space at their ends."""
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
    """Add a span if it holds more than white space; return where the next begins."""
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
    if mark[0] != "." or mark.startswith(".."):
        return True
    if mark[-1].isdigit() and text[match.start() - 1 : match.start()].isdigit():
        return False  # a decimal
    return _full_stop_ends(
        text, start, match.start(), at, closed=len(mark.rstrip("0123456789")) > 1
    )


def _full_stop_ends(text: str, start: int, stop: int, at: int, *, closed: bool) -> bool:
    """Judge a single full stop by the word before it and the word after it.

    Args:
        text: the text.
        start: where the sentence begins.
        stop: the full stop.
        at: the first letter or digit after it.
        closed: whether a quotation mark or bracket follows the full stop.
    """
    before = text[max(start, stop - _LOOK_BACK) : stop]
    if before.endswith((" ", "\u00a0")):
        return _dots_before(before) >= 3  # `. . . .` ends a sentence, `. . .` does not
    word = before.rsplit(None, 1)[-1].lstrip(_OPENERS + "—–") if before.strip() else ""
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


# --- which sentences can stand alone ------------------------------------------------------------

MIN_WORDS, MAX_WORDS, MIN_CJK = 5, 120, 10
_ENDS = re.compile(rf"[.?!…。！？؟۔।][{_CLOSERS}]*\d{{0,3}}$")
_LEADERS = re.compile(r"(?:[.·…]\s?){5,}|(?:\.\s){2,}\d{1,4}\b")
_TRAILING_DOTS = re.compile(r"(?:\s\.){3,}$")
_CAPTION = re.compile(
    r"(?:figure|fig|table|chart|exhibit|plate|listing|algorithm|box|scheme|abbildung|abb|tabelle|tab)"
    r"\.?\s*(?:[A-Z]?\d{1,3}(?:[.-]\d{1,3})*|[IVXL]{1,6})\s*(?:[.:|–—-]|\()",
    re.I,
)
_NOTE = re.compile(
    r"[*†‡¶∗]|\d{2,3}[A-Z]|\d[A-Z][a-z’']|\d{1,3}(?:\s+[“‘\"]?[A-Z][a-z]|\s*[“‘\"(\[])"
)
_SIGNAL = re.compile(
    r"(?:see(?:,? e\. ?g\.,?|,? also| generally|,)?|but see|but cf\.|cf\.|accord,?|e\. ?g\.,|"
    r"id\.|ibid\.?|ante,|post,|supra,|infra,|compare|brief for|app\.|tr\.|pet\. for|reply brief)\s",
    re.I,
)
_REFERENCE = re.compile(r"[§\d]|\bv\.|\bsupra\b|\binfra\b|\bante\b|\bpost\b|\bat \d")
_ENTRY = re.compile(
    r"\[\w{1,8}\]\s|[^\W\d_][\w’'-]{1,24},\s+(?:[A-Z]\.[\s,-]?){1,4}|"
    r"(?:[A-Z]\.\s?){1,3}[A-Z][\w’-]{1,24}(?:,| and )"
)
_PUBLISHED = re.compile(
    r"\b(?:doi|arxiv|isbn|https?://|proceedings|proc\.|press|journal|pp\.|vol\.)|\(?\b(?:18|19|20)\d\d[a-z]?\)?\.",
    re.I,
)
_CITED = re.compile(
    r"\b\d{1,4}\s(?:U\. ?S\.(?: ?C\.)?|F\. ?(?:2d|3d|Supp\.(?: 2d)?)?|S\. ?Ct\.|C\. ?F\. ?R\.|CFR|"
    r"L\. ?Ed\.(?: 2d)?|Stat\.|Fed\. ?Reg\.|Cong\. Rec\.)[\s\d§(),;–_.-]*"
    r"|§+\s?\S{1,24}|\([^()]{0,48}\d{4}\)"
    r"|\b(?:P|Pp|p|pp)\.\s?[\d–, -]{1,24}|\bat \d[\d–, -]{0,24}"
)
_NAME_WORD = re.compile(r"[A-Z0-9&]|(?:of|the|and|for|in|ex|rel|et|al|de|v)[.,]?$")
_ORDINARY = re.compile(r"[^\W\d_]{2}")


def is_statement(text: str) -> bool:
    """Tell whether a span is a whole sentence of prose that says something by itself.

    Headings, lines of a table of contents, captions, notes, references and citations are not.
    """
    text = text.strip()
    return (
        "\n" not in text
        and _has_sentence_shape(text)
        and not _is_apparatus(text)
        and _says_something(text)
    )


def _has_sentence_shape(text: str) -> bool:
    """Judge beginning, end, length and letters."""
    if not text or len(text) > 12 * MAX_WORDS or not _ENDS.search(text[-12:]):
        return False
    first = text.lstrip(_OPENERS + " ")[:1]
    if not first.isalnum() or first.islower():
        return False
    cjk = sum(map(is_cjk, text))
    solid = sum(not char.isspace() for char in text)
    letters = sum(char.isalpha() for char in text)
    if letters < 0.6 * solid:
        return False
    if cjk > 0.3 * solid:
        return MIN_CJK <= solid <= 4 * MAX_WORDS
    return MIN_WORDS <= len(text.split()) <= MAX_WORDS


def _is_apparatus(text: str) -> bool:
    """Tell contents, captions, notes, headings and entries of a bibliography."""
    if _LEADERS.search(text) or _CAPTION.match(text) or _NOTE.match(text):
        return True
    if _ENTRY.match(text) and _PUBLISHED.search(text):
        return True
    words = [word for word in text.split() if len(word) > 3 and word[0].isalpha()]
    capital = sum(word[0].isupper() for word in words)
    if text.isupper() or (_TRAILING_DOTS.search(text) and capital > 0.5 * len(words)):
        return True
    return 2 < len(words) <= 12 and capital >= 0.85 * len(words) and text.endswith(".")


def _says_something(text: str) -> bool:
    """Tell whether a sentence remains when its citations are taken away."""
    signal = _SIGNAL.match(text)
    if signal and _REFERENCE.search(text):
        return False
    if not (_REFERENCE.search(text) or "(" in text):
        return True
    rest = _CITED.sub(" ", text).split()
    if "v." in rest:
        rest = _without_cases(rest)
    if any(map(is_cjk, text)):
        return True
    return sum(bool(_ORDINARY.search(word)) for word in rest) >= MIN_WORDS - 1


def _without_cases(words: list[str]) -> list[str]:
    """Return words without the names on both sides of each `v.`."""
    dropped: set[int] = set()
    for place, word in enumerate(words):
        if word == "v.":
            dropped.add(place)
            for step in (-1, 1):
                at = place + step
                while 0 <= at < len(words) and abs(at - place) < 12 and _NAME_WORD.match(words[at]):
                    dropped.add(at)
                    at += step
    return [word for place, word in enumerate(words) if place not in dropped]
