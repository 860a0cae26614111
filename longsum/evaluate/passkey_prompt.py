"""The passkey test's prompts and its definitions. Pure, but for the tokenizer that counts.

Prompt and protocol are the paper's (arXiv 2306.15595, section 3.4 and figure 3; the prompt is
Mohtashami and Jaggi's, arXiv 2305.16300). The tokenizer may merge digits as it likes: lengths are
counted with the keys that are asked for, and answers compared as text.
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
"""Success below this breaks the window: the paper's 20 %."""
KEY_DIGITS = 5
ANSWER_TOKENS = KEY_DIGITS + 3
"""Room for the answer: a blank, a token a digit, and what ends the number."""


def passkey_prompt(key: str, before: int, after: int) -> str:
    """Return the prompt of figure 3.

    Args:
        key: the digits to find.
        before: filler sentences in front of the key's line.
        after: filler sentences behind it.
    """
    lines = (INTRODUCTION, filler(before), KEY_LINE.format(key=key), filler(after), QUESTION)
    return "\n".join(line for line in lines if line)


def filler(sentences: int) -> str:
    """Return the first sentences of the endlessly repeated filler."""
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
    """Return the distances k: as many as depths, evenly spaced, the last one the whole length."""
    return [round(length * i / depths) for i in range(1, depths + 1)]


def draw_keys(seed: int, length: int, k: int, trials: int) -> list[str]:
    """Return the random keys of one distance, the same ones whenever they are drawn."""
    draw = random.Random(f"{seed} {length} {k}")
    smallest = 10 ** (KEY_DIGITS - 1)
    return [str(draw.randrange(smallest, 10 * smallest)) for _ in range(trials)]


@dataclass(frozen=True)
class Layout:
    """How many filler sentences stand before and behind the key's line."""

    before: int
    after: int


class Layouts:
    """Finds, for a tokenizer, the sentences that bring length and distance closest.

    Args:
        tokenizer: whose tokens are counted.
        length: tokens of prompt and answer together; the prompt never exceeds what that leaves.

    Raises:
        UsageError: when not even the prompt without filler fits.
    """

    def __init__(self, tokenizer: Tokenizer, length: int) -> None:
        self.tokenizer = tokenizer
        self.room = length - ANSWER_TOKENS
        key = "12345"
        empty = self._tokens(key, Layout(0, 0))
        self.per_sentence = (self._tokens(key, Layout(500, 0)) - empty) / 500
        if empty > self.room - 2 * KEY_DIGITS:  # other keys may take a token a digit
            raise UsageError(
                f"{Setting('length')} {length:,} is too short: the prompt without filler has "
                f"{empty:,} tokens",
                hint=f"give it at least {empty + ANSWER_TOKENS + 2 * KEY_DIGITS:,}",
            )

    def at(self, distance: int, keys: Sequence[str]) -> Layout:
        """Return the layout whose key is as near to `distance` tokens from the end as can be.

        Args:
            distance: k.
            keys: that will be asked for; the prompts of all of them fit.
        """
        key = max(keys, key=lambda each: self._tokens(each, Layout(0, 0)))
        after = self._nearest(key, distance)
        # behind the key at most what fits, in front of it all that is left
        after = self._fit(key, lambda n: Layout(0, n), after, climb=False)
        guess = int((self.room - self._tokens(key, Layout(0, after))) / self.per_sentence)
        return Layout(self._fit(key, lambda n: Layout(n, after), guess, climb=True), after)

    def _nearest(self, key: str, distance: int) -> int:
        """Return the number of sentences behind the key's line that comes closest."""

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
        while count and self._tokens(key, layout(count)) > self.room:
            count -= 1
        while climb and self._tokens(key, layout(count + 1)) <= self.room:
            count += 1
        return count

    def _tokens(self, key: str, layout: Layout) -> int:
        """Return the length of a prompt in tokens."""
        prompt = passkey_prompt(key, layout.before, layout.after)
        return len(prompt_ids(self.tokenizer, prompt))


def prompt_ids(tokenizer: Tokenizer, prompt: str) -> list[int]:
    """Return a prompt's tokens, behind the one a text begins with."""
    return tokenizer.with_beginning(prompt, tokenizer.encode_document(prompt))


def distance_of_key(tokenizer: Tokenizer, prompt: str) -> int:
    """Return k: tokens from the first that holds a digit of the key to the end of the prompt."""
    first = re.search(r"\d", prompt)
    assert first is not None
    spans = tokenizer.offsets(prompt)
    return sum(end > first.start() for _, end in spans)


def is_right(answer: str, key: str) -> bool:
    """Tell whether an answer begins with exactly the key's digits."""
    number = re.match(r"\s*(\d+)", answer, re.ASCII)
    return number is not None and number[1] == key
