"""Sentences that share the words of a document's sentence but say something else, by rule."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from benchmarks.answers.tables import (
    ATTEMPTS,
    BELIEFS,
    MODALS,
    OPPOSITES,
    PASTS,
    QUANTIFIERS,
    VERBS,
)
from benchmarks.answers.words import MONTHS, clause, lower_first, names, upper_first


class Known(NamedTuple):
    """What else a document speaks of."""

    names: Sequence[str]
    subjects: Sequence[str]


Rule = Callable[[str, Known, random.Random], "str | None"]
_AUXILIARY = re.compile(
    r"\b(is|are|was|were|has|have|had|can|could|will|would|should|may|must|does|did)\b"
    r"(?! (?:not|no|never|hardly|only|neither|been no)\b)(?= [a-z])"
)
_NOT_BEFORE = r"(?! (?:of them|this|where|else|those|other)\b)"
_DENIED = re.compile(r"\b(?:not|no|never|none|neither|nor|nothing|without|cannot)\b|n['’]t\b", re.I)


def negated(sentence: str, _known: Known, draw: random.Random) -> str | None:
    """Add a negation to the first verb, or take the only one away."""
    denied = _DENIED.findall(sentence)
    if len(denied) == 1:
        for pattern, instead in (
            (r"\b(was|were|is|are|had|has|have|could|would|should|will|may|must) not ", r"\1 "),
            (r"\bcannot ", "can "),
            (r"(?<=[a-z] )never (?=[a-z])", ""),
            (r"\bwithout ", "with "),
            (r"(?<=[a-z] )no (?=[a-z]+ )", "a "),
        ):
            changed, count = re.subn(pattern, instead, sentence, count=1)
            if count:
                return changed
    if denied:
        return None
    main = _AUXILIARY.search(sentence)
    if main and not re.search(r"\b(?:that|which|who|whether|if|when)\b", sentence[: main.start()]):
        return f"{sentence[: main.end()]} {draw.choice(['not', 'never'])}{sentence[main.end() :]}"
    verb = re.search(rf"(?<=[a-z] )({'|'.join(VERBS)})\b(?! by)", sentence)
    if main is None and verb and (parts := clause(sentence)) and parts.verb == verb[1]:
        base = VERBS[verb[1]][0]
        return f"{sentence[: verb.start()]}did not {base}{sentence[verb.end() :]}"
    return None


def swapped(sentence: str, _known: Known, _draw: random.Random) -> str | None:
    """Exchange subject and object, or two names on either side of a verb."""
    parts = clause(sentence)
    if parts is not None and "married" not in parts.verb:
        verb = f"was {parts.verb} by" if parts.is_passive else parts.verb
        whole = f"{parts.object} {verb} {lower_first(parts.subject)}{parts.rest}"
        return upper_first(whole)
    found = names(sentence)
    for first, second in zip(found, found[1:], strict=False):
        start, end = sentence.find(first), sentence.find(second)
        between = sentence[start + len(first) : end]
        if any(f" {past} " in f"{between} " for past in VERBS) and not re.search("[,;]", between):
            tail = sentence[end + len(second) :]
            return f"{sentence[:start]}{second}{between}{first}{tail}"
    return None


def other_subject(sentence: str, known: Known, draw: random.Random) -> str | None:
    """Exchange the subject for that of another sentence of the document."""
    parts = clause(sentence)
    if parts is None:
        return None
    own = set(sentence.casefold().split()) - {"the", "a", "an"}
    others = [each for each in known.subjects if not set(each.casefold().split()) & own]
    if not others:
        return None
    verb = f"was {parts.verb} by" if parts.is_passive else parts.verb
    return f"{upper_first(draw.choice(others))} {verb} {parts.object}{parts.rest}"


def other_number(sentence: str, _known: Known, draw: random.Random) -> str | None:
    """Exchange a number for one near it."""
    found = [
        match
        for match in re.finditer(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?![\w-]|[.,]\d)", sentence)
        if match.start() > 0
    ]
    if not found:
        return None
    match = draw.choice(found)
    text = match[0].rstrip(",")
    value = float(text.replace(",", ""))
    if 1500 <= value <= 2100 and "," not in text and "." not in text:
        other = str(int(value) + draw.choice([-11, -4, -2, -1, 1, 2, 3, 10]))
    elif "." in text:
        other = f"{value + draw.choice([0.4, 1.0, 2.5]):.{len(text.split('.')[1])}f}"
    else:
        other = f"{int(value * draw.choice([2, 3])) + draw.choice([1, 2, 5]):,}"
        other = other if "," in text else other.replace(",", "")
    changed = sentence[: match.start()] + other + sentence[match.start() + len(text) :]
    return None if re.search(rf"(?<![\w.,]){re.escape(other)}(?![\w.,]\d)", sentence) else changed


def other_name(sentence: str, known: Known, draw: random.Random) -> str | None:
    """Exchange a name for another of the same document."""
    own = names(sentence)
    if not own:
        return None
    name = draw.choice(own)
    used = {word for each in own for word in each.split()} | set(sentence.split())
    others = [
        other
        for other in dict.fromkeys(known.names)
        if len(other.split()) == len(name.split())
        and not set(other.split()) & used
        and other[:4] != name[:4]
    ]
    return sentence.replace(name, draw.choice(others), 1) if others else None


def opposite(sentence: str, _known: Known, draw: random.Random) -> str | None:
    """Exchange a word for its opposite."""
    if re.search(r"\b(?:may|march)\b", " ".join(MONTHS[4:5]).lower()) and "  " in sentence:
        return None
    found = [w for w in re.findall(r"\b[a-z]+\b", sentence) if w in OPPOSITES]
    usable = [w for w in found if OPPOSITES[w] not in sentence.split() and found.count(w) == 1]
    # `longer than` turns round; `no longer`, `at least` and `as long as` do not
    usable = [w for w in usable if not re.search(rf"\b(?:no|as|so) {w}\b", sentence)]
    if not usable:
        return None
    word = draw.choice(usable)
    return re.sub(rf"\b{word}\b", OPPOSITES[word], sentence, count=1)


def other_quantifier(sentence: str, _known: Known, draw: random.Random) -> str | None:
    """Exchange a quantifier for one that changes the claim."""
    found = [
        phrase
        for phrase in QUANTIFIERS
        if re.search(
            rf"(?<!not )(?<!at )(?<!the )\b{phrase}\b(?= \w){_NOT_BEFORE}",
            sentence,
            re.I,
        )
        and not (phrase == "up to" and not re.search(r"up to (?:\d|half|\w+ty)", sentence))
        and not (phrase == "most" and re.search(r"\b(?:the|at) most\b|most [a-z]+ly", sentence))
        and not (phrase in {"all", "any", "both"} and _DENIED.search(sentence))
    ]
    if not found or re.search(r"\b(?:after all|first of all|most of all)\b", sentence):
        return None
    phrase = draw.choice(found)
    if phrase in {"most"} and re.search(r"\bmost [a-z]+(?:ful|ant|ent|ive|ous|al|ed)\b", sentence):
        return None  # a superlative

    def same_case(match: re.Match[str]) -> str:
        new = QUANTIFIERS[phrase]
        return upper_first(new) if match[0][0].isupper() else new

    return re.sub(rf"\b{phrase}\b", same_case, sentence, count=1, flags=re.I)


def other_modal(sentence: str, _known: Known, draw: random.Random) -> str | None:
    """Exchange a modal verb for one that changes the claim."""
    found = [m for m in MODALS if len(re.findall(rf"\b{m}\b", sentence)) == 1]
    if not found or _DENIED.search(sentence):
        return None
    modal = draw.choice(found)
    return re.sub(rf"\b{modal}\b", MODALS[modal], sentence)


def taken_for_fact(sentence: str, _known: Known, _draw: random.Random) -> str | None:
    """Say what the sentence says that somebody claims or believes."""
    found = re.fullmatch(rf"(.{{2,70}}?) (?:{BELIEFS}) that ([^,;]{{25,}})", sentence)
    if found is None or re.search(r"\b(?:we|I|it|court|authors?)\b", found[1], re.I):
        return None
    return None if _DENIED.search(found[1]) else upper_first(found[2])


def attempt_taken_for_deed(sentence: str, _known: Known, _draw: random.Random) -> str | None:
    """Say that somebody did what the sentence says that they tried, wanted or refused to do."""
    found = re.search(rf"(?<=[a-z] )(?:{ATTEMPTS}) to ([a-z]+)(?= [a-z])", sentence)
    if found is None or _DENIED.search(sentence) or f" to {found[1]} " in sentence[found.end() :]:
        return None
    past = PASTS.get(found[1])
    return sentence[: found.start()] + past + sentence[found.end() :] if past else None


RULES: dict[str, Rule] = {
    "negated": negated,
    "subject and object swapped": swapped,
    "other subject": other_subject,
    "other number": other_number,
    "other name": other_name,
    "opposite": opposite,
    "other quantifier": other_quantifier,
    "other modal verb": other_modal,
    "claim taken for fact": taken_for_fact,
    "attempt taken for deed": attempt_taken_for_deed,
}
"""Kinds of false variants: rules of the sentence, what else there is, and a random generator."""
