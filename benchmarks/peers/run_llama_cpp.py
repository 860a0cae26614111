"""A contestant: llama.cpp through `llama-cpp-python`, in its own environment.

    ENVIRONMENT/bin/python run_llama_cpp.py TASK.json

Its key-value cache has the default dtype, float16.
"""

from __future__ import annotations

import time

STARTED = time.perf_counter()

import json  # noqa: E402  # imports are part of what is timed
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import llama_cpp  # noqa: E402
import numpy as np  # noqa: E402


def main() -> None:
    """Read the task's document, write the answer, and print the times."""
    task = json.loads(Path(sys.argv[1]).read_text())
    imported = time.perf_counter()
    prompt = task["document"] + task["question"]
    llama = llama_cpp.Llama(
        model_path=task["gguf"],
        n_ctx=len(prompt) + task["new_tokens"],
        n_batch=2048,
        n_threads=task["threads"] or None,
        n_threads_batch=task["threads"] or None,
        n_gpu_layers=0 if task["device"] == "cpu" else -1,
        flash_attn=True,
        verbose=False,
    )
    loaded = time.perf_counter()
    llama.eval(prompt)
    tokens = [best(llama)]
    first = time.perf_counter()
    while len(tokens) < task["new_tokens"]:
        llama.eval(tokens[-1:])
        tokens.append(best(llama))
    answered = time.perf_counter()
    result = {
        "import_s": imported - STARTED,
        "load_s": loaded - imported,
        "prefill_s": first - loaded,
        "first_token_s": first - imported,
        "decode_s": answered - first,
        "tokens": tokens,
        "device_bytes": 0,
    }
    sys.stdout.write(json.dumps(result) + "\n")


def best(llama: llama_cpp.Llama) -> int:
    """Return the most likely next token."""
    logits = llama_cpp.llama_get_logits_ith(llama.ctx, -1)
    return int(np.ctypeslib.as_array(logits, shape=(llama.n_vocab(),)).argmax())


if __name__ == "__main__":
    main()
