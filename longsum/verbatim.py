"""Verbatim answers: show chosen sentences of the document, each with its place."""

from __future__ import annotations

from longsum.answer import Answer
from longsum.chosen import Chosen
from longsum.documents.document import Document
from longsum.events import Listener
from longsum.grounding.grounder import NOT_FOUND, GroundedSentence
from longsum.grounding.quoted import ground_verbatim
from longsum.grounding.sources import Sources
from longsum.layout import laid_out, nearest_laid_out
from longsum.receipt import Receipt
from longsum.selection.asides import shortened
from longsum.selection.brackets import references_of


def verbatim_answer(
    document: Document,
    chosen: Chosen,
    style: str,
    receipt: Receipt,
    listener: Listener,
    question: str | None = None,
    sources: Sources | None = None,
    *,
    shorten: bool = False,
    explain: bool = False,
) -> Answer:
    """Show sentences of the document one by one, and return them as an answer.

    Args:
        document: the source.
        chosen: the sentences, in the order of the answer.
        style: layout, see `laid_out`.
        receipt: what was read, and how.
        listener: receives each sentence.
        question: the question answered; None for a summary.
        sources: shows each sentence again, with those around it; None does not.
        shorten: whether asides are left out of the sentences.
        explain: whether brackets say what the sentences refer to.

    Returns:
        The answer; without sentences, the note that none was found, and what comes nearest.
    """
    brackets = references_of(document.text).shown(chosen.spans) if explain else None
    sentences = ground_verbatim(document, chosen.spans, shortened if shorten else None, brackets)
    near = ground_verbatim(document, chosen.nearest)
    if sources is not None:
        sentences, near = ([sources.added(each) for each in found] for found in (sentences, near))
    if not sentences:  # a note about the sentences, not a claim about the document
        sentences = [GroundedSentence(NOT_FOUND, 0, len(NOT_FOUND), is_refusal=True)]
    marked = ""
    for sentence, piece, mark in laid_out(sentences, style, chosen.in_short):
        listener.check()
        listener.sentence(piece, mark, sentence)
        marked += piece + mark
    for sentence, piece, mark in nearest_laid_out(near):
        listener.nearest(piece, mark, sentence)
        marked += piece + mark
    text = " ".join(each.text for each in sentences)
    return Answer(
        text,
        marked,
        tuple(sentences),
        receipt,
        question,
        chosen.chance,
        chosen.short,
        says=chosen.says,
        nearest=tuple(near),
    )
