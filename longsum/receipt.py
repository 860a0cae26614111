"""What was read and how: the account that goes with every answer. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from longsum.bytesize import format_bytes
from longsum.model.kv_memory import is_quantized

FINISH = {
    "stop": "complete",
    "words": "complete",
    "exhausted": "no further sentence to choose",
    "length": "CUT OFF at the token limit (raise --max-new-tokens)",
    "loop": "STOPPED: the model repeated itself",
    "interrupted": "INTERRUPTED",
}


@dataclass(frozen=True)
class Receipt:
    """The account of one answer."""

    document: str
    sha256: str
    tokens_read: int
    tokens_total: int
    pages_read: int
    """0 for a text without pages."""
    pages_total: int
    truncated: str | None
    """Which part was left out: `head`, `tail`, `middle`; None when everything was read."""
    model: str
    revision: str | None
    window: int
    """Tokens."""
    rope: str
    """RoPE type."""
    factor: float
    quantize: str
    dtype: str
    kv_cache: str
    """The KV cache's dtype: `bf16`, `fp16`, `fp32`, `int8` or `int4`."""
    device: str
    mode: str
    """`verbatim` or `free`."""
    prompt_tokens: int
    answer_tokens: int
    load_s: float
    prefill_s: float
    """Seconds of reading the document, or of taking it from the cache."""
    from_cache: bool
    """The document was read by an earlier run, and what it left was taken from disk."""
    decode_s: float
    prefill_tps: float
    """Tokens read a second; 0 when they came from the cache."""
    decode_tps: float
    peak_memory_bytes: int
    finish_reason: str
    model_used: bool = True
    """False for an answer ranked by words alone: the model neither read nor wrote anything."""

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, for JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return the receipt for people, a few short lines."""
        if not self.model_used:
            return self._lines_by_words()
        read = f"read {self.tokens_read:,} of {self.tokens_total:,} tokens"
        if self.pages_total:
            pages = "page" if self.pages_total == 1 else "pages"
            chosen = "" if self.pages_read == self.pages_total else f"{self.pages_read} of "
            read += f" ({chosen}{self.pages_total} {pages})"
        if self.truncated:
            read += f", {self.truncated.upper()} LEFT OUT"
        scaling = f", {self.rope} ×{self.factor:g}" if self.factor != 1 else ""
        held = self.dtype if self.quantize == "none" else self.quantize
        if is_quantized(self.kv_cache):
            held += f", {self.kv_cache} cache"
        model = f"{self.model} ({self.window:,}-token window{scaling}, {held}, {self.device})"
        reading = f"read {self.prefill_s:.1f} s ({self.prefill_tps:,.0f} tok/s)"
        if self.from_cache:
            reading = f"read before, taken from the cache in {self.prefill_s:.1f} s"
        speed = f"load {self.load_s:.1f} s, {reading}, answer {self.decode_s:.1f} s" + (
            f" ({self.decode_tps:,.0f} tok/s)" if self.decode_tps else ""
        )
        if self.peak_memory_bytes:
            speed += f", peak {format_bytes(self.peak_memory_bytes)}"
        ending = f"{self.mode} answer, {FINISH.get(self.finish_reason, self.finish_reason)}"
        return [read, f"{model}; {ending}", speed]

    def _lines_by_words(self) -> list[str]:
        """Return the receipt of an answer that the model had no part in."""
        pages = "page" if self.pages_total == 1 else "pages"
        chosen = "" if self.pages_read == self.pages_total else f"{self.pages_read} of "
        whole = f" ({chosen}{self.pages_total} {pages})" if self.pages_total else ""
        return [
            f"searched all sentences{whole}",
            "ranked by words; the model was not used",
            f"answer {self.decode_s:.1f} s",
        ]
