"""Sentences that refer to others: to the one before, or to a table, a figure, a section. Pure.

English.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_DEPENDENT = re.compile(
    r"""\W*(?:since\ then|then|this|that|these|those|he|she|they|it|his|her|their|its|such|however
    |but|and|so|or|nor|thus|therefore|moreover|furthermore|yet|also|second|third|finally|instead
    |nevertheless|the\ (?:second|third|latter|former|other|same|first)|both|another|here|there
    |(?:in|at|for|by|after|from|because\ of)\ (?:this|that|these|those)|as\ (?:such|a\ result)
    |hence|consequently|accordingly|otherwise|meanwhile|thereafter|afterwards?|later|indeed|again
    |similarly|likewise|conversely|rather(?=,)|in\ addition|(?:in|by)\ contrast
    |on\ the\ (?:other\ hand|contrary)
    |for\ (?:example|instance|one\ thing)|in\ other\ words|in\ (?:short|turn|fact|particular)
    |that\ is|not\ that
    |(?:on\ |by\ )?the\ (?:next|following|previous|same)\ (?:day|night|morning|evening|week|month
      |year|season|spring|summer|autumn|fall|winter)
    |at\ the\ (?:start|beginning|end|close)\ of\ (?:the|that)\ (?:day|week|month|year|season)
    |(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|several|some|many|a\ few|\d+)
      \ (?:second|minute|hour|day|night|week|month|year|decade)s?
      \ (?:later|earlier|afterwards?|before(?=,))
    |the\ (?:result|results|answer|reason|idea)\ is)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_ITSELF = re.compile(
    r"""\W*(?:this|the\ present|these)\ (?:proposed\ |present\ |whole\ )?(?:paper|report|study
    |article|book|document|guide|work|review|thesis|chapter|proposal|specification|rule|ad|act|bill
    |order|opinion|agreement|contract|policy|manual|handbook|survey|standard)\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""A document that speaks of itself, not of the sentence before."""
_RIDDLE = re.compile(
    r"""\b(?:of|in|at|on|to|for|from|by|with|under|during|about|after|before|through|both|all
    |each\ of|reduces?|uses?|used|using|support(?:s|ed)?|avoids?)\s+
    (?:this|that|these|those|such)\s+(?!(?:paper|study|report|article|book|chapter|guide|document
    |act|ad|is|are|was|were|the|a|an|of|which|who|they|we|it|he|she)\b)[a-z]
    |^\W*(?:In\ both|Using\ (?:this|these)|Each\ of\ (?:this|these|those)|Of\ these)\b
    |^[A-Z][a-z]+,\s[^,]{0,60},?\s(?:they|he|she)\b
    |\b(?:will|would|was|were|is|are|has|had|can|may|must|could|should)\ then\b
    |\b(?:is|are|was|were)\ another\b
    |\b(?:of|in|at|on|to|for|from|by|with)\ either\W*$""",
    re.VERBOSE,
)
"""References to something named before: `that reduces this risk`, `who will then decide`."""
_POINTED = re.compile(
    r"""(?<=\w[ ,])\s*(?:this|these|those|such\ an?|(?<=,\ )that)\s+(?P<noun>[a-z]{4,})\b
    (?<!paper)(?<!study)(?<!report)(?<!article)(?<!book)(?<!chapter)(?<!guide)(?<!document)
    (?<!were)(?<!that)(?<!when)(?<!year)(?<!time)(?<!case)(?<!would)(?<!could)(?<!have)(?<!about)
    (?<!with)(?<!from)(?<!they)(?<!what)(?<!which)(?<!days)(?<!section)(?<!court)""",
    re.VERBOSE,
)
"""A noun pointed at after the first words."""
MIN_STEM = 5
"""Letters by which a noun is found again."""
_PERSONAL = re.compile(r"\b(?:he|she|him|his|her|hers|himself|herself)\b", re.IGNORECASE)
_CAPITAL = re.compile(r"\b[A-Z][\w’'-]*[\w]\b")
_WITHIN = re.compile(r"(?<=[a-z,;] )[A-Z][\w’'-]*[\w]\b")
PERSON = re.compile(
    r"""\b(?:(?:wo)?m[ae]n|person|people|child(?:ren)?|baby|boy|lad|girl|son|daughter|mother|father|parent|wife
    |husband|brother|sister|widow|king|queen|prince|princess|president|governor|mayor|minister
    |secretary|judge|justice|officer|official|agent|general|captain|soldier|employee|worker
    |employer|applicant|claimant|petitioner|respondent|defendant|plaintiff|prisoner|debtor|veteran
    |author|artist|writer|poet|scientist|researcher|doctor|physician|nurse|patient|participant
    |teacher|student|professor|director|manager|member|speaker|leader|candidate|citizen|customer
    |owner|player|someone|somebody|anyone|anybody|everyone|everybody|nobody|one|who|whoever|each
    |inventor|lawyer|attorney|counsel|client|witness|victim|monk|priest|bishop|saint|servant
    |farmer|hunter|merchant|sailor|user|reader|individual|lady|gentleman|stranger|pilot|driver|guard
    |boss|guy|fellow|reporter|critic|biographer|historian|emperor|empress|knight|duke|count|uncle
    |aunt|cousin|nephew|niece|grandfather|grandmother|friend|enemy|master|mistress|fisherman|miller
    |shepherd|tailor|beggar|thief|robot|creature|giant|ogre|dragon|dwarf|witch|fairy|wolf|fox|bear
    |lion)s?\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Persons that a pronoun may stand for."""
_ELSEWHERE = re.compile(
    r"""^\W*(?:table|figure|fig\.|section|chapter|appendix|exhibit|listing)
    \s+(?-i:[IVX]+|[A-Z]|\d[\d.]*)\b
    |^\W*\d{1,4}\s+(?:U\.\s?S\.|S\.\s?Ct\.|F\.\s?(?:[23]d|Supp\.)|L\.\s?Ed\.)
    |\bdelivered\ the\ opinions?\ of\ the\ court\b
    |\bon\ (?:writs?\ of\ )?certiorari\ to\ the\ (?-i:[A-Z]{2})
    |^\W*(?:id\.|ibid\.|cf\.|see,?\s+(?:e\.\s?g\.|(?-i:[A-Z])))
    |\b(?:is|are|was|were)\ (?:shown|given|presented|summari[sz]ed|listed|depicted|illustrated
      |displayed|reported|plotted|provided|found|seen|visible)\ (?:in|at|on)\ (?:the\ )?
      (?:(?:[\w-]+\ ){1,3}of\ )?(?:fig(?:ure|\.)|table|appendix|supplement)
    |(?:\b(?:is|are|was|were|be|and)\s|\()\s*(?:shown|given|summari[sz]ed|depicted|illustrated
      |displayed|plotted|described)\ (?:in|by)\W*$
    |^\W*(?:read|watch|visit|view|click|browse|explore|listen\ to|look\ at|go\ to)\b(?!\ of\b)
      .{0,120}(?:\b(?:web\ ?sites?|web\ ?page|videos?|blog|podcast|online|to\ learn\ more
      |documentary|https?)\b|\b(?:site|link|article)\W*$)
    |^\W*read\ (?:(?:about|more\ (?:about|on)|through)\ (?!the\ lens)
      |(?:this|the)\ (?:[\w’'-]+\ ){0,3}(?:article|text|notice|commentary|book|paper|report)\b)
    |\b(?:goes|runs?|reads?)\ (?:something\ )?like\ this\W*$
    |\b(?:is|are)\ (?:organi[sz]ed|structured)\ as\ follows\b
    |\b(?:as\ follows|following|below)\W*$
    |\bsee\ (?:also|section|chapter|table|figure|page|appendix)\b
    |\bin\ the\ (?:next|following)\ (?:section|chapter|figure|table|example)s?\b
    |\bthe\ following\ (?:[a-z-]+\ )?
      (?!(?:year|day|week|month|season|hour|decade|centurie|generation|section)s\b)[a-z]+s\b(?!.*:)
    |\b(?:in|see|from)\ \(\d{1,3}[a-z]?\)
    |^\W*\d{1,2}(?=(?-i:[A-Z])[a-z]{2,}\ )
    |:["”’]?$""",
    re.IGNORECASE | re.VERBOSE,
)


_DEFINITE = re.compile(
    r"""\W*The\ (?P<noun>[a-z]{4,})\b
    (?!\ (?:of|that|who|which|in|between|for|to|from|on|at|where|when|with)\b)""",
    re.VERBOSE,
)
"""The bare noun that a sentence opens with: `The group consisted of …`."""
BEFORE = 2
"""Sentences before in which such a noun may have been introduced."""


_EMPTIED = re.compile(r"(?<!\S)['’]\s+(?:\(|,|and\b|or\b)")
"""Where a title in quotation marks was lost: `the novels ' (1993) and ' (1996)`."""


_SUPPOSES = re.compile(
    r"""\W*(?:now\ |next,?\ )?
    (?:(?:suppose|imagine)\ (?!not\b|so\b)|assume\ (?:that|further|for|you|we|there)\b
    |let\ us\ (?:suppose|assume|consider|imagine|turn|return)\b
    |recall\ (?:that|from|the)\b|we\ would\ (?:also\ )?like\ to\ (?:know|find|see)\b)""",
    re.IGNORECASE | re.VERBOSE,
)


def is_dependent(text: str) -> bool:
    """Return whether a sentence opens by referring to the one before it (`This`, `However`)."""
    return bool(_DEPENDENT.match(text)) and not _ITSELF.match(text)


def is_riddle(text: str) -> bool:
    """Return whether a sentence refers later than its opening: `They reduce that risk by half.`."""
    if _RIDDLE.search(text):
        return True
    return any(_is_named_elsewhere(text, found) for found in _POINTED.finditer(text))


def _is_named_elsewhere(text: str, found: re.Match[str]) -> bool:
    """Return whether what a sentence points at is not named in it before: `… this rate`."""
    noun = found["noun"].casefold()
    return noun[:MIN_STEM] not in text[: found.start()].casefold()


def names_in(texts: Sequence[str]) -> frozenset[str]:
    """Return the words that sentences write with a capital elsewhere than at their beginning."""
    return frozenset(word for text in texts for word in _WITHIN.findall(text))


def names_nobody(text: str, names: frozenset[str]) -> bool:
    """Return whether a sentence speaks of a person it does not name: `In May he left for Lund.`.

    Args:
        text: a sentence.
        names: words that the document writes with a capital within sentences.
    """
    pronoun = _PERSONAL.search(text)
    if pronoun is None:
        return False
    before = text[: pronoun.start()]
    return not (PERSON.search(before) or names.intersection(_CAPITAL.findall(before)))


def refer_elsewhere(texts: Sequence[str]) -> list[bool]:
    """Return whether each sentence refers, after its opening, to others, or tears a quotation.

    Args:
        texts: the sentences of a document.
    """
    names = names_in(texts)
    return [
        is_riddle(text)
        or is_torn(text)
        or names_nobody(text, names)
        or was_introduced(text, texts[max(0, number - BEFORE) : number])
        for number, text in enumerate(texts)
    ]


def was_introduced(text: str, before: Sequence[str]) -> bool:
    """Return whether a sentence opens with what another introduced: `a group`, then `The group`.

    Args:
        text: a sentence.
        before: the sentences before it.
    """
    found = _DEFINITE.match(text)
    if found is None:
        return False
    noun = re.escape(found["noun"].removesuffix("s"))
    article = r"\b(?:an?|one|two|three|some|these|another)\s+(?:[\w’'-]+\s+){0,3}"
    introduced = re.compile(article + noun + r"(?:e?s)?\b", re.IGNORECASE)
    return any(introduced.search(each) for each in before)


def is_torn(text: str) -> bool:
    """Return whether a quotation begins or ends in another sentence, or has lost its words."""
    opened, closed = text.count("“"), text.count("”")
    return opened != closed or text.count('"') % 2 == 1 or bool(_EMPTIED.search(text))


def points_elsewhere(text: str) -> bool:
    """Return whether a sentence only says where something is: `Table 1 gives the measurement.`."""
    return bool(_ELSEWHERE.search(text))


def supposes(text: str) -> bool:
    """Return whether a sentence only prepares an example: `Suppose you own two boats.`."""
    return bool(_SUPPOSES.match(text))
