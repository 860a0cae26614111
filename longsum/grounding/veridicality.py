"""Whether a source says that something is so, or only that somebody claims or attempts it. Pure.

`Bowman argues that the rule is void.` does not say that the rule is void, `There is no proof that
the mill burned.` not that it burned, and `She tried to save the mill.` not that she saved it
(veridicality; Karttunen 1971, "Implicative verbs"). The verbs are listed, English, and there is no
parser: what is claimed are the words after `that`, what is attempted the verb after `to`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from longsum.grounding.clauses import Word
from longsum.grounding.lexicon import synonyms
from longsum.grounding.roles import PARTICIPLES
from longsum.similarity import listed

_CLAIMS = listed(
    "argue argues argued arguing contend contends contended contending allege alleges alleged "
    "alleging assert asserts asserted asserting claim claims claimed claiming insist insists "
    "insisted insisting maintain maintains maintained believe believes believed believing think "
    "thinks thought suspect suspects suspected speculate speculates speculated suppose supposes "
    "supposed imagine imagines imagined dream dreams dreamed dreamt fear fears feared hope hopes "
    "hoped wish wishes wished pretend pretends pretended boast boasts boasted doubt doubts doubted "
    "urge urges urged complain complains complained deny denies denied denying "
    "disputed predict predicts predicted assume assumes assumed worry worries worried warn warns "
    "warned"
)
"""Verbs before what somebody holds to be so."""
_VIEWS = listed(
    "argument contention allegation assertion belief suspicion rumour rumor myth theory claim idea "
    "notion possibility risk danger hope fear"
)
"""Nouns before it."""
_PROVES = listed(
    "prove proves proved proven proof show shows showed shown evidence establish established "
    "demonstrate demonstrated indication indicate indicates indicated suggest suggests suggested"
)
"""Words that say that something is so, unless they are denied."""
_CONDITIONS = listed("if unless")
_SUPPOSED = listed("would could might")
"""Words of a clause that a condition goes with."""
_SAYS = listed(
    "according say says said saying told tell tells reportedly allegedly supposedly purportedly "
    "apparently may might could would should perhaps possibly seem seems seemed whether if view "
    "views opinion accusation accusations accusing objection objects objected"
)
"""Further words by which a claim says that it is somebody's."""
_DENIED = listed(
    "not no never none nobody nothing neither nor without little cannot fail fails failed"
)
"""Words that deny a proof or a doubt."""
_DENYING = 4
"""Words before it among which they are."""
_DOUBTS = listed("deny denies denied denying doubt doubts doubted disputed")
_OURS = listed("our my")
_OWN = listed("we i court study authors author justices majority")
_ITSELF = {("this", noun) for noun in listed("paper report article document review thesis opinion")}
"""Those whose beliefs are the document's own; the others after `this`."""
_TRIES = listed(
    "try tries tried trying attempt attempts attempted attempting want wants wanted plan plans "
    "planned planning hope hopes hoped intend intends intended intending promise promises promised "
    "threaten threatens threatened offer offers offered propose proposes proposed wish wishes "
    "wished seek seeks sought struggle struggles struggled refuse refuses refused decline declines "
    "declined fail fails failed forget forgets forgot expect expects expected hesitate hesitated "
    "effort efforts proposal desire"
)
"""Verbs and nouns before `to` and a deed that is not yet done."""
_TURNS = listed("but although though while whereas however yet")
"""Words that open a clause which is no longer what somebody claims."""
_SUBJECT = 6
"""Words before a verb among which its subject is looked for."""
_THAT = 3
"""Words after such a word among which `that` is."""
_MIN_SHARED, _MIN_ALONE = 3, 2
"""Minimum words with a meaning that a claim has from what is claimed; if it has no others."""
_SHARE = 0.8
"""Minimum share of the words it has from the source."""
_TO = 4
"""Words after such a word among which `to` and the verb are."""
_NEARLY = listed("nearly almost")
_NO_DEEDS = listed("be have the a an his her its their this that do")


def only_claimed(claim: Sequence[Word], source: Sequence[Word]) -> tuple[str, str] | None:
    """Return the word by which a source reports as claimed what a claim asserts; None without.

    Args:
        claim: words of the claim.
        source: words of one sentence of the source.

    Returns:
        An empty word of the claim, and the source's word.
    """
    hedges = {word.text for word in claim if word.text in _CLAIMS | _SAYS | _VIEWS}
    shared = _shared(claim, source)
    for cue in source:
        begin = _complement(source, cue)
        if begin is None or not _is_open(cue, source):
            continue
        end = next((w.place for w in source[begin:] if w.text in _TURNS), len(source))
        if hedges - {word.text for word in source[begin:end]}:
            continue  # the claim says itself that it is somebody's
        inside = {word.stem for word in shared if begin <= word.place < end}
        outside = {word.stem for word in shared if not begin <= word.place < end} - inside
        least = _MIN_SHARED if outside else _MIN_ALONE
        if len(inside) >= max(least, _SHARE * (len(inside) + len(outside))):
            return "", cue.text
    return None


def _complement(source: Sequence[Word], cue: Word) -> int | None:
    """Return where the clause begins that a word opens with `that`; None if it opens none.

    `They kept a network that carried grain.` opens none: another word stands before `that`.
    """
    for word in source[cue.place + 1 : cue.place + 1 + _THAT]:
        if word.text == "that":
            return word.place + 1
        if word.is_content and not word.is_manner:
            return None
    return None


def _is_open(cue: Word, source: Sequence[Word]) -> bool:
    """Return whether a word leaves open if what follows it is so: `argues`, `no proof`."""
    near = _before(cue, source, _SUBJECT)
    if cue.text in _PROVES:
        return _is_denied(cue, source)
    if cue.text in _DOUBTS and _is_denied(cue, source):
        return False  # `Nobody doubts that …`
    if any((one.text, word.text) in _ITSELF for one, word in pairwise(near)):
        return False
    if cue.text in _CLAIMS:
        return not any(word.text in _OWN for word in near)
    return cue.text in _VIEWS and not any(word.text in _OURS for word in near[-1:])


def only_supposed(claim: Sequence[Word], source: Sequence[Word]) -> tuple[str, str] | None:
    """Return the condition under which a source says what a claim asserts; None without.

    Args:
        claim: words of the claim.
        source: words of one sentence of the source.
    """
    if any(word.text in _CONDITIONS | _SUPPOSED | _SAYS for word in claim):
        return None
    condition = next((word for word in source if word.text in _CONDITIONS), None)
    would = next(
        (word for word, have in pairwise(source) if word.text in _SUPPOSED and have.text == "have"),
        None,
    )
    if condition is None or would is None or would.clause == condition.clause:
        return None
    shared = _shared(claim, source)
    inside = [word for word in shared if word.clause in (condition.clause, would.clause)]
    is_supposed = shared and len(inside) >= _SHARE * len(shared)
    return ("", condition.text) if is_supposed else None


def only_attempted(claim: Sequence[Word], source: Sequence[Word]) -> tuple[str, str] | None:
    """Return the deed a claim calls done, and the source's verb for what was only attempted.

    Args:
        claim: words of the claim.
        source: words of one sentence of the source.
    """
    told = {word.text for word in source}
    if any(w.text in _TRIES | _SAYS and w.text not in told for w in claim):
        return None
    ours = {word.text for word in claim}
    for cue in source:
        if cue.text in ours:
            continue
        deed = _deed(cue, source)
        if deed is None or any(w.stem == deed.stem for w in source if w.place != deed.place):
            continue
        done = next((word for word in claim if _is_in(word, {deed.stem})), None)
        if done is not None and not _is_infinitive(claim, done):
            return done.text, cue.text
    return None


def _deed(cue: Word, source: Sequence[Word]) -> Word | None:
    """Return the verb that a word says was not, or not yet, done; None if it says so of none."""
    after = source[cue.place + 1 : cue.place + 1 + _TO]
    if cue.text in _NEARLY:
        is_done = after and (after[0].text.endswith("ed") or after[0].text in PARTICIPLES)
        return after[0] if is_done else None
    if cue.text not in _TRIES or _is_denied(cue, source):
        return None  # `did not hesitate to`
    while after and after[0].is_manner:
        after = after[1:]
    if len(after) < 2 or after[0].text != "to":  # noqa: PLR2004 - `to` and a verb
        return None
    deed = after[1]
    return None if deed.text in _NO_DEEDS or deed.is_manner else deed


def _before(word: Word, sentence: Sequence[Word], count: int) -> list[Word]:
    """Return those of the `count` words before one that are in its clause."""
    near = sentence[max(0, word.place - count) : word.place]
    return [each for each in near if each.clause == word.clause]


def _is_denied(cue: Word, sentence: Sequence[Word]) -> bool:
    """Return whether a proof, a doubt or an attempt is denied: `no proof`, `did not hesitate`."""
    return any(word.text in _DENIED for word in _before(cue, sentence, _DENYING))


def _shared(claim: Sequence[Word], source: Sequence[Word]) -> list[Word]:
    """Return the source's words with a meaning that a claim has, or others of the same meaning."""
    said = {word.stem for word in claim if word.is_content}
    return [word for word in source if word.is_content and _is_in(word, said)]


def _is_infinitive(sentence: Sequence[Word], word: Word) -> bool:
    """Return whether a verb is not said of the past or present: `to open`, `will open`."""
    before = {each.text for each in sentence[max(0, word.place - 3) : word.place]}
    return bool(before & {"to", "will", "shall", "can", "must", "not", "never"}) or (
        word.text.endswith("ing")
    )


def _is_in(word: Word, stems: set[str]) -> bool:
    """Return whether a word, or one of the same meaning, is among some stems."""
    return word.stem in stems or any(near in stems for near in synonyms(word.stem))
