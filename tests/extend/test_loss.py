from __future__ import annotations

import pytest
import torch
from tiny import tiny_model
from torch.nn import functional

from longsum.extend.loss import NextTokenLoss, chunk_tokens, chunked_loss
from longsum.extend.prepare import checkpoint_layers


@pytest.mark.parametrize("chunk", [1, 7, 16, 50, 64])
def test_chunked_loss_and_gradients_are_those_of_the_whole(chunk):
    torch.manual_seed(0)
    hidden = torch.randn(50, 12, requires_grad=True)
    head = torch.randn(31, 12, requires_grad=True)
    labels = torch.randint(0, 31, (50,))
    whole = functional.cross_entropy(functional.linear(hidden, head), labels)
    expected = torch.autograd.grad(whole, (hidden, head))
    loss = chunked_loss(hidden, head, labels, chunk=chunk)
    torch.testing.assert_close(loss, whole)
    torch.testing.assert_close(torch.autograd.grad(loss, (hidden, head)), expected)


def test_no_more_than_a_chunks_logits_are_kept():
    hidden = torch.randn(64, 8, requires_grad=True)
    head = torch.randn(100, 8, requires_grad=True)
    sizes = []

    def pack(tensor):
        sizes.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        chunked_loss(hidden, head, torch.zeros(64, dtype=torch.long), chunk=16)
    assert max(sizes) <= 100 * 8  # nothing of chunk x vocabulary, 1,600


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("checkpointing", [True, False])
def test_models_loss_is_transformers(tied, checkpointing):
    model = tiny_model(tie_word_embeddings=tied).train()
    ids = torch.randint(0, 300, (2, 40))
    expected = model(input_ids=ids, labels=ids).loss
    expected.backward()
    gradients = [weight.grad.clone() for weight in model.parameters()]
    model.zero_grad()
    if checkpointing:
        checkpoint_layers(model)
    module = NextTokenLoss(model)
    module.chunk = 11
    loss = module(ids)
    loss.backward()
    torch.testing.assert_close(loss, expected)
    found = [weight.grad for weight in model.parameters()]
    torch.testing.assert_close(found, gradients, rtol=1e-4, atol=1e-5)


def test_autocast_multiplies_in_bfloat16():
    model = tiny_model()
    ids = torch.randint(0, 300, (1, 40))
    exact, cast = NextTokenLoss(model)(ids), NextTokenLoss(model, autocast=True)(ids)
    assert cast.dtype == torch.float32
    assert cast != exact
    torch.testing.assert_close(cast, exact, rtol=5e-2, atol=5e-2)


def test_chunks_are_bounded_by_their_logits():
    assert chunk_tokens(32_000) * 32_000 <= 1 << 24
    assert chunk_tokens(128_256) >= 64
