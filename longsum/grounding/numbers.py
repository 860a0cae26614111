"""Numbers with their units: whether a claim's numbers are those of its source. Pure.

Knows digits and English number words, `million`, per cent, money, years, decades, ordinals, ranges
and dates, however they are written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from longsum.similarity import FUNCTION_WORDS, stem


def _ordered(text: str) -> list[str]:
    return text.split()


_ONES = _ordered(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = _ordered("twenty thirty forty fifty sixty seventy eighty ninety")
_ORDINALS = _ordered(
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
)
_VALUES = {word: value for value, word in enumerate(_ONES)}
_VALUES |= {word: 10 * value for value, word in enumerate(_TENS, 2)}
_ORDINAL_VALUES = {word: value for value, word in enumerate(_ORDINALS)}
_ORDINAL_VALUES |= {word[:-1] + "ieth": 10 * value for value, word in enumerate(_TENS, 2)}
_SCALES = {"hundred": 100, "dozen": 12, "thousand": 10**3, "million": 10**6, "billion": 10**9}
_SCALES |= {"trillion": 10**12, "k": 10**3, "bn": 10**9}
_MONEY = {"dollar", "dollars", "euro", "euros", "pound", "pounds", "usd", "eur", "cents", "yen"}
_MONTHS = _ordered(
    "january february march april may june july august september october november december"
)
_MONTH = "|".join(f"{month[:3]}(?:{month[3:]})?" if month != "may" else "may" for month in _MONTHS)
_MONTH = _MONTH.replace("sep(?:tember)?", "sept?(?:ember)?")

_TOKEN = re.compile(
    r"(?P<sign>[$€£¥])?\s?(?P<digits>\d+(?:[.,'’]\d+)*)(?P<ordinal>(?:st|nd|rd|th)\b)?(?P<decade>['’]?s\b)?"
    r"(?P<mark>\s?%)?|(?P<word>[^\W\d_]+)|(?P<stop>[.;:,()])"
)
_ISO = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_SHORT = re.compile(rf"\b({_MONTH})\b\.?(?=,? \d)|(?<=\d )({_MONTH})\b\.?", re.I)
_THOUSANDS = re.compile(r"\d{1,3}(?:[,'’]\d{3})+(?:\.\d+)?")


@dataclass(frozen=True)
class Quantity:
    """A number, what it counts, and the words beside it."""

    value: float
    kind: str
    """`percent`, `points`, `money`, `year`, `decade`, `ordinal` or `plain`."""
    unit: str
    """Stem of the word after it; empty without."""
    before: str
    """`from` or `to`, where that is before it; otherwise empty."""
    is_certain: bool = True
    """Whether it is a number beyond doubt, which `one` and `second` are not."""
    text: str = ""


def spelled_dates(text: str) -> str:
    """Return a text with its dates in words: `1865-04-09` as `9 April 1865`, `Apr.` as `April`."""

    def named(match: re.Match[str]) -> str:
        month = int(match[2])
        if not 1 <= month <= 12:
            return match[0]
        return f"{int(match[3])} {_MONTHS[month - 1].capitalize()} {match[1]}"

    def whole(match: re.Match[str]) -> str:
        short = (match[1] or match[2]).lower()[:3]
        return next(month for month in _MONTHS if month.startswith(short)).capitalize()

    return _SHORT.sub(whole, _ISO.sub(named, text))


@lru_cache(maxsize=512)
def quantities(text: str) -> tuple[Quantity, ...]:
    """Return the numbers of a text in their order."""
    tokens = list(_TOKEN.finditer(spelled_dates(text).replace("per cent", "percent")))
    found: list[Quantity] = []
    place = 0
    while place < len(tokens):
        used, value, certain, ordinal = _number(tokens, place)
        if not used:
            place += 1
            continue
        first, end = tokens[place], place + used
        after = [t["word"].lower() if t["word"] else "" for t in tokens[end : end + 3]]
        kind = _kind(first, value, ordinal, after)
        previous = tokens[place - 1]["word"] if place else None
        before = previous.lower() if previous and previous.lower() in {"from", "to"} else ""
        unit = next((w for w in after[:2] if w and w not in FUNCTION_WORDS), "")
        if after[:1] != [unit] and not (after[:1] and after[0] in {"of"}):
            unit = "" if after[:1] == [""] else unit
        written = " ".join(token[0].strip() for token in tokens[place:end])
        found.append(Quantity(value, kind, stem(unit), before, certain, written))
        place = end
    return tuple(found)


def wrong_number(
    claim: str, home: str, others: Sequence[str], before: str = ""
) -> tuple[str, str] | None:
    """Return a number of a claim that its source does not have, and one it has instead.

    Args:
        claim: the claim, or a part of it.
        home: the sentence of the source closest to it.
        others: further sentences that support it.
        before: the source's text before `home`, where a label such as `Study 1` may be.

    Returns:
        Both as written, the second empty where the source has none of the kind; None if all agree.
    """
    ours, theirs = quantities(_without_labels(claim, home, before)), quantities(home)
    further = [quantity for other in others for quantity in quantities(other)]
    for number in ours:
        if not number.is_certain:
            continue
        rivals = [
            q for q in theirs if _is_rival(q, number) and not any(_agree(mine, q) for mine in ours)
        ]
        same = [q for q in theirs if _agree(number, q)]
        if not same:
            if not rivals and any(_agree(number, q) for q in further):
                continue
            return number.text, rivals[0].text if rivals else ""
        elsewhere = [q for q in theirs if q.before == number.before and q.before and q not in same]
        if number.before and elsewhere and not any(q.before == number.before for q in same):
            return number.text, elsewhere[0].text
        counted = [q for q in theirs if number.unit and q.unit == number.unit]
        if counted and not any(q in same for q in counted) and any(q.unit for q in same):
            return number.text, counted[0].text
        mine = sum(_agree(number, q) for q in ours)
        if mine > len(same) and rivals:
            return number.text, rivals[0].text
    return None


_LABEL = re.compile(
    r"\b(?P<word>Study|Experiment|Table|Figure|Chapter|Section|Part|Article|Phase|Stage|Group|Volume|"
    r"Appendix|Step|Rule|Title|Trial|Task|Question|Level|Lesson|Unit|Book|Act|Scene)s? "
    r"(?P<number>\d+(?:\.\d+)*)\b"
)


def _without_labels(claim: str, home: str, before: str) -> str:
    """Return a claim without labels whose section the sentence is in: `In Study 1, …`."""

    def checked(match: re.Match[str]) -> str:
        word, number = match["word"], match["number"]
        pattern = re.compile(rf"\b{word}\s+(\d+(?:\.\d+)*)\b", re.I)
        if pattern.search(home):
            return match[0]
        earlier = [found[1] for found in pattern.finditer(before)]
        return word if earlier and earlier[-1] == number else match[0]

    return _LABEL.sub(checked, claim)


def _agree(one: Quantity, other: Quantity) -> bool:
    """Return whether two numbers are the same."""
    if {one.kind, other.kind} & {"percent", "points", "decade"} and one.kind != other.kind:
        return False
    if "ordinal" in {one.kind, other.kind} and one.kind != other.kind and one.value > 31:
        return False
    return abs(one.value - other.value) <= 1e-9 * max(1.0, abs(one.value))


def _is_rival(one: Quantity, other: Quantity) -> bool:
    """Return whether a number of the source could be what the claim's is a change of."""
    return one.is_certain and one.kind == other.kind


def _kind(first: re.Match[str], value: float, ordinal: bool, after: Sequence[str]) -> str:
    following = after[0] if after else ""
    if first["mark"] or following == "percent":
        points = len(after) > 1 and (after[0] == "percentage" or after[1].startswith("point"))
        return "points" if points else "percent"
    if following == "percentage":
        return "points"
    if first["sign"] or following in _MONEY:
        return "money"
    if first["decade"]:
        return "decade"
    if ordinal:
        return "ordinal"
    digits = first["digits"] or ""
    if len(digits) == 4 and digits.isdigit() and 1000 <= value <= 2200:
        return "year"
    return "plain"


def _number(tokens: Sequence[re.Match[str]], place: int) -> tuple[int, float, bool, bool]:
    """Return how many tokens a number takes, its value, whether it is certain and an ordinal."""
    first = tokens[place]
    used, value, ordinal, certain = 0, 0.0, False, True
    if first["digits"]:
        used, value, ordinal = 1, _value(first["digits"]), bool(first["ordinal"])
    elif first["word"]:
        used, value, ordinal = _spelled(tokens, place)
        certain = used > 1 or (first["word"].lower() not in {"one", "first", "second", "zero"})
    if not used:
        return 0, 0.0, False, False
    while place + used < len(tokens) and (word := tokens[place + used]["word"]):
        scale = _SCALES.get(word.lower().rstrip("s") if len(word) > 3 else word.lower())
        if scale is None:
            break
        value, used, certain = value * scale, used + 1, True
    return used, value, certain, ordinal


def _spelled(tokens: Sequence[re.Match[str]], place: int) -> tuple[int, float, bool]:
    """Return the tokens, value and ordinality of a number in words: `fifty-four`, `tenth`."""
    total = part = 0
    used, ordinal = 0, False
    for token in tokens[place:]:
        word = (token["word"] or "").lower()
        if word in _VALUES:
            if (
                used
                and not (part % 100 >= 20 and part % 10 == 0 and _VALUES[word] < 10)
                and part % 100
            ):
                break
            part += _VALUES[word]
        elif word in _ORDINAL_VALUES:
            if used and part % 10:
                break
            part += _ORDINAL_VALUES[word]
            used, ordinal = used + 1, True
            break
        elif word == "hundred" and used:
            part *= 100
        elif word == "thousand" and used:
            total, part = total + part * 1000, 0
        elif word == "and" and used and part and part % 100 == 0 and _goes_on(tokens, place + used):
            pass
        else:
            break
        used += 1
    return used, float(total + part), ordinal


def _goes_on(tokens: Sequence[re.Match[str]], place: int) -> bool:
    following = tokens[place + 1]["word"] if place + 1 < len(tokens) else None
    return bool(following) and str(following).lower() in _VALUES


def _value(digits: str) -> float:
    """Return the value of digits with thousands separators and a decimal point or comma."""
    if _THOUSANDS.fullmatch(digits):
        return float(re.sub("[,'’]", "", digits))
    if digits.count(",") == 1 and "." not in digits:
        return float(digits.replace(",", "."))
    if digits.count(".") > 1 or not re.fullmatch(r"\d+(?:\.\d+)?", digits):
        return float(re.sub(r"\D", "", digits) or 0)
    return float(digits)
