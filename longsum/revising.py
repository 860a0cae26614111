"""Write an unsupported sentence once more, from what the document says closest to it.

The model is given that one sentence, not its own: a small model writes what it has before it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace

from longsum.config import DecodeConfig
from longsum.events import Listener
from longsum.grounding.grounder import GroundedSentence, Grounder, answer_sentences
from longsum.grounding.remarks import Instructions, without_lead_in
from longsum.grounding.repetition import are_alike
from longsum.prompting.prompt import load_template, render_prompt
from longsum.reading import Reading
from longsum.selection.ranking import terms_of
from longsum.similarity import count_words

MAX_TOKENS = 120
"""Maximum tokens of a sentence that is written again."""
MAX_WORDS = 35
"""Maximum words of a new sentence, unless the old one is half as long."""
MIN_TOKENS = 40
"""Tokens without which none is begun."""
ABOUT_THE_SAME = 0.5
"""Share of the stems of the shorter one that a sentence has in common with its draft at least."""


class Reviser:
    """Writes sentences again.

    Args:
        reading: the document as the model read it.
        grounder: finds what the document says.
    """

    def __init__(self, reading: Reading, grounder: Grounder) -> None:
        self.reading, self.grounder = reading, grounder
        self.seconds, self.tokens = 0.0, 0
        """Time and tokens of all sentences written again."""

    def revised(
        self,
        sentence: GroundedSentence,
        others: Iterable[str],
        decode: DecodeConfig,
        listener: Listener,
    ) -> GroundedSentence | None:
        """Return a sentence as it was written again; None if that is not supported, either.

        Args:
            sentence: a sentence that the document does not support.
            others: the other sentences of the answer, which it must not repeat.
            decode: temperature, top-p, seed.
            listener: its `check` may stop the writing.

        Returns:
            The new sentence with its places; `drafted` is the old one.
        """
        span = self.grounder.closest(sentence.text)
        if span is None or sentence.reason == "from the prompt":
            return None  # nothing in the document is like it
        passage = " ".join(self.grounder.document.text[span.start : span.end].split())
        suffix = self._suffix(passage)
        left = self.reading.tokens_after(suffix)
        if left < MIN_TOKENS:
            return None
        text = self._line(suffix, decode, min(left, MAX_TOKENS), listener)
        if text is None:
            return None
        written = [text[part.start : part.end] for part in answer_sentences(text)]
        said = likest([_plain(each) for each in written], sentence.text)
        if said is None or count_words(said) > max(MAX_WORDS, 2 * count_words(sentence.text)):
            return None  # a copy of everything it was given
        if any(are_alike(said, each) for each in others):
            return None
        found = self.grounder.ground(said, Instructions(suffix, passage))
        if found.is_refusal or found.is_heading or not is_sound(found):
            return None
        return replace(found, drafted=sentence.text)

    def _suffix(self, passage: str) -> str:
        """Return the instruction after the document."""
        reading = self.reading
        prompt = render_prompt(
            load_template("revise"),
            document="",
            variables={
                "title": None,
                "words": MAX_WORDS,
                "passage": passage,
            },
            wrap=reading.tokenizer.wrap(reading.prepared.model.source.known),
        )
        return prompt.suffix

    def _line(
        self, suffix: str, decode: DecodeConfig, limit: int, listener: Listener
    ) -> str | None:
        """Let the model write one line; None if its end is missing."""
        text = ""
        with closing(self.reading.write(suffix, decode, limit, listener)) as pieces:
            for piece in pieces:
                text = (text + piece).lstrip()
                if "\n" in text:
                    break
        stats = self.reading.answer_stats()
        self.seconds, self.tokens = self.seconds + stats.seconds, self.tokens + stats.tokens
        return None if stats.finish_reason == "length" else text.partition("\n")[0].strip()


def likest(sentences: Sequence[str], drafted: str) -> str | None:
    """Return the sentence about the same as a draft; None if none is.

    A model that is to write one sentence may write several.

    Args:
        sentences: what was written again.
        drafted: what was written first.
    """
    terms = set(terms_of(drafted))

    def shared(sentence: str) -> float:
        own = set(terms_of(sentence))
        return len(own & terms) / max(1, min(len(own), len(terms)))

    best = max(sentences, key=shared, default=None)
    return best if best is not None and shared(best) >= ABOUT_THE_SAME else None


def _plain(sentence: str) -> str:
    """Return a sentence without a lead-in such as "The passage says that"."""
    bare = without_lead_in(sentence)
    return bare[:1].upper() + bare[1:]


def is_sound(sentence: GroundedSentence) -> bool:
    """Return whether the document supports a sentence and holds what it quotes."""
    return sentence.supported and all(each.found for each in sentence.quotations)
