"""The layout of verbatim answers: running text, lists, what is less likely, what comes nearest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from longsum.grounding.grounder import GroundedSentence
from longsum.marking import mark

WEAKER = "Less likely:"
"""Line between the sentence that likely answers a question and further ones."""
UNSURE = "Perhaps:"
"""Line before sentences none of which is a likely answer by itself."""
NEAREST = "Nearest:"
"""Before sentences that come nearest to a question none was found for."""


def laid_out(
    sentences: Sequence[GroundedSentence], style: str, short: str | None = None
) -> Iterator[tuple[GroundedSentence, str, str]]:
    """Yield verbatim sentences as they are printed: running text, or a list.

    Args:
        sentences: in the order of the answer.
        style: `paragraph`, `bullets`, `executive`: the first, then a list; of an answer to
            a question `answer`: the first, then weaker ones, or `perhaps`: none that is sure.
        short: what answers in a few words, shown by itself before the first sentence.

    Yields:
        The sentence, its text with the space or bullet before it, and the reference after it.
    """
    after = ""
    for number, sentence in enumerate(sentences):
        before = ("\n" if "\n" in after else " ") if number else ""
        if style == "bullets":
            before = "\n- " if number else "- "
        elif style == "executive" and number:
            before = "\n- " if number > 1 else "\n\n- "
        elif style == "answer" and number:
            before = "\n- " if number > 1 else f"\n\n{WEAKER}\n- "
        elif style == "perhaps":
            before = "\n- " if number else f"{UNSURE}\n- " if sentences[1:] else f"{UNSURE} "
        if short is not None and not number:
            before = f"{short}\n\n{before}"
        after = mark(sentence)
        yield sentence, before + sentence.text, after


def nearest_laid_out(
    sentences: Sequence[GroundedSentence],
) -> Iterator[tuple[GroundedSentence, str, str]]:
    """Yield the sentences nearest to a question as they are printed: quoted, after the refusal.

    Args:
        sentences: best first.

    Yields:
        As `laid_out`.
    """
    for number, sentence in enumerate(sentences):
        before = f"\n\n{NEAREST}" if not number else ""
        between = "\n- " if sentences[1:] else " "
        yield sentence, f'{before}{between}"{sentence.text}"', mark(sentence)
