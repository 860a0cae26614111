"""The shapes of LLaMA that the recipe trains: the bundled model, and a smaller one for the tables.

The smaller one has the paper's factor of 16 between its windows, 256 and 4,096 tokens, so that an
extension with all its measurements takes an hour on two cores instead of a week.
"""

from __future__ import annotations

from dataclasses import dataclass

from transformers import LlamaConfig

FACTOR = 16
"""s = L'/L, the paper's largest (2,048 to 32,768)."""


@dataclass(frozen=True)
class Shape:
    """The dimensions that differ between our models; both have `head_dim` 128 and one KV head."""

    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    window: int
    """Native window L (tokens)."""
    rope_theta: float
    """Base of RoPE's frequencies: enough pairs must turn less than a radian within the window."""

    @property
    def extended_window(self) -> int:
        """Window after the extension, L' = s L (tokens)."""
        return FACTOR * self.window

    def config(self, vocab_size: int) -> LlamaConfig:
        """Return the configuration inside the native window."""
        return LlamaConfig(
            vocab_size=vocab_size,
            hidden_size=self.hidden_size,
            intermediate_size=self.intermediate_size,
            num_hidden_layers=self.num_hidden_layers,
            num_attention_heads=self.num_attention_heads,
            num_key_value_heads=1,
            head_dim=128,
            max_position_embeddings=self.window,
            rope_parameters={"rope_type": "default", "rope_theta": self.rope_theta},
            tie_word_embeddings=True,
            bos_token_id=0,
            eos_token_id=1,
            pad_token_id=1,
            initializer_range=0.02,
        )

    def extended_config(self, vocab_size: int) -> LlamaConfig:
        """Return the configuration with positions divided by `FACTOR`."""
        config = self.config(vocab_size)
        config.rope_parameters = {
            "rope_type": "linear",
            "rope_theta": self.rope_theta,
            "factor": FACTOR,
        }
        config.max_position_embeddings = self.extended_window
        return config


SHAPES = {
    "mini": Shape(256, 704, 4, 2, window=2048, rope_theta=500_000.0),
    "small": Shape(256, 704, 4, 2, window=256, rope_theta=10_000.0),
}
