"""Answer questions about a whole document: what `longsum ask` does."""

from __future__ import annotations

from dataclasses import dataclass, replace

from longsum.answer import Answer, layout, plain_text
from longsum.answering import (
    announce,
    free_answer,
    is_verbatim,
    refuse_template,
    room_for,
    tell_language,
)
from longsum.bywords import WordsSession, answer_by_words, open_words, words_session
from longsum.checkpoint.chat_formats import Wrap
from longsum.config import AskConfig, DecodeConfig, LoadConfig, Truncate
from longsum.documents.document import Document
from longsum.errors import DocumentTooLong, UsageError
from longsum.events import Listener
from longsum.grounding.grounder import ground_verbatim
from longsum.model.resolve import ModelSource
from longsum.prompting.prompt import (
    Prompt,
    language_name,
    load_template,
    mini_prompt,
    render_prompt,
)
from longsum.session import Prepared, Session, prepare
from longsum.verbatim import answer_spans, refusal

LONGEST_QUESTION = "word " * 150
"""Stands for the questions of an interactive session, which are not known beforehand."""


@dataclass(frozen=True)
class AskTask:
    """A question's prompt and how much room its answer needs."""

    document: Document
    config: AskConfig

    def prompt(self, source: ModelSource, wrap: Wrap, question: str) -> Prompt:
        """Render the prompt for a question, a model and its chat format."""
        if source.is_bundled:
            refuse_template(self.config)
            return mini_prompt(self.document.text, question=question)
        variables = {
            "title": self.document.title,
            "question": question,
            "language": language_name(self.config.language),
        }
        template = load_template(self.config.prompt or "ask")
        return render_prompt(template, document=self.document.text, variables=variables, wrap=wrap)

    def answer_tokens(self, source: ModelSource, decode: DecodeConfig) -> int:
        """Return the room reserved for one answer."""
        return room_for(self.config.words, self.config.verbatim, source, decode)


def prepare_questions(
    document: Document,
    questions: list[str],
    config: AskConfig,
    load: LoadConfig,
    decode: DecodeConfig,
    *,
    truncate: Truncate | None = None,
    check: bool = True,
) -> Prepared:
    """Count and plan; loads no weights. Without questions, room is kept for long ones."""
    require_questions(questions)
    task = AskTask(document, config)
    return prepare(
        document,
        lambda source, wrap: [
            task.prompt(source, wrap, question) for question in questions or [LONGEST_QUESTION]
        ],
        lambda source: task.answer_tokens(source, decode),
        load,
        truncate=truncate,
        check=check,
    )


def require_questions(questions: list[str]) -> None:
    """Refuse a question that is empty.

    Raises:
        UsageError: when there is one.
    """
    if any(not question.strip() for question in questions):
        raise UsageError("a question is empty", hint='longsum ask FILE "your question"')


def ask_document(
    document: Document,
    questions: list[str],
    *,
    config: AskConfig | None = None,
    load: LoadConfig | None = None,
    decode: DecodeConfig | None = None,
    truncate: Truncate | None = None,
    listener: Listener | None = None,
) -> list[Answer]:
    """Read a whole document once and answer questions about it.

    Args:
        document: from `read_document`.
        questions: at least one.
        config: language, prompt, verbatim or free.
        load: model, window, quantization, device.
        decode: temperature, top-p, seed, token limit.
        truncate: part to leave out of a document that is too long; None refuses it.
        listener: hears progress and the text as it is written.

    Raises:
        LongsumError: when the document does not fit, or the model cannot be used.
    """
    config, load = config or AskConfig(), load or LoadConfig()
    decode, listener = decode or DecodeConfig(), listener or Listener()
    session = open_questions(document, questions, config, load, decode, truncate, listener)
    return [answer_question(session, question, config, decode, listener) for question in questions]


def open_questions(
    document: Document,
    questions: list[str],
    config: AskConfig,
    load: LoadConfig,
    decode: DecodeConfig,
    truncate: Truncate | None,
    listener: Listener,
) -> Session | WordsSession:
    """Return the session that answers questions about a document, which a model reads first.

    Where a head answers by words alone, nothing is read.
    """
    require_questions(questions)
    if (words := open_words(document, config, load)) is not None:
        if words.source.notice:
            listener.notice(words.source.notice)
        return words
    prepared = prepare_questions(document, questions, config, load, decode, truncate=truncate)
    announce(prepared, listener)
    return Session(prepared, load, listener)


def answer_question(
    session: Session | WordsSession,
    question: str,
    config: AskConfig,
    decode: DecodeConfig,
    listener: Listener,
) -> Answer:
    """Answer one question about a session's document.

    Raises:
        DocumentTooLong: when the question is longer than the room kept for it.
        UsageError: when a template of the user's puts the question in front of the document.
    """
    if isinstance(session, WordsSession):
        return answer_by_words(session, question, config, decode, listener)
    source = session.prepared.model.source
    if words := words_session(session.prepared.document, source, config, session.head):
        return answer_by_words(words, question, config, decode, listener)
    task = AskTask(session.prepared.document, config)
    wrap = session.tokenizer.wrap(source.known)
    prompt = task.prompt(source, wrap, question)
    _require_same_beginning(session, prompt)
    suffix = prompt.suffix
    wanted = task.answer_tokens(source, decode)
    if (room := session.room_behind(suffix)) < wanted:
        raise DocumentTooLong(
            f"the question is too long: beside the document it is {wanted - room:,} tokens over "
            "the room kept for it",
            hint="ask in fewer words, or give the question on the command line",
        )
    if is_verbatim(source, config.verbatim):
        return _verbatim(session, question, suffix, config, decode, listener)
    listener.phase("writing")
    asked = (question, task.document.title)
    return free_answer(session, suffix, decode, wanted, listener, question, asked)


def _require_same_beginning(session: Session, prompt: Prompt) -> None:
    """Refuse a prompt whose beginning is not the one that was read."""
    tokenizer = session.tokenizer
    ids = tokenizer.with_beginning(prompt.prefix, tokenizer.encode_prompt(prompt.prefix))
    if tuple(ids) != session.prepared.prefix_ids:
        raise UsageError(
            "the template prints the question in front of the document, which is read once",
            hint="put {{ question }} behind {{ document }}",
        )


def _verbatim(
    session: Session,
    question: str,
    suffix: str,
    config: AskConfig,
    decode: DecodeConfig,
    listener: Listener,
) -> Answer:
    """Choose the sentences that answer, best first."""
    tell_language(config, listener)
    document = session.prepared.document
    listener.phase("choosing sentences")
    spans = answer_spans(session, question, suffix, config, decode)
    if not spans:
        receipt = replace(
            session.receipt("verbatim"),
            answer_tokens=0,
            decode_s=0.0,
            decode_tps=0.0,
            finish_reason="stop",
        )
        return refusal(question, receipt, listener)
    sentences = ground_verbatim(document, spans)
    marked = layout(sentences, "bullets" if len(sentences) > 1 else "paragraph")
    listener.text(marked)
    receipt = session.receipt("verbatim")
    return Answer(plain_text(sentences), marked, tuple(sentences), receipt, question)
