"""Time 4-bit weights on this CPU: plain bitsandbytes, ours, and whole weights, in one run.

    python -m benchmarks.cpu4bit [--dtype bfloat16] [--chunk 512] [--threads 1] [--wide]

Random weights: speed does not depend on them. Each round measures the three after one another, and
the best of the rounds counts, so that whatever else the machine does falls on all alike.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from longsum.checkpoint.formats import open_checkpoint
from longsum.engine.engine import Engine
from longsum.events import Listener
from longsum.loading.loader import load_model
from longsum.model.hardware import detect_machine
from longsum.model.memory import plan_memory

SMALL = {"hidden_size": 768, "intermediate_size": 2048, "num_hidden_layers": 8}
"""About 60 million parameters."""
WIDE = {"hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 6}
"""About 300 million, in matrices of the size that models of a billion have."""
WAYS = ("whole weights", "nf4, bitsandbytes", "nf4, ours")


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description="Time 4-bit weights on this CPU.")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--chunk", type=int, default=512, help="tokens of a forward pass")
    parser.add_argument("--tokens", type=int, default=1024, help="tokens read")
    parser.add_argument("--answer", type=int, default=16, help="tokens written")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--wide", action="store_true", help="matrices of a larger model")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    machine = detect_machine("cpu", asked.dtype)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_random(folder, WIDE if asked.wide else SMALL)
        models = {way: loaded(folder, way, machine.dtype) for way in WAYS}
        best = dict.fromkeys(WAYS, (0.0, 0.0))
        for _ in range(asked.rounds):
            for way, model in models.items():
                speeds = measured(model, asked.tokens, asked.chunk, asked.answer)
                best[way] = tuple(map(max, best[way], speeds))  # type: ignore[assignment]
    size = sum(each.numel() for each in models[WAYS[0]].parameters())
    print(
        f"{machine.name}, {asked.threads} threads, {machine.dtype}, {size / 1e6:.0f}M parameters,"
    )
    print(f"{asked.tokens} tokens read in chunks of {asked.chunk}, {asked.answer} written\n")
    print("| weights | read, tokens/s | written, tokens/s |\n| --- | ---: | ---: |")
    for way, (read, written) in best.items():
        print(f"| {way} | {read:.1f} | {written:.1f} |")


def write_random(folder: Path, shape: dict[str, int]) -> None:
    """Write a checkpoint with random weights."""
    torch.manual_seed(0)
    config = LlamaConfig(**shape, vocab_size=2048, num_attention_heads=shape["hidden_size"] // 64)
    LlamaForCausalLM(config).save_pretrained(folder)


def loaded(folder: Path, way: str, dtype: str) -> LlamaForCausalLM:
    """Load a checkpoint as the program does, or without what it adds to bitsandbytes."""
    checkpoint = open_checkpoint(folder)
    quantize = "none" if way == WAYS[0] else "nf4"
    plan = plan_memory(
        checkpoint.shape,
        tokens=2048,
        device="cpu",
        dtype=dtype,
        free_bytes=1 << 40,
        quantize=quantize,
    )
    model = load_model(checkpoint, plan, listener=Listener())
    if way == WAYS[1]:
        from longsum.loading import cpu4bit

        for layer in model.modules():
            if type(layer) is cpu4bit.ChunkedLinear4bit:
                layer.__class__ = cpu4bit.Linear4bit
    return model


def measured(model: LlamaForCausalLM, tokens: int, chunk: int, answer: int) -> tuple[float, float]:
    """Return tokens read and tokens written a second."""
    engine = Engine(model, capacity=tokens + answer + 1, chunk_tokens=chunk)
    ids = torch.randint(3, 2000, (tokens,)).tolist()
    started = time.perf_counter()
    engine.read(ids)
    read = time.perf_counter()
    for token_id in ids[:answer]:
        engine.reader.read([token_id])
    return tokens / (read - started), answer / (time.perf_counter() - read)


if __name__ == "__main__":
    main()
