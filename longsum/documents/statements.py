"""Which sentences of a clean text can stand alone in a summary, and which may answer a question.

Pure. For a summary a sentence is judged by its own words and by its line: what follows a caption's
label up to the end of the line belongs to the caption. A question may be about anything, so every
sentence with words may answer it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from longsum.documents.bibliography import bibliographies
from longsum.documents.clean import is_cjk
from longsum.documents.document import Span
from longsum.documents.sentences import CLOSERS, OPENERS, split_sentences

MIN_WORDS, MAX_WORDS, MIN_CJK = 5, 120, 10
MAX_PIECE = 400
"""Characters in a piece of a line that is not prose, such as a table row: more match anything."""
_ENDS = re.compile(rf"[.?!…。！？؟۔।][{CLOSERS}]*\d{{0,3}}$")
_NOTE_AFTER = re.compile(rf"[.?!…{CLOSERS}](?P<note>\d{{1,3}})$")
_LEADERS = re.compile(r"(?:[.·…]\s?){5,}|(?:\.\s){2,}\d{1,4}\b")
_TRAILING_DOTS = re.compile(r"(?:\s\.){3,}$")
_CAPTION = re.compile(
    r"(?:figure|fig|table|chart|exhibit|plate|listing|algorithm|box|scheme|abbildung|abb|tabelle|tab)"
    r"\.?\s*(?:[A-Z]?\d{1,3}(?:[.-]\d{1,3})*|[IVXL]{1,6})\s*(?:[.:|–—-]|\()",
    re.I,
)
_LABEL = r"(?:supplementary\s+)?(?:figure|fig|table|chart|scheme|box|video|movie|media|audio)s?"
_CAPTION_LINE = re.compile(
    rf"{_LABEL}\.?\s*S?\d{{1,3}}(?:[.-]\d{{1,3}})*\s*[.:|]\s+[{OPENERS}]*[A-Z(]", re.I
)
"""Beginning of a line that is a caption to its end, its label separated from its text."""
_GLUED = re.compile(
    r"(?<=[^\s\d/])(?:doi:?\s*)?(?:https?://(?:dx\.)?doi\.org/)?10\.\d{4,9}/\S*?"
    rf"(?:(?P<label>{_LABEL}\.?\s*S?\d)|(?=\s|$))",
    re.I,
)
"""The identifier of a figure that follows a full stop without a space."""
_PANEL = re.compile(r"\([A-Z](?:\s?[,–—-]\s?[A-Z])*\)\s|scale bars?\b", re.I)
_LIST_MARKER = re.compile(r"(?:\(?(?:\d{1,3}|[a-z])[.)]|[-*•–])\s+")
_NOTE = re.compile(
    r"[*†‡¶∗]|\d{1,3}\s+A\s|\d{2,3}[A-Z]|\d[A-Z][a-z’']|\d{1,3}(?:\s+[“‘\"]?[A-Z][a-z]|\s*[“‘\"(\[])"
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


def statement_spans(text: str) -> Iterator[Span]:
    """Yield the spans of the sentences that can stand alone, in order.

    The number or bullet of a list item is left out: by itself it means nothing. Lists of sources
    are left out: a title is not a statement.
    """
    sources = bibliographies(text)
    for start, end in _without_captions(text):
        if any(source.start <= start < source.end for source in sources):
            continue
        for first, last in split_sentences(text[start:end]):
            marker = _LIST_MARKER.match(text, start + first, start + last)
            span = Span(marker.end() if marker else start + first, start + last)
            if is_statement(text[span.start : span.end]):
                yield _without_note(text, span)


def _without_note(text: str, span: Span) -> Span:
    """Return a sentence without the number of a note after its full stop."""
    note = _NOTE_AFTER.search(text, max(span.start, span.end - 5), span.end)
    return Span(span.start, note.start("note")) if note else span


def sentence_spans(text: str) -> Iterator[Span]:
    """Yield the spans of everything that may answer a question, in order.

    Headings, captions, notes, list items and short lines are included: `The ticket cost $40.` is
    the whole answer to some question. The number or bullet of a list item is left out.
    """
    for first, last in split_sentences(text):
        marker = _LIST_MARKER.match(text, first, last)
        span = Span(marker.end() if marker else first, last)
        whole = last - first <= MAX_PIECE or is_statement(text[span.start : span.end])
        for piece in [span] if whole else _pieces(text, span):
            if any(map(str.isalpha, text[piece.start : piece.end])):
                yield piece


def _pieces(text: str, span: Span) -> Iterator[Span]:
    """Yield the parts of a long line, cut between words."""
    start, end = span
    while end - start > MAX_PIECE:
        cut = text.rfind(" ", start + 1, start + MAX_PIECE)
        cut = cut if cut > 0 else start + MAX_PIECE
        yield Span(start, cut)
        start = cut + text.startswith(" ", cut)
    yield Span(start, end)


def _without_captions(text: str) -> Iterator[Span]:
    """Yield the pieces of lines that are not captions, in order."""
    start = 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield from _without_caption(text, start, end)
        start = end + 1


def _without_caption(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the pieces of a line around figure identifiers, up to its first caption."""
    if _CAPTION_LINE.match(text, start, end):
        return
    for match in _GLUED.finditer(text, start, end):
        yield Span(start, match.start())
        if match["label"]:
            return
        start = match.end()
    yield Span(start, end)


def is_statement(text: str) -> bool:
    """Return whether a span is a whole sentence of prose that says something by itself.

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
    """Return whether beginning, end, length and letters are those of a sentence."""
    if not text or len(text) > 12 * MAX_WORDS or not _ENDS.search(text[-12:]):
        return False
    first = text.lstrip(OPENERS + " ")[:1]
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
    """Return whether a text is a contents line, caption, note, heading or bibliography entry."""
    if _LEADERS.search(text) or _CAPTION.match(text) or _NOTE.match(text):
        return True
    if _PANEL.match(text):
        return True
    if _ENTRY.match(text) and _PUBLISHED.search(text):
        return True
    words = [word for word in text.split() if len(word) > 3 and word[0].isalpha()]
    capital = sum(word[0].isupper() for word in words)
    if text.isupper() or (_TRAILING_DOTS.search(text) and capital > 0.5 * len(words)):
        return True
    return 2 < len(words) <= 12 and capital >= 0.85 * len(words) and text.endswith(".")


def _says_something(text: str) -> bool:
    """Return whether a sentence remains when its citations are removed."""
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
