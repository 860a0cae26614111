"""Whether an English sentence has a predicate of its own: headings and list stubs have none.

There is no parser: finite verbs are recognized by lists, endings, and the word before. What is
wrongly taken for a piece of a sentence is only passed over, and a summary chooses among hundreds.
Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from longsum.similarity import listed

_AUXILIARIES = listed(
    """
    am is are was were isn't aren't wasn't weren't has have had hasn't haven't hadn't do does
    did don't doesn't didn't can could cannot can't couldn't will would won't wouldn't shall
    should shouldn't may might must needn't ought
    """
)
_PAST = listed(
    """
    arose ate awoke beat became began bent bet bit bled blew bore bought bound bred broke
    brought built burnt burst came cast caught chose clung cost crept cut dealt dove drank drew
    drove dug fed fell felt fled flew forbade foresaw forgave forgot fought found froze gave
    grew heard held hid hung kept knew laid lay led left lent lit lost made meant met mistook
    outgrew overcame overtook paid proved put ran rang reached read rebuilt rode rose said sang
    sank sat saw sent set shook shot shrank shut slept slid sold sought spent split spoke sprang
    spread stole stood strove struck swam swept swore took taught thought threw told understood
    undertook underwent upheld went withdrew withheld withstood woke won wore wound wrote
    """
)
_VERBS = listed(
    """
    accept achieve acknowledge act adapt add address admit affect agree aim allow appear apply
    argue arise ask assert assess assign assume attack avoid base become begin believe belong
    break bring build buy call carry cause challenge change choose cite claim combine come
    compare compete conclude confirm connect consider consist constitute contain continue
    contribute control convert cost cover create decide declare decline decrease define deliver
    demand demonstrate deny depend derive describe deserve design destroy determine develop
    differ discuss distinguish divide draw drive eliminate emerge emphasize employ enable
    encourage end enjoy ensure enter establish evaluate examine exceed exist expand expect
    explain explore express extend face fail fall favor favour feature feel fight fill find fit
    focus follow force form fulfil fulfill function gain generate get give go grant grow
    guarantee guide happen help hold identify ignore illustrate imply improve include increase
    indicate influence inform insist intend introduce investigate involve join judge keep know
    lack lead learn leave let lie like limit link live look lose maintain make manage mark
    matter mean measure meet mention miss move need note notice observe obtain occur offer
    operate oppose order organize originate own participate pass pay perform permit persist
    place plan play point possess predict prefer present preserve prevent proceed produce
    promise promote propose protect prove provide pursue put raise range reach read receive
    recognize recommend reduce refer reflect refuse regard reject rely remain remember replace
    report represent require resemble resist resolve respond rest result retain return reveal
    rise run satisfy save say see seek seem sell send separate serve set settle shape share show
    signal sit solve speak spend stand start state stay stem store stress study submit suffer
    suggest support suppose surround survive take talk teach tell tend test think threaten touch
    treat try turn understand use vary view wait want warn watch wear win wish work write yield
    """
)
_SUBJECTS = listed("he she it who this that which there these those what each all both some")
_SPEAKERS = listed("i we you they")
_CONTRACTED = listed("m re ve ll s d")
"""Verbs that transcripts separate from their pronoun: `I 'm`."""
_ADVERBS = listed(
    "also then often always never still now only even just further thus therefore not again rarely"
)
_NOT_SUBJECTS = listed(
    """
    a an the of in on at by for to with from into onto over under about after before between
    among against during through without within upon per as than or and nor but its their his
    her our my your whose no every any such other another same this these those more most less
    many several few own new old first second third last next
    """
)
_RELATIVES = listed("that which who whom whose where")
_DETERMINERS = frozenset(
    {"The", "A", "An", "This", "These", "Those", "In", "We", "It", "There", "Our", "Its", "Their"}
    | {"On", "At", "For", "When", "If"}
)
_ENGLISH = listed("the of and to that for with by are this from")
"""Words by one of which a sentence is taken for English; others are not judged."""
HEAD = 7
"""Words within which a subject's relative clause begins, and a heading that was joined ends."""
_ENDS = frozenset(";,.:)")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_GLUED = re.compile(r"(?:[A-Z][\w’'-]*\s+){2,7}\d{1,3}\s+[A-Z]")
_SUBORDINATE = re.compile(r"\W*(?:Although|Though|Whereas|Because(?! of\b))\s[^,;:—–]*$")


def is_whole(text: str) -> bool:
    """Return whether a sentence has a predicate of its own, and no heading joined before it.

    A clause that another sentence belongs to has none: `Although it rained.`

    Args:
        text: a sentence; one that is not English is taken for a whole one.
    """
    matches = list(_WORD.finditer(text))
    found = [match[0].replace("’", "'") for match in matches]
    lowered = [word.lower() for word in found]
    for place, match in enumerate(matches):
        if lowered[place] in _PAST and text[match.end() : match.end() + 1] in _ENDS:
            lowered[place] += ","  # `tokens read;` is a participle: clauses seldom end with a verb
    if _ENGLISH.isdisjoint(lowered):
        return True
    if _GLUED.match(text) or _SUBORDINATE.match(text) or _has_joined_heading(text):
        return False
    verbs = _finite(lowered, found)
    if not verbs:
        return _is_imperative(lowered)
    if _RELATIVES.isdisjoint(lowered[1:3]) or lowered[0] in _NOT_SUBJECTS:
        return True
    # `Work that is similar`: all verbs are those of relative clauses
    return any(_before(lowered, at) not in _RELATIVES | _SPEAKERS for at in verbs)


def _finite(lowered: Sequence[str], found: Sequence[str]) -> list[int]:
    """Return the places of words that are finite verbs."""
    return [i for i in range(len(lowered)) if _is_finite(lowered, found, i)]


def _is_finite(lowered: Sequence[str], found: Sequence[str], at: int) -> bool:
    """Return whether a word is a finite verb, by itself and by the word before it."""
    word = lowered[at]
    if word in _AUXILIARIES or word.endswith(("'re", "'ve", "'ll", "'m")) or word == "it's":
        return True
    before = _before(lowered, at)
    if before in _SPEAKERS:
        return word not in _NOT_SUBJECTS and not word.endswith("ing")
    if before in _SUBJECTS:
        return word in _CONTRACTED or _may_be_verb(word) or word in _VERBS
    if not before or before in _NOT_SUBJECTS or before.endswith(("'s", "s'")):
        return False
    if word in _PAST:
        return before not in _AUXILIARIES
    following = lowered[at + 1] if at + 1 < len(lowered) else ""
    return not found[at][:1].isupper() and _follows_noun(word, before, following)


def _before(lowered: Sequence[str], at: int) -> str:
    """Return the word before one, adverbs passed over."""
    place = at - 1
    while place > 0 and (lowered[place] in _ADVERBS or lowered[place].endswith("ly")):
        place -= 1
    return lowered[place] if at else ""


def _follows_noun(word: str, before: str, following: str) -> bool:
    """Return whether a word that follows a noun is its verb."""
    if before in _AUXILIARIES:
        return False
    if word.endswith("ed") and len(word) > 4:
        return following != "by" and word not in {"based", "related", "named", "called", "limited"}
    if word in _VERBS:  # `agencies buy`: after a plural
        return before.endswith("s") and not before.endswith(("ss", "'s", "us", "is"))
    return _is_third_person(word)


def _may_be_verb(word: str) -> bool:
    """Return whether a word after a pronoun has the ending of a verb."""
    return _is_third_person(word) or (word.endswith("ed") and len(word) > 4) or word in _PAST


def _is_third_person(word: str) -> bool:
    """Return whether a word is the third person of a listed verb: `shows`, `carries`."""
    if not word.endswith("s"):
        return False
    return (
        word[:-1] in _VERBS
        or (word.endswith("es") and word[:-2] in _VERBS)
        or (word.endswith("ies") and f"{word[:-3]}y" in _VERBS)
    )


def is_instruction(text: str) -> bool:
    """Return whether an English sentence tells its reader to do something: `Use the handrail.`."""
    return _is_imperative([match[0].lower() for match in _WORD.finditer(text)])


def _is_imperative(lowered: Sequence[str]) -> bool:
    """Return whether a sentence opens with a verb that has an object: `Use the handrail`."""
    if len(lowered) < 2 or lowered[0] not in _VERBS:
        return False
    return lowered[1] not in _RELATIVES and not lowered[1].endswith("ing") and lowered[1] != "of"


def _has_joined_heading(text: str) -> bool:
    """Return whether a heading was joined to the beginning: `The Data Set The Hungarian data …`."""
    parts = text.split()[: HEAD + 1]
    return any(
        word in _DETERMINERS and before[:1].isupper() and before[-1:].isalnum() and len(before) > 1
        for before, word in zip(parts, parts[1:], strict=False)
    )
