"""Read a token or a draft through a CUDA graph: the GPU runs the whole step without Python.

A small step is a thousand short kernels, each launched by Python: the GPU waits more than it
computes. A graph records them once and launches them together. It needs the same addresses and
shapes at every step, so whatever changes (the token and its position) is in tensors. Every kind of
cache is read and written by kernels that take lengths from the device (`kernels.py`).

`Reader.read_all` is the slow equivalent, used wherever there is no graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

import torch

from longsum.engine import kernels
from longsum.engine.fallback import warn_once
from longsum.engine.layers import HeldLayer
from longsum.engine.prefill import Reader

WARM_UP = 2
"""Passes before the recording, in which libraries initialize."""

SEVERAL = (5, 9, 17)
"""Tokens of the recorded passes that check a draft: 4, 8 or 16, plus the token before them."""

Run = Callable[[], torch.Tensor]
Pool = tuple[int, int]
"""torch's handle for the memory that graphs share, as they run one after another."""


def attend_at(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    scale: float,
    *,
    layer: HeldLayer,
    position: torch.Tensor,
    length: torch.Tensor,
) -> torch.Tensor:
    """Attend causally as `attend_new` does, with the tokens' position in a tensor.

    Args:
        query: (1, heads, T, head_dim).
        key: (1, kv_heads, T, head_dim).
        value: (1, kv_heads, T, head_dim).
        scale: factor on the scores.
        layer: cache layer that takes keys and values; its `length` is neither used nor changed.
        position: (1,) position of the first token.
        length: (1,) position + T.

    Returns:
        (1, heads, T, head_dim).
    """
    kernels.append(layer, key, value, position)
    return kernels.attend(query, layer, length, scale)


class StaticStep:
    """A forward pass of a few tokens over buffers with fixed addresses.

    Args:
        reader: a reader that has read something, so that its cache has buffers.
        tokens: number T of tokens read in one pass.
    """

    def __init__(self, reader: Reader, tokens: int = 1) -> None:
        self.model, self.held = reader.model, reader.cache.held
        self.capacity = reader.cache.capacity
        self.device = reader.model.device
        self.input_ids = torch.zeros((1, tokens), dtype=torch.long, device=self.device)
        self.position = torch.zeros(1, dtype=torch.long, device=self.device)
        self._offsets = torch.arange(tokens, device=self.device)

    def set(self, token_ids: list[int], position: int) -> None:
        """Set the tokens to read, and the position of the first."""
        if len(token_ids) == 1:  # passed as a kernel argument: nothing is copied to the device
            self.input_ids.fill_(token_ids[0])
        else:
            self.input_ids.copy_(torch.tensor([token_ids]))
        self.position.fill_(position)

    def run(self) -> torch.Tensor:
        """Read the tokens and return (T, vocab) logits of the token after each."""
        length = self.position + len(self._offsets)
        attends = [
            partial(attend_at, layer=layer, position=self.position, length=length)
            for layer in self.held
        ]
        positions = self.position + self._offsets
        states = self.model.model.run(self.input_ids, positions, attends, length=self.capacity)
        return self.model.logits(states)[0]


def new_pool() -> Pool:
    """Return a handle with which graphs can share memory."""
    pool: Pool = torch.cuda.graph_pool_handle()
    return pool


def capture(step: StaticStep, pool: Pool) -> Run:
    """Record a step on its GPU; a failure leaves stream and allocator as they were.

    Args:
        step: a step set to a position that may be overwritten.
        pool: memory for the graph.

    Returns:
        A function that runs the step again; the next run overwrites its logits.
    """
    with torch.cuda.device(step.device):
        current, side = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]  # of torch
        side.wait_stream(current)
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                step.run()
        current.wait_stream(side)
        torch.cuda.synchronize()
        torch.cuda.empty_cache()  # what the prefill used: the graph has its own memory
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.stream(side):
                logits = _record(graph, pool, step)
        except BaseException:
            _give_up(pool)
            raise
        current.wait_stream(side)

    def run() -> torch.Tensor:
        graph.replay()
        return logits

    return run


def _record(graph: torch.cuda.CUDAGraph, pool: Pool, step: StaticStep) -> torch.Tensor:
    """Run a step on the current stream, recording what it does there."""
    graph.capture_begin(pool=pool, capture_error_mode="thread_local")  # type: ignore[arg-type]
    try:
        logits = step.run()
    except BaseException:
        with suppress(RuntimeError):  # it only says that the recording is invalid
            graph.capture_end()
        raise
    graph.capture_end()
    return logits


def _give_up(pool: Pool) -> None:
    """Clean up after a failed recording, which torch does not do when ending it fails.

    Otherwise the allocator would continue to use the graph's memory and free nothing more, and the
    default generator would refuse to draw numbers.
    """
    device = torch.cuda.current_device()
    for name in ("_cuda_endAllocateToPool", "_cuda_releasePool"):
        if hasattr(torch._C, name):
            with suppress(RuntimeError):  # already ended
                getattr(torch._C, name)(device, pool)
    generator = torch.cuda.default_generators[device]
    if hasattr(generator, "clone_state") and hasattr(generator, "graphsafe_set_state"):
        generator.graphsafe_set_state(generator.clone_state())
    torch.cuda.synchronize()


class Recorded(NamedTuple):
    """A step and the function that replays it."""

    step: StaticStep
    run: Run


class Stepper:
    """Reads the tokens of an answer, through a graph where possible.

    Args:
        reader: the model and what it has read.
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.recorded: dict[int, Recorded] = {}
        """Recorded steps by their number of tokens."""
        self._pool: Pool | None = None
        self._buffers: tuple[int, ...] = ()
        """Addresses of the keys that the graphs write to."""
        self._works: bool | None = None
        """Whether to try a graph; None until there are buffers."""

    def __call__(self, token_id: int) -> torch.Tensor:
        """Read one more token.

        Returns:
            (vocab,) logits of the next token, overwritten by the next call.
        """
        logits = self._replay([token_id], 1)
        return self.reader.read([token_id]) if logits is None else logits[0]

    def several(self, token_ids: Sequence[int]) -> torch.Tensor:
        """Read a few tokens in one pass: a draft and the token before it.

        Returns:
            (tokens, vocab) logits of the token after each, overwritten by the next call.
        """
        size = next((size for size in SEVERAL if size >= len(token_ids)), None)
        logits = self._replay(token_ids, size) if size else None
        return self.reader.read_all(token_ids) if logits is None else logits

    @torch.inference_mode()
    def _replay(self, token_ids: Sequence[int], size: int) -> torch.Tensor | None:
        """Read tokens by a graph for `size` tokens; None where there is none.

        The padding after them is read as well, but none of them sees it.
        """
        position = self.reader.length
        assert position + len(token_ids) <= self.reader.cache.capacity
        if position + size > self.reader.cache.capacity:
            return None
        padded = [*token_ids, *[0] * (size - len(token_ids))]
        ready = self._ready(padded, position)
        if ready is None:
            return None
        ready.step.set(padded, position)
        logits = ready.run()
        for layer in self.reader.cache.held:
            layer.length = position + len(token_ids)
        return logits[: len(token_ids)]

    def _ready(self, token_ids: list[int], position: int) -> Recorded | None:
        """Return the recorded step, recording it first for new buffers; None if that fails."""
        if self._works is None and position:
            self._works = can_record(self.reader)
        if not self._works:
            return None
        held = self.reader.cache.held
        buffers = tuple(layer.buffers()["keys"].data_ptr() for layer in held)
        if buffers != self._buffers:
            self._forget()
        if len(token_ids) in self.recorded:
            return self.recorded[len(token_ids)]
        try:
            self._pool = self._pool or new_pool()
            step = StaticStep(self.reader, len(token_ids))
            step.set(token_ids, position)
            recorded = Recorded(step, capture(step, self._pool))
        except Exception as error:  # a kernel that waits for the host, a driver, too little memory
            self._works = False
            self._forget()
            warn_once("no CUDA graph for single tokens, answers are written more slowly", error)
            return None
        self._buffers = buffers
        self.recorded[len(token_ids)] = recorded
        return recorded

    def _forget(self) -> None:
        """Release all graphs and their memory."""
        self.recorded, self._buffers, self._pool = {}, (), None


def can_record(reader: Reader) -> bool:
    """Return whether to try a graph: one CUDA device, kernels for all of the cache's layers.

    Args:
        reader: a reader that has read something.
    """
    model, cache = reader.model, reader.cache
    if model.device.type != "cuda" or model.config.attention != "auto":
        return False
    if {weight.device for weight in model.parameters()} != {model.device}:
        return False
    # bitsandbytes looks for outliers in each 8-bit product, which synchronizes with the host
    waits = any(type(module).__name__ == "Linear8bitLt" for module in model.modules())
    steady = model.model.rotary.is_steady(cache.capacity)  # else the host computes frequencies
    return steady and not waits and all(kernels.takes_layer(layer) for layer in cache.held)
