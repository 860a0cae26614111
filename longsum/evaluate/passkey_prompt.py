"""Prompts and definitions of the passkey test. Pure, apart from the tokenizer that counts.

Prompt and protocol are the paper's (arXiv 2306.15595, section 3.4 and figure 3; the prompt is
Mohtashami and Jaggi's, arXiv 2305.16300). As a tokenizer may merge digits, lengths are counted with
the keys in use, and answers are compared as text.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from longsum.checkpoint.tokenizer import Tokenizer
from longsum.errors import UsageError
from longsum.settings import Setting

INTRODUCTION = (
    "There is an important info hidden inside a lot of irrelevant text. Find it and memorize them. "
    "I will quiz you about the important information there."
)
FILLER = (
    "The grass is green.",
    "The sky is blue.",
    "The sun is yellow.",
    "Here we go.",
    "There and back again.",
)
KEY_LINE = "The pass key is {key}. Remember it. {key} is the pass key."
QUESTION = "What is the pass key? The pass key is"

THRESHOLD = 0.2
"""Share of successes below which the effective window ends: the paper's 20 %."""
KEY_DIGITS = 5
ANSWER_TOKENS = KEY_DIGITS + 3
"""Tokens reserved for the answer: a blank, one per digit, and the end of the number."""


def passkey_prompt(key: str, before: int, after: int) -> str:
    """Return the prompt of figure 3.

    Args:
        key: the digits to find.
        before: number of filler sentences before the key's line.
        after: number of filler sentences after it.
    """
    lines = (INTRODUCTION, filler(before), KEY_LINE.format(key=key), filler(after), QUESTION)
    return "\n".join(line for line in lines if line)


def filler(sentences: int) -> str:
    """Return so many sentences of the endlessly repeated filler."""
    rounds, rest = divmod(sentences, len(FILLER))
    return " ".join(FILLER * rounds + FILLER[:rest])


def k_max(successes: Sequence[tuple[int, float]], threshold: float = THRESHOLD) -> int:
    """Return the effective window: the largest k such that no k' <= k falls below the threshold.

    Args:
        successes: (k, share of trials that succeeded) for each distance, in any order.
        threshold: 20 % in the paper.
    """
    reached = 0
    for k, share in sorted(successes):
        if share < threshold:
            break
        reached = k
    return reached


def distances(length: int, depths: int) -> list[int]:
    """Return `depths` distances k, evenly spaced; the last one is the whole length."""
    return [round(length * i / depths) for i in range(1, depths + 1)]


def draw_keys(seed: int, length: int, k: int, trials: int) -> list[str]:
    """Return the random keys of one distance; the same arguments give the same keys.

    Args:
        seed: random seed.
        length: tokens of prompt and answer.
        k: distance of the key from the end, in tokens.
        trials: number of keys.
    """
    draw = random.Random(f"{seed} {length} {k}")
    smallest = 10 ** (KEY_DIGITS - 1)
    return [str(draw.randrange(smallest, 10 * smallest)) for _ in range(trials)]


@dataclass(frozen=True)
class Layout:
    """Numbers of filler sentences before and after the key's line."""

    before: int
    after: int


class Layouts:
    """Finds the numbers of filler sentences whose prompt is closest to a length and distance.

    Args:
        tokenizer: counts the tokens.
        length: maximum tokens of prompt and answer together.

    Raises:
        UsageError: when the prompt does not fit even without filler.
    """

    def __init__(self, tokenizer: Tokenizer, length: int) -> None:
        self.tokenizer = tokenizer
        self.prompt_budget = length - ANSWER_TOKENS
        key = "12345"
        empty = self._tokens(key, Layout(0, 0))
        self.per_sentence = (self._tokens(key, Layout(500, 0)) - empty) / 500
        if empty > self.prompt_budget - 2 * KEY_DIGITS:  # other keys may take a token a digit
            raise UsageError(
                f"{Setting('length')} {length:,} is too short: the prompt without filler has "
                f"{empty:,} tokens",
                hint=f"give it at least {empty + ANSWER_TOKENS + 2 * KEY_DIGITS:,}",
            )

    def at(self, distance: int, keys: Sequence[str]) -> Layout:
        """Return the layout whose key is as close as possible to `distance` tokens from the end.

        The prompts of all keys fit.
        """
        key = max(keys, key=lambda each: self._tokens(each, Layout(0, 0)))
        after = self._nearest(key, distance)
        # no more sentences after the key than fit; before it, as many as remain
        after = self._fit(key, lambda n: Layout(0, n), after, climb=False)
        guess = int((self.prompt_budget - self._tokens(key, Layout(0, after))) / self.per_sentence)
        return Layout(self._fit(key, lambda n: Layout(n, after), guess, climb=True), after)

    def _nearest(self, key: str, distance: int) -> int:
        """Return the number of sentences after the key's line that comes closest."""

        def found(sentences: int) -> int:
            return distance_of_key(self.tokenizer, passkey_prompt(key, 0, sentences))

        count = max(0, round((distance - found(0)) / self.per_sentence))
        while count and found(count) > distance:
            count -= 1
        while found(count + 1) <= distance:
            count += 1
        below, above = distance - found(count), found(count + 1) - distance
        return count if below <= above else count + 1

    def _fit(self, key: str, layout: Callable[[int], Layout], count: int, *, climb: bool) -> int:
        """Return the most sentences whose prompt fits; without `climb`, at most `count`."""
        count = max(0, count)
        while count and self._tokens(key, layout(count)) > self.prompt_budget:
            count -= 1
        while climb and self._tokens(key, layout(count + 1)) <= self.prompt_budget:
            count += 1
        return count

    def _tokens(self, key: str, layout: Layout) -> int:
        """Return the length of a prompt in tokens."""
        prompt = passkey_prompt(key, layout.before, layout.after)
        return len(prompt_ids(self.tokenizer, prompt))


def prompt_ids(tokenizer: Tokenizer, prompt: str) -> list[int]:
    """Return a prompt's tokens, including the beginning-of-text token."""
    return tokenizer.with_beginning(prompt, tokenizer.encode_document(prompt))


def distance_of_key(tokenizer: Tokenizer, prompt: str) -> int:
    """Return k: tokens from the first with a digit of the key to the end of the prompt."""
    first = re.search(r"\d", prompt)
    assert first is not None
    spans = tokenizer.offsets(prompt)
    return sum(end > first.start() for _, end in spans)


def is_right(answer: str, key: str) -> bool:
    """Return whether an answer begins with exactly the key's digits."""
    number = re.match(r"\s*(\d+)", answer, re.ASCII)
    return number is not None and number[1] == key
