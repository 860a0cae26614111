from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import byte_tokenizer
from tokenizers import Tokenizer as Inner
from tokenizers import decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from longsum.checkpoint.tokenizer import Tokenizer
from longsum.errors import UsageError
from longsum.evaluate.passkey_prompt import (
    ANSWER_TOKENS,
    Layout,
    Layouts,
    distance_of_key,
    distances,
    draw_keys,
    filler,
    is_right,
    k_max,
    passkey_prompt,
    prompt_ids,
)

BYTES = Tokenizer(byte_tokenizer())
MIN = 420
"""Tokens of the shortest prompt and its answer, one a byte, rounded up."""


def merging() -> Tokenizer:
    """One token a byte, but some pairs of digits are one token, so that keys differ in length."""
    pairs = [(a, b) for a in "0123456789" for b in "02468"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = ["<s>", "</s>", *alphabet, *(a + b for a, b in pairs)]
    inner = Inner(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=pairs))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    return Tokenizer(PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<s>"))


def test_prompt_is_the_papers_word_for_word():
    assert passkey_prompt("12345", 5, 10) == (
        "There is an important info hidden inside a lot of irrelevant text. Find it and memorize "
        "them. I will quiz you about the important information there.\n"
        "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again."
        "\n"
        "The pass key is 12345. Remember it. 12345 is the pass key.\n"
        "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again. "
        "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again."
        "\n"
        "What is the pass key? The pass key is"
    )


def test_prompt_without_filler_has_no_empty_lines():
    assert "\n\n" not in passkey_prompt("12345", 0, 0)
    assert filler(0) == ""
    assert filler(2) == "The grass is green. The sky is blue."


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([0.0, 1.0, 1.0], 0),  # the first fails: whatever comes later does not count
        ([1.0, 1.0, 1.0], 30),
        ([1.0, 0.1, 1.0], 10),
        ([0.2, 0.2, 0.19], 20),  # 20 % is enough
        ([1.0, 1.0, 0.0], 20),
        ([], 0),
    ],
)
def test_k_max_by_its_definition(shares, expected):
    successes = [(10 * (i + 1), share) for i, share in enumerate(shares)]
    assert k_max(successes) == expected
    assert k_max(successes[::-1]) == expected


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(0, 1)), unique_by=lambda pair: pair[0]))
def test_k_max_equals_the_sentence_of_the_paper(successes):
    """The maximum k such that, for all k' <= k, the model has a success rate of at least 20 %."""
    good = [
        k for k, _ in successes if all(share >= 0.2 for other, share in successes if other <= k)
    ]
    assert k_max(successes) == max(good, default=0)


def test_distances_are_the_papers_grid():
    assert distances(8192, 32)[:2] == [256, 512]
    assert distances(8192, 32)[-1] == 8192
    assert len(set(distances(2048, 32))) == 32


@given(st.integers(MIN, 3000), st.floats(0, 1))
def test_length_and_distance_are_as_near_as_whole_sentences_allow(length, share):
    keys = ["12345", "99999"]
    k = max(1, round(share * length))
    layout = Layouts(BYTES, length).at(k, keys)
    prompt = passkey_prompt(keys[0], layout.before, layout.after)
    prompt_budget = length - ANSWER_TOKENS
    tokens = len(prompt_ids(BYTES, prompt))
    assert tokens <= prompt_budget
    longer = passkey_prompt(keys[0], layout.before + 1, layout.after)
    assert len(prompt_ids(BYTES, longer)) > prompt_budget
    found = abs(distance_of_key(BYTES, prompt) - k)
    for other in (Layout(0, layout.after - 1), Layout(0, layout.after + 1)):
        if other.after >= 0:
            changed = passkey_prompt(keys[0], 0, other.after)
            fits = len(prompt_ids(BYTES, changed)) <= prompt_budget
            assert not fits or found <= abs(distance_of_key(BYTES, changed) - k)


@pytest.mark.parametrize("k", [1, 100, 300, 500, 700])
def test_keys_of_merged_digits_fit_all_the_same(k):
    tokenizer = merging()
    keys = ["13579", "22222", *draw_keys(0, 700, k, 20)]
    assert len({len(tokenizer.encode_document(key)) for key in keys}) > 1
    layout = Layouts(tokenizer, 700).at(k, keys)
    prompts = [passkey_prompt(key, layout.before, layout.after) for key in keys]
    counts = [len(prompt_ids(tokenizer, prompt)) for prompt in prompts]
    assert max(counts) <= 700 - ANSWER_TOKENS
    assert max(counts) > 700 - ANSWER_TOKENS - 30


def test_distance_counts_tokens_from_the_first_digit():
    prompt = passkey_prompt("12345", 3, 0)
    assert distance_of_key(BYTES, prompt) == len(prompt) - prompt.index("12345")


def test_prompt_begins_as_texts_do_in_training():
    assert prompt_ids(BYTES, "ab")[0] == 0
    assert len(prompt_ids(BYTES, "ab")) == 3


@pytest.mark.parametrize("length", [96, 200])
def test_length_without_room_is_refused(length):
    with pytest.raises(UsageError, match=f"^length {length} is too short") as raised:
        Layouts(BYTES, length)
    least = int((raised.value.hint or "").split()[-1])
    assert Layouts(BYTES, least).at(1, ["99999"]) == Layout(0, 0)


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        (" 12345", True),
        ("12345.", True),
        (" 12345. Remember", True),
        ("\n12345\n", True),
        (" 123456", False),
        (" 1234", False),
        (" 12346", False),
        (" is 12345", False),
        ("", False),
        (" 1234 5", False),
    ],
)
def test_answer_must_begin_with_exactly_the_key(answer, right):
    assert is_right(answer, "12345") is right


def test_keys_have_five_digits_and_follow_the_seed():
    keys = draw_keys(0, 2048, 64, 50)
    assert all(len(key) == 5 and key.isdigit() and key[0] != "0" for key in keys)
    assert keys == draw_keys(0, 2048, 64, 50)
    assert keys != draw_keys(1, 2048, 64, 50)
    assert keys != draw_keys(0, 2048, 128, 50)
    assert len(set(keys)) > 40
