"""How plausible a decoded text is: what decides between encodings that all decode the bytes.

A wrong encoding puts capitals inside words, symbols between letters, scripts side by side, and
letters where no language that writes them has them. The score is a log likelihood in nats, coarse,
and only good for comparing decodings of the same bytes. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from longsum.documents.alphabets import (
    KANJI,
    LATIN,
    SCRIPTS,
    SIMPLIFIED,
    SYLLABLES,
    TRADITIONAL,
    WORDS,
)

_ASCII = -3.0
"""Of each ASCII character, so that an encoding does not gain by taking them into others."""
_FOREIGN, _RARE, _BROKEN = -7.5, -10.5, -14.0
"""Of a letter common elsewhere, of a letter or symbol hardly seen, of what is no character."""
_CAPITAL = -2.0
"""More for a capital at the beginning of a word."""
_TWO_SCRIPTS = -10.0
"""More for a letter of another alphabet beside one of ASCII."""
_MISPLACED = -6.0
"""More for a character where it does not belong: a capital inside a word, a letter alone."""
_HIT, _MISS = 1.8, -0.3
"""More for each word: logarithm of how much oftener it is, or is not, one of the frequent words of
its own language than of another: 30 and 5 in a hundred."""
_WESTERN = frozenset("àâäáãåæçéèêëíìîïñóòôöõøßúùûüœ")
_STRANGE = -12.0
"""Of a symbol that no text of words needs, such as a part of a frame."""


class _Rule(NamedTuple):
    """Where symbols belong."""

    symbols: str
    fits: Callable[[str, str], bool]
    """Whether they belong between two characters."""
    right: float
    wrong: float


def _opens(before: str, after: str) -> bool:
    return (before.isspace() or before in _BEFORE_OPENING) and not after.isspace()


def _is_by_number(before: str, after: str) -> bool:
    return before.isdigit() or after.isdigit()


def _is_in_word(before: str, after: str) -> bool:
    return before.isalpha() and after.isalpha()


_BEFORE_OPENING = "([-–—/\"'“‘„«"
_RULES = (
    _Rule("’", lambda a, b: a.isalnum() and b.isalpha(), -4.5, -7.0),
    _Rule("‘", _opens, -5.0, -9.0),
    _Rule("‚", _opens, -5.0, -12.0),
    _Rule("“„«‹¿¡", _opens, -5.0, -7.0),
    _Rule("”»›…", lambda a, b: not _is_in_word(a, b), -5.0, -12.0),
    _Rule("–—", lambda a, b: not a.isalpha() and not b.isalpha(), -5.0, -10.0),
    _Rule("£€¥", lambda a, b: _is_by_number(a, b) or b == " ", -5.0, -9.0),
    _Rule("§", lambda a, b: not a.isalpha() and (b in " §" or b.isdigit()), -5.0, -12.0),
    _Rule("°ºª", lambda a, b: a.isdigit() or a == " ", -6.0, -11.0),
    _Rule("\u00a0\u202f", lambda a, b: True, -6.0, -6.0),
    _Rule("²³¹", lambda a, b: a.isalnum() and not b.isalpha(), -8.0, -14.0),
    _Rule("½¼¾×÷±µ·•®™©‰†‡", lambda a, b: not _is_in_word(a, b), -8.0, -14.0),
    _Rule("〓〔〕〈〉《》「」『』【】", lambda a, b: not (a + b).strip().isascii(), -5.0, -10.0),
    _Rule(
        "、。，．・（）！？：；\u3000〜～ー“”、؛،؟",
        lambda a, b: not (_is_in_word(a, b) and a.isascii()),
        -5.0,
        -14.0,
    ),
)
_WORDS_OF_ONE = frozenset("àéèáíóúoòôòőæøåöäоаивкусяуей")
"""Letters that are a word by themselves somewhere."""
_WORD = re.compile(r"[^\W\d_]+")
_ASCII_LETTER = re.compile(r"[A-Za-z]")
_TOKEN = re.compile(r"[^ \t\n\r\f\v]+")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_FOREIGN_RUN = re.compile(r"[^\x00-\x7f]+")
_TABLES = {"zh-hans": SIMPLIFIED, "zh-hant": TRADITIONAL, "ja": KANJI, "ko": SYLLABLES}
_COMMON = {name: frozenset(characters) for name, characters in _TABLES.items()}

_STANDARDS = {
    "zh-hans": ("gb2312", 0xB0, 0xD8),
    "zh-hant": ("big5", 0xA4, 0xC7),
    "ja": ("shift_jis", 0x88, 0x99),
    "ko": ("euc_kr", 0xB0, 0xC9),
}
"""Encodings in which frequent characters have lead bytes of a range."""


def plausibility(text: str, *, distinct: bool = True) -> float:
    """Return how likely a text is, as the most likely of the known languages.

    Args:
        text: decoded, U+FFFD for each error; a sample of about ten thousand characters will do.
        distinct: whether each word counts once, as it is decoded the same way wherever it is; it
            has to count each time where encodings do not agree about what is a space.
    """
    letters: Counter[str] = Counter()
    score = 0.0
    seen: set[str] = set()  # the same bytes again are no new evidence
    for token in _TOKEN.finditer(text):
        key = text[token.start() : token.end() + 2]
        if not distinct or token[0].isascii() or key not in seen:
            score += _ASCII * sum(map(str.isascii, token[0]))
            seen.add(key)
            for run in _FOREIGN_RUN.finditer(text, token.start(), token.end()):
                score += _placed(text, run.start(), run.end(), letters)
        else:
            score += _BROKEN * token[0].count("\ufffd")  # errors look alike, but are not the same
    score += (_BROKEN - _ASCII) * len(_CONTROL.findall(text))
    words = {word.lower() for word in _WORD.findall(text)}
    known = {language: _as_words(words, language) for language in WORDS}
    any_of = max(known.values())
    return score + max(
        _as_letters(letters, language) + known.get(language, any_of) for language in _languages()
    )


def _placed(text: str, start: int, end: int, letters: Counter[str]) -> float:
    """Return the score of what does not depend on the language, and count the letters."""
    score = 0.0
    for at in range(start, end):
        char = text[at]
        kind = _kind(char)
        before, after = text[at - 1 : at] if at else " ", text[at + 1 : at + 2] or " "
        if kind in ("latin", "letter", "wide"):
            letters[char] += 1
            score += _letter(kind, char, before, after)
            if kind == "letter" and end - start == 1 and _ASCII_LETTER.search(text, at - 2, at + 3):
                score += _TWO_SCRIPTS  # one letter of another alphabet among words
        elif kind == "broken":
            score += _BROKEN
        else:
            score += _symbol(char, before, after)
    return score


def _letter(kind: str, char: str, before: str, after: str) -> float:
    """Return the score of a letter's place: its case, and its neighbours."""
    if kind == "wide":
        alone = _kind(before) != "wide" and _kind(after) != "wide"
        return _MISPLACED if alone and (before.isalpha() or after.isalpha()) else 0.0
    score = 0.0
    if char.isupper():
        score += _CAPITAL
        if before.islower() or before.isupper() and after.islower():
            score += _MISPLACED
    if kind == "letter":
        score += _TWO_SCRIPTS * sum(near.isalpha() and near.isascii() for near in (before, after))
    is_alone = not before.isalpha() and not after.isalpha()
    if is_alone and char.lower() not in _WORDS_OF_ONE:
        score += _MISPLACED / 2
    if before.isdigit() or after.isdigit():
        score += _MISPLACED / 2
    return score


def _symbol(char: str, before: str, after: str) -> float:
    """Return the score of a symbol or punctuation mark between its neighbours."""
    for rule in _RULES:
        if char in rule.symbols:
            return rule.right if rule.fits(before, after) else rule.wrong
    return _STRANGE


def _as_letters(letters: Counter[str], language: str) -> float:
    """Return the score of letters as those of a language."""
    return sum(count * _share(char, language) for char, count in letters.items())


def _as_words(words: set[str], language: str) -> float:
    """Return the score of words as those of a language in Latin letters."""
    hits = len(words & WORDS[language])
    return _HIT * hits + _MISS * (len(words) - hits)


@cache
def _share(char: str, language: str) -> float:
    """Return the logarithm of a letter's share in a language."""
    kind = _kind(char)
    if kind == "wide":
        return _wide_share(char, language)
    table = LATIN.get(language) or SCRIPTS.get(language) or {}
    for each in (char, char.lower()):
        if each in table:
            return max(_FOREIGN, table[each])
    if kind == "latin":
        return _FOREIGN if char.lower() in _WESTERN else _RARE
    return _RARE


def _wide_share(char: str, language: str) -> float:
    """Return the logarithm of the share of a character of Chinese, Japanese or Korean."""
    code = ord(char)
    is_kana, is_hangul = 0x3040 <= code < 0x3100, 0xAC00 <= code < 0xD7A4
    if is_kana:
        return (-4.5 if code < 0x30A0 else -5.5) if language == "ja" else -10.0
    if is_hangul != (language == "ko"):
        return _RARE
    if char in _COMMON.get(language, ()):
        return -5.5
    if language not in _COMMON:
        return _RARE
    return -8.0 if _is_frequent(char, language) else -12.5


@cache
def _is_frequent(char: str, language: str) -> bool:
    """Return whether a language's own standard lists a character among the frequent ones."""
    encoding, first, last = _STANDARDS[language]
    try:
        return first <= char.encode(encoding)[0] < last
    except UnicodeEncodeError:
        return False


_WIDE = (
    range(0x3040, 0x3100),
    range(0x3400, 0xA000),
    range(0xAC00, 0xD7A4),
    range(0x20000, 0x32000),
)
"""Code points of kana, Chinese characters and Hangul."""


@cache
def _kind(char: str) -> str:
    """Return `latin`, `letter` of another alphabet, `wide`, `broken` or `symbol`."""
    category = unicodedata.category(char)
    if char == "\ufffd" or category in ("Cc", "Cn", "Co", "Cs") and char not in "\t\n\r\f":
        return "broken"
    if category[0] not in "LM":
        return "symbol"
    code = ord(char)
    if code < 0x250 or 0x1E00 <= code < 0x1F00:
        return "latin" if code > 0x7F or char.isalpha() else "symbol"
    if any(code in block for block in _WIDE):
        return "wide"
    if code >= 0xFB00 or 0x1100 <= code < 0x1200 or 0x3100 <= code < 0x3400:
        return "symbol"
    return "letter"


@cache
def _languages() -> tuple[str, ...]:
    return (*LATIN, *SCRIPTS, *_COMMON)
