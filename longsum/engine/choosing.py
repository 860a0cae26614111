"""Constrained decoding: the answer consists of given token sequences only.

Works on token ids; knows nothing about sentences or text. The sequences form a trie. Where
several continue the path, the model chooses among them; once one is left, its remaining tokens
are read in one forward pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch

from longsum.engine.decode import ReadOne
from longsum.engine.prefill import Reader
from longsum.engine.sampling import Sampler


@dataclass(frozen=True)
class TokenSequence:
    """A token sequence that may be chosen."""

    token_ids: tuple[int, ...]
    weight: float = 0.0
    """Prior added to the log-probabilities of its first tokens, in nats."""
    group: int = -1
    """Number of its group; choosing one sequence excludes the others of its group. -1: none."""


@dataclass
class Trie:
    """Choices that share a prefix."""

    children: dict[int, Trie] = field(default_factory=dict)
    choices: set[int] = field(default_factory=set)
    """Numbers of the choices at or below this node that may still be chosen."""

    def add(self, number: int, token_ids: Sequence[int]) -> None:
        """Add choice `number` along its tokens."""
        node = self
        node.choices.add(number)
        for token_id in token_ids:
            node = node.children.setdefault(token_id, Trie())
            node.choices.add(number)

    def remove(self, number: int, token_ids: Sequence[int]) -> None:
        """Remove choice `number` along its tokens."""
        node = self
        node.choices.discard(number)
        for token_id in token_ids:
            node = node.children[token_id]
            node.choices.discard(number)

    def open_children(self) -> dict[int, Trie]:
        """Return the children that still lead to a choice."""
        return {token: child for token, child in self.children.items() if child.choices}


def build_trie(choices: Sequence[TokenSequence]) -> Trie:
    """Return the trie of all choices."""
    trie = Trie()
    for number, choice in enumerate(choices):
        trie.add(number, choice.token_ids)
    return trie


def next_logits(logits: torch.Tensor, node: Trie, choices: Sequence[TokenSequence]) -> torch.Tensor:
    """Mask the logits to a node's children and add the best weight below each.

    Args:
        logits: (vocab,) logits of the next token.
        node: current node of the path.
        choices: all choices, for their weights.

    Returns:
        (vocab,) log-probabilities plus weights; -inf for tokens that are not children.
    """
    log_probabilities = logits.float().log_softmax(-1)
    children = node.open_children()
    tokens = torch.tensor(list(children), device=logits.device)
    best = [max(choices[n].weight for n in child.choices) for child in children.values()]
    scores = log_probabilities[tokens] + torch.tensor(best, device=logits.device)
    return torch.full_like(log_probabilities, float("-inf")).scatter(0, tokens, scores)


def choose_sequences(
    reader: Reader,
    logits: torch.Tensor,
    choices: Sequence[TokenSequence],
    sampler: Sampler,
    read_one: ReadOne | None = None,
) -> Iterator[int]:
    """Yield the numbers of chosen sequences, one after another, until none is left.

    The caller stops when it has enough. After each choice its group is excluded.

    Args:
        reader: model that has already read the prompt.
        logits: (vocab,) logits of the first token.
        choices: sequences to choose from. A sequence that is a prefix of another can be chosen only
            once the longer one is excluded; end each with a separator to avoid this.
        sampler: picks among several continuations.
        read_one: faster `reader.read` of a single token.
    """
    read_one = read_one or (lambda token_id: reader.read([token_id]))
    trie = build_trie(choices)
    members: dict[int, list[int]] = {}
    for number, choice in enumerate(choices):
        members.setdefault(choice.group, []).append(number)
    while trie.choices:
        number, logits = _descend(reader, logits, trie, choices, sampler, read_one)
        yield number
        group = choices[number].group
        for other in members[group] if group >= 0 else [number]:
            trie.remove(other, choices[other].token_ids)


def _descend(
    reader: Reader,
    logits: torch.Tensor,
    node: Trie,
    choices: Sequence[TokenSequence],
    sampler: Sampler,
    read_one: ReadOne,
) -> tuple[int, torch.Tensor]:
    """Walk from the root to one choice; return its number and the logits after it."""
    read = 0  # tokens of the path that the model has read
    while len(node.choices) > 1 and node.open_children():
        token = sampler.pick(next_logits(logits, node, choices))
        node = node.children[token]
        if len(node.choices) > 1:
            logits = read_one(token)
            read += 1
    number = max(node.choices, key=lambda n: (choices[n].weight, -n))
    unread = choices[number].token_ids[read:]
    return number, reader.read(unread) if unread else logits
