"""Made-up facts to be found in long texts.

None is worded like the passkey that retrieval is measured with.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

_PEOPLE = ("Ada Morrow", "Tomas Lind", "Ruth Kessler", "Ivo Marsh", "Nell Harper", "Omar Vance",
           "Clara Voss", "Henrik Dahl", "Mina Sorel", "Peter Quill", "Leo Brandt")  # fmt: skip
_PLACES = ("the harbour office", "the north mill", "Station Nine", "the Greyfield archive",
           "the ferry house", "the old observatory", "Tarn Bridge", "the Elm Street depot",
           "the lower reservoir", "Camp Alder", "the glass works", "Port Sallow")  # fmt: skip
_THINGS = ("locker", "crate", "ledger", "permit", "invoice", "carriage", "telegram", "survey plot",
           "seed packet", "lantern", "ticket", "engine")  # fmt: skip
_WORDS = ("copper", "willow", "saffron", "granite", "heron", "violet", "amber", "cedar", "falcon",
          "marble", "indigo", "thistle", "walnut", "cobalt", "juniper", "russet")  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """A sentence, a question that it answers, and the answer."""

    sentence: str
    question: str
    answer: str


def fact(rng: random.Random) -> Fact:
    """Draw a fact."""
    person, place, thing = rng.choice(_PEOPLE), rng.choice(_PLACES), rng.choice(_THINGS)
    number = str(rng.randrange(10 ** rng.randrange(2, 6), 10**6))
    words = f"{rng.choice(_WORDS)} {rng.choice(_WORDS)}"
    return rng.choice(
        [
            Fact(
                f"The {thing} that {person} left at {place} carries the number {number}.",
                f"Which number does the {thing} carry that {person} left at {place}?",
                number,
            ),
            Fact(
                f"At {place}, {person} answers only to the phrase “{words}”.",
                f"To which phrase does {person} answer at {place}?",
                words,
            ),
            Fact(
                f"{person} paid {number} crowns for the {thing} from {place}.",
                f"How many crowns did {person} pay for the {thing} from {place}?",
                number,
            ),
            Fact(
                f"The {thing} of {place} was entrusted to {person} in the year {number[:4]}.",
                f"To whom was the {thing} of {place} entrusted?",
                person,
            ),
        ]
    )


def with_facts(text: str, facts: list[Fact], rng: random.Random) -> str:
    """Put facts after sentences drawn at random.

    Args:
        text: text to insert them into.
        facts: facts, in order.
        rng: draws the places.
    """
    ends = [match.end() for match in re.finditer(r"[.!?]\s+", text)] or [len(text)]
    places = sorted(rng.choice(ends) for _ in facts)
    pieces, start = [], 0
    for place, each in zip(places, facts, strict=True):
        pieces += [text[start:place], each.sentence, " "]
        start = place
    return "".join([*pieces, text[start:]])
