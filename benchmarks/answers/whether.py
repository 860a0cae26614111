"""Measure whether questions for yes or no are answered rightly, and how often.

    python -m benchmarks.answers.whether --texts FOLDER [FILE.jsonl.xz …] --count 500

True and false variants of the documents' own sentences (`support.py`) are turned into questions;
each is answered from the sentences that the bundled head finds for it. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter

from benchmarks.answers import false_variants, true_variants
from benchmarks.answers.support import variants
from benchmarks.answers.texts import add_text_options, every
from longsum.answer_choice import WordChooser, with_verdict
from longsum.config import AskConfig, DecodeConfig
from longsum.documents.document import Document
from longsum.events import Listener
from longsum.judged_choice import bundled_head
from longsum.similarity import listed

PER_DOCUMENT = 6
MIN_WORDS, MAX_WORDS = 6, 28
VERBS = listed("is are was were has had can could will would should may might must")
OPENINGS = listed(
    "the a an this these his her its their he she it they in on there some all many most both each"
)
"""First words that are not names."""
_INVOLVED = re.compile(r"[;:\"“”()]| or ")
_SUBORDINATE = listed("that which who when if although because while as where")


def question_of(sentence: str) -> str | None:
    """Return a plain sentence as a question, its verb moved to the beginning; None if it cannot be.

    Args:
        sentence: a sentence with its full stop.
    """
    words = sentence.strip().rstrip(".").split()
    if _INVOLVED.search(sentence) or not MIN_WORDS <= len(words) <= MAX_WORDS:
        return None
    place = next((i for i, word in enumerate(words[1:8], 1) if word in VERBS), None)
    if place is None:
        return None
    subject = words[:place]
    if any(word.lower() in _SUBORDINATE or word.endswith(",") for word in subject):
        return None
    if subject[0].lower() in OPENINGS:
        subject[0] = subject[0].lower()
    return " ".join([words[place].capitalize(), *subject, *words[place + 1 :]]) + "?"


def says(document: Document, question: str) -> str:
    """Return `yes`, `no`, or `open` where no sentence says either."""
    chooser = WordChooser(bundled_head(), document)
    chosen = chooser.answer(question, AskConfig(), DecodeConfig(), Listener())
    return with_verdict(document, question, chosen).says or "open"


def main() -> None:
    """Print a row for true and one for false questions."""
    options = _options()
    kinds = [*true_variants.RULES, *false_variants.RULES]
    counts: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for number, document in every(options.texts, options.every, options.offset):
        asked = 0
        for variant in variants(document, kinds, random.Random(number)):
            question = question_of(variant.text)
            if question is None or asked == PER_DOCUMENT:
                continue
            asked += 1
            found = says(document, question)
            counts[variant.is_true][found] += 1
            wrong = "no" if variant.is_true else "yes"
            if options.show and found == wrong:
                print(f"  {variant.source}\n→ {question} {found}")
        if sum(map(sum, (each.values() for each in counts.values()))) >= options.count:
            break
    print("| questions | n | yes | no | open |\n|---|---:|---:|---:|---:|")
    for is_true, each in counts.items():
        row = (sum(each.values()), each["yes"], each["no"], each["open"])
        print(f"| {'true' if is_true else 'false'} | {' | '.join(map(str, row))} |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    add_text_options(parser)
    parser.add_argument("--count", type=int, default=500, help="questions")
    parser.add_argument("--show", action="store_true", help="print wrong answers")
    return parser.parse_args()


if __name__ == "__main__":
    main()
