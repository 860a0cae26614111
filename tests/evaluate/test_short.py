from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import torch
from tiny import byte_tokenizer, tiny_llama, tiny_model

from longsum.checkpoint.rope import read_rope
from longsum.checkpoint.tokenizer import Tokenizer
from longsum.corpus.texts import Text
from longsum.errors import CorruptDocument, DocumentError, EmptyDocument, UsageError
from longsum.evaluate.choices import (
    CLOZE_CHOICE,
    CLOZE_CONTEXT,
    Item,
    Request,
    best_choice,
    chance,
    cut_to,
    encode_choice,
    items_hash,
    judge,
    make_cloze,
    read_items,
)
from longsum.evaluate.config import ShortConfig
from longsum.evaluate.evaluation_journal import EvaluationJournal
from longsum.evaluate.loading import Opened
from longsum.evaluate.short import (
    item_requests,
    log_likelihoods,
    measure_short,
    short_notes,
    short_rows,
)
from longsum.events import Listener

NOTHING = EvaluationJournal(None, {})
TOKENIZER = Tokenizer(byte_tokenizer())


def opened(seed: int = 0, label: str = "tiny", **more) -> Opened:
    model = tiny_llama(seed)
    return Opened(model, TOKENIZER, read_rope({"max_position_embeddings": 256}), label, **more)


ITEMS = [
    Item("a", "The sky is", ("blue", "made of stone", "so"), 0, "nature"),
    Item("b", "One, two,", ("three", "house"), 1, "counting"),
    Item("c", "", ("Alone", "Nothing stands before"), 0),
    Item("d", "Spaces at the end   ", ("are moved", "stay", "vanish", "grow"), 2, "nature"),
]


def naive(item: Item, choice: str, seed: int = 0) -> float:
    """Score a choice by itself, token after token, with float64 and no batch."""
    bare = item.context.rstrip()
    before = [0, *TOKENIZER.encode_document(bare)] if bare else [0]
    after = TOKENIZER.encode_document(item.context[len(bare) :] + " " + choice)
    ids, total = before + after, 0.0
    model = tiny_model(seed)
    for place in range(len(before), len(ids)):
        with torch.no_grad():
            logits = model(torch.tensor([ids[:place]])).logits[0, -1]
        total += float(logits.double().log_softmax(-1)[ids[place]])
    return total


# ---- reading


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    return path


def test_rows_become_items(tmp_path):
    path = write(
        tmp_path / "q.jsonl",
        [
            {"id": 3, "question": "Q?", "choices": ["a", "b"], "answer": 1, "category": "x"},
            {"context": "C", "choices": ["a", "b", "c"], "answer": 0},
        ],
    )
    assert read_items([path]) == [
        Item("3", "Q?", ("a", "b"), 1, "x"),
        Item("q.jsonl:2", "C", ("a", "b", "c"), 0),
    ]


def test_of_several_files_the_name_is_the_category(tmp_path):
    one = {"context": "C", "choices": ["a", "b"], "answer": 0}
    a = write(tmp_path / "boolq.jsonl", [one])
    b = write(tmp_path / "race.jsonl", [one, one | {"category": "own"}])
    assert [item.category for item in read_items([a, b])] == ["boolq", "race", "own"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"question": None}, "no question or context"),
        ({"choices": "ab"}, "no list of two or more choices"),
        ({"choices": ["a"]}, "no list of two or more choices"),
        ({"choices": ["a", " "]}, "a choice that is empty or not a string"),
        ({"answer": "A"}, "no answer that is the index"),
        ({"answer": True}, "no answer that is the index"),
        ({"answer": 2}, "the answer 2, but its 2 choices are numbered from 0"),
        ({"answer": -1}, "the answer -1"),
    ],
)
def test_broken_rows_are_named(tmp_path, change, said):
    row = {"question": "Q?", "choices": ["a", "b"], "answer": 1} | change
    with pytest.raises(CorruptDocument, match=f"line 1 has {said}"):
        read_items([write(tmp_path / "q.jsonl", [row])])


def test_file_without_rows_is_refused(tmp_path):
    with pytest.raises(EmptyDocument, match="no rows"):
        read_items([write(tmp_path / "q.jsonl", [])])


# ---- the boundary


def encode_words(text: str) -> list[int]:
    """A word with the space before it is one token, as in most vocabularies; then the spaces."""
    ids, at = [], 0
    while at < len(text):
        end = at + 1
        while (
            end < len(text)
            and text[end] != " "
            and text[at:end].strip() != ""
            or (end < len(text) and text[at:end] == " " and text[end] != " ")
        ):
            end += 1
        ids.append(sum(map(ord, text[at:end])) % 997)
        at = end
    return ids


def test_choice_is_what_follows_the_contexts_tokens():
    request = encode_choice("Which way", "to go", encode_words, begin=[1])
    assert request.ids == (1, *encode_words("Which way to go"))
    assert request.scored == 2
    assert encode_words("Which way to go")[:2] == encode_words("Which way")


def test_spaces_at_the_end_of_the_context_go_to_the_choice():
    request = encode_choice("Which way  ", "to", encode_words, begin=[1])
    assert request.ids == (1, *encode_words("Which way   to"))
    assert request.scored == len(encode_words("Which way   to")) - 2


def test_choice_without_context_is_scored_whole():
    request = encode_choice("", "to go", encode_words, begin=[1])
    assert request == Request((1, *encode_words(" to go")), 2)


def test_something_is_scored_even_where_both_sides_join_to_one_token():
    request = encode_choice("ab", "c", lambda text: [len(text)], begin=[])
    assert request == Request((2, 4), 1)


def test_too_long_contexts_lose_their_beginning():
    whole = Request((1, 10, 11, 12, 13, 14), 2)
    assert cut_to(whole, 6, begin=1) == whole
    assert cut_to(whole, 4, begin=1) == Request((1, 12, 13, 14), 2, 2)
    assert cut_to(whole, 3, begin=1) == Request((1, 13, 14), 2, 3)
    assert cut_to(whole, 2, begin=1) == Request((1, 14), 1, 4)  # the choice itself is too long
    assert cut_to(Request((10, 11, 12, 13), 4), 3, begin=0) == Request((11, 12, 13), 2, 1)


def test_tokenizer_without_beginning_gives_its_end():
    inner = byte_tokenizer()
    inner.bos_token = None
    requests = item_requests(Tokenizer(inner), ITEMS[2], 256)
    assert requests[0].ids[0] == inner.eos_token_id


# ---- what is right


def test_accuracies_worked_out_by_hand():
    item = Item("a", "x", ("bb", "cccccccc"), 1)
    assert judge(item, [-3.0, -8.0]) == {"acc": 0, "acc_norm": 1}  # -1.5 and -1 a character
    assert judge(item, [-8.0, -3.0]) == {"acc": 1, "acc_norm": 1}
    assert best_choice([-2.0, -1.0, -1.0]) == 1


def test_chance_is_the_mean_of_guessing():
    assert chance(ITEMS) == pytest.approx(100 * (1 / 3 + 1 / 2 + 1 / 2 + 1 / 4) / 4)


# ---- scoring


@pytest.mark.parametrize("batch_size", [1, 3, 16])
def test_batched_scores_equal_one_at_a_time(batch_size):
    one = opened()
    requests = [r for item in ITEMS for r in item_requests(TOKENIZER, item, 256)]
    scores = log_likelihoods(one, requests, batch_size)
    expected = [naive(item, choice) for item in ITEMS for choice in item.choices]
    assert scores == pytest.approx(expected, rel=1e-4)


def test_logits_in_slices_equal_logits_at_once(monkeypatch):
    requests = [r for item in ITEMS for r in item_requests(TOKENIZER, item, 256)]
    whole = log_likelihoods(opened(), requests, 16)
    monkeypatch.setattr("longsum.evaluate.short.LOGITS_AT_ONCE", 3)
    assert log_likelihoods(opened(), requests, 16) == pytest.approx(whole, rel=1e-5)


def test_small_chunks_of_the_plan_bound_the_batch():
    requests = [r for item in ITEMS for r in item_requests(TOKENIZER, item, 256)]
    whole = log_likelihoods(opened(), requests, 16)
    assert log_likelihoods(opened(chunk_tokens=8), requests, 16) == pytest.approx(whole, rel=1e-5)


def test_measured_row_equals_the_definition():
    row = measure_short(opened(), ITEMS, ShortConfig(batch_size=4), NOTHING, Listener())
    acc = norm = 0
    for item in ITEMS:
        scores = [naive(item, choice) for choice in item.choices]
        acc += scores.index(max(scores)) == item.answer
        each = [s / len(c) for s, c in zip(scores, item.choices, strict=True)]
        norm += each.index(max(each)) == item.answer
    assert (row["acc"], row["acc_norm"]) == (25 * acc, 25 * norm)
    share = acc / 4
    assert row["acc_se"] == pytest.approx(100 * (share * (1 - share) / 3) ** 0.5)
    assert (row["n"], row["cut"], row["model"]) == (4, 0, "tiny")
    assert {name: found["n"] for name, found in row["by_category"].items()} == {
        "counting": 1,
        "nature": 2,
    }


def test_context_is_bounded_and_counted():
    long = Item("l", "word " * 40, ("yes", "no"), 0)
    one = opened()
    row = measure_short(one, [long, ITEMS[1]], ShortConfig(length=32), NOTHING, Listener())
    assert (row["cut"], row["length"]) == (1, 32)
    assert "1 of 2 items were cut at the beginning to 32 tokens" in short_notes([row])[-1]
    native = measure_short(one, [long], ShortConfig(), NOTHING, Listener())
    assert (native["cut"], native["length"]) == (0, 256)
    with pytest.raises(UsageError, match="^length 512, but"):
        measure_short(one, [long], ShortConfig(length=512), NOTHING, Listener())


def test_interrupted_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    whole = measure_short(opened(), ITEMS, ShortConfig(batch_size=2), NOTHING, Listener())

    class Stop(Listener):
        def prefill(self, done: int, total: int) -> None:
            if done > total // 2:
                raise KeyboardInterrupt

    path = tmp_path / "j"
    journal = EvaluationJournal(path, {})
    with pytest.raises(KeyboardInterrupt):
        measure_short(opened(), ITEMS, ShortConfig(batch_size=2), journal, Stop())
    journal.close(finished=False)

    from longsum.evaluate import short

    read: list[int] = []
    batch = short._batch

    def counted(model, requests):
        read.append(len(requests))
        return batch(model, requests)

    monkeypatch.setattr(short, "_batch", counted)
    again = EvaluationJournal(path, {})
    row = measure_short(opened(), ITEMS, ShortConfig(batch_size=2), again, Listener())
    again.close(finished=True)
    assert row == whole
    assert 0 < sum(read) < sum(len(item.choices) for item in ITEMS)


def test_training_goes_on_after_measuring():
    one = opened()
    one.model.train()
    measure_short(one, ITEMS[:1], ShortConfig(), NOTHING, Listener())
    assert one.model.training


def test_models_are_compared_item_by_item_with_the_first():
    rows = [
        measure_short(opened(seed, f"m{seed}"), ITEMS, ShortConfig(), NOTHING, Listener())
        for seed in (0, 1)
    ]
    table = short_rows(rows)
    assert [(row["model"], row["kind"], row.get("category")) for row in table] == [
        ("m0", "model", None),
        ("m0", "category", "counting"),
        ("m0", "category", "nature"),
        ("m1", "model", None),
        ("m1", "category", "counting"),
        ("m1", "category", "nature"),
        ("m1 - m0", "difference", None),
    ]
    assert table[-1]["acc"] == pytest.approx(rows[1]["acc"] - rows[0]["acc"])
    assert table[-1]["n"] == 4


# ---- cloze


def corpus(count: int, length: int = 3000) -> list[Text]:
    draw = random.Random(7)
    words = [f"{a}{b}{c}" for a in "bdfg" for b in "aeiou" for c in "klmnrst"]
    texts = []
    for number in range(count):
        pieces: list[str] = []
        while sum(map(len, pieces)) < length:
            pieces.append(f"{draw.choice(words)}{number}")
        texts.append(Text(f"t{number}", " ".join(pieces)))
    return texts


def test_cloze_items_hold_the_true_continuation_and_three_others():
    texts = corpus(6)
    items = make_cloze(texts, 30, seed=1)
    assert len({item.answer for item in items}) == 4
    for item in items:
        source = next(t for t in texts if item.context in t.text)
        assert f"{item.context} {item.choices[item.answer]}" in source.text
        assert item.id.startswith(source.name)
        assert len(item.context) == pytest.approx(CLOZE_CONTEXT, abs=41)
        wrong = [c for i, c in enumerate(item.choices) if i != item.answer]
        origins = [t.name for c in wrong for t in texts if c in t.text]
        assert len(set(origins)) == 3
        assert source.name not in origins
        assert all(len(c) == pytest.approx(CLOZE_CHOICE, abs=41) for c in item.choices)


def test_cloze_items_depend_on_the_seed_alone():
    texts = corpus(4)
    assert make_cloze(texts, 5, seed=3) == make_cloze(texts, 9, seed=3)[:5]
    assert items_hash(make_cloze(texts, 5, seed=3)) != items_hash(make_cloze(texts, 5, seed=4))


def test_cloze_of_one_document_takes_pieces_that_do_not_overlap():
    (text,) = corpus(1, 6000)
    for item in make_cloze([text], 10, seed=0):
        right = item.choices[item.answer]
        start = text.text.index(item.context)
        end = text.text.index(right, start) + len(right)
        for choice in item.choices:
            if choice != right:
                place = text.text.index(choice)
                assert place >= end or place + len(choice) <= start


def test_cloze_of_a_script_without_spaces():
    draw = random.Random(0)
    texts = [
        Text(f"t{i}", "".join(chr(0x4E00 + draw.randrange(2000)) for _ in range(2000)))
        for i in range(4)
    ]
    (item,) = make_cloze(texts, 1, seed=0)
    assert [len(choice) for choice in item.choices] == [CLOZE_CHOICE] * 4


def test_too_little_text_for_cloze_is_refused():
    with pytest.raises(DocumentError, match="no text has the 840 characters"):
        make_cloze(corpus(3, 500), 1, seed=0)
    with pytest.raises(DocumentError, match="too short for three other pieces"):
        make_cloze(corpus(1, 900), 1, seed=0)
    with pytest.raises(DocumentError, match="no other pieces"):
        make_cloze([Text(f"t{i}", "again " * 500) for i in range(4)], 1, seed=0)
