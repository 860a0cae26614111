"""Sentences that say the same as a sentence of a document, in other words, made by rule."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from benchmarks.answers.tables import SYNONYMS, VERBS
from benchmarks.answers.words import (
    DATE,
    MONTHS,
    UNITS,
    clause,
    lower_first,
    names,
    spelled,
    upper_first,
)

Rule = Callable[[str, str, random.Random], "str | None"]
_LINKS = "because|although|when|while|if|after|before|until|whenever|unless"
_PLACES = "In|On|At|During|After|Before|By|From|Under|For"


def clause_order(sentence: str, _before: str, _draw: random.Random) -> str | None:
    """Move a clause, or a phrase of time or place, to the other end of the sentence."""
    one = sentence.count(",") == 1 == sentence.count(", ")
    if one and not re.search(r"[;:()]", sentence):
        first, rest = sentence[:-1].split(", ")
        link = re.match(rf"(?:{_LINKS}|{_PLACES})\b", first, re.I)
        if link and len(first.split()) > 1 and len(rest.split()) > 4:
            if re.match(r"(?:and|or|but|which|who|where|including|such|not|as|with)\b", rest):
                return None
            return f"{upper_first(rest)} {lower_first(first)}."
    found = list(re.finditer(rf" ({_LINKS}) ", sentence))
    if len(found) == 1 and not re.search(r"[,;:()]|\b(?:that|which|who|and|or)\b", sentence):
        head, tail = sentence[: found[0].start()], sentence[found[0].start() + 1 : -1]
        if len(head.split()) > 4 and len(tail.split()) > 4 and not tail.endswith("to"):
            return f"{upper_first(tail)}, {lower_first(head)}."
    return None


def voice(sentence: str, _before: str, _draw: random.Random) -> str | None:
    """Turn active into passive, or passive into active."""
    parts = clause(sentence)
    if parts is None:
        return None
    if parts.is_passive:
        past = next(past for past, (_, done) in VERBS.items() if done == parts.verb)
        return f"{upper_first(parts.object)} {past} {lower_first(parts.subject)}{parts.rest}"
    many = re.match(r"(?:these|those|all|some|many|several|two|three|four)\b", parts.object)
    plural = many or (re.match(r"(?:the|his|her|its|their)\b", parts.object) and _plural(parts))
    be = "were" if plural else "was"
    done = VERBS[parts.verb][1]
    return f"{upper_first(parts.object)} {be} {done} by {lower_first(parts.subject)}{parts.rest}"


def _plural(parts: object) -> bool:
    return str(getattr(parts, "object", "")).endswith("s")


def synonyms(sentence: str, _before: str, draw: random.Random) -> str | None:
    """Exchange one to three words for others of the same meaning."""
    found = [w for w in re.findall(r"\b[a-z-]+\b", sentence) if w in SYNONYMS]
    if not found:
        return None
    for word in draw.sample(found, min(len(found), 3)):
        sentence = re.sub(rf"\b{word}\b", SYNONYMS[word], sentence, count=1)
    return re.sub(r"\b([Aa])n (?=[bcdfghjklmnpqrstvwxz])", r"\1 ", sentence)


def dropped_aside(sentence: str, _before: str, _draw: random.Random) -> str | None:
    """Leave out a parenthesis, a relative clause or an apposition between commas."""
    aside = re.compile(
        r" \([^()]{6,}\)"
        r"|, (?:which|who|whose|a|an|including|such as|however|for example|for instance|"
        r"of course|in turn|as well as|along with|therefore|moreover|then)\b[^,()]*,(?= [a-z])"
    )
    shorter, count = aside.subn("", sentence)
    if not count or len(shorter.split()) < 6 or re.search(r", (?:and|or) ", sentence):
        return None
    return shorter


def respelled_number(sentence: str, _before: str, _draw: random.Random) -> str | None:
    """Write a number another way: digits, words, thousands, per cent, dollars, millions."""
    rules: list[tuple[str, Callable[[re.Match[str]], str]]] = [
        (r"\b([1-9]\d?)(?: percent| per cent| ?%)", lambda m: f"{spelled(int(m[1]))} per cent"),
        (r"\b(\d+\.\d+)(?: percent| per cent| ?%)", lambda m: f"{m[1]} percent"),
        (r"\$(\d+(?:\.\d+)?) (million|billion)", lambda m: f"{m[1]} {m[2]} dollars"),
        (r"\$(\d[\d,]*\d)\b(?! (?:m|b)illion)", lambda m: f"{m[1].replace(',', '')} dollars"),
        (r"\b(\d{1,3}) million\b", lambda m: f"{m[1]},000,000"),
        (r"(?<![\d,])(\d{1,3}),(\d{3})\b(?![,\d])", lambda m: m[1] + m[2]),
        (
            rf"(?<!ty[ -])(?<!and )\b({'|'.join(UNITS[2:])})(?= [a-z]+s\b)",
            lambda m: str(UNITS.index(m[1])),
        ),
        (r"(?<=[a-z] )([2-9]|[1-9]\d)(?= [a-z]+s\b)", lambda m: spelled(int(m[1]))),
    ]
    for pattern, change in rules:
        changed, count = re.subn(pattern, change, sentence, count=1)
        if count and changed != sentence:
            return changed
    return None


def reformatted_date(sentence: str, _before: str, draw: random.Random) -> str | None:
    """Write a date another way."""
    match = DATE.search(sentence)
    if match is None:
        return None
    month, day, year = match[1], int(match[2]), match[3]
    number = MONTHS.index(month) + 1
    shape = draw.choice(
        [f"{day} {month} {year}", f"{year}-{number:02}-{day:02}", f"{month[:3]}. {day}, {year}"]
    )
    return re.sub(r"(?<=\d),(?= [a-z])", "", sentence.replace(match[0], shape))


_NOT_NAMES = {"The", "He", "She", "It", "This", "That", "They", "In", "A", "An"}


def resolved_pronoun(sentence: str, before: str, _draw: random.Random) -> str | None:
    """Put the name that opens the sentence before for the pronoun that opens this one."""
    pronoun = re.match(r"(?:He|She) (?=[a-z]+)", sentence)
    opening = re.match(r"(?:[A-Z][a-z]+ ){1,3}(?=(?:was|is|had|has|[a-z]+ed)\b)", before)
    if pronoun is None or opening is None:
        return None
    name = opening[0].strip()
    if name.split()[0] in _NOT_NAMES or names(before[opening.end() :]):
        return None
    return f"{name} {sentence[pronoun.end() :]}"


def several(sentence: str, before: str, draw: random.Random) -> str | None:
    """Change a sentence by two or more of the other rules."""
    changed, used = sentence, 0
    for rule in (dropped_aside, respelled_number, reformatted_date, voice, clause_order, synonyms):
        new = rule(changed, before, draw)
        if new is not None and new != changed:
            changed, used = new, used + 1
    return changed if used > 1 else None


RULES: dict[str, Rule] = {
    "clause order": clause_order,
    "active and passive": voice,
    "synonyms": synonyms,
    "dropped aside": dropped_aside,
    "number respelled": respelled_number,
    "date reformatted": reformatted_date,
    "pronoun resolved": resolved_pronoun,
    "several of these": several,
}
"""Kinds of true variants: rules of the sentence, the one before it, and a random generator."""
