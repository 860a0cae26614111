"""Prefill, decode and memory of a known shape with random weights, with every cache."""

from __future__ import annotations

import time
from typing import Any

import torch

from benchmarks.gpu.common import DEVICE, DRY, GIB, KIND, peak, profiled, rnd, say, step, wait

SHAPES: dict[str, tuple[int, int, int, int, int, int, dict[str, Any]]] = {
    "llama-2-7b": (
        *(32, 4096, 11008, 32, 32, 32000),
        {"rope_type": "linear", "rope_theta": 1e4, "factor": 8.0},
    ),
    "llama-3.1-8b": (
        *(32, 4096, 14336, 32, 8, 128256),
        {"rope_type": "default", "rope_theta": 5e5},
    ),
    "smollm-135m": (*(30, 576, 1536, 9, 3, 49152), {"rope_type": "default", "rope_theta": 1e5}),
}
"""Layers, hidden size, MLP, heads, key heads, vocabulary, RoPE."""
CACHES = ("int8", "int4", "native")
LIMITS = {"llama-2-7b": {"int8": 14.5, "int4": 10.5}}
"""GiB that must be enough for a run."""
TOKENS, NEW = (200, 8) if DRY else (32_256, 64)
CHUNK = 64 if DRY else 4096


class Drawn:
    """A weight that is drawn when it is indexed, so that no checkpoint is needed."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def __getitem__(self, _: object) -> torch.Tensor:
        if len(self.shape) == 1:
            return torch.ones(self.shape, dtype=KIND, device=DEVICE)
        return rnd(*self.shape, scale=0.02)


def config_of(name: str) -> Any:
    """Return a shape's configuration."""
    from transformers import LlamaConfig

    layers, hidden, mlp, heads, kv_heads, vocabulary, rope = SHAPES[name]
    if DRY:
        kv_heads = max(1, 8 * kv_heads // heads)
        layers, hidden, mlp, heads, vocabulary = 2, 256, 256, 8, 300
    return LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=mlp,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        head_dim=hidden // heads,
        max_position_embeddings=32768,
        rope_parameters=dict(rope),
        tie_word_embeddings=name == "smollm-135m",
        rms_norm_eps=1e-5,
    )


def load(name: str) -> Any:
    """Return a model of `transformers`, its weights drawn and quantized on the device."""
    from transformers import LlamaForCausalLM

    from longsum.loading.quantize import quantization_config

    config = config_of(name)
    with torch.device("meta"):
        shapes = {k: tuple(v.shape) for k, v in LlamaForCausalLM(config).state_dict().items()}
    torch.manual_seed(0)
    model = LlamaForCausalLM.from_pretrained(
        None,
        config=config,
        state_dict={name: Drawn(shape) for name, shape in shapes.items()},
        dtype=KIND,
        device_map={"": DEVICE},
        quantization_config=quantization_config("none" if DRY else "nf4", KIND),
    )
    model.generation_config = None
    return model.eval().requires_grad_(False)


def ours(model: Any) -> Any:
    """Return longsum's own forward pass over the same modules."""
    from longsum.checkpoint.rope import read_rope
    from longsum.engine.adopt import adopted

    config = {"model_type": "llama", **model.config.to_dict()}
    return adopted(model, config, read_rope(config))


def run(name: str) -> None:
    """Measure our engine with every cache, then plain `transformers` with the same weights."""
    from longsum.checkpoint.files import read_shape
    from longsum.engine import decode

    decode.is_looping = lambda ids: False  # random weights repeat themselves
    peak(reset=True)
    started = time.perf_counter()
    theirs = load(name)
    wait()
    say(model=name, load_s=time.perf_counter() - started, **peak())
    shape = read_shape({"model_type": "llama", **theirs.config.to_dict()})
    ids = torch.randint(5, shape.vocab_size, (TOKENS + 1,)).tolist()
    with step(f"{name}, our forward pass"):
        model = ours(theirs)
        say(model=name, forward=type(model).__name__)
        for kv in CACHES:
            with step(f"{name}, {kv} cache"):
                _engine(name, model, shape, ids, kv)
            if not DRY:
                torch.cuda.set_per_process_memory_fraction(1.0)
    with step(f"{name}, transformers"):
        _baseline(name, theirs, ids)


def _engine(name: str, model: Any, shape: Any, ids: list[int], kv: str) -> None:
    """Measure prefill, decode and memory with one cache."""
    from longsum.bench.work import decode_bytes, prefill_flops
    from longsum.checkpoint.kv_format import bytes_of_kv_cache
    from longsum.config import DecodeConfig
    from longsum.engine.engine import Engine
    from longsum.model.memory import plan_memory

    cache: Any = kv
    plan = plan_memory(
        shape,
        tokens=TOKENS + NEW + 2,
        device="cuda",
        dtype="bfloat16",
        free_bytes=70 * GIB,
        quantize="none" if DRY else "nf4",
        kv_cache=cache,
    )
    peak(reset=True)
    limit = LIMITS.get(name, {}).get(kv)
    if limit and not DRY:  # let the allocator refuse more, as on a smaller card
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(limit * GIB / total)
    chunk = min(plan.chunk_tokens, CHUNK)
    engine = Engine(model, capacity=TOKENS + NEW + 2, chunk_tokens=chunk, kv_cache=cache)
    reads = []
    for _ in range(2):
        engine.reader.rewind(0)
        wait()
        started = time.perf_counter()
        engine.read(ids[:-1])
        reported = time.perf_counter() - started
        wait()
        reads.append(time.perf_counter() - started)
    tflops = prefill_flops(shape, TOKENS) / min(reads) / 1e12
    rates = {"prefill_tok_s": TOKENS / min(reads), "tflops": tflops}
    times = {"prefill_s": min(reads), "first_s": reads[0], "reported_s": reported}
    say(model=name, kv=kv, **times, **rates, plan_gib=plan.total_bytes / GIB, **peak())
    config = DecodeConfig(lookup=False)
    list(engine.write(ids[-1:], config, max_new_tokens=4, stop_ids=()))  # records the graph
    wait()
    started = time.perf_counter()
    written = list(engine.write(ids[-1:], config, max_new_tokens=NEW, stop_ids=()))
    taken = (time.perf_counter() - started) / len(written)
    weights = sum(
        w.numel() * w.element_size() for n, w in model.named_parameters() if "embed_tokens" not in n
    )
    moved = decode_bytes(
        weights, bytes_of_kv_cache(shape, TOKENS, "bf16" if kv == "native" else kv)
    )
    graph = bool(engine.read_one and engine.read_one.recorded)
    rates = {"decode_tok_s": 1 / taken, "gb_s": moved / taken / 1e9}
    say(model=name, kv=kv, **rates, graph=graph, written=len(written), **peak())
    if not DRY:
        _profiles(kv, engine, ids)


def _profiles(kv: str, engine: Any, ids: list[int]) -> None:
    """Report what the GPU does in one token and in one chunk."""
    one = engine.read_one or (lambda token: engine.reader.read([token]))
    for what, work in (
        ("decode", lambda: one(ids[-1])),
        ("chunk", lambda: engine.reader.read(ids[:CHUNK])),
    ):
        engine.reader.rewind(TOKENS - CHUNK - 104)
        rows = profiled(work)
        launches = sum(row.count for row in rows if "LaunchKernel" in row.key)
        taken = [(row.key[:44], row.count, row.self_device_time_total / 1e3) for row in rows]
        top = [(key, count, round(ms, 2)) for key, count, ms in taken[:9]]
        say(profile=what, kv=kv, gpu_ms=sum(ms for _, _, ms in taken), launches=launches, top=top)


def _baseline(name: str, model: Any, ids: list[int]) -> None:
    """Measure `generate`, which synchronizes at every token."""
    from transformers import GenerationConfig
    from transformers.generation.streamers import BaseStreamer

    class Clock(BaseStreamer):  # type: ignore[misc]
        def __init__(self) -> None:
            self.at: list[float] = []

        def put(self, value: object) -> None:
            self.at.append(time.perf_counter())

        def end(self) -> None:
            pass

    model.set_attn_implementation("sdpa")
    model.generation_config = GenerationConfig()
    prompt = torch.tensor([ids], device=DEVICE)
    for _ in range(2):  # the second is warm
        clock = Clock()
        peak(reset=True)
        wait()
        started = time.perf_counter()
        with torch.inference_mode():
            model.generate(
                prompt,
                attention_mask=torch.ones_like(prompt),
                max_new_tokens=NEW // 2,
                do_sample=False,
                eos_token_id=None,
                pad_token_id=0,
                streamer=clock,
            )
    decode = (len(clock.at) - 2) / (clock.at[-1] - clock.at[1])
    prefill = TOKENS / (clock.at[1] - started)
    say(baseline=name, prefill_tok_s=prefill, decode_tok_s=decode, **peak())
