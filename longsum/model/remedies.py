"""Find settings that make a run fit, each checked by the same arithmetic. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from longsum.checkpoint.catalog import KNOWN_MODELS
from longsum.model.run_memory import KV_CACHES, MemoryRun, WeightChoice, choices_of, first_fit
from longsum.settings import Setting

STEP = 1024
"""Contexts are suggested in multiples of this many tokens."""


def remedies_of(run: MemoryRun, choice: WeightChoice, chunks: Sequence[int]) -> tuple[str, ...]:
    """Return alternative settings, each of which makes the run fit.

    Args:
        run: a run that does not fit.
        choice: how its weights and cache are held.
        chunks: chunk sizes to try, in tokens.
    """
    smaller = _smaller(run, choice)
    fitting = [each for each, less in smaller if first_fit(run, (less,), chunks)]
    first = {each[0].name: each for each in reversed(fitting)}
    found = [first[name] for name in ("kv_cache", "quantize") if name in first]
    single = [each for each in found if not each[1:]]
    found = single or found[:1]
    before: tuple[Setting, ...] = ()
    tokens = _max_tokens(run, choice, chunks)
    if not tokens and smaller and not found:
        before, smallest = smaller[-1]
        tokens = _max_tokens(run, smallest, chunks)
    texts = [" ".join(map(str, each)) for each in found]
    if tokens:
        texts.append(" ".join(map(str, (*before, Setting("context", f"{tokens // STEP}k")))))
        pages = " ".join(map(str, (*before, Setting("pages"))))
        texts.append(f"{pages} with at most {tokens:,} tokens, prompt and answer included")
    model = _other_model(run, chunks)
    if model:
        texts.append(str(Setting("model", model)))
    return tuple(texts)


def _smaller(
    run: MemoryRun, choice: WeightChoice
) -> list[tuple[tuple[Setting, ...], WeightChoice]]:
    """Return choices that take less memory, with their settings: one change, then two."""
    caches = KV_CACHES[KV_CACHES.index(choice.kv_cache) + 1 :]
    quantizable = choice.quantize in ("none", "int8") and not run.stored and run.device != "mps"
    found: list[tuple[tuple[Setting, ...], WeightChoice]] = [
        ((Setting("kv_cache", each),), choice._replace(kv_cache=each)) for each in caches
    ]
    if quantizable:
        nf4 = Setting("quantize", "nf4")
        both = [((nf4, *each), less._replace(quantize="nf4")) for each, less in found]
        found += [((nf4,), choice._replace(quantize="nf4")), *both]
    return found


def _max_tokens(run: MemoryRun, choice: WeightChoice, chunks: Sequence[int]) -> int:
    """Return the largest multiple of `STEP` below the run's tokens that fits, or 0."""
    low, high = 0, (run.tokens - 1) // STEP
    while low < high:
        middle = (low + high + 1) // 2
        smaller = replace(run, tokens=middle * STEP)
        if first_fit(smaller, (choice,), chunks):
            low = middle
        else:
            high = middle - 1
    return low * STEP


def _other_model(run: MemoryRun, chunks: Sequence[int]) -> str | None:
    """Return the alias of the largest known model that fits, one that summarizes before `mini`."""
    choices = choices_of("auto", "auto", run.device, None)
    fitting = [
        known
        for known in KNOWN_MODELS
        if (known.recommended or known.alias == "mini")
        and known.widest >= run.tokens
        and known.shape != run.shape
        and first_fit(replace(run, shape=known.shape, stored=None), choices, chunks)
    ]
    best = max(fitting, key=lambda known: (known.recommended, known.parameters), default=None)
    return best.alias if best else None
