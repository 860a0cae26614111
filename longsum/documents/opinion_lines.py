"""Lines of court opinions that say whose words follow: openings, and running heads of pages.

`JUSTICE BREYER, with whom JUSTICE KAGAN joins, dissenting.` opens an opinion, and
`JUSTICE KAGAN delivered the opinion of the Court.` that of the court. A running head, such as
`BREYER, J., dissenting` or `Opinion of the Court`, is on each page of an opinion. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from longsum.documents.judges import GAP, INITIALS, RANKED, TITLED, short_names, surnames

_IN_WORD = r"(?:[-\u00ad\x02]\s?)?"
"""Where a word may be divided at the end of a line."""
_DIVIDED = re.compile(r"(?<=[a-z])[-\u00ad\x02]\s?(?=[a-z])")
_ING = (
    rf"(?:[Cc]on{_IN_WORD}cur{_IN_WORD}ring|[Dd]is{_IN_WORD}sent{_IN_WORD}ing"
    rf"|CONCURRING|DISSENTING|respecting(?={GAP}the\b))"
)
_WORDS = (
    r"a|all|also|an|and|any|appeal|application|as|banc|but|by|case|certiorari|convictions?"
    r"|corpus|court(?:[’']s)?|decision|denial|denying|discretionary|dismissal|dismissing"
    r"|disposition|dubitante|en|except|file|for|from|grant|granting|habeas|hear|in|injunction"
    r"|judgments?|leave|majority(?:[’']s)?|mandamus|motion|of|on|only|opinion|orders?|other"
    r"|panel|parts?|petitions?|portion|reasons|refusal|rehearing|relief|remand|respect|results?"
    r"|reversal|review|sentence|separately|specially|stated|stay|that|the|these|this|to|transfer"
    r"|vacatur|with|writ"
)
_PARTS = r"[IVX]{1,6}(?:[-–—.][A-Za-z0-9]{1,3}){0,4}"
_UNFINISHED = (
    r"(?<=\ba)|(?<=\bin)|(?<=\bof)|(?<=\bon)|(?<=\bto)|(?<=\bas)|(?<=\band)|(?<=\bfor)|(?<=\bthe)"
    r"|(?<=\bfrom)|(?<=\bwith)|(?<=\bdenial)"
)
_MORE = (
    r"(?:and|but|part|except)\b|in (?:part|(?:the )?(?:judgment|result))\b"
    r"|from (?:the )?(?:denial|grant|order|judgment|opinion|decision|dismissal)\b"
)
# a line is continued only so, lest the text of a page is taken for the end of its running head
_NEXT = (
    rf"(?:,?[ \t]++(?!\n)|,?[ \t]*+\n[ \t]*+(?={_MORE})|(?:(?<=,)|{_UNFINISHED})[ \t]*+\n[ \t]*+)"
)
_MANNER = (
    rf"(?:(?:[Pp]artly|[Ss]pecially|[Rr]espectfully){GAP})?{_ING}"
    rf"(?:{_NEXT}(?:{_ING}|(?i:{_WORDS})(?![\w’'-])|{_PARTS}(?!\w))){{0,24}}"
)
_HOW = rf"(?P<how>{_MANNER})"
_REST = r"(?:[^.;:()\[\]\n]|\n(?![ \t]*\n)|(?<=[ .\n][A-Z])\.|(?<=[JMS][JRr])\.){3,400}?"
"""Text within a sentence."""
_JOINED = rf"(?:,{GAP}(?:with{GAP}whom|joined{GAP}by){GAP}{_REST})?"
_JOINED_AFTER = rf"(?:,{GAP}(?:with{GAP}whom|joined{GAP}by|in{GAP}which){GAP}{_REST})?"
_LINE = r"^[ \t\f]*+"
_START = rf"(?:(?P<line>{_LINE})|(?<=[.!?”\]\"] )|(?<=, [12][0-9]{{3}} ))"
"""At the beginning of a line or of a sentence, or after the date of the decision."""
_WHO = rf"(?P<who>{TITLED}|{RANKED})"
_SEPARATE = re.compile(
    rf"{_START}(?:¶{GAP}?\d+{GAP}|[Ss]tatement{GAP}of{GAP})?{_WHO}"
    rf"(?:{_JOINED}(?:,{GAP}|(?<=join){GAP}|(?<=joins){GAP}|{GAP}(?=respecting\b))"
    rf"{_HOW}{_JOINED_AFTER}"
    r"(?:[.:][*†‡\d]{0,2}(?=\s|—|\Z)[ \t]*+(?P<end>$)?|(?P<unended>[ \t]*+$))"
    rf"|[:,]?{GAP}\((?P<bracketed>{_MANNER})[^()\n]{{0,120}}\)(?:[.:](?=\s|\Z)|[ \t]*+$))",
    re.MULTILINE,
)
_COURTS = re.compile(
    rf"{_START}{_WHO}(?:,?{GAP}"
    rf"(?:delivered{GAP}the{GAP}(?:unanimous{GAP})?(?:opinion|judgment)"
    rf"|announced{GAP}the{GAP}(?:judgment|decision)){GAP}(?:of|for){GAP}the{GAP}[Cc]ourt"
    rf"(?=[.,;:]|{GAP}(?:with|except|as|and|in{GAP}which)\b)"
    rf"|(?P<colon>:)(?=\s)(?!{GAP}\([^()\n]{{0,20}}(?:dissent|concur)))",
    re.MULTILINE,
)
_COURTS_HEADING = re.compile(
    rf"(?:{_LINE}|(?<=\] )|(?<=, [12][0-9]{{3}} ))PER CURIAM\b"
    rf"|{_LINE}(?i:opinion of the court|per curiam|syllabus)\.?[ \t]*$",
    re.MULTILINE,
)
_INITIALED = re.compile(rf",\s+{INITIALS}$")
_APART_SIGN = re.compile(rf"\((?:[Pp]artly{GAP})?{_ING}|{_ING}(?!\s*\)|\s+opinions?\b)")
_COURTS_SIGN = re.compile(
    r"\b(?:delivered|announced|(?:Lord|LORD|Lady|LADY)(?=\s))|(?:[Jj]udge|JUDGE|J\.):"
)
MAX_LINE = 900
"""Characters of a line that names many judges, before and after its sign."""
_COURT_NAME = re.compile(
    rf"(?:{_LINE}|(?<=[.!?”)\]\"] ))(?P<name>(?:IN THE )?SUPREME COURT OF)", re.MULTILINE
)
MAX_CAPTION = 2500
"""Characters of a case's caption, which names court, parties and date above each opinion."""
MAX_SMALL_LETTERS = 0.3
"""Share of small letters in a caption, which is in capitals."""
_SPEAKS = re.compile(r"(?:[Jj]udge|JUDGE|J\.)$|^(?:L(?:ord|ORD|ady|ADY))\b")
"""Who an opinion begins with, before a colon; `JUSTICE DUNN:` begins a turn in a hearing."""


@dataclass(frozen=True)
class OpinionLine:
    """A line after which the words are those of the court, or of some of its judges."""

    start: int
    """Offset of its first character."""
    name: str = ""
    """Who speaks, and how: `Justice Breyer, dissenting`; empty for the court."""
    authors: frozenset[str] = frozenset()
    """Their surnames; empty for the court."""
    opens: bool = True
    """Whether an opinion begins with it; a running head may also be within one."""


def opinion_lines(text: str) -> list[OpinionLine]:
    """Return the lines that say whose words follow, in order; empty without separate opinions.

    Args:
        text: a document's text.
    """
    told = (_separate(match) for match in _near(_SEPARATE, _APART_SIGN, text))
    separate = [line for line in told if line]
    if not separate:
        return []
    found = sorted([*separate, *_court_lines(text)], key=lambda line: line.start)
    return _with_captions(found, text)


def court_lines(text: str) -> list[OpinionLine]:
    """Return the lines after which the words are the court's, in order.

    Args:
        text: a document's text.
    """
    return _with_captions(_court_lines(text), text)


def _court_lines(text: str) -> list[OpinionLine]:
    """Return the court's lines, without what is above them."""
    named = (
        match
        for match in _near(_COURTS, _COURTS_SIGN, text)
        if not match["colon"] or _SPEAKS.search(match["who"])
    )
    found = [match.start() for match in (*named, *_COURTS_HEADING.finditer(text))]
    return [OpinionLine(start) for start in sorted(found)]


def _with_captions(lines: list[OpinionLine], text: str) -> list[OpinionLine]:
    """Return lines, those that open an opinion with the case's caption above them."""
    above = 0
    captioned = []
    for line in lines:
        start = _caption_of(text, above, line.start) if line.opens else line.start
        captioned.append(replace(line, start=start))
        above = line.start
    return captioned


def _caption_of(text: str, above: int, start: int) -> int:
    """Return where the caption above an opinion begins; its own beginning if there is none.

    Args:
        text: the document's text.
        above: where the line before begins.
        start: where the opinion begins.
    """
    places = list(_COURT_NAME.finditer(text, max(above, start - MAX_CAPTION), start))
    if not places:
        return start
    place = places[-1].start("name")
    letters = [letter.islower() for letter in text[place:start] if letter.isalpha()]
    return place if sum(letters) <= MAX_SMALL_LETTERS * len(letters) else start


def _near(pattern: re.Pattern[str], sign: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield a pattern's matches on both sides of its signs, which are found much faster."""
    start, end = 0, 0
    for match in sign.finditer(text):
        before, after = match.start() - MAX_LINE, match.end() + MAX_LINE
        if before > end:
            yield from pattern.finditer(text, start, end)
            start = before
        if after > end:
            newline = text.find("\n", after)
            end = newline if newline >= 0 else len(text)
    yield from pattern.finditer(text, max(0, start), end)


def _separate(match: re.Match[str]) -> OpinionLine | None:
    """Return what a line that names judges says; None within a line of something else."""
    begins_line = match["line"] is not None
    is_unended = match["unended"] is not None
    if not begins_line and (is_unended or match["bracketed"]):
        return None
    # `BREYER, J., dissenting.` may be above each page, `JUSTICE BREYER, dissenting.` is there once
    is_whole = begins_line and match["end"] is not None
    is_running = is_unended or (is_whole and _INITIALED.search(match["who"]) is not None)
    name = f"{short_names(match['who'])}, {_short_manner(match['how'] or match['bracketed'])}"
    start = match.end("line") if begins_line else match.start()
    return OpinionLine(start, name, surnames(match["who"]), not is_running)


def _short_manner(how: str) -> str:
    """Return how an opinion differs: `concurring in part and dissenting in part`.

    Of more than two ways, the first and the last are named.
    """
    joined = " ".join(_DIVIDED.sub("", how).split())
    ways = [way.removeprefix("and ") for way in re.split(r",\s+", joined)]
    return ways[0] if len(ways) == 1 else f"{ways[0]} and {ways[-1]}"
