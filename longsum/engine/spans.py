"""Which part of a text a model would copy as its answer. Token ids only.

The text's own tokens are scored, none is made up: of a beginning, one forward pass gives the
likelihood of every end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from longsum.engine.prefill import Reader

MAX_BEGINNINGS = 12
"""Beginnings that are read on, those with the likeliest first tokens."""


class Beginning(NamedTuple):
    """Tokens of a text from one place on, and where a copy of them may end."""

    ids: tuple[int, ...]
    ends: tuple[int, ...]
    """Numbers of tokens, each at least 1."""


class Copied(NamedTuple):
    """The likeliest copy."""

    beginning: int
    """Index of its beginning."""
    tokens: int
    """Number of its tokens."""
    likelihood: float
    """Natural logarithm, of its tokens and of the one that ends it."""


def likeliest_copy(
    reader: Reader,
    logits: torch.Tensor,
    beginnings: Sequence[Beginning],
    end: int,
    most: int = MAX_BEGINNINGS,
) -> Copied | None:
    """Return the part of a text that a model is most likely to answer with.

    Args:
        reader: the model, which has read the prompt; it is left as it was.
        logits: (vocab,) of the first token of the answer.
        beginnings: the places where a copy may begin.
        end: the token that ends an answer.
        most: maximum number of beginnings that are read on.

    Returns:
        None if no copy may begin or end anywhere.
    """
    usable = [number for number, each in enumerate(beginnings) if each.ends]
    if not usable:
        return None
    first = logits.float().log_softmax(-1)
    likely = first[torch.tensor([beginnings[i].ids[0] for i in usable], device=first.device)]
    best: Copied | None = None
    for place in likely.argsort(descending=True, stable=True)[:most].tolist():
        number, begun = usable[place], float(likely[place])
        if best is not None and begun <= best.likelihood:
            break  # further tokens only lower it
        found = _ended(reader, number, beginnings[number], begun, end)
        if best is None or found.likelihood > best.likelihood:
            best = found
    return best


def _ended(reader: Reader, number: int, each: Beginning, begun: float, end: int) -> Copied:
    """Return the likeliest end of a copy.

    Args:
        reader: the model, which has read the prompt.
        number: index of the beginning.
        each: its tokens and ends.
        begun: log-likelihood of its first token.
        end: the token that ends an answer.
    """
    length = reader.length
    ids = each.ids[: max(each.ends)]
    chances = reader.read_all(ids).float().log_softmax(-1)  # (tokens, vocab)
    reader.rewind(length)
    following = torch.tensor(ids[1:], device=chances.device)[:, None]
    summed = chances[:-1].gather(1, following)[:, 0].cumsum(0)
    copied = torch.cat([summed.new_zeros(1), summed]) + begun
    ending = copied + chances[:, end]
    tokens = max(each.ends, key=lambda count: float(ending[count - 1]))
    return Copied(number, tokens, float(ending[tokens - 1]))
