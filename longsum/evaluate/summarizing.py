"""Summarize with a model in memory: as `longsum summarize` does, or as the paper did.

The weights are loaded once for all documents; everything else is done by the use case itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from longsum.budget import require_window
from longsum.checkpoint.chat_formats import Wrap
from longsum.checkpoint.checkpoint import FilelessCheckpoint
from longsum.checkpoint.files import read_shape
from longsum.checkpoint.tokenizer import Tokenizer
from longsum.config import DecodeConfig, LoadConfig, SummaryConfig
from longsum.documents.document import Document
from longsum.errors import DocumentError, LongsumError
from longsum.evaluate.config import SummariesConfig
from longsum.evaluate.loading import Opened
from longsum.evaluate.reference_pairs import Pair
from longsum.evaluate.support import grounded, support_of
from longsum.events import Listener
from longsum.grounding.grounder import GroundedSentence
from longsum.model.find import Model
from longsum.model.hardware import detect_machine
from longsum.model.resolve import ModelSource
from longsum.prepared import Prepared, prepare
from longsum.prompting.prompt import Prompt
from longsum.reading import Reading
from longsum.summarize import SummaryTask, summarize_reading
from longsum.task import Task

PAPER_TOKENS = 15_000
"""Tokens read per document (arXiv 2306.15595, section 3.5)."""
PAPER_ANSWER = 1_000
"""Maximum tokens of a summary (same)."""
PAPER_TEMPERATURE, PAPER_TOP_P = 0.5, 0.95
"""Sampling parameters (same)."""
PAPER_PREFIX = "Read the following article and then summarize it.\n"
PAPER_SUFFIX = "\nNow summarize the above article.\nSummary:"
"""Prompt before and after the document (same, figure 4)."""


@dataclass(frozen=True)
class Summarizer:
    """A model that summarizes."""

    opened: Opened
    found: Model | None = None
    """The model as found on disk; None for one only in memory, which is never the bundled one."""

    @cached_property
    def model(self) -> Model:
        """Description of the model for the use case."""
        if self.found is not None:
            return self.found
        opened = self.opened
        config: dict[str, Any] = opened.model.config.to_dict()
        dtype = str(opened.model.dtype).removeprefix("torch.")
        source = ModelSource(opened.label, Path(opened.label))
        shape, rope = read_shape(config), opened.rope
        return Model(
            source=source,
            checkpoint=FilelessCheckpoint(source.folder, config, shape, rope, rope.window),
            tokenizer=opened.tokenizer,
            machine=detect_machine(opened.model.device.type, dtype),
        )


class PaperTask:
    """The paper's summary: one prompt, and at most a thousand tokens of answer."""

    def prompts(self, document: Document, source: ModelSource, wrap: Wrap) -> list[Prompt]:
        """Return the paper's prompt around a document.

        Args:
            document: the document to summarize.
            source: the model, which does not affect the prompt.
            wrap: the model's chat format, which is not used.
        """
        return [Prompt(PAPER_PREFIX, document.text, PAPER_SUFFIX)]

    def answer_tokens(self, source: ModelSource) -> int:
        """Return the tokens reserved for a summary."""
        return PAPER_ANSWER

    def needs_reading(self, source: ModelSource | None) -> bool:
        """Return whether the model has to read the document: always."""
        return True


def longest_run(model: Model, pairs: Iterable[Pair], config: SummariesConfig) -> int:
    """Return the maximum tokens in the cache for any of the documents; loads no weights.

    Documents that do not fit the window or cannot be read are ignored, as they are refused later.

    Args:
        model: its window and tokenizer.
        pairs: the documents.
        config: how they are summarized.
    """
    longest = 1
    for pair in pairs:
        try:
            prepared = prepare_pair(model, pair, config)
        except DocumentError:
            continue
        if prepared.tokens_held <= model.rope.window:
            longest = max(longest, prepared.tokens_held)
    return longest


def prepare_pair(model: Model, pair: Pair, config: SummariesConfig) -> Prepared:
    """Count a document's tokens and truncate it if configured; refuses nothing.

    Args:
        model: its window and tokenizer.
        pair: the document, its length and its focus.
        config: how it is summarized.
    """
    document: Document
    task: Task
    if config.zero_shot_prompt == "own":
        document, task = pair.document, SummaryTask(_summary_config(pair, config))
    else:
        document, task = head(pair.document, model.tokenizer, PAPER_TOKENS), PaperTask()
    return prepare(
        document,
        [task],
        LoadConfig(kv_cache="native"),
        truncate=config.truncate,
        check=False,
        model=model,
    )


def _summary_config(pair: Pair, config: SummariesConfig) -> SummaryConfig:
    """Return the use case's settings: the reference's length, the query as the focus."""
    words = config.words or pair.words
    return SummaryConfig(words=words, focus=pair.focus, verbatim=config.verbatim)


def head(document: Document, tokenizer: Tokenizer, tokens: int) -> Document:
    """Return a document cut after its first tokens.

    Args:
        document: the whole document.
        tokenizer: counts the tokens.
        tokens: maximum number of tokens.
    """
    offsets = tokenizer.offsets(document.text)
    if len(offsets) <= tokens:
        return document
    return replace(document, text=document.text[: offsets[tokens - 1][1]])


def summarize_pair(
    summarizer: Summarizer, pair: Pair, config: SummariesConfig, listener: Listener
) -> dict[str, Any]:
    """Summarize a pair's document.

    Args:
        summarizer: the model.
        pair: the document, its length and its focus.
        config: how it is summarized.
        listener: notified of the tokens read.

    Returns:
        `summary` (empty if the model wrote nothing), `finish` (why it ended), its sentences as
        `support_of` counts them, `tokens_read` and `tokens_total`.

    Raises:
        DocumentError: when the document cannot be read, or does not fit.
    """
    model, opened = summarizer.model, summarizer.opened
    prepared = prepare_pair(model, pair, config)
    if not prepared.truncated:
        require_window(pair.document, model, prepared.budget)
    reading = Reading(
        prepared,
        opened.model,
        listener,
        chunk_tokens=opened.chunk_tokens,
        stop_ids=opened.stop_ids,
    )
    if config.zero_shot_prompt == "paper":
        decode = DecodeConfig(PAPER_ANSWER, PAPER_TEMPERATURE, PAPER_TOP_P, config.seed)
        text = "".join(reading.write(PAPER_SUFFIX, decode, PAPER_ANSWER, listener)).strip()
        sentences: Sequence[GroundedSentence] = grounded(text, reading.grounder)
        finish: str = reading.answer_stats().finish_reason
    else:
        task = SummaryTask(_summary_config(pair, config), DecodeConfig(seed=config.seed))
        text, sentences, finish = _use_case(reading, task)
    return {
        "summary": text,
        "finish": finish,
        **support_of(sentences),
        "tokens_read": prepared.tokens_read,
        "tokens_total": len(opened.tokenizer.encode_document(pair.document.text)),
    }


def _use_case(reading: Reading, task: SummaryTask) -> tuple[str, Sequence[GroundedSentence], str]:
    """Return what `longsum summarize` gives: text, sentences, and why it ended.

    Text and sentences are empty if nothing is written.
    """
    try:
        answer = summarize_reading(reading, task, Listener())
    except LongsumError as error:
        if type(error) is LongsumError:  # nothing was written: an empty summary is scored
            return "", (), reading.answer_stats().finish_reason
        raise
    return answer.text, answer.sentences, answer.receipt.finish_reason
