"""A source's sentences, and which of them hold which words.

Words are keys: names and numbers unchanged, other words as stems, each weighted by its rarity in
the source. Works on strings and spans; knows nothing about pages.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from longsum.documents.document import Span
from longsum.documents.sentences import split_sentences
from longsum.grounding.lexicon import related
from longsum.grounding.renaming import renamed
from longsum.similarity import (
    content_words,
    idf,
    idf_weights,
    is_english,
    is_number,
    listed,
    stem,
    words,
)

UNKNOWN_WORD = 0.5
"""Factor for the weight of a word that the source never uses: summaries have a few of their own
(`argues`, `describes`)."""
MAX_WINDOW_CHARACTERS = 900
"""Maximum characters of several sentences of one place."""
MAX_SENTENCE_CHARACTERS = 500
"""Maximum characters of a source sentence; an unpunctuated table would hold any claim."""
NOUNS_ARE_CAPITALISED = 0.28
"""Share of capitalized words above which a text is German, or a list of names, and capitals mean
nothing, unless it is English. English prose has 0.08 to 0.2, German 0.3 to 0.4."""
STEM = "~"
"""Marks keys that are stems."""
_ALIAS = re.compile(r"\([A-Z][\w-]{0,9}\)")
"""An abbreviation of the words before it, which the source need not give."""
_OPENERS = listed(
    "additionally although consequently conversely finally furthermore hence however importantly "
    "indeed interestingly likewise meanwhile moreover nevertheless nonetheless notably "
    "similarly specifically subsequently surprisingly therefore thus"
)
"""Words that open sentences, and so are seldom written without a capital."""
_BEFORE = 20_000
"""Characters before a sentence, about ten pages, that say what `Study 1` is."""


class SourceIndex:
    """A text's sentences, and which of them hold each word; built in linear time.

    Args:
        text: the source; spans are offsets into it.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.sentences = [part for span in split_sentences(text) for part in _parts(text, span)]
        self._starts = [span.start for span in self.sentences]
        keys = [_keys(text[span.start : span.end]) for span in self.sentences]
        self._weights = idf_weights(keys)
        self._holders: dict[str, list[int]] = defaultdict(list)
        for index, held in enumerate(keys):
            for key in held:
                self._holders[key].append(index)
        self._lower, self._upper, self._has_names = _letter_cases(text)

    def holders(self, key: str) -> Sequence[int]:
        """Return the sentences that hold a key."""
        return self._holders.get(key, ())

    def related_holders(self, key: str) -> Iterator[int]:
        """Yield the sentences that hold a word of the same or of opposite meaning.

        A sentence that says the opposite is about the same; whether it says so is compared later.
        """
        if key[0] == STEM:
            for near in related(key[1:]):
                yield from self._holders.get(STEM + near, ())

    def weight(self, key: str) -> float:
        """Return a key's weight: its rarity in the text."""
        if key in self._weights:
            return self._weights[key]
        return idf(0, len(self.sentences)) * (UNKNOWN_WORD if key[0] == STEM else 1.0)

    def keys(self, sentence: str, names: Iterable[tuple[str, ...]]) -> list[str]:
        """Return a sentence's distinct keys: its names and numbers, and the stems of other words.

        Args:
            sentence: a claim.
            names: the words of each name in it.
        """
        whole = {word for name in names for word in name}
        spoken = dict.fromkeys(content_words(sentence))
        found = (w if w in whole or is_number(w) else STEM + stem(w) for w in spoken)
        return list(dict.fromkeys(found))

    def names(self, sentence: str) -> list[tuple[str, ...]]:
        """Return a sentence's names: runs of capitalized words that the text never lower-cases."""
        if not self._has_names:
            return []
        sentence = _ALIAS.sub(lambda match: " " * len(match[0]), sentence)
        names: list[tuple[str, ...]] = []
        for start, run in _capitalised_runs(sentence):
            name = [w for w in content_words(run) if w not in self._lower and not is_number(w)]
            opens = not sentence[:start].strip(" \"'“‘«„(*_")
            if opens and name and (name[0] not in self._upper or name[0] in _OPENERS):
                name = name[1:]  # an opening `Critics` is not a name
            if name:
                names.append(tuple(name))
        return names

    def span(self, window: range) -> Span:
        """Return the span of adjacent sentences."""
        return Span(self.sentences[window[0]].start, self.sentences[window[-1]].end)

    def is_long(self, first: int, last: int) -> bool:
        """Return whether a run of sentences is too long for one place."""
        return self.sentences[last].end - self._starts[first] > MAX_WINDOW_CHARACTERS

    def sentences_at(self, span: Span) -> range:
        """Return the sentences that a span touches; at least one."""
        first = max(0, bisect_right(self._starts, span.start) - 1)
        return range(first, max(first + 1, bisect_left(self._starts, span.end)))

    def sentence(self, index: int) -> str:
        """Return one of the text's sentences."""
        return self._text[self.sentences[index].start : self.sentences[index].end]

    def before(self, index: int) -> str:
        """Return the text before one of its sentences, about ten pages of it."""
        start = self.sentences[index].start
        return self._text[max(0, start - _BEFORE) : start]

    def renamed(self, claim: str, sentence: str) -> tuple[str, str] | None:
        """Return a name of a claim and the one a sentence has in its place, or None."""
        return renamed(claim, sentence, self._lower.__contains__) if self._has_names else None

    def names_in(self, index: int) -> list[tuple[str, ...]]:
        """Return the names in one of the text's sentences."""
        return self.names(self.sentence(index))


_LETTERS = re.compile(r"[^\W\d_][\w'’.-]*")


def _capitalised_runs(text: str) -> Iterator[tuple[int, str]]:
    """Yield the runs of words that begin with a capital, each with its offset."""
    start, end = 0, -1
    for match in _LETTERS.finditer(text):
        if end >= 0 and not (match[0][0].isupper() and text[end : match.start()].isspace()):
            yield start, text[start:end]
            end = -1
        if match[0][0].isupper():
            start = start if end >= 0 else match.start()
            end = match.end()
    if end >= 0:
        yield start, text[start:end]


def _parts(text: str, span: Span) -> Iterator[Span]:
    """Yield a source sentence, in parts if it is too long."""
    start = span.start
    while span.end - start > MAX_SENTENCE_CHARACTERS:
        cut = text.rfind(" ", start + 1, start + MAX_SENTENCE_CHARACTERS)
        cut = cut + 1 if cut > 0 else start + MAX_SENTENCE_CHARACTERS
        yield Span(start, cut)
        start = cut
    yield Span(start, span.end)


def _keys(text: str) -> set[str]:
    """Return the keys of a source sentence: its words, and their stems."""
    found = set(content_words(text))
    return found | {STEM + stem(word) for word in found}


def _letter_cases(text: str) -> tuple[set[str], set[str], bool]:
    """Return the lower-case words, the capitalized words, and whether capitals mark names."""
    small, large = [], []
    for word in re.findall(r"[^\W\d_]{2,}", text):
        if word[0].isupper():
            large.append(word)
        elif word[0].islower():
            small.append(word)
    total = max(1, len(small) + len(large))
    has_names = is_english([*small, *large]) or len(large) <= NOUNS_ARE_CAPITALISED * total
    return set(words(" ".join(small))), set(words(" ".join(large))), has_names
