"""Read one token through a CUDA graph: the GPU runs the whole step without waiting for Python.

A small step is a thousand short kernels, each started by Python: the GPU waits for it more than it
computes. A graph records them once and starts them all at once. It wants the same addresses and
shapes at every step, so that what changes stands in tensors: the token, and its position. Attention
reads the cache's whole capacity and masks what is not filled: the capacity is the document and the
longest answer, so there is little beyond the last token.

`Reader.read([token_id])` is the slow form of the same, and what is used wherever a graph is not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from transformers import AttentionInterface
from transformers.cache_utils import Cache, CacheLayerMixin

from longsum.engine.attention import NAME
from longsum.engine.bridge import cache_keyword
from longsum.engine.fallback import tell_once
from longsum.engine.layers import PreallocatedLayer
from longsum.engine.llama import Llama
from longsum.engine.prefill import Reader

STEP_NAME = "longsum_step"
WARM_UP = 2
"""Passes before the recording, in which libraries set themselves up."""

Run = Callable[[], torch.Tensor]


def attend_step(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    position: torch.Tensor,
    scale: float,
) -> torch.Tensor:
    """Attend with one query to the keys up to its own position, in shapes that never change.

    Args:
        query: (batch, heads, 1, head_dim).
        key: (batch, kv_heads, capacity, head_dim).
        value: of key's shape; finite also where nothing was written.
        position: (1,), the query's.
        scale: factor on the scores.

    Returns:
        (batch, heads, 1, head_dim).
    """
    batch, heads, _, head_dim = query.shape
    kv_heads, capacity = key.shape[1:3]
    packed = query.reshape(batch, kv_heads, heads // kv_heads, head_dim)  # a group shares its keys
    scores = (packed * scale) @ key.transpose(-1, -2)  # (B, H_kv, G, capacity)
    hidden = torch.arange(capacity, device=key.device) > position
    weights = scores.masked_fill(hidden, float("-inf")).softmax(-1, dtype=torch.float32)
    return (weights.to(value.dtype) @ value).reshape(batch, heads, 1, head_dim)


def _attention_forward(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float,
    *,
    step_position: torch.Tensor,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Adapt `attend_step` to the signature `transformers` calls."""
    assert attention_mask is None, "longsum attention reads one unpadded sequence"
    output = attend_step(query, key, value, step_position, scaling)
    return output.transpose(1, 2).contiguous(), None


class _StepLayer(CacheLayerMixin):
    """A cache layer's buffers, written at a position that stands in a tensor."""

    is_sliding = False

    def __init__(self, layer: PreallocatedLayer, position: torch.Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # transformers annotates nothing here
        assert layer.keys is not None
        assert layer.values is not None
        self.keys, self.values, self.position = layer.keys, layer.values, position
        self.is_initialized = True

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Have the buffers already."""

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write one token's keys and values and return all of the buffers."""
        assert self.keys is not None
        assert self.values is not None
        self.keys.index_copy_(2, self.position, key_states)
        self.values.index_copy_(2, self.position, value_states)
        return self.keys, self.values

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Return the length and offset of the keys; no mask is made of them."""
        return self.get_max_length(), 0

    def get_seq_length(self) -> int:
        """Return 0: the length stands in a tensor, and positions are given."""
        return 0

    def get_max_length(self) -> int:
        """Return the number of tokens the buffers can hold."""
        assert self.keys is not None
        return self.keys.shape[2]


class StaticStep:
    """One token's forward pass over buffers that stay where they are.

    Args:
        reader: has read something, so that its cache has buffers; the cache is native.
    """

    def __init__(self, reader: Reader) -> None:
        self.model: Any = reader.model  # of transformers
        device = self.model.device
        self.input_ids = torch.zeros((1, 1), dtype=torch.long, device=device)
        self.position = torch.zeros(1, dtype=torch.long, device=device)
        held = native_layers(reader)
        self.cache = Cache(layers=[_StepLayer(layer, self.position) for layer in held])
        for layer in held:  # what is masked still counts 0 times its value, which must be a number
            assert layer.values is not None
            layer.values[:, :, layer.length :].zero_()

    def set(self, token_id: int, position: int) -> None:
        """Take the token to read, and where it stands."""
        self.input_ids.fill_(token_id)
        self.position.fill_(position)

    def run(self) -> torch.Tensor:
        """Read it and return (vocab,) logits of the token that follows."""
        implementation = self.model.config._attn_implementation
        AttentionInterface.register(STEP_NAME, _attention_forward)
        self.model.set_attn_implementation(STEP_NAME)
        try:
            output = self.model(
                self.input_ids,
                position_ids=self.position[None],
                **{cache_keyword(self.model): self.cache},
                use_cache=True,
                logits_to_keep=1,
                step_position=self.position,
            )
        finally:
            self.model.set_attn_implementation(implementation)
        logits: torch.Tensor = output.logits[0, -1]
        return logits


def native_layers(reader: Reader) -> list[PreallocatedLayer]:
    """Return the layers of a native cache; none of a quantized one."""
    return [layer for layer in reader.cache.held if isinstance(layer, PreallocatedLayer)]


def capture(step: StaticStep) -> Run:
    """Record a step on its GPU.

    Args:
        step: set to a position that may be written to.

    Returns:
        Runs the step again; its logits are overwritten by the next run.
    """
    device = step.model.device
    with torch.cuda.device(device):
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # of torch
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                step.run()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            logits = step.run()

    def run() -> torch.Tensor:
        graph.replay()
        return logits

    return run


class Stepper:
    """Reads the tokens of an answer one by one, through a graph where there can be one.

    Args:
        reader: the model and what it has read.
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._step: StaticStep | None = None
        self._run: Run | None = None
        self._buffers: tuple[int, ...] = ()
        """Addresses that the graph writes to."""
        self._works = is_supported(reader)

    @torch.inference_mode()
    def __call__(self, token_id: int) -> torch.Tensor:
        """Read a token behind those already read.

        Returns:
            (vocab,) logits of the token that follows, overwritten by the next call.
        """
        position = self.reader.length
        assert position < self.reader.cache.capacity
        run = self._ready(token_id, position) if self._works else None
        if run is None or self._step is None:
            return self.reader.read([token_id])
        self._step.set(token_id, position)
        logits = run()
        for layer in self.reader.cache.held:
            layer.length = position + 1
        return logits

    def _ready(self, token_id: int, position: int) -> Run | None:
        """Return the recorded step, recording it first for new buffers; None if that fails."""
        layers = native_layers(self.reader)
        buffers = tuple(layer.keys.data_ptr() for layer in layers if layer.keys is not None)
        if self._run is not None and buffers == self._buffers:
            return self._run
        try:
            self._step = StaticStep(self.reader)
            self._step.set(token_id, position)
            self._run, self._buffers = capture(self._step), buffers
        except Exception as error:  # a kernel that waits for the host, a driver, too little memory
            self._works, self._run, self._step = False, None, None
            tell_once("no CUDA graph for single tokens, answers are written more slowly", error)
        return self._run


def is_supported(reader: Reader) -> bool:
    """Tell whether a graph is to be tried: one CUDA device, our attention, a native cache.

    A quantized cache has a kernel of its own, which is told the length by the host.
    """
    model = reader.model
    return (
        model.device.type == "cuda"
        and not isinstance(model, Llama)
        and {weight.device for weight in model.parameters()} == {model.device}
        and model.config._attn_implementation == NAME
        and len(native_layers(reader)) == model.config.num_hidden_layers
    )
