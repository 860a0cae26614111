from __future__ import annotations

import math
import random

import pytest
import torch
from tiny import byte_tokenizer, load_checkpoint, restate, save_checkpoint, tiny_llama, tiny_model
from transformers import LlamaForCausalLM

from longsum.checkpoint.rope import read_rope
from longsum.checkpoint.tokenizer import Tokenizer
from longsum.corpus.texts import Text
from longsum.errors import DocumentError, InsufficientMemory, UsageError
from longsum.evaluate import perplexity
from longsum.evaluate.config import PerplexityConfig
from longsum.evaluate.evaluation_journal import EvaluationJournal
from longsum.evaluate.loading import Opened
from longsum.evaluate.perplexity import (
    measure_perplexity,
    perplexity_notes,
    ratio_and_error,
    window_nats,
)
from longsum.events import Listener

NOTHING = EvaluationJournal(None, {})
CONFIG = PerplexityConfig(windows=(16, 32), stride=8)


def opened(model=None, **more) -> Opened:
    model = model or tiny_llama()
    rope = read_rope({"max_position_embeddings": 256})
    return Opened(model, Tokenizer(byte_tokenizer()), rope, "tiny", **more)


def text(name: str, length: int, seed: int = 0) -> Text:
    draw = random.Random(seed)
    return Text(name, "".join(draw.choice("abcdefghij .") for _ in range(length)))


def ids_of(each: Text) -> list[int]:
    return [0, *byte_tokenizer().encode(each.text, add_special_tokens=False)]


def naive(model, ids: list[int], window: int, stride: int) -> tuple[float, int]:
    """Score position after position: the definition, one forward pass with full logits a token."""
    nats, count = 0.0, 0
    for target in range(1, len(ids)):
        if target < window:
            start, end = 0, window
        else:
            end = min(window + math.ceil((target + 1 - window) / stride) * stride, len(ids))
            start = end - window
        with torch.no_grad():
            logits = model(torch.tensor([ids[start:end]]), use_cache=False).logits[0]
        nats -= float(logits.double().log_softmax(-1)[target - start - 1, ids[target]])
        count += 1
    return nats, count


def measure(one: Opened, texts, config=CONFIG, journal=NOTHING, **more):
    return measure_perplexity(one, texts, config, journal, Listener(), **more)


@pytest.mark.parametrize("chunk_tokens", [5, 24, 32, 4096])
@pytest.mark.parametrize("length", [31, 71])
def test_equals_the_naive_definition(chunk_tokens, length):
    """In chunks of a window, whole, and several windows at once."""
    one, document = opened(chunk_tokens=chunk_tokens), text("a", length)
    reference = tiny_model()
    for row in measure(one, [document]):
        nats, count = naive(reference, ids_of(document), row["window"], 8)
        assert row["tokens"] == count == length
        assert row["nats_per_token"] == pytest.approx(nats / count, rel=1e-5)
        assert row["perplexity"] == pytest.approx(math.exp(nats / count), rel=1e-4)


def test_logits_in_slices_equal_logits_at_once(monkeypatch):
    one, document = opened(), text("a", 80)
    whole = measure(one, [document])
    monkeypatch.setattr(perplexity, "LOGITS_AT_ONCE", 3 * 300)
    for a, b in zip(whole, measure(one, [document]), strict=True):
        assert a["nats_per_token"] == pytest.approx(b["nats_per_token"], rel=1e-6)


def test_batch_equals_one_window_at_a_time():
    model = opened().model
    ids = torch.randint(0, 300, (5, 24), generator=torch.Generator().manual_seed(1))
    scored = [23, 8, 8, 1, 5]
    together = window_nats(model, ids, scored, 4096)
    apart = [window_nats(model, ids[i : i + 1], [n], 4096)[0] for i, n in enumerate(scored)]
    assert together == pytest.approx(apart, rel=1e-5)


def test_positions_of_every_window_start_at_zero(monkeypatch):
    one, seen = opened(chunk_tokens=10), []
    inner = one.model.model.rotary.angles

    def spy(positions, dtype, length):
        seen.append(positions.tolist())
        return inner(positions, dtype, length)

    monkeypatch.setattr(one.model.model.rotary, "angles", spy)
    measure(one, [text("a", 47)], PerplexityConfig(windows=(16,), stride=8))
    # five windows of sixteen tokens, each read in chunks of ten and six
    assert seen == [list(range(10)), list(range(10, 16))] * 5


def test_only_predicted_positions_get_logits(monkeypatch):
    one, rows = opened(), []
    inner = one.model.lm_head.forward

    def spy(hidden):
        rows.append(hidden.shape[0])
        return inner(hidden)

    monkeypatch.setattr(one.model.lm_head, "forward", spy)
    measure(one, [text("a", 47)], PerplexityConfig(windows=(32,), stride=8))
    assert rows == [31, 8, 8]


def test_nats_are_summed_over_all_documents_then_divided():
    one = opened()
    texts = [text("a", 40, 1), text("b", 90, 2), text("short", 20, 3)]
    reference = tiny_model()
    (row,) = measure(one, texts, PerplexityConfig(windows=(32,), stride=8))
    parts = [naive(reference, ids_of(each), 32, 8) for each in texts[:2]]
    mean = sum(n for n, _ in parts) / sum(c for _, c in parts)
    assert row["nats_per_token"] == pytest.approx(mean, rel=1e-5)
    assert (row["documents"], row["skipped_documents"], row["tokens"]) == (2, 1, 130)
    assert row["se_over"] == "documents"
    (mean_, error) = ratio_and_error(parts)
    assert row["nats_per_token_se"] == pytest.approx(error, rel=1e-3)
    assert row["perplexity_se"] == pytest.approx(row["perplexity"] * error, rel=1e-3)
    notes = perplexity_notes([row], CONFIG)
    assert "tiny, window 32: 1 shorter documents are left out" in notes
    assert any("over documents" in note for note in notes)


def test_single_document_gives_its_windows_as_groups():
    (row,) = measure(opened(), [text("a", 90)], PerplexityConfig(windows=(32,), stride=8))
    assert row["se_over"] == "windows"
    assert row["windows"] == 9
    assert row["nats_per_token_se"] > 0


def test_error_of_equal_groups_is_that_of_the_mean():
    """With groups of one size the ratio estimator is the plain mean."""
    values = [3.0, 5.0, 4.0, 8.0]
    mean, error = ratio_and_error([(10 * value, 10) for value in values])
    assert mean == pytest.approx(5.0)
    variance = sum((value - 5.0) ** 2 for value in values) / 3
    assert error == pytest.approx(math.sqrt(variance / 4))
    assert ratio_and_error([(12.0, 4)]) == (3.0, None)


def test_sample_of_windows_is_part_of_all_and_the_same_at_every_window():
    one = opened()
    config = PerplexityConfig(windows=(16, 32), stride=8, max_windows=3)
    rows = measure(one, [text("a", 60, 1), text("b", 90, 2)], config)
    assert [row["windows"] for row in rows] == [3, 3]
    assert [row["tokens"] for row in rows] == [24, 24]
    assert any("the same at every size" in note for note in perplexity_notes(rows, config))


def test_reach_of_a_larger_model_gives_a_small_one_the_same_tokens():
    one, document = opened(), text("a", 70, 1)
    alone = PerplexityConfig(windows=(16,), stride=8, max_windows=2)
    both = PerplexityConfig(windows=(16, 64), stride=8, max_windows=2)
    small = measure(one, [document], alone, reach=64)[0]
    assert small["nats_per_token"] == pytest.approx(
        measure(one, [document], both)[0]["nats_per_token"]
    )


def test_documents_are_truncated_where_asked():
    config = PerplexityConfig(windows=(16,), stride=8, max_tokens=40)
    long, short = text("a", 500), Text("a", text("a", 500).text[:39])
    a, b = (measure(opened(), [each], config)[0] for each in (long, short))
    assert a["tokens"] == b["tokens"] == 39
    assert a["perplexity"] == b["perplexity"]


def test_default_windows_are_the_models():
    rows = measure(opened(), [text("a", 400)], PerplexityConfig(stride=64))
    assert [row["window"] for row in rows] == [256]


def test_window_that_no_document_reaches_has_no_number():
    rows = measure(opened(), [text("a", 20)])
    assert [row["tokens"] for row in rows] == [20, 0]
    assert rows[1]["perplexity"] is None
    assert rows[1]["skipped_documents"] == 1


def test_documents_shorter_than_all_windows_are_refused():
    with pytest.raises(DocumentError, match="window of 16 tokens; the longest has 11"):
        measure(opened(), [text("a", 10), text("b", 5)])


def test_windows_beyond_the_tuned_one_are_marked():
    rows = measure(opened(), [text("a", 400)], PerplexityConfig(windows=(256, 300), stride=64))
    assert [row["beyond_tuned"] for row in rows] == [False, True]
    notes = perplexity_notes(rows, CONFIG)
    assert "tiny, window 300: beyond the 256 tokens the weights were tuned for" in notes


def test_overflowing_perplexity_is_infinite_not_an_error():
    model = tiny_llama()
    with torch.no_grad():
        model.lm_head.weight.mul_(1e4)
    (row,) = measure(opened(model), [text("a", 20)], PerplexityConfig(windows=(16,), stride=8))
    assert row["perplexity"] == math.inf


class Interrupted(Listener):
    """Breaks off after some tokens, as Ctrl-C does."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.totals: list[int] = []

    def prefill(self, done: int, total: int) -> None:
        self.totals.append(total)
        if done >= self.after:
            raise KeyboardInterrupt


def test_interrupted_run_goes_on_with_the_same_numbers(tmp_path, monkeypatch):
    one = opened(identity="x", chunk_tokens=32)
    texts = [text("a", 60, 1), text("b", 70, 2), text("c", 90, 3)]
    whole = measure(one, texts)
    path = tmp_path / "j"
    journal = EvaluationJournal(path, {})
    with pytest.raises(KeyboardInterrupt):
        measure_perplexity(one, texts, CONFIG, journal, Interrupted(400))
    journal.close(finished=False)
    journal = EvaluationJournal(path, {})
    assert 0 < journal.finished < 6
    rest = Interrupted(10**9)
    again = measure_perplexity(one, texts, CONFIG, journal, rest)
    assert again == whole
    first = Interrupted(10**9)
    measure_perplexity(one, texts, CONFIG, NOTHING, first)
    assert 0 < rest.totals[0] < first.totals[0]
    monkeypatch.setattr(perplexity, "window_nats", lambda *_: pytest.fail("measured again"))
    assert measure_perplexity(one, texts, CONFIG, journal, Listener()) == whole
    journal.close(finished=True)


def test_changed_document_is_measured_again(tmp_path):
    one, journal = opened(), EvaluationJournal(tmp_path / "j", {})
    before = measure(one, [text("a", 40, 1)], journal=journal)
    after = measure(one, [text("a", 40, 2)], journal=journal)
    assert before[0]["perplexity"] != after[0]["perplexity"]
    assert after == measure(one, [text("a", 40, 2)])
    journal.close(finished=True)


def test_model_in_training_is_measured_and_goes_on_training():
    model = tiny_llama().train()
    trained = measure(opened(model), [text("a", 60)])
    assert model.training
    assert trained == measure(opened(), [text("a", 60)])


def test_extended_checkpoint_equals_transformers_own_interpolation(tmp_path):
    folder = save_checkpoint(tmp_path / "native", max_position_embeddings=64)
    linear = {"rope_type": "linear", "factor": 4.0, "rope_theta": 10000.0}
    extended = restate(folder, tmp_path / "pi", {"rope_parameters": linear})
    model, rope = load_checkpoint(extended)
    one = Opened(model, Tokenizer(byte_tokenizer()), rope, "pi")
    (row,) = measure(one, [text("a", 150)], PerplexityConfig(windows=(128,), stride=64))
    reference = LlamaForCausalLM.from_pretrained(extended)
    nats, count = naive(reference.eval(), ids_of(text("a", 150)), 128, 64)
    assert row["nats_per_token"] == pytest.approx(nats / count, rel=1e-5)
    assert not row["beyond_tuned"]


def test_device_out_of_memory_is_our_error(monkeypatch):
    def fail(*_, **__):
        raise torch.OutOfMemoryError

    one = opened()
    monkeypatch.setattr(one.model.model, "forward", fail)
    with pytest.raises(InsufficientMemory):
        measure(one, [text("a", 40)])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"stride": 0}, "^stride 0 "),
        ({"windows": (256,)}, "^window 256 is not above stride 256"),
        ({"max_windows": 0}, "^max_windows 0 "),
        ({"max_tokens": 1}, "^max_tokens 1 "),
    ],
)
def test_impossible_settings_are_named(settings, said):
    with pytest.raises(UsageError, match=said):
        PerplexityConfig(**settings)
