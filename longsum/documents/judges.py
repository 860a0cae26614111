"""How opinions of courts name their judges, and how references name them.

`JUSTICE SCALIA, JUSTICE KENNEDY, and JUSTICE ALITO` and a running head's `SCALIA, KENNEDY, and
ALITO, JJ.` are the same judges. The patterns are bounded: time is linear in the text.
"""

from __future__ import annotations

import re

GAP = r"(?:[ \t]++(?:\n[ \t]*+)?|\n[ \t]*+)"
"""Space between two words, which may be on two lines."""
_UPPER = "A-ZÀ-ÖØ-Þ"
_WORD = rf"[{_UPPER}][\w’'-]{{1,30}}"
_SUFFIX = r"(?:(?:J[Rr]|S[Rr])\.|II\b|III\b|IV\b)"
# on one line, lest the end of a line above a running head becomes part of it
_NAME = (
    rf"(?>(?:[{_UPPER}]\.[ \t]?){{0,3}}{_WORD}"
    rf"(?:[ \t]++(?:(?:[{_UPPER}]\.|of|OF|de|van|von)[ \t]++)?{_WORD}){{0,3}}"
    rf"(?:,?[ \t]++{_SUFFIX})?)"
)
_TITLE = (
    rf"(?:(?:MR|Mr|MRS|Mrs|MS|Ms)\.?{GAP})?"
    rf"(?:(?:CHIEF|Chief|PRESIDING|Presiding|ASSOCIATE|Associate|SENIOR|Senior){GAP})?"
    r"(?:JUSTICES?|Justices?|JUDGES?|Judges?|LORD|Lord|LADY|Lady)"
)
INITIALS = r"(?:(?:Acting )?(?:A\. ?)?(?:[CPS]\. ?)?JJ?\.)"
"""`J.`, `C. J.`, `JJ.`: judge, chief judge, judges."""
OFFICE = (
    rf"(?:(?:Chief|Senior|Presiding|Associate|Acting|Circuit|District|Vice){GAP}){{0,3}}"
    r"(?:Judges?|Justices?)"
)
"""`Senior Circuit Judge`."""
_AND = rf"(?:,{GAP}(?:(?:and|AND|&){GAP})?|{GAP}(?:and|AND|&){GAP})"
TITLED = rf"(?:{_TITLE}{GAP}{_NAME}(?:{_AND}(?:{_TITLE}{GAP})?{_NAME}){{0,8}}+)"
"""`CHIEF JUSTICE ROBERTS and JUSTICE ALITO`."""
_RANKED = (
    rf"{_NAME}(?:{_AND}(?!{OFFICE}\b|JJ\.|Acting\b){_NAME}){{0,8}}+,{GAP}(?:{INITIALS}|{OFFICE}\b)"
)
RANKED = rf"(?:{_RANKED}(?:{_AND}{_RANKED}){{0,3}})"
"""`SCALIA and ALITO, JJ.`; `SMITH, Circuit Judge, and DUNN, District Judge`."""

_SEPARATOR = re.compile(r",\s+(?:(?:and|AND|&)\s+)?|\s+(?:and|AND|&)\s+")
_IS_RANK = re.compile(rf"{INITIALS}|{OFFICE}")
_IS_SUFFIX = re.compile(_SUFFIX)
_BEFORE_NAME = re.compile(rf"{_TITLE}\s+")
_AFTER_NAME = re.compile(rf"(?:\s+(?:D?P?SC|JSC|{_SUFFIX})|\s+of\s.*)+$", re.IGNORECASE)


def short_names(who: str) -> str:
    """Return judges' names on one line, without capitals throughout and repeated titles.

    Args:
        who: what `TITLED` or `RANKED` matches.

    Returns:
        `Justice Breyer`, `Justices Scalia and Alito` or `Scalia and Alito, JJ.`.
    """
    people: list[str] = []
    last_rank = ""
    for name, rank in _people(who):
        if last_rank:
            people[-1] += f", {last_rank}"
        people.append(_cased(name))
        last_rank = rank
    if len(people) > 1 and all(each.startswith("Justice ") for each in people):
        people = [each.removeprefix("Justice ") for each in people]
        people[0] = f"Justices {people[0]}"
    listed = " and ".join([", ".join(people[:-1]), people[-1]]) if people[1:] else people[0]
    return f"{listed}, {last_rank}" if last_rank else listed


def surnames(who: str) -> frozenset[str]:
    """Return judges' surnames in lower case, which are the same however a line names them.

    Args:
        who: what `TITLED` or `RANKED` matches, or what `short_names` returns.
    """
    names = (_AFTER_NAME.sub("", _BEFORE_NAME.sub("", name)) for name, _ in _people(who))
    return frozenset(name.split()[-1].casefold().replace("’", "'") for name in names)


def _people(who: str) -> list[tuple[str, str]]:
    """Return the (name, rank) of each judge; the rank of several is that of the last."""
    people: list[tuple[str, str]] = []
    for piece in _SEPARATOR.split(" ".join(who.split())):
        name, rank = people[-1] if people else ("", "")
        if people and _IS_RANK.fullmatch(piece):
            people[-1] = (name, piece)
        elif people and _IS_SUFFIX.fullmatch(piece):
            people[-1] = (f"{name}, {piece}", rank)
        else:
            people.append((piece, ""))
    return people


def _cased(name: str) -> str:
    """Return a name without capitals throughout: `Chief Justice Roberts`."""
    words = (word.title() if word.isupper() and len(word) > 2 else word for word in name.split())
    return " ".join(words)
