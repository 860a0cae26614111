"""The step that a CUDA graph records, run on the CPU; the recording is for `test_gpu_graphs.py`."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from tiny import tiny_llama

from longsum.config import DecodeConfig, KVCache
from longsum.engine import fallback, graphs
from longsum.engine.engine import Engine
from longsum.engine.graphs import Pool, Run, StaticStep, Stepper, can_record
from longsum.engine.layers import HeldLayer
from longsum.engine.prefill import Reader
from longsum.engine.quantized import QuantizedLayer

PROMPT = torch.randint(2, 300, (70,), generator=torch.Generator().manual_seed(1)).tolist()


def written(engine: Engine, suffix: Sequence[int], tokens: int = 12, **options: bool) -> list[int]:
    config = DecodeConfig(**options)
    return list(engine.write(suffix, config, max_new_tokens=tokens, stop_ids=()))


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[StaticStep]:
    """Record steps without a GPU: what would be replayed is run again."""
    steps: list[StaticStep] = []

    def capture(step: StaticStep, pool: Pool) -> Run:
        steps.append(step)
        for _ in range(graphs.WARM_UP):
            step.run()
        return step.run

    monkeypatch.setattr(graphs, "capture", capture)
    monkeypatch.setattr(graphs, "can_record", lambda reader: True)
    monkeypatch.setattr(graphs, "new_pool", lambda: (0, 0))
    monkeypatch.setattr("longsum.engine.engine.single_reader", Stepper)
    return steps


@pytest.mark.parametrize("kv_cache", ["native", "int8", "int4"])
@pytest.mark.parametrize(
    "options",
    [{"num_key_value_heads": 1}, {"num_key_value_heads": 4}, {"exact_kv_layers": 1}],
    ids=["one key head", "four", "exact layer"],
)
def test_step_gives_what_reading_gives_and_leaves_the_same_in_the_cache(
    options: dict[str, int], kv_cache: KVCache
) -> None:
    weights = tiny_llama(**options)
    assert weights.config.shape.exact_kv_layers == options.get("exact_kv_layers", 0)
    two = [Reader(weights, 64, 16, kv_cache) for _ in range(2)]
    with torch.inference_mode():
        for reader in two:
            reader.read(PROMPT[:40])
        spoil(two[0], 40)
        step = StaticStep(two[0])
        for number, token_id in enumerate(PROMPT[40:60]):
            step.set([token_id], 40 + number)
            torch.testing.assert_close(step.run()[0], two[1].read([token_id]), rtol=1e-3, atol=1e-3)
    for ours, theirs in zip(two[0].cache.held, two[1].cache.held, strict=True):
        assert ours.length == 40, "the stepper counts"
        ours.length = 60
        for found, expected in zip(held(ours), held(theirs), strict=True):
            assert (found - expected).norm() < 1e-3 * expected.norm()


@torch.inference_mode()
def held(layer: HeldLayer) -> tuple[torch.Tensor, ...]:
    if isinstance(layer, QuantizedLayer):
        return layer.states()
    return tuple(buffer[:, :, : layer.length] for buffer in layer.buffers().values())


def spoil(reader: Reader, length: int) -> None:
    """Put into the cache's empty places what torch.empty may have left there."""
    for layer in reader.cache.held:
        for buffer in layer.buffers().values():
            if buffer.shape[2] > length:
                buffer[:, :, length:] = float("nan") if buffer.is_floating_point() else 77


@pytest.mark.parametrize("kv_cache", ["native", "int8"])
def test_several_tokens_are_read_in_one_step(kv_cache: KVCache) -> None:
    two = [Reader(tiny_llama(), 64, 16, kv_cache) for _ in range(2)]
    with torch.inference_mode():
        for reader in two:
            reader.read(PROMPT[:40])
        step = StaticStep(two[0], tokens=5)
        for start in (40, 45):
            ids = PROMPT[start : start + 5]
            step.set(ids, start)
            expected = two[1].read_all(ids)
            torch.testing.assert_close(step.run(), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("lookup", [False, True])
@pytest.mark.parametrize("kv_cache", ["native", "int8", "int4"])
def test_answer_is_the_one_without_a_graph(
    recorded: list[StaticStep], kv_cache: KVCache, lookup: bool
) -> None:
    weights = tiny_llama()
    repeated = PROMPT[:30] * 2
    plain = Engine(weights, capacity=96, chunk_tokens=16, kv_cache=kv_cache)
    plain.read_one = None
    ours = Engine(weights, capacity=96, chunk_tokens=16, kv_cache=kv_cache)
    for engine in (plain, ours):
        engine.read(repeated)
    for suffix in ([5, 6, 7], PROMPT[40:46], [5, 6, 7]):
        assert written(ours, suffix, 20, lookup=lookup) == written(plain, suffix, 20, lookup=lookup)
        assert ours.reader.length == plain.reader.length == len(repeated)
    sizes = [len(step.input_ids[0]) for step in recorded]
    assert len(sizes) == len(set(sizes))
    assert 1 in sizes


def test_drafts_are_checked_by_recorded_passes_that_may_be_longer(
    recorded: list[StaticStep],
) -> None:
    weights = tiny_llama()
    two = [Reader(weights, 61, 16) for _ in range(2)]
    stepper = Stepper(two[0])
    for reader in two:
        reader.read(PROMPT[:30])
    for count in (2, 5, 3, 9, 8):
        ids = PROMPT[30 : 30 + count]
        torch.testing.assert_close(stepper.several(ids), two[1].read_all(ids), rtol=1e-3, atol=1e-3)
        assert two[0].length == two[1].length
    assert two[0].length == 57
    torch.testing.assert_close(stepper.several([3, 4]), two[1].read_all([3, 4]))  # 5 do not fit
    torch.testing.assert_close(stepper(7), two[1].read([7]), rtol=1e-3, atol=1e-3)
    assert [len(step.input_ids[0]) for step in recorded] == [5, 9, 1]


def test_new_buffers_are_recorded_again(recorded: list[StaticStep]) -> None:
    engine = Engine(tiny_llama(), capacity=96, chunk_tokens=16)
    engine.read(PROMPT)
    held = {name: each.clone() for name, each in engine.tensors(len(PROMPT)).items()}
    first = written(engine, [5, 6, 7])

    def fill(views: dict[str, torch.Tensor]) -> None:
        for name, view in views.items():
            view.copy_(held[name])

    before = [layer.buffers()["keys"] for layer in engine.reader.cache.held]  # keeps the addresses
    engine.restore(PROMPT, fill)  # type: ignore[arg-type]
    assert written(engine, [5, 6, 7]) == first
    assert len(recorded) == 2
    assert before


def test_failing_record_is_told_once_and_the_answer_stays_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[StaticStep] = []

    def capture(step: StaticStep, pool: Pool) -> Run:
        tried.append(step)
        step.run()
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(graphs, "capture", capture)
    monkeypatch.setattr(graphs, "can_record", lambda reader: True)
    monkeypatch.setattr(graphs, "new_pool", lambda: (0, 0))
    monkeypatch.setattr(fallback, "_reported", set())
    weights = tiny_llama()
    answers = []
    for works in (True, False):
        engine = Engine(weights, capacity=96, chunk_tokens=16)
        engine.read_one = Stepper(engine.reader) if works else None
        engine.read(PROMPT)
        answers += [written(engine, [5, 6, 7]) for _ in range(2)]
    assert answers == answers[:1] * 4
    assert len(tried) == 1
    (line,) = caplog.messages
    assert "no CUDA graph" in line
    assert "not permitted" in line


@pytest.mark.parametrize("kv_cache", ["native", "int8"])
def test_nothing_is_recorded_on_a_cpu(kv_cache: KVCache) -> None:
    reader = Reader(tiny_llama(), 64, 16, kv_cache)
    assert not can_record(reader)
    reader.read(PROMPT[:20])
    twin = Reader(reader.model, 64, 16, kv_cache)
    twin.read(PROMPT[:20])
    torch.testing.assert_close(Stepper(reader)(7), twin.read([7]), rtol=0, atol=0)
    assert reader.length == 21
