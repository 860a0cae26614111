"""Measure a smol in memory: losses by position on held-out windows, and keys found."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from recipes.smol.llama import Llama, token_losses

EDGES = (0, 2048, 4096, 8192, 12288, 16384, 24576, 32768)
DEPTHS = 10


@torch.no_grad()
def window_losses(
    model: Llama, windows: np.ndarray, size: int, table: torch.Tensor
) -> list[torch.Tensor]:
    """Return the losses of each window, read separately: (size - 1,) float32 each.

    Args:
        model: model on its device.
        windows: (windows, tokens), each split into pieces of `size`.
        size: tokens per piece.
        table: cosines and sines of `Positions`.
    """
    found = []
    device = model.embedding.device
    positions = torch.arange(size, device=device)[None]
    for window in windows:
        pieces = torch.from_numpy(window.astype(np.int64)).to(device).view(-1, size)
        for ids in pieces.split(max(1, 32_768 // size)):
            states = model(ids, positions.expand(len(ids), -1), table)
            found += list(token_losses(model, states, ids).cpu())
    return found


def by_position(losses: Sequence[torch.Tensor]) -> dict[str, float]:
    """Return the perplexity of the tokens between two positions, over all windows."""
    stacked = torch.stack(list(losses)).double()
    size = stacked.shape[1] + 1
    return {
        f"{low}-{high}": math.exp(stacked[:, max(low - 1, 0) : high - 1].mean().item())
        for low, high in zip(EDGES, EDGES[1:], strict=False)
        if low < size
    }


def by_window(losses: Sequence[torch.Tensor]) -> dict[str, float]:
    """Return the perplexity of all tokens, and a standard error over windows as a factor."""
    means = torch.stack([each.double().mean() for each in losses])
    error = means.std().item() / math.sqrt(len(means)) if len(means) > 1 else 0.0
    return {"perplexity": math.exp(means.mean().item()), "factor_of_error": math.exp(error)}


@torch.no_grad()
def is_found(model: Llama, ids: Sequence[int], answer: Sequence[int], table: torch.Tensor) -> bool:
    """Return whether greedy decoding would give the answer.

    Args:
        model: model on its device.
        ids: tokens of the prompt.
        answer: tokens of the answer.
        table: cosines and sines of `Positions`.
    """
    device = model.embedding.device
    row = torch.tensor([[*ids, *answer]], device=device)
    states = model(row, torch.arange(row.shape[1], device=device)[None], table)
    last = states[0, len(ids) - 1 : -1]
    likeliest = torch.nn.functional.linear(last, model.embedding).argmax(-1)
    return bool((likeliest == row[0, len(ids) :]).all())


def passkey_prompt(
    parts: Mapping[str, Any], tokens: int, depth: float, key: int
) -> tuple[list[int], list[int]]:
    """Return the prompt of the paper's passkey task (arXiv 2306.15595, section 3.3), and the key.

    Args:
        parts: token ids of the pieces; `keys` is a list of `[sentence, digits]`.
        tokens: approximate length of the prompt.
        depth: depth of the key, from 0 (beginning) to 1 (end).
        key: index of the key.
    """
    sentence, digits = parts["keys"][key]
    left = tokens - len(parts["begin"]) - len(sentence) - len(parts["question"]) - len(digits)
    count = max(2, left // len(parts["filler"]))
    before = round(depth * count)
    filler = list(parts["filler"])
    ids = [*parts["begin"], *filler * before, *sentence, *filler * (count - before)]
    return [*ids, *parts["question"]], list(digits)


def passkeys_found(
    model: Llama,
    parts: Mapping[str, Any],
    tokens: int,
    table: torch.Tensor,
    trials: int,
    depths: int = DEPTHS,
) -> list[int]:
    """Return the number of keys found at each depth.

    Args:
        model: model on its device.
        parts: token ids of the pieces; see `passkey_prompt`.
        tokens: approximate length of the prompts.
        table: cosines and sines of `Positions`.
        trials: prompts per depth.
        depths: number of depths, from the beginning to the end; at least 2.
    """
    rng, found = random.Random(tokens), []
    for depth in range(depths):
        keys = rng.sample(range(len(parts["keys"])), trials)
        prompts = [passkey_prompt(parts, tokens, depth / (depths - 1), key) for key in keys]
        found.append(sum(is_found(model, *prompt, table) for prompt in prompts))
    return found


def needles_found(
    model: Llama,
    parts: Mapping[str, Any],
    windows: np.ndarray,
    tokens: int,
    table: torch.Tensor,
    trials: int,
) -> int:
    """Return the number of keys found among others in a text (RULER, arXiv 2404.06654).

    Args:
        model: model on its device.
        parts: token ids; `needles` is a list of `[sentence, question, answer]`.
        windows: held-out texts, the haystacks.
        tokens: length of the prompts.
        table: cosines and sines of `Positions`.
        trials: number of prompts.
    """
    count = 0
    for trial in range(trials):
        rng = random.Random(trial)
        needles = rng.sample(parts["needles"], 4)
        text = windows[trial % len(windows)][: tokens - 300].tolist()
        places = sorted(rng.randrange(len(text)) for _ in needles)
        ids: list[int] = []
        for start, end, needle in zip([0, *places], [*places, None], [*needles, None], strict=True):
            ids += text[start:end] + (list(needle[0]) if needle else [])
        _, question, answer = rng.choice(needles)
        count += is_found(model, [*ids, *question], answer, table)
    return count
