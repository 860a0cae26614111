"""A contestant: plain `transformers`, used as in its documentation.

python run_transformers.py TASK.json
"""

from __future__ import annotations

import time

STARTED = time.perf_counter()

import json  # noqa: E402  # imports are part of what is timed
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import torch  # noqa: E402
from transformers import AutoModelForCausalLM, BitsAndBytesConfig  # noqa: E402
from transformers.generation.streamers import BaseStreamer  # noqa: E402


class FirstToken(BaseStreamer):
    """Records when tokens are written."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def put(self, value: torch.Tensor) -> None:
        """Record the time of the prompt, then of each token."""
        self.times.append(time.perf_counter())

    def end(self) -> None:
        """Do nothing at the end."""


def main() -> None:
    """Read the task's document, write the answer, and print the times."""
    task = json.loads(Path(sys.argv[1]).read_text())
    if task["threads"]:
        torch.set_num_threads(task["threads"])
    imported = time.perf_counter()
    device = task["device"]
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = getattr(torch, task["dtype"])
    options = {}
    if task["quantize"] == "nf4":
        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype
        )
    model = AutoModelForCausalLM.from_pretrained(
        task["plain_folder"], dtype=dtype, device_map={"": device}, **options
    )
    ids = torch.tensor([task["document"] + task["question"]], device=device)
    loaded = time.perf_counter()
    heard = FirstToken()
    output = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=task["new_tokens"],
        do_sample=False,
        eos_token_id=None,  # all contestants write the same number of tokens
        pad_token_id=0,
        streamer=heard,
    )
    tokens = output[0, ids.shape[1] :].tolist()
    answered = time.perf_counter()
    first = heard.times[1]
    on_cuda = device.startswith("cuda")
    result = {
        "import_s": imported - STARTED,
        "load_s": loaded - imported,
        "prefill_s": first - loaded,
        "first_token_s": first - imported,
        "decode_s": answered - first,
        "tokens": tokens,
        "device_bytes": torch.cuda.max_memory_reserved() if on_cuda else 0,
    }
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
