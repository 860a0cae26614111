"""The receipt of an answer: what was read, and how. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from longsum.bytesize import format_bytes
from longsum.checkpoint.kv_format import is_quantized
from longsum.documents.extent import Extent
from longsum.settings import Setting

FINISH = {
    "stop": "complete",
    "words": "complete",
    "exhausted": "no further sentence to choose",
    "length": f"CUT OFF at the token limit (raise {Setting('max_new_tokens')})",
    "loop": "STOPPED: the model began to repeat itself",
    "long": "ENDED at a third more than the length asked for",
    "interrupted": "INTERRUPTED",
}
UNFINISHED = ("length", "loop", "long", "interrupted")
"""Reasons that leave an answer incomplete."""


@dataclass(frozen=True)
class ReadPart:
    """A part of a document that was read by itself."""

    where: str
    """For people: `pages 1-120`."""
    unit: str
    """What `first` and `last` count, as `UNITS` names it."""
    first: int
    last: int
    tokens: int


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The receipt of one answer; the defaults are those of an answer made without a model."""

    document: str
    sha256: str
    tokens_read: int = 0
    tokens_total: int = 0
    extent: Extent
    """Pages or lines that were read, and those that were not."""
    truncate: str | None = None
    """Part left out: `head`, `tail` or `middle`; None when everything was read."""
    model: str
    revision: str | None
    window: int = 0
    """Tokens of the model's window."""
    rope: str = "none"
    """RoPE type."""
    factor: float = 1.0
    quantize: str = "none"
    dtype: str = "float32"
    kv_cache: str = "none"
    """The KV cache's dtype: `bf16`, `fp16`, `fp32`, or a name of `KV_FORMATS`."""
    device: str = "cpu"
    mode: str
    """`verbatim` or `free`."""
    prompt_tokens: int = 0
    answer_tokens: int = 0
    load_s: float = 0.0
    prefill_s: float = 0.0
    """Seconds of reading the document, or of restoring it from the cache."""
    from_cache: bool = False
    """Whether the document was restored from the cache instead of read."""
    decode_s: float = 0.0
    prefill_tps: float = 0.0
    """Tokens read per second; 0 when they came from the cache."""
    decode_tps: float = 0.0
    peak_memory_bytes: int = 0
    finish_reason: str = "words"
    sentences: int = 0
    """Statements of a free answer, each looked for in the document."""
    sentences_supported: int = 0
    """Statements that were found."""
    sentences_revised: int = 0
    """Those of them that were written once more: what was written first was not found."""
    sentences_left_out: int = 0
    """Further statements, left out because they were not found."""
    model_used: bool = True
    """False for an answer ranked by words alone: the model neither read nor wrote anything."""
    judged: int = 0
    """Passages that the model judged, of a document it did not read as a whole."""
    parts: tuple[ReadPart, ...] = ()
    """The parts of a document that was read in parts; empty where it was read at once."""

    @property
    def truncated(self) -> bool:
        """Whether a part of the document was left out."""
        return self.truncate is not None

    @property
    def pages_read(self) -> int:
        """Number of pages of which text was read; 0 for a text without pages."""
        return self.extent.count if self.extent.has_pages else 0

    @property
    def pages_total(self) -> int:
        """Number of pages of the file; 0 for a text without pages."""
        return self.extent.total if self.extent.has_pages else 0

    def as_dict(self) -> dict[str, Any]:
        """Return the fields and the values derived from them, for JSON."""
        return asdict(self) | {
            "truncated": self.truncated,
            "tokens_left_out": self.tokens_total - self.tokens_read,
            "left_out": self.extent.what_is_missing() or None,
            "pages_read": self.pages_read,
            "pages_total": self.pages_total,
        }

    def cautions(self) -> list[str]:
        """Return the warnings that must accompany the answer wherever it is shown, a line each."""
        cut = [left_out(self.extent, self.tokens_read, self.tokens_total, self.truncate)]
        return (cut if self.truncated else []) + self.answer_cautions()

    def answer_cautions(self) -> list[str]:
        """Return the warnings about the answer itself, not about what was read."""
        found = []
        if self.sentences and not self.sentences_supported:
            found.append(
                f"none of this answer was found in the document (0 of {self.sentences:,} "
                f"{'sentence' if self.sentences == 1 else 'sentences'})"
            )
        if self.mode == "free" and self.finish_reason in ("length", "loop", "long"):
            found.append(f"this answer is incomplete: {FINISH[self.finish_reason]}")
        return found

    def lines(self) -> list[str]:
        """Return the receipt for people, a few short lines."""
        if not (self.model_used and self.tokens_total):
            return self._lines_searched()
        read = f"read {self.tokens_read:,} of {self.tokens_total:,} tokens"
        read += f" in {len(self.parts):,} parts" if self.parts else ""
        places = [self.extent.what_was_read()]
        if self.truncated:
            places.append(f"{self.extent.what_is_missing() or 'white space'} LEFT OUT")
        if shown := "; ".join(filter(None, places)):
            read += f" ({shown})"
        scaling = f", {self.rope} ×{self.factor:g}" if self.factor != 1 else ""
        held = self.dtype if self.quantize == "none" else self.quantize
        if is_quantized(self.kv_cache):
            held += f", {self.kv_cache} cache"
        model = f"{self.model} ({self.window:,}-token window{scaling}, {held}, {self.device})"
        reading = f"read {self.prefill_s:.1f} s ({self.prefill_tps:,.0f} tok/s)"
        if self.from_cache:
            reading = f"already read (from cache, {self.prefill_s:.1f} s)"
        speed = f"load {self.load_s:.1f} s, {reading}, answer {self.decode_s:.1f} s" + (
            f" ({self.decode_tps:,.0f} tok/s)" if self.decode_tps else ""
        )
        if self.peak_memory_bytes:
            speed += f", peak {format_bytes(self.peak_memory_bytes)}"
        ending = f"{self.mode} answer, {FINISH.get(self.finish_reason, self.finish_reason)}"
        if self.sentences:
            ending += (
                f"; {self.sentences_supported:,} of {self.sentences:,} sentences "
                "found in the document"
            )
            if self.sentences_revised:
                ending += f", {self.sentences_revised:,} written again"
        if self.sentences_left_out:
            ending += f", {self.sentences_left_out:,} left out"
        return [read, f"{model}; {ending}", speed]

    def _lines_searched(self) -> list[str]:
        """Return the receipt of an answer that was searched for, not read."""
        whole = self.extent.what_was_read()
        searched = "searched all sentences" + (f" ({whole})" if whole else "")
        if not self.model_used:
            how = "ranked by words; the model was not used"
            return [searched, how, f"answer {self.decode_s:.1f} s"]
        held = self.dtype if self.quantize == "none" else self.quantize
        judged = f"judged {self.judged:,} passages, each by itself" if self.judged else "not asked"
        speed = f"load {self.load_s:.1f} s, answer {self.decode_s:.1f} s"
        if self.peak_memory_bytes:
            speed += f", peak {format_bytes(self.peak_memory_bytes)}"
        return [searched, f"ranked by words; {self.model} ({held}, {self.device}) {judged}", speed]


def joined(
    receipts: Sequence[Receipt],
    parts: Sequence[ReadPart],
    extent: Extent,
    further: Sequence[Receipt] = (),
) -> Receipt:
    """Return the receipt of an answer to which all parts of a document contributed.

    Args:
        receipts: one of each part.
        parts: the parts, in order.
        extent: what was read of the whole document.
        further: those of what was made from the parts' answers.
    """
    every = [*receipts, *further]
    now = [each for each in receipts if not each.from_cache]
    read_s = sum(each.prefill_s for each in now)
    decode_s = sum(each.decode_s for each in every)
    tokens, written = sum(part.tokens for part in parts), sum(each.answer_tokens for each in every)
    ending = next((each for each in every if each.finish_reason in UNFINISHED), every[-1])
    return replace(
        receipts[0],
        tokens_read=tokens,
        tokens_total=tokens,
        extent=extent,
        answer_tokens=written,
        load_s=max(each.load_s for each in every),
        prefill_s=sum(each.prefill_s for each in every),
        from_cache=not now,
        decode_s=decode_s,
        prefill_tps=sum(each.tokens_read for each in now) / read_s if read_s else 0.0,
        decode_tps=written / decode_s if decode_s else 0.0,
        peak_memory_bytes=max(each.peak_memory_bytes for each in every),
        finish_reason=ending.finish_reason,
        sentences=sum(each.sentences for each in every),
        sentences_supported=sum(each.sentences_supported for each in every),
        parts=tuple(parts),
    )


def left_out(extent: Extent, tokens_read: int, tokens_total: int, truncate: str | None) -> str:
    """Return the warning that a part of a document is not read.

    Args:
        extent: pages or lines read and left out.
        tokens_read: tokens of the document that are read.
        tokens_total: tokens of the whole document.
        truncate: the part left out, for the message.
    """
    missing = extent.what_is_missing()
    missing = f"{missing} of {extent.total:,}" if missing else "white space"
    return (
        f"{missing} LEFT OUT ({Setting('truncate')} {truncate}): "
        f"{tokens_total - tokens_read:,} of {tokens_total:,} tokens are not read"
    )
