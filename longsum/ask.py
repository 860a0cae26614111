"""Answer questions about a whole document: what `longsum ask` does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from longsum.answer import Answer
from longsum.answer_choice import AnswerChooser, WordChooser, with_verdict
from longsum.checkpoint.chat_formats import Wrap
from longsum.chosen import Chosen
from longsum.config import AskConfig, DecodeConfig
from longsum.documents.document import Document
from longsum.documents.extent import extent_of
from longsum.errors import DocumentTooLong, UsageError
from longsum.events import Listener
from longsum.judge import Judge
from longsum.judged_choice import JudgeChooser
from longsum.model.resolve import ModelSource
from longsum.prompting.prompt import (
    Prompt,
    language_name,
    load_template,
    mini_prompt,
    render_prompt,
)
from longsum.reading import Reading
from longsum.receipt import Receipt
from longsum.selection.confidence import is_sure
from longsum.selection.head import SelectionHead
from longsum.task import (
    is_verbatim,
    refuse_template,
    report_language,
    sources_for,
    tokens_for,
)
from longsum.verbatim import verbatim_answer
from longsum.writing import Checks, free_answer

PLACEHOLDER_QUESTION = "word " * 150
"""Reserves tokens for the questions of an interactive session, which are not known yet."""


@dataclass(frozen=True)
class AskTask:
    """Questions about a document.

    Raises:
        UsageError: when a question is empty.
    """

    config: AskConfig = field(default_factory=AskConfig)
    decode: DecodeConfig = field(default_factory=DecodeConfig)
    questions: tuple[str, ...] = ()
    """Questions known so far; without any, tokens are reserved for a long one."""
    after: Answer | None = None
    """The answer before, which a question may refer to."""

    def __post_init__(self) -> None:
        if any(not question.strip() for question in self.questions):
            raise UsageError("a question is empty", hint='longsum ask FILE "your question"')

    def prompts(self, document: Document, source: ModelSource, wrap: Wrap) -> list[Prompt]:
        """Render a prompt for each question.

        Args:
            document: the document asked about.
            source: model to render for.
            wrap: the model's chat format.

        Returns:
            One prompt per question, in order; they differ only after the document.

        Raises:
            UsageError: when a template is given for the bundled model, or is not valid.
        """
        questions = self.questions or (PLACEHOLDER_QUESTION,)
        if source.is_bundled:
            refuse_template(self.config)
            return [mini_prompt(document.text, question=question) for question in questions]
        template = load_template(self.config.prompt or "ask")
        variables = {
            "title": document.title,
            "language": language_name(self.config.language),
            **self._before(),
        }
        return [
            render_prompt(
                template,
                document=document.text,
                variables=variables | {"question": question},
                wrap=wrap,
            )
            for question in questions
        ]

    def _before(self) -> dict[str, str | None]:
        """Return the question and answer before, shortened to the length of an answer."""
        words = self.config.words
        if not self.questions:  # of an interactive session: tokens are reserved
            return {"question_before": PLACEHOLDER_QUESTION, "answer_before": "word " * words}
        if self.after is None:
            return {"question_before": None, "answer_before": None}
        answer = " ".join(self.after.text.split()[:words])
        return {"question_before": self.after.question, "answer_before": answer}

    def answer_tokens(self, source: ModelSource) -> int:
        """Return the tokens reserved for one answer."""
        if is_verbatim(source, self.config.verbatim):
            return 0  # chosen, not written
        return tokens_for(self.config.words, self.config.verbatim, source, self.decode)

    def needs_reading(self, source: ModelSource | None) -> bool:
        """Return whether the model has to read the document: not for a verbatim answer.

        A selection head ranks sentences by the words they share with a question. The model's states
        did not improve that (`recipes/mini/README.md`). A model without a head judges the passages
        around the best of them, each by itself. So no window limits the document.

        Raises:
            UsageError: when a template is given for the bundled model.
        """
        if source is None:
            return self.config.verbatim is False
        if not is_verbatim(source, self.config.verbatim):
            return True
        if source.is_bundled:
            refuse_template(self.config)
        return False


def answer_by_words(
    document: Document, source: ModelSource, head: SelectionHead, task: AskTask, listener: Listener
) -> Answer:
    """Answer one question with the sentences most likely to hold the answer, best first.

    Args:
        document: the document asked about; the model need not have read it.
        source: the checkpoint that the head belongs to.
        head: ranks the sentences.
        task: holds exactly one question.
        listener: receives the sentences.

    Returns:
        The answer, with a reference for each sentence.
    """
    chooser = WordChooser(head, document)
    return _searched(document, chooser, task, listener, _searching(document, source))


def answer_judged(document: Document, judge: Judge, task: AskTask, listener: Listener) -> Answer:
    """Answer one question with the sentences whose passages a model judges to answer it best.

    Args:
        document: the document asked about; the model need not have read it.
        judge: the model.
        task: holds exactly one question.
        listener: receives the sentences.

    Returns:
        The answer, with a reference for each sentence.
    """
    plan = judge.plan
    receipt = replace(
        _searching(document, judge.model.source),
        model_used=True,
        quantize=plan.quantize,
        dtype=plan.dtype,
        device=plan.device,
        load_s=judge.load_s,
    )
    return _searched(document, JudgeChooser(judge, document), task, listener, receipt)


def _searching(document: Document, source: ModelSource) -> Receipt:
    """Return the receipt of an answer that was searched for, not read."""
    return Receipt(
        document=document.name,
        sha256=document.sha256,
        extent=extent_of(document, [(0, len(document.text))]),
        model=source.name,
        revision=source.revision,
        mode="verbatim",
        model_used=False,
    )


def _searched(
    document: Document,
    chooser: AnswerChooser,
    task: AskTask,
    listener: Listener,
    receipt: Receipt,
) -> Answer:
    """Choose the sentences of an answer, and show them."""
    report_language(task.config, listener)
    listener.phase("choosing sentences")
    (question,) = task.questions
    chosen = chooser.answer(question, task.config, task.decode, listener)
    chosen = with_verdict(document, question, chosen)
    stats = chosen.stats
    receipt = replace(
        receipt,
        decode_s=stats.seconds,
        finish_reason=stats.finish_reason,
        judged=stats.judged,
        peak_memory_bytes=_peak(receipt),
    )
    return _shown(document, chosen, receipt, task, listener)


def _peak(receipt: Receipt) -> int:
    """Return the most memory a run with a model took; 0 without one, which needs no torch."""
    if not receipt.model_used:
        return 0
    import torch

    from longsum.engine.engine import peak_memory_bytes

    return peak_memory_bytes(torch.device(receipt.device))


def write_answer(reading: Reading, task: AskTask, listener: Listener) -> Answer:
    """Write the answer to one question about a document that was read.

    Args:
        reading: the document as the model read it.
        task: holds exactly one question.
        listener: receives the text as it is written.

    Returns:
        The answer, with a reference for each sentence.

    Raises:
        DocumentTooLong: when the question is longer than the budget reserved for it.
        LongsumError: when the model writes nothing.
        UsageError: when the user's template puts the question before the document.
    """
    prepared, config = reading.prepared, task.config
    document, source = prepared.document, prepared.model.source
    (question,) = task.questions
    (prompt,) = task.prompts(document, source, reading.tokenizer.wrap(source.known))
    if not prepared.starts_like(prompt):
        raise UsageError(
            "the template prints the question before the document, which is read once",
            hint="put {{ question }} after {{ document }}",
        )
    suffix, wanted = prompt.suffix, task.answer_tokens(source)
    if (over := wanted - reading.tokens_after(suffix)) > 0:
        raise DocumentTooLong(
            f"the question is too long: it is {over:,} tokens over the budget reserved for it",
            hint="ask in fewer words, or give the question on the command line",
        )
    checks = Checks(
        asked=(question, document.title),
        sources=sources_for(config, document),
        strict=config.strict,
    )
    return free_answer(reading, suffix, task.decode, wanted, listener, checks, question)


def _shown(
    document: Document, chosen: Chosen, receipt: Receipt, task: AskTask, listener: Listener
) -> Answer:
    """Show the chosen sentences and return them as an answer."""
    style = "bullets" if len(chosen.spans) > 1 else "paragraph"
    if chosen.chance is not None:
        style = "answer" if is_sure(chosen.chance) else "perhaps"
    (question,) = task.questions
    return verbatim_answer(
        document,
        chosen,
        style,
        receipt,
        listener,
        question,
        sources_for(task.config, document),
        explain=task.config.verbatim is None,
    )
