"""What a window is started with, and which of it the page may change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from longsum.checkpoint.catalog import find_known
from longsum.checkpoint.context import parse_context
from longsum.config import (
    AskConfig,
    AskedKVCache,
    DecodeConfig,
    LoadConfig,
    Quantize,
    ReadConfig,
    StoreConfig,
    Style,
    SummaryConfig,
    Truncate,
)
from longsum.errors import UsageError

MAX_QUESTION = 2_000
"""Characters of a question."""
MAX_FOCUS = 200
MIN_WORDS, MAX_WORDS = 10, 2_000
DEVICES = ("auto", "cuda", "mps", "cpu")


@dataclass(frozen=True)
class WindowConfig:
    """What a window is started with."""

    read: ReadConfig = field(default_factory=ReadConfig)
    load: LoadConfig = field(default_factory=LoadConfig)
    summary: SummaryConfig = field(default_factory=SummaryConfig)
    ask: AskConfig = field(default_factory=AskConfig)
    decode: DecodeConfig = field(default_factory=DecodeConfig)
    store: StoreConfig | None = field(default_factory=StoreConfig)
    """Limits of what is kept on disk; None keeps nothing."""
    page_labels: bool = True
    """Whether references also give the printed page number where it differs."""


@dataclass(frozen=True)
class ReadingSettings:
    """How the open document is read; the page may change it."""

    load: LoadConfig
    pages: str | None
    truncate: Truncate | None
    parts: bool = False
    """Whether a document that is too long is read in parts."""

    def changed(self, body: Mapping[str, Any]) -> ReadingSettings:
        """Return the settings with what a request changes.

        What changes how many parts there are ends the reading in parts: it is asked for again.

        Args:
            body: `model`, `kv_cache`, `quantize`, `device`, `context`, `pages`, `truncate`,
                `parts`; None for the default.

        Raises:
            UsageError: when a value is not one that may be chosen.
        """
        load = self.load
        if "model" in body:
            load = replace(load, model=self._model(body["model"]), context=None)
        if "context" in body:
            load = replace(load, context=parse_context(_text(body, "context", 12)))
        for name, allowed in (
            ("kv_cache", _words(AskedKVCache)),
            ("quantize", _words(Quantize)),
            ("device", DEVICES),
        ):
            if name in body:
                load = replace(load, **{name: _one_of(body, name, allowed)})
        pages, truncate = self.pages, self.truncate
        parts = self.parts and not {"model", "context", "pages", "truncate"} & body.keys()
        if "pages" in body:
            pages = None if body["pages"] is None else _text(body, "pages", 2_000)
            truncate = None
        if "truncate" in body:
            given = body["truncate"]
            truncate = None if given is None else _one_of(body, "truncate", _words(Truncate))
        if "parts" in body:
            parts = _is_true(body, "parts")
            truncate = None if parts else truncate
        return ReadingSettings(load, pages, truncate, parts)

    def _model(self, name: Any) -> str | None:
        """Return a model of the catalogue, or the one the window was started with; no paths."""
        if name is None or name == self.load.model:
            return self.load.model if name else None
        known = find_known(name) if isinstance(name, str) else None
        if known is None:
            raise UsageError("no such model in the list")
        return known.alias


def summary_config(body: Mapping[str, Any], base: SummaryConfig) -> SummaryConfig:
    """Return what kind of summary a request asks for.

    Args:
        body: `words`, `style`, `focus`, `verbatim`.
        base: fills in what is absent.

    Raises:
        UsageError: when a value is not one that may be chosen.
    """
    changes: dict[str, Any] = {}
    if body.get("words") is not None:
        words = body["words"]
        if not isinstance(words, int) or not MIN_WORDS <= words <= MAX_WORDS:
            raise UsageError(f"a summary has {MIN_WORDS} to {MAX_WORDS:,} words")
        changes["words"] = words
    if body.get("style") is not None:
        changes["style"] = _one_of(body, "style", _words(Style))
    if "focus" in body:
        changes["focus"] = _text(body, "focus", MAX_FOCUS) if body["focus"] else None
    return replace(base, **changes, **_verbatim(body))


def ask_config(body: Mapping[str, Any], base: AskConfig) -> AskConfig:
    """Return what kind of answer a request asks for; see `summary_config`."""
    return replace(base, **_verbatim(body))


def question_in(body: Mapping[str, Any]) -> str:
    """Return the question of a request.

    Raises:
        UsageError: when there is none, or it is too long.
    """
    question = " ".join(_text(body, "question", MAX_QUESTION).split())
    if not question:
        raise UsageError("the question is empty", hint="write one")
    return question


def _verbatim(body: Mapping[str, Any]) -> dict[str, Any]:
    if "verbatim" not in body:
        return {}
    value = body["verbatim"]
    if value is not None and not isinstance(value, bool):
        raise UsageError("verbatim is true, false or null")
    return {"verbatim": value}


def _words(kind: Any) -> tuple[str, ...]:
    """Return the words that a type of literals allows."""
    found: list[str] = []
    for each in get_args(kind):
        found += [each] if isinstance(each, str) else _words(each)
    return tuple(found)


def _one_of(body: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> Any:
    if body[name] not in allowed:
        raise UsageError(f"{name} is one of {', '.join(allowed)}")
    return body[name]


def _is_true(body: Mapping[str, Any], name: str) -> bool:
    value = body[name]
    if not isinstance(value, bool):
        raise UsageError(f"{name} is true or false")
    return value


def _text(body: Mapping[str, Any], name: str, limit: int) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise UsageError(f"{name} is missing")
    if len(value) > limit:
        raise UsageError(f"{name} is longer than {limit:,} characters")
    return value
