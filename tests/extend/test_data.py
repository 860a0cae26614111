from __future__ import annotations

import json

import pytest
import torch
from helpers import Recorder
from tiny import byte_tokenizer

from longsum.checkpoint.tokenizer import Tokenizer
from longsum.errors import EmptyDocument, UnsupportedModel
from longsum.extend.data import held_out_rows, pack_rows

BOS, EOS = 0, 1


@pytest.fixture
def tokenizer():
    return Tokenizer(byte_tokenizer())


@pytest.fixture
def corpus(tmp_path):
    """Forty texts of twenty characters each: 21 tokens with the one in front."""
    path = tmp_path / "rows.jsonl"
    rows = [{"text": f"text number {number:06} ."} for number in range(40)]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def pack(path, tokenizer, context=64, listener=None, **options):
    return pack_rows([path], tokenizer, context, listener or Recorder(), vocab_size=300, **options)


def test_rows_are_the_texts_one_after_the_other(corpus, tokenizer):
    rows = pack(corpus, tokenizer)
    expected = []
    for number in range(40):
        expected += [BOS, *tokenizer.encode_document(f"text number {number:06} .")]
    count = len(expected) // 64
    packed = [*rows.tokens.tolist(), *rows.held.tolist()]
    assert packed == torch.tensor(expected[: count * 64]).view(count, 64).tolist()
    assert rows.total_tokens == len(expected)
    [file] = rows.files
    assert (file.name, file.texts, file.tokens) == ("rows.jsonl", 40, len(expected))


def test_every_epoch_reads_each_row_once_in_an_order_of_its_own(corpus, tokenizer):
    rows = pack(corpus, tokenizer)
    count = rows.training
    epochs = [[tuple(rows.row(e * count + i).tolist()) for i in range(count)] for e in range(3)]
    trained = sorted(map(tuple, rows.tokens.tolist()))
    assert [sorted(epoch) for epoch in epochs] == [trained] * 3
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_order_follows_from_seed_and_number_alone(corpus, tokenizer):
    first, again, other = (pack(corpus, tokenizer, seed=seed) for seed in (5, 5, 6))
    numbers = [17, 3, 40, 0]
    assert [first.row(n).tolist() for n in numbers] == [again.row(n).tolist() for n in numbers]
    in_order = [[rows.row(n).tolist() for n in range(rows.training)] for rows in (first, other)]
    assert in_order[0] != in_order[1]


def test_held_out_rows_are_never_trained_on(corpus, tokenizer):
    rows = pack(corpus, tokenizer)
    held = {tuple(row) for row in rows.validation().tolist()}
    assert len(held) == rows.held_out == 1
    assert not held & {tuple(rows.row(n).tolist()) for n in range(3 * rows.training)}


@pytest.mark.parametrize(
    ("rows", "asked", "held_out"),
    [(1, 4, 0), (2, 4, 1), (19, 4, 1), (20, 4, 2), (400, 4, 4), (400, 0, 0), (30, 2, 2)],
)
def test_few_rows_are_held_out(rows, asked, held_out):
    assert held_out_rows(rows, asked) == held_out


def test_one_row_leaves_none_to_hold_out(corpus, tokenizer):
    listener = Recorder()
    rows = pack(corpus, tokenizer, context=840, listener=listener)
    assert (rows.training, rows.held_out) == (1, 0)
    assert len(rows.validation()) == 0
    assert any("one sequence only" in line for line in listener.notices)


def test_what_fills_no_row_is_told_of(corpus, tokenizer):
    listener = Recorder()
    rows = pack(corpus, tokenizer, context=400, listener=listener)
    left = rows.total_tokens - 800
    assert f"{left} of {rows.total_tokens} tokens are left over: rows hold 400" in listener.notices


def test_no_more_rows_than_asked_for(corpus, tokenizer):
    rows = pack(corpus, tokenizer, max_rows=5)
    assert (rows.training, rows.held_out) == (5, 1)


def test_short_rows_are_trained_on_and_whole_ones_held_out(corpus, tokenizer):
    rows = pack(corpus, tokenizer, context=256, train_tokens=32)
    assert rows.held.shape == (1, 256)
    assert rows.tokens.shape == ((rows.total_tokens - 256) // 32, 32)
    all_rows = pack(corpus, tokenizer, context=32, validation_rows=0).tokens
    assert torch.equal(rows.tokens, all_rows[: len(rows.tokens)])
    after = all_rows.flatten()[rows.tokens.numel() :]
    assert torch.equal(rows.held[0, : len(after)], after[:256])


def test_text_shorter_than_the_window_is_trained_on_in_short_rows(corpus, tokenizer):
    listener = Recorder()
    rows = pack(corpus, tokenizer, context=4096, train_tokens=32, listener=listener)
    assert (rows.training, rows.held_out) == (rows.total_tokens // 32, 0)
    assert "nothing is held out for validation: there is too little text" in listener.notices
    with pytest.raises(EmptyDocument, match=r"train.tokens.* 2,048 needs as many"):
        pack(corpus, tokenizer, context=4096, train_tokens=2048)


def test_too_little_text_is_refused_with_counts(tmp_path, tokenizer):
    (tmp_path / "a.txt").write_text("short")
    with pytest.raises(EmptyDocument, match=r"6 tokens, context 1,024 needs as many"):
        pack(tmp_path / "a.txt", tokenizer, context=1024)


def test_control_tokens_in_a_text_stay_text(tmp_path, tokenizer):
    (tmp_path / "a.txt").write_text("a <s> b </s> " * 20)
    rows = pack(tmp_path / "a.txt", tokenizer, context=64)
    assert rows.tokens.flatten().tolist().count(BOS) == 1
    assert EOS not in rows.tokens


def test_tokenizer_without_beginning_ends_texts(corpus, tokenizer):
    tokenizer.inner.bos_token = None
    rows = pack(corpus, tokenizer)
    assert rows.tokens[0, 0] != EOS
    packed = [*rows.tokens.flatten().tolist(), *rows.held.flatten().tolist()]
    assert packed.count(EOS) >= 38
    tokenizer.inner.eos_token = None
    with pytest.raises(UnsupportedModel, match="neither a beginning- nor an end-of-text token"):
        pack(corpus, tokenizer)


def test_tokens_outside_the_embedding_are_refused(corpus, tokenizer):
    with pytest.raises(UnsupportedModel, match="embedding has 50 rows"):
        pack_rows([corpus], tokenizer, 64, Recorder(), vocab_size=50)


def test_sum_tells_texts_apart(tmp_path, tokenizer):
    sums = []
    for number, rows in enumerate((["ab", "c" * 99], ["a", "b" + "c" * 99], ["ab", "c" * 99])):
        path = tmp_path / f"{number}.jsonl"
        path.write_text("\n".join(json.dumps({"text": text}) for text in rows))
        sums.append(pack(path, tokenizer).files[0].sha256)
    assert sums[0] == sums[2] != sums[1]
