"""The step that a CUDA graph records, run on the CPU; the recording is for `test_gpu_graphs.py`."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from tiny import tiny_model
from transformers import LlamaForCausalLM

from longsum.config import DecodeConfig, KVCache
from longsum.engine import fallback, graphs
from longsum.engine.attention import NAME, reference_attention, register
from longsum.engine.engine import Engine
from longsum.engine.graphs import Run, StaticStep, Stepper, attend_step, is_supported
from longsum.engine.prefill import Reader

PROMPT = torch.randint(2, 300, (70,), generator=torch.Generator().manual_seed(1)).tolist()


def model(**options: int) -> LlamaForCausalLM:
    made = tiny_model(**options)
    made.set_attn_implementation(register())
    return made


def written(engine: Engine, suffix: Sequence[int], tokens: int = 12, **options: bool) -> list[int]:
    config = DecodeConfig(**options)
    return list(engine.write(suffix, config, max_new_tokens=tokens, stop_ids=()))


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[StaticStep]:
    """Record steps without a GPU: what would be replayed is run again."""
    steps: list[StaticStep] = []

    def capture(step: StaticStep) -> Run:
        steps.append(step)
        for _ in range(graphs.WARM_UP):
            step.run()
        return step.run

    monkeypatch.setattr(graphs, "capture", capture)
    monkeypatch.setattr(graphs, "is_supported", lambda reader: True)
    monkeypatch.setattr("longsum.engine.engine.single_reader", Stepper)
    return steps


@pytest.mark.parametrize(("heads", "kv_heads"), [(4, 4), (6, 2), (3, 1)])
@pytest.mark.parametrize("position", [0, 1, 30, 49])
def test_attention_sees_up_to_its_position(heads: int, kv_heads: int, position: int) -> None:
    query = torch.randn(2, heads, 1, 16)
    key, value = (torch.randn(2, kv_heads, 50, 16) for _ in range(2))
    key[:, :, position + 1 :] = float("nan")  # never written
    expected = reference_attention(
        query,
        *(x[:, :, : position + 1].repeat_interleave(heads // kv_heads, 1) for x in (key, value)),
        0.25,
    )
    found = attend_step(query, key, value, torch.tensor([position]), 0.25)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_step_gives_what_reading_gives_and_leaves_the_same_in_the_cache(kv_heads: int) -> None:
    weights = model(num_key_value_heads=kv_heads)
    two = [Reader(weights, 64, 16) for _ in range(2)]
    with torch.inference_mode():
        for reader in two:
            reader.read(PROMPT[:40])
            for layer in reader.cache.held:  # what torch.empty may have left
                for buffer in layer.buffers().values():
                    buffer[:, :, 40:] = float("nan")
        step = StaticStep(two[0])
        for number, token_id in enumerate(PROMPT[40:60]):
            step.set(token_id, 40 + number)
            torch.testing.assert_close(step.run(), two[1].read([token_id]), rtol=1e-4, atol=1e-4)
    for ours, theirs in zip(two[0].cache.held, two[1].cache.held, strict=True):
        for name, buffer in ours.buffers().items():
            torch.testing.assert_close(
                buffer[:, :, :60], theirs.buffers()[name][:, :, :60], rtol=1e-4, atol=1e-4
            )
    assert weights.config._attn_implementation == NAME


@pytest.mark.parametrize("lookup", [False, True])
def test_answer_is_the_one_without_a_graph(recorded: list[StaticStep], lookup: bool) -> None:
    weights = model()
    repeated = PROMPT[:30] * 2  # so that drafts are found, and steps stand between them
    plain = Engine(weights, capacity=96, chunk_tokens=16)
    plain.read_one = None
    ours = Engine(weights, capacity=96, chunk_tokens=16)
    for engine in (plain, ours):
        engine.read(repeated)
    for suffix in ([5, 6, 7], PROMPT[40:46], [5, 6, 7]):
        assert written(ours, suffix, 20, lookup=lookup) == written(plain, suffix, 20, lookup=lookup)
        assert ours.reader.length == plain.reader.length == len(repeated)
    assert len(recorded) == 1


def test_new_buffers_are_recorded_anew(recorded: list[StaticStep]) -> None:
    engine = Engine(model(), capacity=96, chunk_tokens=16)
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

    def capture(step: StaticStep) -> Run:
        tried.append(step)
        step.run()
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(graphs, "capture", capture)
    monkeypatch.setattr(graphs, "is_supported", lambda reader: True)
    monkeypatch.setattr(fallback, "_told", set())
    weights = model()
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


def test_implementation_is_put_back_when_a_step_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = model()
    reader = Reader(weights, 64, 16)
    reader.read(PROMPT[:40])
    monkeypatch.setattr(graphs, "attend_step", lambda *_: 1 / 0)
    with torch.inference_mode():
        step = StaticStep(reader)
        with pytest.raises(ZeroDivisionError):
            step.run()
    assert weights.config._attn_implementation == NAME
    assert reader.length == 40


@pytest.mark.parametrize("kv_cache", ["native", "int8"])
def test_nothing_is_recorded_on_a_cpu(kv_cache: KVCache) -> None:
    reader = Reader(model(), 64, 16, kv_cache)
    assert not is_supported(reader)
    reader.read(PROMPT[:20])
    twin = Reader(reader.model, 64, 16, kv_cache)
    twin.read(PROMPT[:20])
    torch.testing.assert_close(Stepper(reader)(7), twin.read([7]), rtol=0, atol=0)
    assert reader.length == 21
