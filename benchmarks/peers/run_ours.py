"""A contestant: our engine. Prints its times and tokens as JSON.

    python run_ours.py TASK.json

With `store` in the task, the document is cached in that folder, or restored from it.
"""

from __future__ import annotations

import time

STARTED = time.perf_counter()

import json  # noqa: E402  # imports are part of what is timed
import shutil  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import torch  # noqa: E402
from transformers import PreTrainedTokenizerFast  # noqa: E402, F401  # loading imports it

from longsum.config import DecodeConfig, LoadConfig, StoreConfig  # noqa: E402
from longsum.engine import decode  # noqa: E402
from longsum.engine.engine import Engine, peak_memory_bytes  # noqa: E402
from longsum.events import Listener  # noqa: E402
from longsum.loading.loader import load_model  # noqa: E402
from longsum.loading.quantized_cache import weights_config  # noqa: E402
from longsum.model.find import find_model, plan_for  # noqa: E402
from longsum.session_cache import StoredPrefix  # noqa: E402
from longsum.store.key import PrefixKey, rope_text, token_hash  # noqa: E402


def main() -> None:
    """Read the task's document, write the answer, and print the times."""
    task = json.loads(Path(sys.argv[1]).read_text())
    if task["threads"]:
        torch.set_num_threads(task["threads"])
    # all contestants write the same number of tokens, even where ours would stop at a loop
    decode.is_looping = lambda token_ids: False
    if task.get("fresh_store"):
        shutil.rmtree(task["store"], ignore_errors=True)
    imported = time.perf_counter()
    asked = ("model", "device", "dtype", "quantize", "kv_cache")
    load = LoadConfig(**{name: task[name] for name in asked})
    document, question, new = task["document"], task["question"], task["new_tokens"]
    held = len(document) + len(question) + new
    model = find_model(load)
    plan = plan_for(model, load, held)
    weights = load_model(
        model.checkpoint, plan, listener=Listener(), weights=weights_config(plan.quantize)
    )
    loaded = time.perf_counter()
    engine = Engine(weights, capacity=held, chunk_tokens=plan.chunk_tokens, kv_cache=plan.kv_cache)
    stored = cached_prefix(task, plan, document) if task.get("store") else None
    if stored is None or not stored.restore(engine, document, Listener()):
        engine.read(document)
    read = time.perf_counter()
    config = DecodeConfig(lookup=task["lookup"])
    tokens, first = [], read
    for token in engine.write(question, config, max_new_tokens=new, stop_ids=()):
        first = first if tokens else time.perf_counter()
        tokens.append(token)
    answered = time.perf_counter()
    if stored is not None:
        stored.save(engine, Listener())
    result = {
        "import_s": imported - STARTED,
        "load_s": loaded - imported,
        "prefill_s": read - loaded,
        "first_token_s": first - imported,
        "decode_s": answered - first,
        "tokens": tokens,
        "drafted": engine.stats.drafted_tokens,
        "accepted": engine.stats.accepted_tokens,
        "device_bytes": peak_memory_bytes(engine.device),
    }
    sys.stdout.write(json.dumps(result) + "\n")


def cached_prefix(task, plan, document) -> StoredPrefix:
    """Return the store's entry of this document, keyed only by the task and the plan.

    Args:
        task: the task.
        plan: the memory plan.
        document: tokens of the document.
    """
    key = PrefixKey(
        weights=task["model"],
        rope=rope_text({}),
        quantize=plan.quantize,
        dtype=plan.dtype,
        kv_dtype=plan.kv_dtype,
        attention="auto",
        tokens=len(document),
        token_ids=token_hash(document),
        version="benchmark",
    )
    config = StoreConfig(size_bytes=1 << 36, min_prefill_s=0.0)
    return StoredPrefix(Path(task["store"]), config, key, {"document": "", "model": ""})


if __name__ == "__main__":
    main()
