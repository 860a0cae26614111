"""What the model makes of documents: read once, kept, and looked at as often as heads are trained.

Reading is nearly all of the time that training a selection head takes. So the states of every
document that was read are kept, whole and in float16, in a folder named for the weights: a run that
was killed goes on, and other weights never meet them.
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
from longsum.engine.hidden_states import recording
from longsum.prompting.prompt import mini_prompt
from longsum.selection.token_states import TokenStates
from recipes.mini.splice import own_forward

DIRECTIONS = 64
"""Of the model's states that the head looks at."""
STRIDE = 20
"""Of the tokens that the directions are found on, one in so many is taken."""
CHUNK_TOKENS = 2048


class StateReader:
    """The model whose states the head will look at, read as the program reads it.

    Args:
        folder: the exported checkpoint, not quantized.
        kept: where states are kept.
    """

    def __init__(self, folder: Path, kept: Path) -> None:
        loaded = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        self.weights = own_forward(loaded)
        self.tokenizer = load_tokenizer(folder)
        self.window: int = loaded.config.max_position_embeddings
        self.width: int = loaded.config.hidden_size
        self.projection = np.eye(self.width, dtype=np.float32)
        digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
        self.kept = kept / digest[:12]
        self.kept.mkdir(parents=True, exist_ok=True)

    def __call__(self, text: str) -> TokenStates | None:
        """Return the states of a text's tokens; None where it does not fit the window."""
        path = self.kept / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.safetensors"
        if not path.exists():
            save_file(self._read(text), path.with_suffix(".tmp"))
            path.with_suffix(".tmp").replace(path)
        held = load_file(path)
        if not len(held["starts"]):
            return None
        return TokenStates(held["states"].astype(np.float32) @ self.projection, held["starts"])

    def _read(self, text: str) -> dict[str, np.ndarray]:
        """Return states and offsets of a text's tokens; none where it does not fit the window."""
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
        with recording(self.weights, np.eye(self.width, dtype=np.float32)) as recorder:
            engine.read(ids)
        starts = np.array([start for start, _ in self.tokenizer.offsets(text)], dtype=np.int64)
        return {"states": recorder.states[len(prefix) :].numpy(), "starts": starts}

    def find_directions(self, texts: Sequence[str]) -> None:
        """Look from now on at the directions in which the tokens of some texts differ most."""
        states = [found.values for text in texts if (found := self(text)) is not None]
        values = np.concatenate(states)[::STRIDE]
        _, _, directions = np.linalg.svd(values - values.mean(0), full_matrices=False)
        self.projection = np.ascontiguousarray(directions[:DIRECTIONS].T)
