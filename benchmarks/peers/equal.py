"""Compare a GGUF file's tokens and log-probabilities here with those in llama.cpp.

    python -m benchmarks.peers.equal MODEL.gguf --llama-python ENVIRONMENT/bin/python

llama.cpp rounds activations to 8 bits before multiplying them with quantized weights, and we do
not, so the difference is larger than float32 rounding; a wrong order of rows or wrong positions
would make everything differ.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import torch

from benchmarks.peers.__main__ import EXAMPLE
from longsum.checkpoint.checkpoint import Checkpoint
from longsum.checkpoint.formats import open_checkpoint
from longsum.events import Listener
from longsum.loading.loader import load_model
from longsum.model.memory import plan_memory
from longsum.model.resolve import resolve_model

HERE = Path(__file__).parent


def main() -> None:
    """Compare one file and print the differences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gguf", type=Path)
    parser.add_argument("--llama-python", required=True, help="has xllamacpp")
    parser.add_argument("--text", type=Path, default=EXAMPLE)
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--top", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    theirs = run_llama(asked)
    checkpoint = open_checkpoint(resolve_model(str(asked.gguf.resolve())).folder)
    ids = checkpoint.tokenizer().encode_document(asked.text.read_text(encoding="utf-8"))
    ours = log_probabilities(checkpoint, ids[: asked.tokens])
    print(json.dumps(compare(ids, ours, theirs), indent=1))


def run_llama(asked: argparse.Namespace) -> dict[str, Any]:
    """Return llama.cpp's results, from a process in its own environment."""
    with tempfile.TemporaryDirectory() as name:
        task, out = Path(name, "task.json"), Path(name, "out.json")
        settings = {"gguf": str(asked.gguf.resolve()), "tokens": asked.tokens, "top": asked.top}
        settings |= {"text": asked.text.read_text(encoding="utf-8"), "threads": asked.threads}
        task.write_text(json.dumps(settings | {"out": str(out)}))
        command = [asked.llama_python, HERE / "run_llama_probs.py", task]
        subprocess.run(command, check=True, capture_output=True)
        found: dict[str, Any] = json.loads(out.read_text())
        return found


def log_probabilities(checkpoint: Checkpoint, ids: list[int]) -> torch.Tensor:
    """Return our log-probabilities in float32: (tokens, vocab)."""
    plan = plan_memory(
        checkpoint.shape,
        tokens=len(ids),
        device="cpu",
        dtype="float32",
        free_bytes=1 << 40,
        quantize="none",
    )
    model = load_model(checkpoint, plan, listener=Listener())
    with torch.inference_mode():
        logits = model(torch.tensor([ids])).logits[0]
    return torch.log_softmax(logits.float(), dim=-1)


def compare(ids: list[int], ours: torch.Tensor, theirs: dict[str, Any]) -> dict[str, Any]:
    """Return statistics of the difference between our results and llama.cpp's.

    Args:
        ids: our tokens of the whole text.
        ours: (tokens, vocab) log-probabilities of the next token.
        theirs: `ids`, and `after` each position the likeliest tokens with log-probabilities.
    """
    same_best, differences, shared = 0, [], 0
    for mine, likeliest in zip(ours, theirs["after"], strict=True):
        same_best += int(mine.argmax()) == likeliest[0][0]
        differences += [abs(float(mine[token]) - value) for token, value in likeliest]
        top = set(mine.topk(len(likeliest)).indices.tolist())
        shared += len(top & {token for token, _ in likeliest})
    apart = [at for at, (a, b) in enumerate(zip(ids, theirs["ids"], strict=False)) if a != b]
    values = torch.tensor(differences)
    return {
        "tokens of the text": [len(ids), len(theirs["ids"])],
        "tokens that differ": len(apart) + abs(len(ids) - len(theirs["ids"])),
        "positions compared": len(ours),
        "same best token": same_best,
        "shared among the best": round(shared / len(differences), 4),
        "largest difference of a log-probability": round(float(values.max()), 4),
        "mean difference": round(float(values.mean()), 4),
    }


if __name__ == "__main__":
    main()
