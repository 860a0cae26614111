from __future__ import annotations

import pytest
from helpers import Recorder
from tiny import byte_tokenizer, tiny_llama

from longsum.checkpoint.rope import read_rope
from longsum.checkpoint.tokenizer import Tokenizer
from longsum.engine.engine import Engine
from longsum.errors import UsageError
from longsum.evaluate.config import SpeedConfig
from longsum.evaluate.evaluation_journal import EvaluationJournal
from longsum.evaluate.loading import Opened
from longsum.evaluate.speed import measure_speed, speed_notes
from longsum.events import Listener
from longsum.system_memory import resident_bytes

CONFIG = SpeedConfig(lengths=(96, 32), new_tokens=4, runs=3)


@pytest.fixture
def opened() -> Opened:
    model = tiny_llama()
    rope = read_rope({"max_position_embeddings": 128})
    tokenizer = Tokenizer(byte_tokenizer())
    return Opened(model, tokenizer, rope, "tiny", load_s=1.5, chunk_tokens=16)


def test_rows_hold_the_medians_of_their_runs(opened):
    rows = measure_speed(opened, CONFIG, EvaluationJournal(None, {}), Listener())
    assert [row["length"] for row in rows] == [32, 96]
    for row in rows:
        runs = sorted(row["length"] / run["prefill_s"] for run in row["runs"])
        assert row["prefill_tps"] == pytest.approx(runs[1])
        runs = sorted(run["decode_tokens"] / run["decode_s"] for run in row["runs"])
        assert row["decode_tps"] == pytest.approx(runs[1])
        assert [run["decode_tokens"] for run in row["runs"]] == [4, 4, 4]
        assert row["load_s"] == 1.5
        assert row["peak_bytes"] >= 0


def test_every_run_reads_all_tokens_and_writes_after_them(opened, monkeypatch):
    held = []
    heard = Recorder()
    inner = Engine.write

    def spy(engine, *given, **more):
        held.append(engine.reader.length)
        return inner(engine, *given, **more)

    monkeypatch.setattr(Engine, "write", spy)

    measure_speed(opened, CONFIG, EvaluationJournal(None, {}), heard)
    assert held == [32] * 6 + [96] * 6  # an answer and a further question each
    assert [done for done, _ in heard.reading] == list(range(16, 32 * 3 + 96 * 3 + 1, 16))
    assert {total for _, total in heard.reading} == {32 * 3 + 96 * 3}


def test_length_by_default_fills_the_window(opened):
    rows = measure_speed(
        opened, SpeedConfig(new_tokens=8, runs=1), EvaluationJournal(None, {}), Listener()
    )
    assert [row["length"] for row in rows] == [120]


def test_memory_is_counted_from_before_the_model_was_loaded(opened):
    from dataclasses import replace

    whole = measure_speed(opened, CONFIG, EvaluationJournal(None, {}), Listener())[0]["peak_bytes"]
    since = replace(opened, resident_before=whole // 2)
    assert (
        measure_speed(since, CONFIG, EvaluationJournal(None, {}), Listener())[0]["peak_bytes"]
        < whole
    )
    assert whole > 0
    assert 0 <= resident_bytes() <= whole * 2


def test_interrupted_run_goes_on(opened, tmp_path, monkeypatch):
    journal = EvaluationJournal(tmp_path / "j", {})
    first = measure_speed(opened, SpeedConfig((32,), 4, 2), journal, Listener())
    rows = measure_speed(opened, SpeedConfig((32, 96), 4, 2), journal, Listener())
    assert rows[0] == first[0]
    monkeypatch.setattr(Engine, "read", lambda *_: pytest.fail("measured again"))
    assert measure_speed(opened, SpeedConfig((32, 96), 4, 2), journal, Listener()) == rows
    journal.close(finished=True)


def test_loop_that_ended_an_answer_early_is_said():
    row = {"runs": [{"decode_tokens": 24}]}
    assert any("loop" in note for note in speed_notes([row], SpeedConfig(new_tokens=64)))
    row = {"runs": [{"decode_tokens": 64}]}
    assert not any("loop" in note for note in speed_notes([row], SpeedConfig(new_tokens=64)))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"runs": 0}, "^runs 0 "),
        ({"new_tokens": 1}, "^new_tokens 1 "),
        ({"lengths": (0,)}, "^length 0 "),
    ],
)
def test_impossible_settings_are_named(settings, said):
    with pytest.raises(UsageError, match=said):
        SpeedConfig(**settings)
