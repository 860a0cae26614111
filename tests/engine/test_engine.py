"""The engine writes what `transformers` writes, however the prompt is cut into chunks."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tiny import tiny_model
from transformers import LlamaForCausalLM

from longsum.config import DecodeConfig
from longsum.engine import engine as engine_module
from longsum.engine.attention import register
from longsum.engine.engine import Engine
from longsum.engine.prefill import Reader

PROMPT = torch.randint(2, 300, (75,), generator=torch.Generator().manual_seed(1)).tolist()


@pytest.fixture(scope="module")
def plain() -> LlamaForCausalLM:
    return tiny_model()


@pytest.fixture(scope="module")
def model(plain: LlamaForCausalLM) -> LlamaForCausalLM:
    ours = tiny_model()
    ours.load_state_dict(plain.state_dict())
    ours.set_attn_implementation(register())
    return ours


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


def test_greedy_answer_equals_generate(plain: LlamaForCausalLM, model: LlamaForCausalLM) -> None:
    engine = Engine(model, capacity=128, chunk_tokens=32)
    engine.read(PROMPT[:60])
    written = list(engine.write(PROMPT[60:], DecodeConfig(), max_new_tokens=20, stop_ids=()))
    assert written == generated(plain, PROMPT, 20)
    assert engine.stats.finish_reason == "length"
    assert engine.stats.prefill_tokens == 60
    assert engine.stats.decode_tokens == 20


def test_model_that_ignores_the_cache_is_refused(
    model: LlamaForCausalLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A renamed keyword falls into **kwargs: each chunk was read alone, and no error said so."""
    forward = type(model).forward

    def renamed(
        self: LlamaForCausalLM, *args: Any, cache_of_2027: Any = None, **kwargs: Any
    ) -> Any:
        kwargs.pop("cache", None), kwargs.pop("past_key_values", None)
        return forward(self, *args, **kwargs)

    reader = Reader(model, capacity=75, chunk_tokens=32)
    monkeypatch.setattr(type(model), "forward", renamed)
    with pytest.raises(RuntimeError, match="did not use its cache"):
        reader.read(PROMPT)
    with pytest.raises(TypeError, match="takes no cache"):
        Reader(model, capacity=75, chunk_tokens=32)


@pytest.mark.parametrize("chunk", [1, 7, 32, 75, 1000])
def test_chunked_prefill_equals_whole_prefill(
    plain: LlamaForCausalLM, model: LlamaForCausalLM, chunk: int
) -> None:
    whole = plain(torch.tensor([PROMPT])).logits[0, -1]
    logits = Reader(model, capacity=75, chunk_tokens=chunk).read(PROMPT)
    torch.testing.assert_close(logits, whole, rtol=1e-4, atol=1e-4)


def test_progress_counts_up_to_all_tokens(model: LlamaForCausalLM) -> None:
    calls: list[tuple[int, int]] = []
    Reader(model, 75, 32).read(PROMPT, lambda done, total: calls.append((done, total)))
    assert calls == [(32, 75), (64, 75), (75, 75)]


def test_second_answer_meets_the_same_document(model: LlamaForCausalLM) -> None:
    engine = Engine(model, capacity=128, chunk_tokens=32)
    engine.read(PROMPT[:50])
    first = list(engine.write(PROMPT[50:], DecodeConfig(), max_new_tokens=9, stop_ids=()))
    other = list(engine.write(PROMPT[55:60], DecodeConfig(), max_new_tokens=9, stop_ids=()))
    again = list(engine.write(PROMPT[50:], DecodeConfig(), max_new_tokens=9, stop_ids=()))
    assert first == again != other


def test_interrupted_prefill_raises_between_chunks(model: LlamaForCausalLM) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    reader = Reader(model, 75, 32)
    with pytest.raises(KeyboardInterrupt):
        reader.read(PROMPT, stop)
    assert reader.length == 32


def test_broken_off_answer_is_forgotten(model: LlamaForCausalLM) -> None:
    engine = Engine(model, capacity=128, chunk_tokens=32)
    engine.read(PROMPT)
    steps = engine.write([5, 6], DecodeConfig(), max_new_tokens=9, stop_ids=())
    next(steps)
    steps.close()
    assert engine.reader.length == len(PROMPT)
    assert engine.stats.finish_reason == "interrupted"


def test_stop_token_ends_the_answer(plain: LlamaForCausalLM, model: LlamaForCausalLM) -> None:
    expected = generated(plain, PROMPT, 6)
    engine = Engine(model, capacity=128, chunk_tokens=64)
    engine.read(PROMPT[:-1])
    written = list(
        engine.write(PROMPT[-1:], DecodeConfig(), max_new_tokens=20, stop_ids={expected[5]})
    )
    assert written == expected[: expected.index(expected[5])]
    assert engine.stats.finish_reason == "stop"


def test_sampling_repeats_with_its_seed_and_varies_without(model: LlamaForCausalLM) -> None:
    engine = Engine(model, capacity=128, chunk_tokens=64)
    engine.read(PROMPT)

    def sampled(seed: int) -> list[int]:
        config = DecodeConfig(temperature=1.5, top_p=0.95, seed=seed)
        return list(engine.write([7], config, max_new_tokens=12, stop_ids=()))

    assert sampled(3) == sampled(3)
    assert len({tuple(sampled(seed)) for seed in range(4)}) > 1


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_other_attention_backends_give_the_same_logits(
    plain: LlamaForCausalLM, attention: str
) -> None:
    other = tiny_model()
    other.load_state_dict(plain.state_dict())
    other.set_attn_implementation(attention)
    reader = Reader(other, capacity=80, chunk_tokens=20)
    logits = reader.read(PROMPT)
    torch.testing.assert_close(
        logits, plain(torch.tensor([PROMPT])).logits[0, -1], rtol=1e-4, atol=1e-4
    )


def test_times_include_what_the_gpu_still_has_to_do(
    model: LlamaForCausalLM, monkeypatch: pytest.MonkeyPatch
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
