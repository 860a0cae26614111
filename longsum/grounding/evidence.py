"""Evidence: which sentences of a source hold the words of a claim.

A claim's words are its keys: names and numbers unchanged, other words as stems, each weighted by
its rarity in the source. The search uses bit masks of keys, so that a claim takes a millisecond.
Works on strings and spans; knows nothing about pages.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from longsum.documents.document import Span
from longsum.documents.sentences import split_sentences
from longsum.similarity import content_words, idf, idf_weights, is_number, stem, words

# Calibrated on 1,249 sentences of reference summaries (encyclopaedia, specifications, papers, court
# opinions, stories, meetings) against their own source and another one of the same kind, and on the
# same sentences with one number or one name exchanged.

SUPPORTED = 0.45
"""Minimum score of a supported claim. 30 % (retold stories) to 81 % (papers) of the sentences reach
it with their own source, 0 to 8 % with another (21 % with a section of the same textbook)."""
UNKNOWN_WORD = 0.5
"""Factor for the weight of a word that the source never uses: summaries have a few of their own
(`argues`, `describes`)."""
MISSING_NUMBER = 0.4
"""Factor for a number missing from the evidence: low enough to flag any sentence."""
WRONG_NAME = 0.6
"""Factor for a name that is missing from the evidence, or belongs to someone else there. With it,
one exchanged name in four goes unnoticed, without it three. It also flags correct sentences."""
NAME_DISTANCE = 10
"""Sentences around the evidence that may hold the name of its `she`."""
WINDOW_COST = 0.88
"""Factor per sentence added to a window, so that a sentence adding hardly a word is left out."""
EXTRA_GAIN = 0.15
"""Minimum share of a claim that a further place must add."""
MIN_EXTRA_WORDS = 2
"""Minimum words that a further place must add, plus one if the claim is supported without it: one
or two words are found anywhere, and a page that adds little misleads the reader."""
EXTRA_DISCOUNT = 0.9
"""Factor for words found in further places, which count less than words in one place."""
MAX_WINDOW = 3
"""Maximum adjacent sentences of one place."""
MAX_WINDOW_CHARACTERS = 900
"""Maximum characters of several sentences of one place."""
MAX_EXTRA = 2
"""Maximum further places of a claim."""
MAX_SENTENCE_CHARACTERS = 500
"""Maximum characters of a source sentence; an unpunctuated table would hold any claim."""
NOUNS_ARE_CAPITALISED = 0.28
"""Share of capitalized words above which a text is German, or a list of names, and capitals mean
nothing. English prose has 0.08 to 0.2, German 0.3 to 0.4."""


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
        self._lower, self._upper, share = _letter_cases(text)
        self._has_names = share <= NOUNS_ARE_CAPITALISED

    def holders(self, key: str) -> Sequence[int]:
        """Return the sentences that hold a key."""
        return self._holders.get(key, ())

    def weight(self, key: str) -> float:
        """Return a key's weight: its rarity in the text."""
        if key in self._weights:
            return self._weights[key]
        return idf(0, len(self.sentences)) * (UNKNOWN_WORD if key[0] == _STEM else 1.0)

    def claim(self, sentence: str) -> Claim:
        """Return a sentence as a claim, to look for in the text."""
        names = self.names(sentence)
        whole = {word for name in names for word in name}
        spoken = dict.fromkeys(content_words(sentence))
        keys = (w if w in whole or is_number(w) else _STEM + stem(w) for w in spoken)
        return Claim(list(dict.fromkeys(keys)), names, self)

    def names(self, sentence: str) -> list[tuple[str, ...]]:
        """Return a sentence's names: runs of capitalized words that the text never lower-cases."""
        if not self._has_names:
            return []
        names: list[tuple[str, ...]] = []
        for start, run in _capitalised_runs(sentence):
            name = [w for w in content_words(run) if w not in self._lower and not is_number(w)]
            opens = not sentence[:start].strip(" \"'“‘«„(*_")
            if opens and name and name[0] not in self._upper:
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

    def names_in(self, index: int) -> list[tuple[str, ...]]:
        """Return the names in one of the text's sentences."""
        span = self.sentences[index]
        return self.names(self._text[span.start : span.end])


class Claim:
    """A sentence as weighted keys, and which source sentences hold them.

    A set of keys is a bit mask: bit i is key i.

    Args:
        keys: distinct names, numbers and marked stems.
        names: the words of each name.
        source: the text to look in.
    """

    def __init__(self, keys: list[str], names: list[tuple[str, ...]], source: SourceIndex) -> None:
        self._keys, self._names, self._source = keys, names, source
        self._weights = [source.weight(key) for key in keys]
        self._total = sum(self._weights) or 1.0
        self._masks: dict[int, int] = defaultdict(int)
        for bit, key in enumerate(keys):
            for index in source.holders(key):
                self._masks[index] |= 1 << bit
        self._cache: dict[int, float] = {}
        self._numbers = self._mask_of(key for key in keys if is_number(key))
        self._named = self._mask_of(word for name in names for word in name)

    def mask(self, window: Iterable[int]) -> int:
        """Return the keys that a window holds."""
        mask = 0
        for index in window:
            mask |= self._masks.get(index, 0)
        return mask

    def share(self, window: Iterable[int]) -> float:
        """Return the share of the claim that a window holds, by weight."""
        return self._weight(self.mask(window)) / self._total

    def best_window(self, sizes: Sequence[int], covered: int = 0) -> range | None:
        """Return the adjacent sentences that hold most of what is not covered yet.

        Args:
            sizes: numbers of sentences, rising from 1.
            covered: mask of the keys that are covered.

        Returns:
            Indices of sentences, or None when none adds anything.
        """
        best, window = 0.0, None
        for first in sorted(self._masks):
            mask = 0
            for size in sizes:
                last = first + size - 1
                if size > 1 and (last not in self._masks or self._source.is_long(first, last)):
                    continue  # a window is short, and ends with a sentence that adds to it
                mask |= self.mask(range(first, last + 1))
                score = self._weight(mask & ~covered) * WINDOW_COST ** (size - 1)
                if score > best + 1e-9:
                    best, window = score, range(first, last + 1)
        return window

    def score(self, windows: list[range]) -> tuple[float, list[range]]:
        """Return how well the source supports the claim, and where.

        Args:
            windows: the first places; further ones are added for what they lack.

        Returns:
            A score from 0 to 1, and all places, the given ones first.
        """
        windows = list(windows)
        covered = self.mask(index for window in windows for index in window)
        discount = 0.0
        for _ in range(MAX_EXTRA if windows else 0):
            extra = self.best_window(range(1, MAX_WINDOW), covered)
            added = self.mask(extra) & ~covered if extra else 0
            gain = self._weight(added) / self._total
            # Mere names and numbers are found anywhere; a place must add other words as well.
            said = added & ~self._named & ~self._numbers
            minimum = MIN_EXTRA_WORDS + self._is_enough(covered)
            if extra is None or not said or gain < EXTRA_GAIN or added.bit_count() < minimum:
                break
            windows.append(extra)
            covered |= added
            discount += (1 - EXTRA_DISCOUNT) * gain
        wrong, doubt = self._doubts(windows, covered)
        held = self._weight(covered & ~wrong) / self._total
        return max(0.0, held - discount) * doubt, windows

    def _is_enough(self, covered: int) -> bool:
        """Return whether the covered keys support the claim by themselves."""
        held = self._weight(covered) >= SUPPORTED * self._total
        return held and not self._numbers & ~covered

    def _doubts(self, windows: list[range], covered: int) -> tuple[int, float]:
        """Return the mask of wrong names, and the factor for them and for missing numbers."""
        wrong, doubt = 0, MISSING_NUMBER if self._numbers & ~covered else 1.0
        said = [index for window in windows for index in window]
        others = ~(self._named | self._numbers)
        main = max(said, key=lambda index: self._weight(self.mask([index]) & others), default=None)
        for name in self._names:
            if main is not None and not self._is_right(name, main, covered):
                wrong |= self._mask_of(name)
                doubt *= WRONG_NAME
        return wrong, doubt

    def _is_right(self, name: tuple[str, ...], main: int, covered: int) -> bool:
        """Return whether a name is consistent with `main`, the closest source sentence."""
        mask = self._mask_of(name)
        is_known = any(not mask & ~held for held in self._masks.values())
        if not is_known and mask & ~covered:
            return False  # no sentence names `Anna Lund`
        if self._masks.get(main, 0) & mask:
            return True
        # `Berg presented the plan. Lund approved it.` has the words of `Berg approved the plan`:
        # the sentence may say `she`, but not name a person who is not in the claim.
        near = range(main - NAME_DISTANCE, main + NAME_DISTANCE + 1)
        return bool(self.mask(near) & mask) and not self._rivals(main)

    def _rivals(self, index: int) -> bool:
        """Return whether a source sentence names someone the claim does not."""
        names = self._source.names_in(index)
        return any(not self._mask_of(name) for name in names)

    def _mask_of(self, keys: Iterable[str]) -> int:
        wanted = set(keys)
        return sum(1 << bit for bit, key in enumerate(self._keys) if key in wanted)

    def _weight(self, mask: int) -> float:
        if mask not in self._cache:
            bits = (bit for bit in range(mask.bit_length()) if mask >> bit & 1)
            self._cache[mask] = sum(self._weights[bit] for bit in bits)
        return self._cache[mask]


_STEM = "~"  # marks keys that are stems
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
    return found | {_STEM + stem(word) for word in found}


def _letter_cases(text: str) -> tuple[set[str], set[str], float]:
    """Return the lower-case words, the capitalized words, and the share of the latter."""
    small, large = [], []
    for word in re.findall(r"[^\W\d_]{2,}", text):
        if word[0].isupper():
            large.append(word)
        elif word[0].islower():
            small.append(word)
    share = len(large) / max(1, len(small) + len(large))
    return set(words(" ".join(small))), set(words(" ".join(large))), share
