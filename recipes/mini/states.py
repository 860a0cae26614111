"""A cache of the model's states of documents, for training selection heads repeatedly.

Reading takes nearly all of the time of training a selection head. So the complete states of every
document are cached in float16, in a folder named after the weights: a killed run can resume, and
other weights never use them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from transformers import LlamaForCausalLM

from longsum.checkpoint.tokenizer import load_tokenizer
from longsum.engine.engine import Engine
from longsum.engine.hidden_states import LAST, recording
from longsum.prompting.prompt import mini_prompt
from longsum.selection.token_states import TokenStates
from recipes.mini.splice import own_forward

DIRECTIONS = 64
"""Number of directions of the model's states that the head uses."""
STRIDE = 20
"""The directions are computed from every `STRIDE`-th token."""
CHUNK_TOKENS = 2048


def digest_of(text: str) -> str:
    """Return the name of a document's states."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def save_whole(tensors: dict[str, np.ndarray], path: Path) -> None:
    """Save tensors such that a killed run leaves no half of a file."""
    save_file(tensors, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


class StateReader:
    """The model whose states the head uses, reading as the program does.

    Args:
        folder: the exported checkpoint, not quantized.
        cache: folder of cached states.
    """

    def __init__(self, folder: Path, cache: Path) -> None:
        loaded = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        self.weights = own_forward(loaded)
        self.tokenizer = load_tokenizer(folder)
        self.window: int = loaded.config.max_position_embeddings
        self.width: int = loaded.config.hidden_size
        self.projection = np.eye(self.width, dtype=np.float32)
        digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
        self.cache = cache / digest[:12]
        self.cache.mkdir(parents=True, exist_ok=True)

    def __call__(self, text: str) -> TokenStates | None:
        """Return the states of a text's tokens; None if it does not fit the window."""
        path = self.cache / f"{digest_of(text)}.safetensors"
        if not path.exists():
            save_whole(self._read(text), path)
        held = load_file(path)
        if not len(held["starts"]):
            return None
        return TokenStates(held["states"].astype(np.float32) @ self.projection, held["starts"])

    def _read(self, text: str) -> dict[str, np.ndarray]:
        """Return states and offsets of a text's tokens; empty if it does not fit the window."""
        prompt = mini_prompt(text, question=None)
        begin = self.tokenizer.encode_prompt(prompt.prefix)
        prefix = self.tokenizer.with_beginning(prompt.prefix, begin)
        ids = [*prefix, *self.tokenizer.encode_document(text)]
        if len(ids) > self.window:
            return {
                "states": np.zeros((0, self.width), np.float16),
                "starts": np.zeros(0, np.int64),
            }
        engine = Engine(self.weights, capacity=len(ids), chunk_tokens=CHUNK_TOKENS)
        with recording(self.weights, {LAST: np.eye(self.width, dtype=np.float32)}) as recorder:
            engine.read(ids)
        starts = np.array([start for start, _ in self.tokenizer.offsets(text)], dtype=np.int64)
        return {"states": recorder.states[len(prefix) :].numpy(), "starts": starts}

    def find_directions(self, texts: Sequence[str]) -> None:
        """Project states on the directions in which the tokens of some texts differ most."""
        states = [found.values for text in texts if (found := self(text)) is not None]
        values = np.concatenate(states)[::STRIDE]
        _, _, directions = np.linalg.svd(values - values.mean(0), full_matrices=False)
        self.projection = np.ascontiguousarray(directions[:DIRECTIONS].T)
