"""Training of smol's answer adapter: the right words are learned, and only they."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_smol import transformers_model, weights_of
from torch.nn import functional as F

from longsum.documents.read import parse_text
from longsum.evaluate.reference_pairs import Pair
from recipes.smol.answer import (
    LENGTHS,
    QUESTION_WEIGHT,
    ROWS,
    Passages,
    measured,
    train,
    weighted_loss,
)
from recipes.smol.llama import Llama, Positions
from recipes.smol.passages import answer_within, rows_of
from recipes.smol.training import Training

NONE, END = 7, 2
STORY = (
    "The ferry was built in Oban in 1931. Its captain was called Iain Ross. He loved old maps. "
    "Every winter the ferry lay in the harbour. The pier was made of oak. Nobody knew why. "
    "Ross sold the ferry to a painter. The painter lived on it for years and painted the islands."
)


# ---- rows


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("Iain Ross.", "Iain Ross"),
        ("iain  ross", "Iain Ross"),
        ("the captain", "captain"),  # the passage says "Its captain"
        ("to a painter", "to a painter"),
        ("paint", None),  # only a part of a word
        ("a sailor from Oban", None),
        ("", None),
    ],
)
def test_answer_is_the_passages_own_words(reference: str, expected: str | None) -> None:
    assert answer_within(STORY, [reference]) == expected


def test_a_question_gives_one_passage_with_its_answer_and_others_without() -> None:
    pair = Pair(
        "1", "f:1", "qa", STORY, "What was the captain of the ferry called?", ("Iain Ross",)
    )
    rows = list(rows_of(pair, parse_text(STORY, "story"), random.Random(0)))
    answered = [row for row in rows if row.answer]
    assert [row.answer for row in answered] == ["Iain Ross"]
    assert "Iain Ross" in answered[0].passage
    assert len(rows) > 1
    assert all("Iain" not in row.passage for row in rows if not row.answer)


def test_a_question_whose_answer_no_passage_holds_gives_no_row() -> None:
    pair = Pair("1", "f:1", "qa", STORY, "Who painted the ferry?", ("a carpenter",))
    assert not list(rows_of(pair, parse_text(STORY, "story"), random.Random(0)))


# ---- batches


def passages(count: int = 2 * ROWS) -> Passages:
    """Rows of a passage, a question and an answer; every second answer is none."""
    rng = np.random.default_rng(0)
    ids, places = [], []
    for number in range(count):
        start = len(ids)
        ids += [*rng.integers(10, 200, 12).tolist(), 201, 202, 203]
        ids += [NONE, END] if number % 2 else [60, 61, END]
        places.append((start, len(ids), 12, 15))
    return Passages(np.array(ids, np.uint16), np.array(places), NONE)


def test_answers_are_learned_and_questions_of_passages_that_answer_them() -> None:
    batch = next(passages().batches(0))
    assert batch.ids.shape == (ROWS, LENGTHS[0])
    for ids, weights, begins in zip(batch.ids, batch.weights, batch.answered, strict=True):
        empty = ids[begins] == NONE
        learned = ids[1:][weights > 0].tolist()
        answer = [NONE, END] if empty else [60, 61, END]
        assert learned == answer if empty else learned == [201, 202, 203, *answer]
        assert weights[weights > 0].min() == (1.0 if empty else pytest.approx(QUESTION_WEIGHT))


def test_rows_are_drawn_once_each_and_too_long_ones_not_at_all() -> None:
    rows = passages()
    seen = torch.cat([batch.ids[:, :12] for batch in rows.batches(1)])
    assert len({tuple(each.tolist()) for each in seen}) == len(seen) == 2 * ROWS
    long = Passages(np.zeros(900, np.uint16), np.array([(0, LENGTHS[-1] + 1, 3, 5)]), NONE)
    assert not len(long.places)


def test_loss_is_the_weighted_mean_over_the_tokens_learned() -> None:
    model = Llama(weights_of(transformers_model()))
    batch = next(passages().batches(0))
    states = torch.randn(*batch.ids.shape, 128, generator=torch.Generator().manual_seed(1))
    logits = F.linear(states, model.embedding)[:, :-1]
    losses = F.cross_entropy(logits.transpose(1, 2), batch.ids[:, 1:], reduction="none")
    expected = (losses * batch.weights).sum() / batch.weights.sum()
    torch.testing.assert_close(weighted_loss(model, states, batch), expected)


# ---- training


def test_training_lowers_the_loss_and_its_adapter_is_written(tmp_path: Path) -> None:
    model = Llama(weights_of(transformers_model()), rank=4)
    rows, table = passages(), Positions().table(LENGTHS[-1])
    before = measured(model, table, rows, 2)
    training = Training(model, tmp_path, 5e-3, rank=4, scale=2.0)
    train(training, table, [rows], rows, steps=30, seconds=1e9)
    after = measured(model, table, rows, 2)
    assert after["held_loss"] < 0.5 * before["held_loss"]
    assert training.step == 30
    training.save("final", {"task": "answer"})
    config = json.loads((tmp_path / "final" / "adapter_config.json").read_text())
    assert (config["task"], config["r"], config["lora_alpha"]) == ("answer", 4, 8.0)
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert log[0]["step"] == 1
    assert log[0]["rate"] == 1.0


def test_training_ends_with_its_time(tmp_path: Path) -> None:
    model = Llama(weights_of(transformers_model()), rank=4)
    training = Training(model, tmp_path, 1e-3, rank=4, scale=2.0)
    train(training, Positions().table(LENGTHS[-1]), [passages()], passages(), 1000, seconds=0.5)
    assert 0 < training.step < 1000
