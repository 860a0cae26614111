"""Parts of a sentence that may answer a question by themselves: from a word to a word. No torch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from longsum.documents.document import Span

MAX_ANSWER_WORDS = 16
"""Words of the longest short answer."""
_WORD = re.compile(r"\S+")
_BEFORE = "\"'“”‘’«»([{„‚*_—–-"
_AFTER = "\"'“”‘’«».,;:!?)]}…*_—–-"


class AnswerSpans(NamedTuple):
    """The words of a sentence, white space made even, and their places in the document."""

    text: str
    """The sentence with single spaces."""
    starts: tuple[int, ...]
    """Where an answer may begin in `text`, one per word."""
    ends: tuple[int, ...]
    """Where an answer may end in `text`, one per word."""
    places: tuple[tuple[int, int], ...]
    """The same beginnings and ends in the document."""

    def candidates(self, first: int) -> Sequence[int]:
        """Return the numbers of the words that an answer from a word on may end with."""
        return [
            last
            for last in range(first, min(len(self.starts), first + MAX_ANSWER_WORDS))
            if self.starts[first] < self.ends[last]
        ]

    def words(self, first: int, last: int) -> str:
        """Return the answer from one word to another."""
        return self.text[self.starts[first] : self.ends[last]]

    def span(self, first: int, last: int) -> Span:
        """Return the place in the document of an answer from one word to another."""
        return Span(self.places[first][0], self.places[last][1])


def answer_spans(text: str, sentence: Span) -> AnswerSpans:
    """Return where answers may begin and end in a sentence.

    Quotation marks, brackets and punctuation around an answer are left out.

    Args:
        text: the document's.
        sentence: its place.
    """
    words, starts, ends, places = [], [], [], []
    length = 0
    for match in _WORD.finditer(text, sentence.start, sentence.end):
        word = match[0]
        before = len(word) - len(word.lstrip(_BEFORE))
        after = len(word) - len(word.rstrip(_AFTER))
        if before + after < len(word):
            starts.append(length + before)
            ends.append(length + len(word) - after)
            places.append((match.start() + before, match.end() - after))
        words.append(word)
        length += len(word) + 1
    return AnswerSpans(" ".join(words), tuple(starts), tuple(ends), tuple(places))
