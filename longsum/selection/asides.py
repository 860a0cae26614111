"""What a sentence can do without when it stands in a summary: lead-ins, citations, fillers.

Nothing is added and nothing is reordered: what is left are the sentence's own characters, of which
the first may become a capital. The patterns are English, and meant to be sure rather than complete.
Pure; no torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from longsum.documents.document import Span
from longsum.selection.months import MONTH
from longsum.similarity import FUNCTION_WORDS

MIN_WORDS_LEFT = 5
"""Words that must be left of a sentence."""

_LEAD_IN = re.compile(
    r"""(?:(?:
    moreover|furthermore|additionally|therefore|thus|hence|consequently|accordingly|indeed
    |similarly|likewise|finally|lastly|meanwhile|also|again|notably|importantly|interestingly
    |surprisingly|first(?:ly)?|next|then|so|well|ok(?:ay)?|yeah|yes|here
    |thereafter|afterwards?
    |in\s+(?:addition|fact|particular|turn|general|other\s+words|the\s+meantime)
    |as\s+a\s+(?:result|consequence)|(?:for|as\s+an)\s+(?:example|instance)|for\s+one\s+thing
    |on\s+the\s+one\s+hand
    |as\s+(?:shown|seen|illustrated|depicted)\s+in(?:\s+(?:figure|fig\.|table)\s*[\w.]*)?|of\s+course|to\s+be\s+sure
    |needless\s+to\s+say|at\s+the\s+same\s+time|that\s+is|after\s+all
    |as\s+(?:previously\s+|already\s+)?(?:noted|mentioned|discussed|described|explained|stated)
      (?:\s+(?:above|earlier|before|previously))?
    )\s*,\s+(?:(?:too|then)\s*,\s+)?
    |and\s+(?!(?:for|not|so|then|yet|also|if|when|what|who|how|why)\b)(?=[a-z]))""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words at the beginning of a sentence that join it to the one before, and say no more. Those that
contrast (`However`) or sum up (`In conclusion`) say something, wherever they stand."""
_LABEL = re.compile(
    r"(?:I{2,3}|IV|VI{1,3}|IX|XI{1,3})\s+(?:[A-H]\s+)?(?=[A-Z](?!orps|ntravenous))"
    r"|(?:(?:I|V|X)\s+(?:[A-H]\s+)?|[B-H]\s+"
    r"|A\s+(?=(?:In|The|On|Under|We|This|As|At|It|(?:Section|Title)\s\d)\b))"
    r"(?=(?:In|The|On|Among|Under|We|This|These|For|As|At|Because|When|After|Before|To|It|There"
    r"|Although|While|If|With|From|By|Our|That|Those|Such|Section|Title)\s)"
)
"""Number or letter of a section, joined to its first sentence."""
_HEADING = re.compile(
    r"""(?:\d{1,2}(?:\.\d{1,2})*\.?\s+)?
    (?P<name>(?:[A-Z]|\d\w*[a-z]\s+[A-Z])[\w’'-]*
      (?:\s+(?:[A-Z][\w’'-]*|\d{1,4}|of|the|to|and|in|for|an?|on|with|from|by|or|at))*)\s+
    (?=(?:The|An|This|These|Those|In|We|It|There|Our|Its|Their|For|When|If|While|As|To|Although|Since
      |Because|Each|All|Both|Most|Many|Some|Such|No|Here|Given)\s+[a-z])""",
    re.VERBOSE,
)
"""A heading that was joined to its first sentence: `The Data Set The Hungarian data …`."""
_NAMING = re.compile(r"\b[A-Z][\w’'-]{3,}")
_SPOKEN_LEAD_IN = re.compile(
    r"(?:so|and|well|yeah|yes|okay|ok|right|alright|oh|now|see)\s+"
    r"(?=(?:i|we|you|they|it|he|she|there|this|that|the|these|those|our|my|your|if|when)\b)",
    re.IGNORECASE,
)
"""The same in a transcript, without a comma."""
_SPEAKER = re.compile(r"[A-Z][\w.’' -]{0,40}:\s+")
_PARENTHETICAL = re.compile(
    rf"""\s*(?:\((?:
      (?:see\s+(?:also\s+)?|cf\.\s+)?(?:supplementa\w+\s+|additional\s+|online\s+)?
        (?:fig(?:ure)?s?|tables?|sections?|sec|eqs?|equations?|appendix|appendices|box|chapters?
          |files?|movies?|data\s*sets?|text|note)\b\.?\s*(?-i:S?\d|[A-Z]\b|[IVX]+\b)[^()]{{0,70}}
      |(?:e\.g\.|i\.e\.|see|cf\.|reviewed\s+in)?,?\s*(?:\[[\d\s,;–-]+\])?
      |(?:see|cf\.|supra|infra|ante)[\s,][^()]{{0,120}}
      |(?:e\.g\.,?\s+|reviewed\s+in\s+|see\s+)?(?!{MONTH})(?-i:[A-Z])[\w’'-]+(?:,?\s+(?-i:[A-Z])\.)*
        (?:\s+et\s+al\.?|\s+(?:and|&)\s+(?-i:[A-Z])[\w’'-]+)?,?\s+(?:1[89]|20)\d\d[a-z]?
        (?:[;,]\s*[^()]{{0,200}})?
      |(?:internal\s+)?(?:quotation\s+marks?|citations?|emphasis|footnotes?|alterations?|brackets)
        \b[^()]{{0,60}}\b(?:omitted|added|deleted|altered)
      |(?:quoting|citing|slip\s+op|per\s+curiam|same|data\s+not\s+shown|not\s+shown)\b[^()]{{0,120}}
    )\)
    |\[\d{{1,3}}(?:\s*[,;–-]\s*\d{{1,3}})*\])""",
    re.VERBOSE | re.IGNORECASE,
)
"""Citations and references to figures, in parentheses; numbers in brackets."""
_REPORTER = (
    r"(?:U\.\s?S\.(?:\s?C\.)?|S\.\s?Ct\.|F\.\s?(?:[23]d|Supp\.(?:\s?[23]d)?)|L\.\s?Ed\.(?:\s?2d)?)"
)
_LAW_REPORT = re.compile(
    rf""",\s+\d{{1,4}}\s+{_REPORTER}(?!\s+§)\s+(?:\d+|_+|—+|-+)(?:,\s+(?:(?:at\s+)?\d+(?:[–-]\d+)?|_+))*
    (?:,\s+n\.\s*\d+)?(?:\s+\((?:[\w.]+\s+){{0,3}}\d{{4}}\))?
    |,\s+(?:supra|ante|infra|post)(?:,\s+at\s+[\d–-]+)?(?=[\s,;.])""",
    re.VERBOSE,
)
"""Where a decision is printed, after its name."""
_COMMA = re.compile(r",\s+[a-z]")
_OPENED = re.compile(
    r"\W*(?:in|under|following|after|before|although|though|because|if|when|while|since|as|even|unlike"
    r"|like|with|by|for|from|at|on|to|despite|given|according|see|where)\b",
    re.IGNORECASE,
)
"""Beginnings of a clause that ends with a comma."""
_TRANSCRIPT = re.compile(r"\{\w+\}|\s,\s|[^.]\s[.?]$|\b(?:uh|um|uhm|hmm)\b", re.IGNORECASE)
_FILLER = re.compile(
    r"""\{\w+\}\s*(?:,\s*)?
    |\s*,\s*(?:uh|um|uhm|er|erm|mm|hmm)\s*,(?=\s)
    |(?<!\w)(?:uh|um|uhm|er|erm|mm|hmm|mm-hmm|uh-huh)(?!\w)(?:\s*,\s*|\s*\.\s+(?=\w)|\s+(?=[\w{]))
    |(?<=,)\s*(?:you\s+know|i\s+mean|like|sort\s+of|kind\s+of)\s*,(?=\s)
    |(?<![\w'’])(\w+)\s+(?=\1(?![\w'’]))""",
    re.IGNORECASE | re.VERBOSE,
)
"""Sounds, notes of the transcriber and words said twice."""
_LOOSE = re.compile(r"\s+(?=[,.;:?!](?:\s|$)|n['’]t\b|['’](?:m|s|re|ve|ll|d)\b)", re.IGNORECASE)
"""Spaces that a transcript puts before punctuation and parts of words."""
_WORD = re.compile(r"\w+")


def shortened(sentence: str, *, follows: bool = False) -> str:
    """Return a sentence without its asides, with a capital at its beginning.

    Args:
        sentence: a sentence of a document; white space in it is made single spaces.
        follows: whether it is shown after the sentence before it, which a lead-in joins it to.
    """
    whole = " ".join(sentence.split())
    kept, last = [], 0
    for span in asides(whole, lead_ins=not follows):
        kept.append(whole[last : span.start])
        last = span.end
    text = " ".join("".join([*kept, whole[last:]]).split())
    if text == whole or len(_WORD.findall(text)) < MIN_WORDS_LEFT:
        return whole
    begin = _begin(text)
    return text[:begin] + text[begin : begin + 1].upper() + text[begin + 1 :]


def asides(sentence: str, *, lead_ins: bool = True) -> list[Span]:
    """Return the places that a sentence can do without, in order.

    Args:
        sentence: a sentence with single spaces.
        lead_ins: whether lead-ins are among them.
    """
    spoken = bool(_TRANSCRIPT.search(sentence))
    found: list[Span] = []
    heading = _heading(sentence)
    begin = heading.end if heading else _begin(sentence)
    joined = _lead_ins(sentence, begin, spoken=spoken) if lead_ins else ()
    both = [*([heading] if heading else ()), *joined, *_others(sentence, spoken=spoken)]
    for span in sorted(both, key=lambda span: (span.start, -span.end)):
        if not found or span.start >= found[-1].end:
            found.append(span)
    return found


def _heading(sentence: str) -> Span | None:
    """Return the heading that a sentence was joined to."""
    found = _HEADING.match(sentence)
    if found is None:
        return None
    named = [
        word for word in _NAMING.findall(found["name"]) if word.casefold() not in FUNCTION_WORDS
    ]
    return Span(0, found.end()) if named else None


def _lead_ins(sentence: str, begin: int, *, spoken: bool) -> Iterator[Span]:
    """Yield the words at a place that join a sentence to the one before."""
    while lead_in := _lead_in(sentence, begin, spoken=spoken):
        yield Span(begin, lead_in.end())
        begin = lead_in.end()


def _others(sentence: str, *, spoken: bool) -> Iterator[Span]:
    """Yield the places that the other patterns find; they may overlap."""
    for match in _PARENTHETICAL.finditer(sentence):
        yield Span(match.start(), match.end())
    for match in _LAW_REPORT.finditer(sentence):
        yield Span(match.start(), match.end() + _ends_clause(sentence, match.end()))
    if spoken:
        for pattern in (_FILLER, _LOOSE):
            for match in pattern.finditer(sentence):
                yield Span(match.start(), match.end())


def _ends_clause(sentence: str, at: int) -> bool:
    """Return whether a comma after a place belongs to what was left out before it."""
    return bool(_COMMA.match(sentence, at)) and not _OPENED.match(sentence)


def _begin(sentence: str) -> int:
    """Return where a sentence begins, after the name of a speaker."""
    speaker = _SPEAKER.match(sentence)
    return speaker.end() if speaker else 0


def _lead_in(sentence: str, begin: int, *, spoken: bool) -> re.Match[str] | None:
    """Return the words at a place that join a sentence to the one before."""
    found = _LABEL.match(sentence, begin) or _LEAD_IN.match(sentence, begin)
    return found or (_SPOKEN_LEAD_IN.match(sentence, begin) if spoken else None)
