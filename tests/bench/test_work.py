from __future__ import annotations

import pytest
from tiny import tiny_llama, tiny_model
from torch.utils.flop_counter import FlopCounterMode

from longsum.bench.measure import read_bytes
from longsum.bench.work import decode_bytes, prefill_flops
from longsum.checkpoint.files import read_shape
from longsum.engine.prefill import Reader


@pytest.mark.parametrize("before", [0, 1, 37])
def test_operations_agree_with_the_count_of_torch(before: int) -> None:
    model = tiny_llama(attention="eager", tie_word_embeddings=True)
    reader = Reader(model, before + 1, 64)
    if before:
        reader.read([2] * before)
    with FlopCounterMode(display=False) as counter:
        reader.read([2])
    assert counter.get_total_flops() == prefill_flops(model.config.shape, 1, before)


@pytest.mark.parametrize(("tokens", "before"), [(1, 0), (5, 0), (5, 8)])
def test_reading_tokens_together_costs_as_much_as_one_by_one(tokens: int, before: int) -> None:
    shape = read_shape(tiny_model().config.to_dict())
    vocabulary = 2 * shape.hidden_size * shape.vocab_size
    singly = sum(prefill_flops(shape, 1, before + i) for i in range(tokens))
    assert prefill_flops(shape, tokens, before) == singly - (tokens - 1) * vocabulary


@pytest.mark.parametrize("tied", [True, False])
def test_untied_input_embedding_is_not_read_for_every_token(tied: bool) -> None:
    model = tiny_model(tie_word_embeddings=tied)
    every = sum(w.numel() * w.element_size() for w in model.parameters())
    embedding = model.get_input_embeddings().weight
    assert read_bytes(model) == every - (0 if tied else embedding.numel() * 4)
    assert decode_bytes(read_bytes(model), 10) == read_bytes(model) + 10
