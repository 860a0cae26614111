"""The engine writes what `transformers` writes, however the prompt is cut into chunks."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
import torch
from tiny import own, tiny_llama, tiny_model
from transformers import LlamaForCausalLM

from longsum.config import Attention, DecodeConfig
from longsum.engine import engine as engine_module
from longsum.engine.engine import Engine, Stats
from longsum.engine.llama import Llama
from longsum.engine.prefill import Reader

PROMPT = torch.randint(2, 300, (75,), generator=torch.Generator().manual_seed(1)).tolist()


@pytest.fixture(scope="module")
def plain() -> LlamaForCausalLM:
    return tiny_model()


@pytest.fixture(scope="module")
def model() -> Llama:
    return tiny_llama()


def generated(plain: LlamaForCausalLM, prompt: list[int], count: int) -> list[int]:
    ids = torch.tensor([prompt])
    output = plain.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=count,
        do_sample=False,
        eos_token_id=None,
        pad_token_id=0,
    )
    return output[0, len(prompt) :].tolist()


def test_greedy_answer_equals_generate(plain: LlamaForCausalLM, model: Llama) -> None:
    engine = Engine(model, capacity=128, chunk_tokens=32)
    engine.read(PROMPT[:60])
    written = list(engine.write(PROMPT[60:], DecodeConfig(), max_new_tokens=20, stop_ids=()))
    assert written == generated(plain, PROMPT, 20)
    assert engine.stats.finish_reason == "length"
    assert engine.stats.prefill_tokens == 60
    assert engine.stats.decode_tokens == 20


def test_stats_are_values_that_no_later_answer_changes(model: Llama) -> None:
    """Choosers wrote their own numbers into them."""
    engine = Engine(model, capacity=128, chunk_tokens=32)
    engine.read(PROMPT[:60])
    read = engine.stats
    list(engine.write([5, 6], DecodeConfig(), max_new_tokens=4, stop_ids=()))
    written = engine.stats
    list(engine.write([5], DecodeConfig(), max_new_tokens=2, stop_ids=()))
    assert (read.decode_tokens, written.decode_tokens, engine.stats.decode_tokens) == (0, 4, 2)
    assert engine.stats.prefill_tokens == 60
    with pytest.raises(FrozenInstanceError):
        written.decode_tokens = 9  # type: ignore[misc]
    engine.forget()
    assert engine.stats == Stats()
    assert (engine.reader.length, engine.read_ids) == (0, [])


@pytest.mark.parametrize("chunk", [1, 7, 32, 75, 1000])
def test_chunked_prefill_equals_whole_prefill(
    plain: LlamaForCausalLM, model: Llama, chunk: int
) -> None:
    whole = plain(torch.tensor([PROMPT])).logits[0, -1]
    logits = Reader(model, capacity=75, chunk_tokens=chunk).read(PROMPT)
    torch.testing.assert_close(logits, whole, rtol=1e-4, atol=1e-4)


def test_progress_counts_up_to_all_tokens(model: Llama) -> None:
    calls: list[tuple[int, int]] = []
    Reader(model, 75, 32).read(PROMPT, lambda done, total: calls.append((done, total)))
    assert calls == [(32, 75), (64, 75), (75, 75)]


def test_second_answer_meets_the_same_document(model: Llama) -> None:
    engine = Engine(model, capacity=128, chunk_tokens=32)
    engine.read(PROMPT[:50])
    first = list(engine.write(PROMPT[50:], DecodeConfig(), max_new_tokens=9, stop_ids=()))
    other = list(engine.write(PROMPT[55:60], DecodeConfig(), max_new_tokens=9, stop_ids=()))
    again = list(engine.write(PROMPT[50:], DecodeConfig(), max_new_tokens=9, stop_ids=()))
    assert first == again != other


def test_interrupted_prefill_raises_between_chunks(model: Llama) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    reader = Reader(model, 75, 32)
    with pytest.raises(KeyboardInterrupt):
        reader.read(PROMPT, stop)
    assert reader.length == 32


def test_broken_off_answer_is_forgotten(model: Llama) -> None:
    engine = Engine(model, capacity=128, chunk_tokens=32)
    engine.read(PROMPT)
    steps = engine.write([5, 6], DecodeConfig(), max_new_tokens=9, stop_ids=())
    next(steps)
    steps.close()
    assert engine.reader.length == len(PROMPT)
    assert engine.stats.finish_reason == "interrupted"


def test_stop_token_ends_the_answer(plain: LlamaForCausalLM, model: Llama) -> None:
    expected = generated(plain, PROMPT, 6)
    engine = Engine(model, capacity=128, chunk_tokens=64)
    engine.read(PROMPT[:-1])
    written = list(
        engine.write(PROMPT[-1:], DecodeConfig(), max_new_tokens=20, stop_ids={expected[5]})
    )
    assert written == expected[: expected.index(expected[5])]
    assert engine.stats.finish_reason == "stop"


def test_sampling_repeats_with_its_seed_and_varies_without(model: Llama) -> None:
    engine = Engine(model, capacity=128, chunk_tokens=64)
    engine.read(PROMPT)

    def sampled(seed: int) -> list[int]:
        config = DecodeConfig(temperature=1.5, top_p=0.95, seed=seed)
        return list(engine.write([7], config, max_new_tokens=12, stop_ids=()))

    assert sampled(3) == sampled(3)
    assert len({tuple(sampled(seed)) for seed in range(4)}) > 1


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_other_attention_backends_give_the_same_logits(
    plain: LlamaForCausalLM, attention: Attention
) -> None:
    other = own(plain, attention)
    reader = Reader(other, capacity=80, chunk_tokens=20)
    logits = reader.read(PROMPT)
    torch.testing.assert_close(
        logits, plain(torch.tensor([PROMPT])).logits[0, -1], rtol=1e-4, atol=1e-4
    )


def test_times_include_what_the_gpu_still_has_to_do(
    model: Llama, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading returned while a thousand kernels were queued, and their time went to the answer."""
    seen: list[str] = []
    engine = Engine(model, capacity=100, chunk_tokens=16)
    engine.device = torch.device("cuda", 0)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: seen.append("waited"))
    clock = engine_module.time.perf_counter

    def look() -> float:
        seen.append("looked")
        return clock()

    monkeypatch.setattr(engine_module.time, "perf_counter", look)
    engine.read([2, 3, 4])
    assert seen == ["waited", "looked", "waited", "looked"]
    held = {name: each.clone() for name, each in engine.tensors(3).items()}
    seen.clear()
    engine.restore([2, 3, 4], lambda views: [views[name].copy_(held[name]) for name in views])
    assert seen == ["waited", "looked", "waited", "looked"]
