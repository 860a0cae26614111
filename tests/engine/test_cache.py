from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from tiny import tiny_llama

from longsum.config import DecodeConfig, KVCache
from longsum.engine.engine import Engine
from longsum.engine.llama import Llama
from longsum.engine.prefill import Reader

PROMPT = torch.randint(2, 300, (60,), generator=torch.Generator().manual_seed(1)).tolist()
ALL = ("native", "int8", "int4")


@pytest.fixture(scope="module")
def model() -> Llama:
    return tiny_llama()


def written(engine: Engine) -> list[int]:
    return list(engine.write([7, 8], DecodeConfig(), max_new_tokens=12, stop_ids=()))


@pytest.mark.parametrize("kv_cache", ALL)
def test_restored_cache_answers_as_a_fresh_one(model: Llama, kv_cache: KVCache) -> None:
    fresh = Engine(model, capacity=80, chunk_tokens=16, kv_cache=kv_cache)
    fresh.read(PROMPT)
    saved = {name: tensor.clone() for name, tensor in fresh.tensors(60).items()}
    expected = written(fresh)

    restored = Engine(model, capacity=100, chunk_tokens=64, kv_cache=kv_cache)

    def fill(views: Mapping[str, torch.Tensor]) -> None:
        assert set(views) == set(saved)
        for name, view in views.items():
            view.copy_(saved[name])

    restored.restore(PROMPT, fill)
    assert written(restored) == expected
    assert restored.stats.is_restored
    assert restored.stats.prefill_tokens == 60
    assert restored.stats.prefill_s > 0
    assert restored.stats.prefill_tps == 0
    assert restored.read_ids == PROMPT  # an answer's guesses come from them
    # more can be read after it
    logits = restored.reader.read(PROMPT[:9])
    torch.testing.assert_close(logits, fresh.reader.read(PROMPT[:9]), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kv_cache", ALL)
def test_failed_restoring_leaves_nothing_read(model: Llama, kv_cache: KVCache) -> None:
    engine = Engine(model, capacity=80, chunk_tokens=16, kv_cache=kv_cache)

    def fail(views: Mapping[str, torch.Tensor]) -> None:
        for view in views.values():
            view.fill_(3)
        raise LookupError

    with pytest.raises(LookupError):
        engine.restore(PROMPT, fail)
    assert engine.reader.length == 0
    assert not engine.stats.is_restored
    engine.read(PROMPT)
    fresh = Engine(model, capacity=80, chunk_tokens=16, kv_cache=kv_cache)
    fresh.read(PROMPT)
    assert written(engine) == written(fresh)


@pytest.mark.parametrize("kv_cache", ALL)
def test_trimmed_tokens_are_forgotten(model: Llama, kv_cache: KVCache) -> None:
    reader = Reader(model, 80, 16, kv_cache)
    reader.read(PROMPT)
    reader.rewind(20)
    assert reader.length == 20
    again = reader.read(PROMPT[20:])
    fresh = Reader(model, 80, 16, kv_cache).read(PROMPT)
    torch.testing.assert_close(again, fresh, rtol=1e-4, atol=1e-4)


def test_tensors_are_views_named_by_layer(model: Llama) -> None:
    reader = Reader(model, 80, 16, "int4")
    reader.read(PROMPT)
    found = reader.cache.tensors(50)
    assert set(found) == {
        f"{layer}.{name}"
        for layer in (0, 1)
        for name in ("keys", "keys_scale", "keys_centre", "values", "values_scale")
    }
    assert found["1.keys_centre"].shape == (1, 2, 1, 16)
    assert found["1.keys"].shape == (1, 2, 50, 8)
    assert found["1.keys"].data_ptr() == reader.cache.held[1].buffers()["keys"].data_ptr()
    reader.rewind(0)
    assert reader.length == 0
