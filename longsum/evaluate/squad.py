"""Exact match and token F1 of short answers, as SQuAD measures them. Pure.

Rajpurkar et al. 2016 (arXiv 1606.05250, section 6.1) and the official script: lower case, no
punctuation, no English articles, words between white space. The same on ASCII text; elsewhere, all
punctuation of Unicode is removed, and in scripts without spaces each character is a word, as in
MLQA (Lewis et al. 2020, arXiv 1910.07475).
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence

from longsum.similarity import PAIRED_CHARACTER

_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalized_words(text: str) -> list[str]:
    """Return the words of an answer that are compared.

    Args:
        text: an answer, or a reference.

    Returns:
        Its words in order; those of an answer that is an article or punctuation only, such as the
        blood type `A`, are what stands between white space.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    plain = "".join(each for each in folded if not _is_punctuation(each))
    words = _split(_ARTICLES.sub(" ", plain))
    return words or _split(folded)


def _is_punctuation(character: str) -> bool:
    """Return whether a character is removed."""
    return character in string.punctuation or unicodedata.category(character)[0] == "P"


def _split(text: str) -> list[str]:
    """Return the words between white space, and the characters of scripts without it."""
    return PAIRED_CHARACTER.sub(r" \g<0> ", text).split()


def is_exact(answer: str, references: Sequence[str]) -> bool:
    """Return whether an answer has the words of one of the references, in order.

    Args:
        answer: a short answer; an empty one never matches.
        references: answers that people gave.
    """
    words = normalized_words(answer)
    return bool(words) and any(words == normalized_words(each) for each in references)


def token_f1(answer: str, references: Sequence[str]) -> float:
    """Return the F1 of the words that an answer shares with the best of the references: 0 to 1.

    Args:
        answer: a short answer; an empty one scores 0.
        references: answers that people gave.
    """
    words = normalized_words(answer)
    return max((_f1(words, normalized_words(each)) for each in references), default=0.0)


def _f1(words: Sequence[str], wanted: Sequence[str]) -> float:
    """Return the harmonic mean of precision and recall of words, each counted as often as said."""
    shared = (Counter(words) & Counter(wanted)).total()
    return 2 * shared / (len(words) + len(wanted)) if shared else 0.0
