"""Whether a claim gives what a source says of one thing to another: `The mill was closed.`. Pure.

A claim whose words after the verb are the source's, and whose subject is another than the
source's, tells of the wrong thing. Without a parser: a subject is the few words before a sentence's
first verb. A name and `the ship` may be the same, as may two words of the same meaning, and what
the source never names is taken for another word of the claim's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from longsum.grounding.lexicon import are_opposite, synonyms
from longsum.similarity import content_words, stem, words

_VERB = re.compile(
    r" (?P<verb>was|were|is|are|had|has|have|will|would|can|could|may|must|should|became|began|went"
    r"|took|made|got|gave|came|won|lost|left|met|led|held|kept|found|built|bought|sold|paid|ran|wrote"
    r"|said|saw|sent|set|fell|rose|grew|spent|brought|fought"
    r"|(?!hundred|indeed|need)[a-z]{2,}ed)(?= )"
)
_NO_SUBJECT = re.compile(
    r"\W*(?:it|he|she|they|we|i|you|who|what|which|this|these|that|those|there|here|his|her|their|its"
    r"|our|my|your|such|both|each|either|neither|one|two|three|four|some|many|most|few|several|all"
    r"|any|no|none|others?|another|much|more|everyone|everybody|nobody|nothing|then|so|if|when|while"
    r"|as|since|because|after|before|during|although|though|however|but|and|or|in|on|at|by|for|from"
    r"|with|under|over|to|of|not|people|members|the\ (?:others?|first|second|third|last"
    r"|latter|former|same|rest|two|three|only|results?))\b|(?-i:[A-Z][a-z]+ing\ [a-z])",
    re.IGNORECASE | re.VERBOSE,
)
"""Openings that are no subject, or one that stands for another."""
_RELATIVE = re.compile(r"\b(?:that|which|who|whose|where)\b")
_SAME_THING = tuple(
    frozenset(map(stem, row.split()))
    for row in (
        "patient participant subject volunteer respondent individual child adult man woman",
        "suit lawsuit complaint action case appeal petition claim",
        "agency department bureau office administration government commission board",
        "film documentary movie series show episode book novel story work",
        "drug treatment medication medicine therapy compound",
        "band group team club company firm organization institute school college university",
        "ship vessel boat craft",
        "aircraft plane airplane jet craft",
        "building structure house castle fort bridge tower",
        "paper study article report author researcher team model method approach algorithm",
        "law act statute rule provision section clause order regulation",
        "town city village settlement area region site place country state",
        "player athlete captain singer artist actor actress writer king queen officer soldier",
    )
)
"""Nouns that texts use for one thing; no synonyms otherwise."""
_AGREEING = {"was": "were", "is": "are", "has": "have"}
_FORMS = {**dict.fromkeys(("is", "are", "was", "were"), "be"), "has": "have", "had": "have"}
_PREPOSITION = re.compile(r" (?:of|in|on|at|for|from|with|to|by|named|called|known|under|near)\b.*")
_MAX_WORDS = 7
"""Words of a subject."""
_NEAR = 80
"""Characters between two nouns that may be the same thing."""
_MIN_SHARED, _SHARE = 3, 0.75
"""Minimum words with a meaning after the verb that the source has as well, and their share."""


@dataclass(frozen=True)
class _Parts:
    """A sentence as its subject and what is said of it."""

    subject: str
    verb: str
    said: str

    @property
    def head(self) -> str:
        """The subject's noun."""
        return words(_PREPOSITION.sub("", self.subject))[-1]

    @property
    def is_name(self) -> bool:
        """Whether the subject is a name, or begins with one."""
        first, *later = self.subject.split()
        if not later:  # a capital opens every sentence
            return first[:1].isupper() and self.verb not in _AGREEING.values()
        return any(word[:1].isupper() for word in later)


def other_subject(claim: str, source: str, before: str) -> tuple[str, str] | None:
    """Return a claim's subject, and the one of which the source says the same; None if it is one.

    Args:
        claim: a sentence.
        source: the sentence of the source closest to it.
        before: the source's text before that.
    """
    ours, theirs = _parts(claim), _parts(source)
    if ours is None or theirs is None or not _are_same(ours.verb, theirs.verb):
        return None
    if ours.is_name and theirs.is_name:
        return None  # names are compared with all their forms
    is_named = ours.is_name or theirs.is_name
    if is_named and not _disagree(ours.verb, theirs.verb) and _are_linked(ours, theirs, before):
        return None  # `Norby` and `the town` may be the same
    if _stems(ours.subject) & _stems(source) or _stems(theirs.subject) & _stems(claim):
        return None
    head, other = stem(ours.head), stem(theirs.head)
    if other in synonyms(head) or are_opposite(ours.head, theirs.head):
        return None
    if any(head in row and other in row for row in _SAME_THING):
        return None
    if not re.search(rf"\b{re.escape(ours.head)}\b", before, re.IGNORECASE):
        return None
    said, told = _stems(ours.said), _stems(theirs.said)
    if len(said & told) < max(_MIN_SHARED, _SHARE * len(said)):
        return None
    return ours.head, theirs.head


def _parts(sentence: str) -> _Parts | None:
    """Return a sentence as subject and rest; None where that is uncertain."""
    verb = _VERB.search(sentence)
    if verb is None or _NO_SUBJECT.match(sentence):
        return None
    subject = sentence[: verb.start()].strip()
    if len(subject.split()) > _MAX_WORDS or re.search(r"[^\w\s'’-]", subject):
        return None
    if _RELATIVE.search(subject) or not words(_PREPOSITION.sub("", subject)):
        return None
    return _Parts(subject, verb["verb"], sentence[verb.start() :])


def _are_same(verb: str, other: str) -> bool:
    """Return whether two verbs are forms of one, or mean the same."""
    base, found = stem(_FORMS.get(verb, verb)), stem(_FORMS.get(other, other))
    return found in synonyms(base)


def _are_linked(one: _Parts, other: _Parts, text: str) -> bool:
    """Return whether a text has the nouns of two subjects near each other: `the town of Norby`."""
    first, second = (re.escape(each.head) for each in (one, other))
    near = rf"\b(?:{first}\W[^.]{{0,{_NEAR}}}{second}|{second}\W[^.]{{0,{_NEAR}}}{first})\b"
    return bool(re.search(near, text, re.IGNORECASE))


def _disagree(verb: str, other: str) -> bool:
    """Return whether two verbs are the singular and the plural of one: `was`, `were`."""
    return _AGREEING.get(verb) == other or _AGREEING.get(other) == verb


def _stems(text: str) -> set[str]:
    return {stem(word) for word in content_words(text)}
