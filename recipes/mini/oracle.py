"""Oracle selections: the document's sentences that say most of what a human's summary says.

Greedy: the sentence that raises the ROUGE-1 and ROUGE-2 F1 most is added until none does, as is
usual for training extractive summarizers (Nallapati, Zhai and Zhou 2017, section 2.2). Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

WORD = re.compile(r"\w+")


def grams(text: str) -> Counter[tuple[str, ...]]:
    """Count a text's words and pairs of words."""
    words = WORD.findall(text.lower())
    return Counter([(w,) for w in words] + list(zip(words, words[1:], strict=False)))


def f1(shared: int, chosen: int, reference: int) -> float:
    """Return the harmonic mean of precision and recall."""
    return 2 * shared / (chosen + reference) if chosen + reference else 0.0


def oracle(sentences: Sequence[str], reference: str, most: int) -> list[int]:
    """Return the numbers of the sentences that resemble a reference most, in document order.

    Args:
        sentences: of the document.
        reference: written by a human.
        most: sentences chosen at the most.
    """
    wanted = grams(reference)
    total = sum(wanted.values())
    bags = [grams(sentence) for sentence in sentences]
    sizes = [sum(bag.values()) for bag in bags]
    # only sentences that share much can win; comparing the best 60 keeps the search short
    overlap = [
        sum((bag & wanted).values()) / (size + 10) for bag, size in zip(bags, sizes, strict=True)
    ]
    pool = sorted(range(len(bags)), key=lambda i: -overlap[i])[:60]
    chosen: list[int] = []
    left, shared, length, best = wanted.copy(), 0, 0, 0.0
    while pool and len(chosen) < most:
        gains = [
            (f1(shared + sum((bags[i] & left).values()), length + sizes[i], total), i) for i in pool
        ]
        score, winner = max(gains)
        if score <= best:
            break
        best = score
        shared += sum((bags[winner] & left).values())
        length += sizes[winner]
        left -= bags[winner]
        chosen.append(winner)
        pool.remove(winner)
    return sorted(chosen)
