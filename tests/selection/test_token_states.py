from __future__ import annotations

import re

import numpy as np
import pytest

from longsum.documents.document import Span
from longsum.selection.token_states import TokenStates

TEXT = "The port was sold. Nobody saw the port again."
STARTS = [match.start() for match in re.finditer(r" ?\w+|[^\w\s]", TEXT)]
"""Tokens begin with the space before their word, as byte-pair tokens do."""
ENDS = [*STARTS[1:], len(TEXT)]
VALUES = np.arange(3.0 * len(STARTS)).reshape(-1, 3) ** 1.5
STATES = TokenStates(VALUES, np.array(STARTS))
SPANS = [Span(0, 18), Span(19, len(TEXT))]


def tokens_of(span: Span) -> list[int]:
    return [
        i
        for i, (a, b) in enumerate(zip(STARTS, ENDS, strict=True))
        if a < span.end and b > span.start
    ]


def test_a_sentence_has_the_mean_of_its_tokens_and_the_last_of_them():
    found = STATES.of_sentences(SPANS)
    for row, span in zip(found, SPANS, strict=True):
        own = VALUES[tokens_of(span)]
        np.testing.assert_allclose(row, [*own.mean(axis=0), *own[-1]], rtol=1e-6)


def test_a_word_has_the_mean_of_the_states_at_its_ends():
    found = STATES.of_words(TEXT, ["the", "port", "ferry"])
    the, port = ([i for i, (a, b) in enumerate(zip(STARTS, ENDS, strict=True))
                  if TEXT[a:b].strip().lower() == word] for word in ("the", "port"))  # fmt: skip
    assert len(the) == len(port) == 2
    np.testing.assert_allclose(found[0], VALUES[the].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(found[1], VALUES[port].mean(axis=0), rtol=1e-6)
    assert not found[2].any()


def test_no_sentences_and_no_words_give_no_rows():
    assert STATES.of_sentences([]).shape == (0, 6)
    assert STATES.of_words(TEXT, []).shape == (0, 3)


def test_tokens_that_were_left_out_belong_to_no_sentence():
    """Without the middle, the sentences that were read have their own states."""
    read = [0, 1, 2, 3, 4]
    cut = TokenStates(VALUES[read], np.array(STARTS)[read])
    assert cut.of_sentences(SPANS[:1]) == pytest.approx(STATES.of_sentences(SPANS[:1]))
