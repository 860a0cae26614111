"""ROUGE through `rouge-score`, with words of any script. Pure; no torch.

The library's own tokenizer finds only a-z and 0-9, so that Chinese or Arabic scores 0.0 and `Käse`
is split; `UnicodeTokenizer` gives the same words on ASCII text, and proper words elsewhere.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from longsum.documents.sentences import split_sentences
from longsum.errors import UsageError
from longsum.similarity import PAIRED_CHARACTER

MEASURES = ("rouge1", "rouge2", "rougeL", "rougeLsum")
"""Unigrams, bigrams, longest common subsequence of the whole and by sentence (Lin 2004)."""
GEOMETRIC = ("rouge1", "rouge2", "rougeL")
"""Measures of the geometric mean, as in SCROLLS (arXiv 2201.03533, section 5)."""
MIN_STEMMED = 4
"""Minimum letters of a word that is stemmed, as in rouge-score."""

_ASCII_WORD = re.compile(r"[a-z0-9]+")


class UnicodeTokenizer:
    """Splits text into words for `rouge_score.rouge_scorer.RougeScorer`.

    A word is a run of letters, digits and their marks, case-folded and normalized to NFKC. In
    scripts without spaces, or with attached particles (Chinese, Japanese, Thai, Lao, Khmer,
    Burmese, Korean), each character with its marks is a word.

    Args:
        stemmer: returns an ASCII word without its ending; None leaves words whole.
    """

    def __init__(self, stemmer: Callable[[str], str] | None = None) -> None:
        self._stem = lru_cache(maxsize=1 << 16)(stemmer) if stemmer else None

    def tokenize(self, text: str) -> list[str]:
        """Return a text's words in order."""
        if text.isascii():
            found = _ASCII_WORD.findall(text.lower())
        else:
            found = _words(unicodedata.normalize("NFKC", text).casefold())
        if self._stem is None:
            return found
        return [
            self._stem(word) if word.isascii() and len(word) >= MIN_STEMMED else word
            for word in found
        ]


def _words(text: str) -> list[str]:
    """Return the words of a case-folded text."""
    found: list[str] = []
    inside = False  # whether a letter continues the last word
    for char in text:
        kind = _kind(char)
        if kind == "word":
            if inside:
                found[-1] += char
            else:
                found.append(char)
            inside = True
        elif kind == "single":
            found.append(char)
            inside = False
        elif kind == "mark":
            if found:
                found[-1] += char
        elif kind == "break":
            inside = False
    return found


@lru_cache(maxsize=1 << 16)
def _kind(char: str) -> str:
    """Return a character's role: part of a `word`, `single` word, `mark`, `break` or `nothing`.

    Format characters (soft hyphen, joiners) are ignored.
    """
    category = unicodedata.category(char)
    if category == "Cf":
        return "nothing"
    if category[0] == "M":
        return "mark"
    if category[0] not in "LN":
        return "break"
    return "single" if PAIRED_CHARACTER.match(char) else "word"


def porter() -> Callable[[str], str]:
    """Return the Porter stemmer that rouge-score uses.

    Raises:
        UsageError: when the package is not installed.
    """
    require_rouge()
    from nltk.stem.porter import PorterStemmer  # type: ignore[import-untyped]

    stem: Callable[[str], str] = PorterStemmer().stem
    return stem


def require_rouge() -> None:
    """Raise unless rouge-score is installed.

    Raises:
        UsageError: when it is not, with the command that installs it.
    """
    if find_spec("rouge_score") is None:
        raise UsageError(
            "ROUGE needs rouge-score, which is not installed", hint="pip install 'longsum[eval]'"
        )


class Rouge:
    """Scores summaries against references.

    Args:
        stemmer: compare English words without their endings (Porter).
    """

    def __init__(self, *, stemmer: bool = False) -> None:
        require_rouge()
        from rouge_score.rouge_scorer import RougeScorer  # type: ignore[import-untyped]

        self.tokenizer = UnicodeTokenizer(porter() if stemmer else None)
        self._scorer: Any = RougeScorer(list(MEASURES), tokenizer=self.tokenizer)

    def score(self, summary: str, references: Sequence[str]) -> dict[str, float]:
        """Return each measure's F1 in percent, that of the best of several references.

        rougeLsum compares sentence by sentence and expects one per line; both sides are split by
        our own splitter.
        """
        lines = [sentence_lines(reference) for reference in references]
        found = self._scorer.score_multi(lines, sentence_lines(summary))
        return {measure: 100 * float(found[measure].fmeasure) for measure in MEASURES}


def sentence_lines(text: str) -> str:
    """Return a text with each sentence on its own line."""
    return "\n".join(text[start:end] for start, end in split_sentences(text))


def geometric_mean(scores: Sequence[float]) -> float:
    """Return the geometric mean of scores; 0 where one of them is 0."""
    return math.prod(scores) ** (1 / len(scores)) if scores else 0.0
