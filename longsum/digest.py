"""The summaries of a document's parts as one short text, from which a summary of all is made."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from longsum.answer import PartAnswer
from longsum.documents.document import Document, Span
from longsum.grounding.grounder import GroundedSentence
from longsum.selection.candidates import spoken_apart


@dataclass(frozen=True)
class Digest:
    """What the parts of a document say in short."""

    document: Document
    """It as a document of its own, without pages."""
    whole: Document
    """The document it is made from."""
    places: tuple[tuple[int, Span], ...] = ()
    """(offset in the digest, place in the whole) of its sentences, if they are the document's."""

    def originals(self, spans: Sequence[Span]) -> list[Span]:
        """Return the places in the whole document of sentences of the digest, each once."""
        starts = [start for start, _ in self.places]
        found = (self.places[bisect_right(starts, span.start) - 1][1] for span in spans)
        return list(dict.fromkeys(found))


Count = Callable[[Sequence[str]], list[int]]
"""Returns the tokens of each of some texts."""


def chosen_digest(
    whole: Document, answers: Sequence[PartAnswer], focus: str | None, count: Count, tokens: int
) -> Digest:
    """Return the sentences that verbatim summaries of the parts chose.

    Separate opinions are left out as from any summary, also where a part holds nothing else.

    Args:
        whole: the document.
        answers: the parts' summaries, with places in the whole.
        focus: what the reader cares about.
        count: counts tokens.
        tokens: how many the digest may have.
    """
    apart = [each.span for each in spoken_apart(whole, focus)]
    kept = [
        [each for each in part.answer.sentences if each.evidence and not _inside(each, apart)]
        for part in answers
    ]
    text, places, end = "", [], -1
    gathered = [each for part in _fitting(kept, count, tokens) for each in part]
    # an executive summary begins with its headline, wherever that comes from
    for sentence in sorted(gathered, key=lambda each: each.evidence[0].span):
        span = sentence.evidence[0].span
        gap = whole.text[end : span.start]
        # what is not a paragraph of the document does not become one
        text += "" if not text else " " if gap.isspace() and "\n" not in gap else "\n"
        places.append((len(text), span))
        text += sentence.text
        end = span.end
    return Digest(_document(whole, text), whole, tuple(places))


def written_digest(
    whole: Document, answers: Sequence[PartAnswer], count: Count, tokens: int
) -> Digest:
    """Return the written summaries of the parts, each after what it is a summary of.

    Args:
        whole: the document.
        answers: the parts' summaries.
        count: counts tokens.
        tokens: how many the digest may have.
    """
    heads = [f"Part {number}, {each.where}:" for number, each in enumerate(answers, 1)]
    left = tokens - sum(count(heads)) - 2 * len(heads)
    kept = _fitting([list(each.answer.sentences) for each in answers], count, left)
    bodies = (
        each.answer.text
        if len(sentences) == len(each.answer.sentences)
        else " ".join(sentence.text for sentence in sentences)
        for each, sentences in zip(answers, kept, strict=True)
    )
    text = "\n\n".join(f"{head}\n{body}" for head, body in zip(heads, bodies, strict=True))
    return Digest(_document(whole, text), whole)


def _document(whole: Document, text: str) -> Document:
    return Document(text, (), whole.sha256, whole.name, title=whole.title)


def _inside(sentence: GroundedSentence, spans: Sequence[Span]) -> bool:
    """Return whether a sentence of the document is within one of some spans."""
    start = sentence.evidence[0].span.start
    return any(span.start <= start < span.end for span in spans)


def _fitting(
    parts: Sequence[Sequence[GroundedSentence]], count: Count, tokens: int
) -> list[Sequence[GroundedSentence]]:
    """Return the parts' sentences, without the last of the longest parts until the rest fits."""
    sizes = [[each + 1 for each in count([s.text for s in part])] for part in parts]
    totals = list(map(sum, sizes))
    while sum(totals) > tokens and any(totals):
        longest = totals.index(max(totals))
        totals[longest] -= sizes[longest].pop()
    return [part[: len(kept)] for part, kept in zip(parts, sizes, strict=True)]
