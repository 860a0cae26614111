"""Questions that a selection head answers by words alone: no weights are loaded, nothing is read.

The bundled model's head ranks sentences by the words they share with a question. The
model's states made that no better (`recipes/mini/README.md`), so the model is left alone: no window
limits the document, and torch is not imported.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from longsum.answer import Answer, layout, plain_text
from longsum.answering import is_verbatim, refuse_template, tell_language
from longsum.config import AskConfig, DecodeConfig, LoadConfig
from longsum.documents.document import Document
from longsum.documents.extent import extent_of
from longsum.events import Listener
from longsum.grounding.grounder import ground_verbatim
from longsum.model.resolve import ModelSource, resolve_model
from longsum.receipt import Receipt
from longsum.selection.head import SelectionHead, has_head, load_head
from longsum.verbatim import ranked_spans, refusal


@dataclass(frozen=True)
class WordsSession:
    """A document that is asked by words alone."""

    document: Document
    source: ModelSource
    """Whose head ranks the sentences."""
    head: SelectionHead

    def keep(self, listener: Listener) -> None:
        """Keep nothing for later runs: nothing was read."""

    def receipt(self, seconds: float) -> Receipt:
        """Return the account of an answer that took so long."""
        document = self.document
        return Receipt(
            document=document.name,
            sha256=document.sha256,
            tokens_read=0,
            tokens_total=0,
            extent=extent_of(document, [(0, len(document.text))]),
            truncate=None,
            model=self.source.name,
            revision=self.source.revision,
            window=0,
            rope="none",
            factor=1.0,
            quantize="none",
            dtype="float32",
            kv_cache="none",
            device="cpu",
            mode="verbatim",
            prompt_tokens=0,
            answer_tokens=0,
            load_s=0.0,
            prefill_s=0.0,
            from_cache=False,
            decode_s=seconds,
            prefill_tps=0.0,
            decode_tps=0.0,
            peak_memory_bytes=0,
            finish_reason="words",
            model_used=False,
        )


def ranks_by_words(source: ModelSource, verbatim: bool | None) -> bool:
    """Tell whether a model's head answers questions for it.

    Args:
        source: of the model.
        verbatim: as asked for.
    """
    return is_verbatim(source, verbatim) and has_head(source.folder)


def open_words(document: Document, config: AskConfig, load: LoadConfig) -> WordsSession | None:
    """Return the session that answers questions by words alone; None where a model is to read.

    Raises:
        ModelUnavailable: when the model cannot be used.
        UsageError: when a template is given for the bundled model.
    """
    source = _source(load)
    return words_session(document, source, config) if source else None


def words_session(
    document: Document,
    source: ModelSource,
    config: AskConfig,
    head: SelectionHead | None = None,
) -> WordsSession | None:
    """Return the same for a model that was found already, and its head if that was loaded."""
    if not ranks_by_words(source, config.verbatim):
        return None
    if source.is_bundled:
        refuse_template(config)
    head = head or load_head(source.folder)
    return WordsSession(document, source, head) if head else None


def _source(load: LoadConfig) -> ModelSource | None:
    """Return the model, found without a look at the machine; None where that is needed."""
    cuda = load.device not in ("cpu", "mps")
    source = resolve_model(load.model, revision=load.revision, download=load.download, cuda=cuda)
    chosen = load.model is None and source.notice is not None and not source.is_bundled
    return None if chosen else source


def answer_by_words(
    session: WordsSession,
    question: str,
    config: AskConfig,
    decode: DecodeConfig,
    listener: Listener,
) -> Answer:
    """Answer one question with the sentences most likely to hold the answer, best first."""
    tell_language(config, listener)
    listener.phase("choosing sentences")
    started = time.perf_counter()
    spans = ranked_spans(session.document, question, session.head, config, decode)
    receipt = session.receipt(time.perf_counter() - started)
    if not spans:
        return refusal(question, receipt, listener)
    sentences = ground_verbatim(session.document, spans)
    marked = layout(sentences, "bullets" if len(sentences) > 1 else "paragraph")
    listener.text(marked)
    return Answer(plain_text(sentences), marked, tuple(sentences), receipt, question)
