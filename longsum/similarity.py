"""Words, their weights, and near-duplicate sentences: pure functions on strings.

Words are runs of Unicode letters with their marks, and pairs of characters where a script writes no
spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) or attaches particles (Korean). Numbers are
normalized, so that `1,234` is `1 234` and `twelve` is `12`. Compares words, not meanings.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence


def listed(text: str) -> frozenset[str]:
    """Return the words of a list."""
    return frozenset(text.split())


_PAIRED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Japanese, Chinese
    "\uac00-\ud7a3"  # Korean
)
_MARKS = "\u0300-\u036f\u0900-\u0963\u0966-\u0dff\u0f18-\u0fbc"  # \w leaves out vowel signs
_TOKEN = re.compile(
    rf"(?P<number>\d+(?:[.,'’]\d+)*)"
    rf"|(?P<paired>[{_PAIRED}]+)"
    rf"|(?P<word>(?:(?![{_PAIRED}])[\w{_MARKS}])+(?:['’](?:(?![{_PAIRED}])[\w{_MARKS}])+)*)"
)
PAIRED_CHARACTER = re.compile(f"[{_PAIRED}]")
"""A character of a script without spaces; it carries about as much as two Latin letters."""
# Optional in writing: Arabic and Hebrew vowel points, tatweel, soft hyphens, zero widths; also
# superscript digits, which mark footnotes.
_OPTIONAL = re.compile(
    "[\u0591-\u05bd\u05bf\u05c1-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    "\u00ad\u200b-\u200f\u2060\ufeff\u00b2\u00b3\u00b9\u2070-\u2079]"
)
_SPACED_THOUSANDS = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_THOUSANDS = re.compile(r"\d{1,3}(?:([.,'’])\d{3})(?:\1\d{3})*")

_UNITS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_NUMBER_WORDS = {word: str(value) for value, word in enumerate(_UNITS.split(), 1)}
del _NUMBER_WORDS["one"]  # a pronoun as often as a number
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_NUMBER_WORDS |= {word: str(10 * value) for value, word in enumerate(_TENS.split(), 2)}
_ROUND = {_NUMBER_WORDS[word] for word in _TENS.split()}
_BELOW_TEN = {word: str(value) for value, word in enumerate(_UNITS.split()[:9], 1)}

_FUNCTION_WORDS = """
    a about above after again all also although am an and any are as at be because been before
    being below between both but by can could did do does doing down during each either else few
    for from further had has have having he her here hers him his how however i if in into is it
    its itself just may me might must my nor of off on once only or other our out over
    own same shall she should since so some such than that the their them then there these they
    this those though through thus to too under until up upon us very was we were what when where
    whether which while who whom whose why will with within would you your one
    aber als am an auch auf aus bei bis da das dass dem den der des durch ein eine einem einen
    einer eines er es für haben hat hatte ihr im in ist mit nach noch nur oder sein seine sich sie
    sind so über um und unter vom von vor waren werden wie wird wurde wurden zu zum zur
    au aux avec ce ces cette dans de des du elle en est et il ils je la le les leur leurs lui mais
    ont ou où par qu que qui sa se ses sont sur un une
    al como cuando del desde el ella ellos entre es esta este fue ha han hasta la las lo
    los más me mi muy o para pero por porque que se sobre su sus también un una y ya
    ao aos as da das do dos e ela ele em foi mais mas na nas nos os ou pela pelo são seu
    sua também uma às à
    alla anche che chi ci come da dal dalla degli dei del della delle di è gli ha i il io le lo ma
    nei nel nella più quando questa questo si sono sua suo sul tra un una uno
    bij dat de deze dit door een en er haar had heeft het hij hun ik in is maar met naar
    nog om onder ook op te tot uit van voor was wat werd worden wordt zich zij zijn
"""
FUNCTION_WORDS = listed(_FUNCTION_WORDS)
"""Function words of English, German, French, Spanish, Portuguese, Italian and Dutch, without
negations and without content words of another of these languages (`die`, `war`, `son`). For those,
and in other languages, the low weight of frequent words has the same effect."""
ENGLISH_ARTICLES = 0.02
"""Minimum share of `the` in English; prose has 0.05 to 0.08, names and tables make it less."""


def words(text: str) -> list[str]:
    """Return a text's words in order: lower case, normalized numbers, spaceless scripts paired."""
    joined = _SPACED_THOUSANDS.sub("", _OPTIONAL.sub("", text))
    folded = unicodedata.normalize("NFKC", joined).casefold()
    found: list[str] = []
    for match in _TOKEN.finditer(folded):
        token = match[0]
        if match["number"]:
            found.append(_number(token))
        elif match["paired"]:
            found.extend(_pairs(token))
        else:
            _add_word(found, token)
    return found


_DRESS = str.maketrans("‘’‚′“”„″«»‐‑‒–—", "''''" + '"' * 6 + "-" * 5)


def is_english(words: Collection[str]) -> bool:
    """Return whether the words of a text are English, by their articles.

    Args:
        words: words in small letters, each as often as it occurs.
    """
    return sum(word == "the" for word in words) >= ENGLISH_ARTICLES * max(1, len(words))


def sentence_key(text: str) -> str:
    """Return what copies of a sentence share: its characters but for case, space and dress.

    Unlike `words`, it keeps punctuation: `-5` is not `5`.
    """
    folded = unicodedata.normalize("NFKC", _OPTIONAL.sub("", text)).casefold()
    return "".join(folded.translate(_DRESS).split())


def count_words(text: str) -> int:
    """Count the words between white space; in scripts without spaces, the characters."""
    return sum(max(1, len(PAIRED_CHARACTER.findall(part))) for part in text.split())


def content_words(text: str) -> list[str]:
    """Return a text's words without function words."""
    return [word for word in words(text) if word not in FUNCTION_WORDS]


def is_number(word: str) -> bool:
    """Return whether a word of `words` is a number."""
    return word[0].isdigit()


def stem(word: str) -> str:
    """Return what a word's inflected forms share: no plural or verb ending, six letters at most.

    Cutting words to five or six letters works about as well for most European languages as a
    stemmer for each (McNamee & Mayfield 2004, character n-gram tokenization). Numbers and pairs of
    characters stay whole.
    """
    if len(word) < 4 or is_number(word):
        return word
    for ending, shortest in (("ies", 6), ("ied", 6), ("ing", 6), ("ed", 5), ("es", 6), ("s", 4)):
        if word.endswith(ending) and len(word) >= shortest and not word.endswith("ss"):
            word = word[: -len(ending)] + ("y" if ending in {"ies", "ied"} else "")
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]  # plan(ned)
    return word.removesuffix("e")[:6] if len(word) > 3 else word  # ris(e), ris(ing)


def idf_weights(sentences: Iterable[Collection[str]]) -> dict[str, float]:
    """Return each word's inverse document frequency over sentences.

    Args:
        sentences: the words of each sentence.

    Returns:
        ln(1 + (N - n + 1/2) / (n + 1/2)) for a word in n of N sentences, as in BM25; above 0.
    """
    total = 0
    counts: Counter[str] = Counter()
    for sentence in sentences:
        total += 1
        counts.update(dict.fromkeys(sentence).keys())
    return {word: idf(count, total) for word, count in counts.items()}


def idf(count: int, total: int) -> float:
    """Return the weight of a word that occurs in `count` of `total` sentences."""
    return math.log1p((total - count + 0.5) / (count + 0.5))


def near_duplicates(sentences: Sequence[str], threshold: float = 0.8) -> list[int]:
    """Group sentences with the earlier ones that they repeat, exactly or nearly.

    Two sentences are near-duplicates when they hold the same numbers and their sets of words
    overlap (Jaccard) by the threshold; word order does not count. Each sentence is compared with
    the first sentences of groups that share one of its rare words (the prefix filter of Bayardo, Ma
    & Srikant 2007, "Scaling up all pairs similarity search"), so the work stays near linear.

    Args:
        sentences: texts in document order.
        threshold: minimum overlap of near-duplicates, above 0 and at most 1.

    Returns:
        For each sentence the index of its group's first sentence: its own if it repeats nothing.
    """
    bags = [frozenset(words(sentence)) for sentence in sentences]
    frequency = Counter(word for bag in set(bags) for word in bag)
    same: dict[frozenset[str], int] = {}
    leaders: dict[tuple[frozenset[str], str], list[int]] = defaultdict(list)
    groups: list[int] = []
    for index, bag in enumerate(bags):
        if not bag:
            groups.append(index)
            continue
        if bag not in same:
            numbers = frozenset(filter(is_number, bag))
            rare_first = sorted(bag, key=lambda word: (frequency[word], word))
            prefix = rare_first[: len(bag) - math.ceil(threshold * len(bag) - 1e-9) + 1]
            keys = [(numbers, word) for word in prefix]
            same[bag] = _first_similar(bag, [leaders[key] for key in keys], bags, threshold, index)
            if same[bag] == index:
                for key in keys:
                    leaders[key].append(index)
        groups.append(same[bag])
    return groups


_MAX_COMPARED = 100
"""Group leaders a sentence is compared with per shared word; bounds the work on boilerplate."""


def _first_similar(
    bag: frozenset[str],
    candidates: Iterable[Sequence[int]],
    bags: Sequence[frozenset[str]],
    threshold: float,
    default: int,
) -> int:
    """Return the first leader that overlaps with a bag of words, else the default."""
    seen = {leader for group in candidates for leader in group[:_MAX_COMPARED]}
    for leader in sorted(seen):
        shared = len(bag & bags[leader])
        if shared >= threshold * (len(bag) + len(bags[leader]) - shared) - 1e-9:
            return leader
    return default


def _number(token: str) -> str:
    """Return a number with ASCII digits, a decimal point and no thousands separators."""
    digits = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in token)
    whole, point, fraction = digits, "", ""
    if not _THOUSANDS.fullmatch(digits):
        head, separator, tail = _last_separator(digits)
        if separator and (head.isdigit() or _THOUSANDS.fullmatch(head)):
            whole, point, fraction = head, ".", tail
        elif separator:
            return digits.replace(",", ".")  # 1.2.3, 4.5.2024
    whole = re.sub(r"\D", "", whole)
    return f"{whole}{point}{fraction}"


def _last_separator(digits: str) -> tuple[str, str, str]:
    for index in range(len(digits) - 1, -1, -1):
        if not digits[index].isdigit():
            return digits[:index], digits[index], digits[index + 1 :]
    return digits, "", ""


def _pairs(run: str) -> list[str]:
    """Return the overlapping pairs of characters of a run in a script without spaces."""
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def _add_word(found: list[str], token: str) -> None:
    """Append a word: number words as digits (`twenty-five` is 25), without elisions and `'s`."""
    if token in _BELOW_TEN and found and found[-1] in _ROUND:
        found[-1] = str(int(found[-1]) + int(_BELOW_TEN[token]))
    elif token in _NUMBER_WORDS:
        found.append(_NUMBER_WORDS[token])
    else:
        found.append(re.sub(r"['’]s?$|^(?:[ldjmtsnc]|qu)['’]", "", token) or token)
