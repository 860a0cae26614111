"""The likeliest copy is the one that a search over all beginnings and ends finds."""

from __future__ import annotations

import pytest
import torch
from tiny import tiny_llama

from longsum.engine.llama import Llama
from longsum.engine.prefill import Reader
from longsum.engine.spans import Beginning, Copied, likeliest_copy

PROMPT, END = [5, 9, 2, 11, 7], 3
TEXT = [12, 9, 40, 9, 41, 13, 60, 12, 8]


@pytest.fixture(scope="module")
def model() -> Llama:
    return tiny_llama()


def beginnings(longest: int = 4) -> list[Beginning]:
    """Every place of the text, ending at even places only."""
    found = []
    for start in range(len(TEXT)):
        ids = tuple(TEXT[start : start + longest])
        ends = tuple(n for n in range(1, len(ids) + 1) if (start + n) % 2 == 0)
        found.append(Beginning(ids, ends))
    return found


def read(model: Llama) -> tuple[Reader, torch.Tensor]:
    reader = Reader(model, 32, 64)
    return reader, reader.read(PROMPT)


def slow(model: Llama, given: list[Beginning]) -> Copied:
    """Read every copy by itself, and take the best."""
    every = []
    for number, each in enumerate(given):
        for tokens in each.ends:
            logits = Reader(model, 32, 64).read_all([*PROMPT, *each.ids[:tokens]])
            chances = logits[len(PROMPT) - 1 :].log_softmax(-1)
            wanted = torch.tensor([*each.ids[:tokens], END])[:, None]
            every.append(Copied(number, tokens, float(chances.gather(1, wanted).sum())))
    return max(every, key=lambda each: each.likelihood)


def test_it_is_the_best_of_all_copies(model: Llama) -> None:
    reader, logits = read(model)
    found = likeliest_copy(reader, logits, beginnings(), END, most=len(TEXT))
    expected = slow(model, beginnings())
    assert found is not None
    # equal words further on are equally likely
    assert found.likelihood == pytest.approx(expected.likelihood, abs=1e-4)
    start, tokens = found.beginning, found.tokens
    assert (start + tokens) % 2 == 0
    copied = TEXT[start : start + tokens]
    assert copied == TEXT[expected.beginning : expected.beginning + expected.tokens]


def test_the_reader_is_left_as_it_was(model: Llama) -> None:
    reader, logits = read(model)
    first = likeliest_copy(reader, logits, beginnings(), END)
    assert reader.length == len(PROMPT)
    assert likeliest_copy(reader, logits, beginnings(), END) == first


def test_no_more_beginnings_are_read_than_allowed(model: Llama) -> None:
    reader, logits = read(model)
    found = likeliest_copy(reader, logits, beginnings(), END, most=1)
    assert found is not None
    likely = logits.log_softmax(-1)
    firsts = [likely[each.ids[0]] if each.ends else -torch.inf for each in beginnings()]
    assert found.beginning == max(range(len(TEXT)), key=firsts.__getitem__)


def test_nothing_is_found_where_nothing_may_end(model: Llama) -> None:
    reader, logits = read(model)
    assert likeliest_copy(reader, logits, [], END) is None
    assert likeliest_copy(reader, logits, [Beginning((4, 5), ())], END) is None
