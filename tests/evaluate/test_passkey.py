from __future__ import annotations

import pytest
from helpers import Recorder
from tiny import byte_tokenizer, tiny_llama

from longsum.checkpoint.rope import read_rope
from longsum.checkpoint.tokenizer import Tokenizer
from longsum.errors import UsageError
from longsum.evaluate.config import PasskeyConfig
from longsum.evaluate.evaluation_journal import EvaluationJournal
from longsum.evaluate.loading import Opened
from longsum.evaluate.passkey import Quiz, common_prefix, measure_passkey, passkey_notes
from longsum.evaluate.passkey_prompt import ANSWER_TOKENS, distance_of_key
from longsum.events import Listener

CONFIG = PasskeyConfig(lengths=(512, 640), depths=4, trials=2)


def opened(window: int = 1024, chunk_tokens: int = 100, **more) -> Opened:
    model = tiny_llama(max_position_embeddings=window)
    rope = read_rope({"max_position_embeddings": window})
    tokenizer = Tokenizer(byte_tokenizer())
    return Opened(model, tokenizer, rope, "tiny", chunk_tokens=chunk_tokens, **more)


def measure(one: Opened, config=CONFIG, journal=None, listener=None):
    return measure_passkey(
        one, config, journal or EvaluationJournal(None, {}), listener or Listener()
    )


class Asked:
    """Stands for a model that finds keys at chosen distances, and keeps what it was asked."""

    def __init__(self, finds) -> None:
        self.finds = finds
        self.prompts: list[str] = []

    def answer(self, quiz: Quiz, ids, progress) -> str:
        prompt = quiz.opened.tokenizer.decode(ids)
        self.prompts.append(prompt)
        found = self.finds(distance_of_key(quiz.opened.tokenizer, prompt))
        return prompt[prompt.index("key is ") + 6 :][:7] if found else " 1"


@pytest.fixture
def asked(monkeypatch):
    def install(finds) -> Asked:
        stand_in = Asked(finds)
        monkeypatch.setattr(Quiz, "answer", lambda *given: stand_in.answer(*given))
        return stand_in

    return install


def test_reused_cache_answers_like_reading_again(monkeypatch):
    """Every trial of every depth, against a model that reads each prompt from the start."""
    shared: list[str] = []
    plain: list[str] = []
    one = opened()
    fresh = Quiz(one, 640, share=False)
    inner = Quiz.answer

    def both(quiz, ids, progress):
        shared.append(inner(quiz, ids, progress))
        plain.append(inner(fresh, ids, lambda tokens: None))
        return shared[-1]

    monkeypatch.setattr(Quiz, "answer", both)
    measure(one)
    assert len(shared) == 2 * 4 * 2
    assert shared == plain
    assert len(set(shared)) > 4  # answers that differ: the comparison says something


def test_only_what_follows_the_key_is_read_again():
    one = opened()
    quiz = Quiz(one, 600)
    reads: list[int] = []
    inner = quiz.reader.read
    quiz.reader.read = lambda ids, *more: reads.append(len(ids)) or inner(ids, *more)  # type: ignore[method-assign]
    prompts = [[0, *[5] * 400, key, *[6] * 100] for key in (7, 8, 8)]
    for prompt in prompts:
        quiz.answer(prompt, lambda tokens: None)
    long = [count for count in reads if count > 1]
    assert long == [502, 101]  # the third time the last token alone is read again
    assert reads[-ANSWER_TOKENS] == 1


def test_broken_off_reading_leaves_no_wrong_cache():
    quiz = Quiz(opened(chunk_tokens=50), 400)
    prompt, other = [5] * 300, [5] * 100 + [9] * 200

    def stop(tokens: int) -> None:
        if tokens:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        quiz.answer(prompt, stop)
    assert quiz.answer(other, lambda tokens: None) == Quiz(quiz.opened, 400).answer(
        other, lambda tokens: None
    )


def test_common_prefix():
    assert common_prefix([], [1]) == 0
    assert common_prefix([1, 2, 3], [1, 2, 4]) == 2
    assert common_prefix([1, 2], [1, 2, 3]) == 2


def test_rows_tell_accuracy_and_effective_window(asked):
    asked(lambda distance: distance <= 300)
    rows = measure(opened())
    assert [row["length"] for row in rows] == [512, 640]
    for row, reached in zip(rows, (256, 160), strict=True):
        assert [each["k"] for each in row["by_depth"]] == [
            row["length"] * i // 4 for i in range(1, 5)
        ]
        right = [each["right"] for each in row["by_depth"]]
        assert row["accuracy"] == sum(right) / 8
        assert row["trials"] == 8
        assert all(each["trials"] == 2 for each in row["by_depth"])
        assert reached <= row["k_max"] < 512
        assert row["tokens"] <= row["length"] - ANSWER_TOKENS
        assert row["tokens"] > row["length"] - 40
    assert rows[0]["accuracy_se"] == pytest.approx(
        (rows[0]["accuracy"] * (1 - rows[0]["accuracy"]) / 8) ** 0.5
    )


def test_key_found_nowhere_near_gives_no_effective_window(asked):
    asked(lambda distance: distance > 200)
    rows = measure(opened())
    assert [row["k_max"] for row in rows] == [0, 0]
    assert all(0 < row["accuracy"] < 1 for row in rows)
    notes = passkey_notes(rows, CONFIG)
    assert any(
        note.startswith("tiny, 512 tokens: below 20 % at 1 distances, k = 128") for note in notes
    )


def test_model_that_finds_all_reaches_the_whole_length(asked):
    stand_in = asked(lambda distance: True)
    rows = measure(opened())
    assert [(row["accuracy"], row["k_max"]) for row in rows] == [(1.0, 512), (1.0, 640)]
    assert len(set(stand_in.prompts)) == 16
    assert len(passkey_notes(rows, CONFIG)) == 1


def test_length_by_default_is_the_models_window(asked):
    asked(lambda distance: True)
    rows = measure(opened(window=600), PasskeyConfig(depths=2, trials=1))
    assert [row["length"] for row in rows] == [600]


def test_longer_than_the_tuned_window_is_said(asked):
    asked(lambda distance: True)
    rows = measure(opened(window=512))
    assert "tiny, 640 tokens: beyond the 512 tokens the weights were tuned for" in passkey_notes(
        rows, CONFIG
    )


def test_interrupted_run_goes_on_with_the_same_numbers(tmp_path, asked):
    one = opened(identity="x")
    stand_in = asked(lambda distance: distance % 3 == 0)
    whole = measure(one)
    prompts, stand_in.prompts = stand_in.prompts, []
    journal = EvaluationJournal(tmp_path / "j", {})
    finds = stand_in.finds

    def until(distance: int) -> bool:
        if len(stand_in.prompts) > 5:
            raise KeyboardInterrupt
        return finds(distance)

    stand_in.finds = until
    with pytest.raises(KeyboardInterrupt):
        measure(one, journal=journal)
    assert journal.finished == 2
    stand_in.finds, stand_in.prompts = finds, []
    assert measure(one, journal=journal) == whole
    assert stand_in.prompts == prompts[4:]
    journal.close(finished=True)


def test_progress_ends_at_what_it_announced(asked):
    heard = Recorder()
    measure(opened(), PasskeyConfig(lengths=(512,), depths=2, trials=2), listener=heard)
    dones = [done for done, _ in heard.reading]
    assert dones == sorted(dones)
    assert {total for _, total in heard.reading} == {512 * 2 * 2}
    assert dones[-1] <= 512 * 2 * 2


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"depths": 0}, "^depths 0 "),
        ({"trials": 0}, "^trials 0 "),
        ({"seed": -1}, "^seed -1 "),
        ({"lengths": (4096, 10)}, "^length 10 "),
    ],
)
def test_impossible_settings_are_named(settings, said):
    with pytest.raises(UsageError, match=said):
        PasskeyConfig(**settings)
