"""llama.cpp's tokens of a text, and the likeliest next tokens after each, for a GGUF file.

    ENVIRONMENT/bin/python run_llama_probs.py TASK.json

Runs in an environment that has `xllamacpp` (prebuilt for AVX2, and so not for comparing speed). Its
key-value cache is float32 here.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

import xllamacpp


def main() -> None:
    """Write the token ids and, after each position, the likeliest tokens with log-probabilities."""
    task = json.loads(Path(sys.argv[1]).read_text())
    params = xllamacpp.CommonParams()
    params.model.path = task["gguf"]
    params.n_ctx = task["tokens"] + 8
    params.n_parallel = 1
    params.n_gpu_layers = 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = task["threads"]
    params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.warmup = False
    server = xllamacpp.Server(params)
    asked = {"content": task["text"], "add_special": False, "parse_special": False}
    ids = post(server, "/tokenize", asked)["tokens"]
    read = ids[: task["tokens"]]
    after = [likeliest(server, read[:end], task["top"]) for end in range(1, len(read) + 1)]
    Path(task["out"]).write_text(json.dumps({"ids": ids, "after": after}))


def likeliest(server: xllamacpp.Server, ids: list[int], top: int) -> list[tuple[int, float]]:
    """Return the likeliest next tokens and their log-probabilities.

    Args:
        server: server with the model.
        ids: tokens of the prompt.
        top: number of tokens to return.
    """
    asked = {"prompt": ids, "n_predict": 1, "temperature": 0.0, "n_probs": top}
    found = post(server, "/completion", asked | {"cache_prompt": True})
    best = found["completion_probabilities"][0]["top_logprobs"]
    return [(each["id"], each["logprob"]) for each in best]


def post(server: xllamacpp.Server, path: str, content: dict[str, Any]) -> Any:
    """Send a request to the server, which listens only on this machine.

    Args:
        server: server with the model.
        path: path of the request.
        content: JSON body.

    Returns:
        The JSON response.
    """
    request = urllib.request.Request(
        server.listening_address + path,
        json.dumps(content).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=600) as answer:
        return json.load(answer)


if __name__ == "__main__":
    main()
