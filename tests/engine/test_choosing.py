from __future__ import annotations

import torch

from longsum.config import DecodeConfig
from longsum.engine.choosing import TokenSequence as Given
from longsum.engine.choosing import build_trie, choose_sequences, next_logits
from longsum.engine.sampling import Sampler

END = 9


class ScriptedReader:
    """Prefers each token in turn by a fixed order and writes down what it was given to read."""

    def __init__(self, preferences: list[float]) -> None:
        self.preferences = torch.tensor(preferences)
        self.passes: list[list[int]] = []

    def read(self, token_ids: list[int]) -> torch.Tensor:
        self.passes.append(list(token_ids))
        return self.preferences


def chosen(choices: list[Given], preferences: list[float]) -> tuple[list[int], list[list[int]]]:
    reader = ScriptedReader(preferences)
    sampler = Sampler(DecodeConfig(), torch.device("cpu"))
    order = list(choose_sequences(reader, reader.preferences, choices, sampler))  # type: ignore[arg-type]
    return order, reader.passes


def test_model_chooses_where_sequences_part_and_the_rest_is_read_in_one_pass() -> None:
    choices = [
        Given((1, 2, 3, 4, END)),
        Given((1, 5, 6, 7, END)),
        Given((8, 2, 2, END)),
    ]
    order, passes = chosen(choices, [0, 5, 0, 0, 0, 4, 0, 0, 1, 0])
    assert order == [1, 0, 2]
    assert passes[:2] == [[1], [5, 6, 7, END]]
    assert passes[2:] == [[1, 2, 3, 4, END], [8, 2, 2, END]]


def test_every_sequence_is_read_exactly_once_and_whole() -> None:
    choices = [
        Given((1, 2, END)),
        Given((1, 2, 3, END)),
        Given((1, 2, 3, 4, END)),
        Given((5, END)),
    ]
    order, passes = chosen(choices, [0, 3, 3, 2, 1, 0, 0, 0, 0, 0])
    assert sorted(order) == [0, 1, 2, 3]
    read = [token for tokens in passes for token in tokens]
    assert read == [token for number in order for token in choices[number].token_ids]


def test_choosing_one_of_a_group_excludes_the_others() -> None:
    choices = [
        Given((1, END), group=0),
        Given((2, END), group=0),
        Given((3, END)),
    ]
    assert chosen(choices, [0, 1, 2, 3, 0, 0, 0, 0, 0, 0])[0] == [2, 1]


def test_weight_outvotes_the_model_when_it_is_larger() -> None:
    preferences = [0.0, 1.0, 0, 0, 0, 0, 0, 0, 0, 0]
    assert chosen([Given((1, END)), Given((2, END), weight=0.5)], preferences)[0] == [0, 1]
    assert chosen([Given((1, END)), Given((2, END), weight=1.5)], preferences)[0] == [1, 0]


def test_equal_sequences_are_all_chosen_once() -> None:
    order, _ = chosen([Given((1, 2, END)), Given((1, 2, END))], [0.0] * 10)
    assert sorted(order) == [0, 1]


def test_masked_logits_leave_only_the_trie() -> None:
    trie = build_trie([Given((1, 2)), Given((4, 2))])
    logits = next_logits(torch.zeros(6), trie, [Given((1, 2)), Given((4, 2))])
    assert torch.isfinite(logits).nonzero().flatten().tolist() == [1, 4]
