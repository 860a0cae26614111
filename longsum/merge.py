"""Read a document that is longer than the window part by part, and merge what the parts answer.

Each part is read whole, like a document of its own. A summary of the whole is made from the parts'
summaries: of their sentences, or written from them. Questions are put to each part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from longsum.answer import Answer, PartAnswer
from longsum.ask import AskTask, write_answer
from longsum.config import TOKENS_PER_WORD, LoadConfig, StoreConfig
from longsum.digest import Digest, chosen_digest, written_digest
from longsum.divide import Divided
from longsum.documents.extent import extent_of
from longsum.errors import EmptyDocument
from longsum.events import Listener
from longsum.grounding.grounder import REFUSAL, GroundedSentence
from longsum.grounding.shifting import moved, shifted
from longsum.part_events import (
    ALL_PARTS,
    MERGING,
    NO_SENTENCES,
    HeldBack,
    Noting,
    PartEvents,
    Shown,
    Unmeasured,
    nothing_found,
)
from longsum.parts import DocumentPart
from longsum.prepared import Prepared, prepare
from longsum.reading import AnswerStats, Reading, open_reading
from longsum.receipt import Receipt, joined
from longsum.summarize import SummaryTask, holds_focus, report_unknown_focus, summarize_reading
from longsum.task import is_verbatim

if TYPE_CHECKING:
    from longsum.engine.llama import Llama

DIGEST_SHARE = 0.8
"""Share of the longest part's tokens that the parts' summaries may take together."""
MIN_WORDS = 20
"""Words of a part's summary, however many parts there are."""


class PartsReader:
    """Reads the parts of a document one after another, each time something is asked.

    Args:
        divided: the document in parts.
        load: attention implementation, and whether the user chose the KV cache's format.
        store: limits of the cache of documents; None caches nothing.
        weights: the model, if already in memory in the plan's format; None loads it.
        chunk_tokens: tokens read at once, at most the plan's; None takes the plan's.
    """

    def __init__(
        self,
        divided: Divided,
        load: LoadConfig,
        store: StoreConfig | None = None,
        weights: Llama | None = None,
        chunk_tokens: int | None = None,
    ) -> None:
        self.divided, self.weights = divided, weights
        self._load, self._store, self._chunk_tokens = load, store, chunk_tokens
        self._cached: list[str] = []  # notices of the cache, shown when all is answered

    # ---- summaries

    def summarize(self, task: SummaryTask, listener: Listener) -> Answer:
        """Summarize each part, then all of them.

        Args:
            task: length, style, focus, sampling.
            listener: receives the text, part by part.

        Returns:
            The summary of the whole, with those of the parts.

        Raises:
            EmptyDocument: when no part holds a sentence to choose from.
            LongsumError: when the model writes nothing.
        """
        shown, events = Shown(listener), PartEvents(listener)
        verbatim = is_verbatim(self.divided.model.source, task.config.verbatim)
        if verbatim:
            report_unknown_focus(task.config.focus, self.divided.document.text, events)
        answers: list[PartAnswer] = []
        each_task = _changed(task, words=self._words_each(task.config.words, events))
        for part, prepared, heading in self._headed(listener):
            shown.head(heading)
            answer = self._summary(part, prepared, each_task, self._events(events, part))
            shown.take(f"{answer.marked}\n\n")
            answers.append(PartAnswer(part.where, answer))
        if not any(each.answer.sentences for each in answers):
            raise EmptyDocument("the document has no complete sentences to choose from")
        shown.head(ALL_PARTS)
        overall = self._overall(answers, task, events)
        shown.take(overall.marked)
        receipt = self._receipt([each.answer for each in answers], [overall.receipt])
        return replace(overall, marked=shown.text, receipt=receipt, parts=tuple(answers))

    def _summary(
        self, part: DocumentPart, prepared: Prepared, task: SummaryTask, listener: Listener
    ) -> Answer:
        """Read a part and summarize it."""
        reading = self._read(prepared, listener, self._store)
        task = self._focused(task, part.document.text)
        try:
            answer = summarize_reading(reading, task, listener, is_part=True)
        except EmptyDocument:
            listener.remark(NO_SENTENCES)
            receipt = reading.receipt("verbatim", AnswerStats())
            answer = Answer(NO_SENTENCES, NO_SENTENCES, (), receipt)
        listener.text("\n\n")  # a terminal draws on a line of its own
        self._save(reading, listener)
        return in_whole(answer, part)

    def _overall(
        self, answers: Sequence[PartAnswer], task: SummaryTask, listener: Listener
    ) -> Answer:
        """Summarize the parts' summaries."""
        digest = self._digest([each for each in answers if each.answer.sentences], task)
        task = self._focused(task, digest.document.text)
        model = self.divided.model
        prepared = prepare(digest.document, [task], self._load, check=False, model=model)
        prepared = replace(prepared, plan=self.divided.largest.plan)
        listener.phase(MERGING)
        reading = self._read(prepared, Unmeasured(listener), None)
        return summarize_reading(reading, task, listener, digest)

    def _digest(self, answers: Sequence[PartAnswer], task: SummaryTask) -> Digest:
        """Return the parts' summaries as a text that is no longer than a part."""
        whole, model, config = self.divided.document, self.divided.model, task.config
        tokens = self.divided.largest.tokens_read

        def count(texts: Sequence[str]) -> list[int]:
            return [len(ids) for ids in model.tokenizer.encode_many(texts)]

        if is_verbatim(model.source, config.verbatim):
            return chosen_digest(whole, answers, config.focus, count, tokens)
        return written_digest(whole, answers, count, tokens)

    def _words_each(self, words: int, listener: Listener) -> int:
        """Return the length of a part's summary: as asked, or what fits a reading of all."""
        tokens = DIGEST_SHARE * self.divided.largest.tokens_read
        share = max(MIN_WORDS, int(tokens / TOKENS_PER_WORD / len(self.divided.parts)))
        if share < words:
            listener.notice(f"{share} words per part, so that all summaries fit one reading")
        return min(words, share)

    def _focused(self, task: SummaryTask, text: str) -> SummaryTask:
        """Return a task without its focus for a text in which no sentence can be chosen by it."""
        focus, source = task.config.focus, self.divided.model.source
        if focus is None or not is_verbatim(source, task.config.verbatim):
            return task
        return task if holds_focus(focus, text) else _changed(task, focus=None)

    # ---- questions

    def ask(self, tasks: Sequence[AskTask], listener: Listener) -> list[Answer]:
        """Put questions to each part, all of them while it is in memory.

        Args:
            tasks: each with one question.
            listener: receives the answers part by part, and at the end where nothing was found.

        Returns:
            An answer per question, with what each part answers.

        Raises:
            DocumentTooLong: when a question is longer than the budget reserved for it.
            LongsumError: when the model writes nothing.
        """
        events, several = PartEvents(listener), len(tasks) > 1
        found: list[list[PartAnswer]] = [[] for _ in tasks]
        for part, prepared, heading in self._headed(listener):
            answers, held = self._answers(part, prepared, tasks, self._events(events, part))
            for each, answer in zip(found, answers, strict=True):
                each.append(PartAnswer(part.where, answer))
            told = [each for each in zip(answers, held, strict=True) if each[0].answered]
            if told:
                listener.heading(heading)
            for number, (answer, shown) in enumerate(told):
                listener.text(_before(number, answer, several))
                shown.release()
            if told and part is not self.divided.parts[-1]:
                listener.text("\n\n")  # a terminal draws on a line of its own
        missing = [(each[0].answer, line) for each in found if (line := nothing_found(each))]
        for number, (answer, line) in enumerate(missing, bool(told)):
            listener.text(_before(number, answer, several))
            listener.remark(line)
        return [self._merged(each) for each in found]

    def _answers(
        self, part: DocumentPart, prepared: Prepared, tasks: Sequence[AskTask], events: PartEvents
    ) -> tuple[list[Answer], list[HeldBack]]:
        """Read a part and answer questions from it, showing nothing yet."""
        reading = self._read(prepared, events, self._store)
        held = [HeldBack(events) for _ in tasks]
        answers = [write_answer(reading, *each) for each in zip(tasks, held, strict=True)]
        self._save(reading, events)
        return [in_whole(answer, part) for answer in answers], held

    def _merged(self, parts: Sequence[PartAnswer]) -> Answer:
        """Return what all parts answer to one question."""
        told = [each for each in enumerate(parts, 1) if each[1].answer.answered]
        marked = [f"{self._heading(number)}\n\n{each.answer.marked}" for number, each in told]
        text, sentences = "", []
        for _, each in told:
            text += "\n\n" if text else ""
            sentences += [
                replace(s, start=s.start + len(text), end=s.end + len(text))
                for s in each.answer.sentences
            ]
            text += each.answer.text
        if not told:
            text = REFUSAL
            sentences = [GroundedSentence(text, 0, len(text), supported=True, is_refusal=True)]
        return Answer(
            text,
            "\n\n".join([*marked, *filter(None, [nothing_found(parts)])]),
            tuple(sentences),
            self._receipt([each.answer for each in parts]),
            parts[0].answer.question,
            parts=tuple(parts),
        )

    # ---- reading

    def save(self, listener: Listener) -> None:
        """Report that what was read is cached; the parts were cached one by one."""
        if self._cached:
            first, *others = self._cached  # which differ in a size
            more = "1 further part" if len(others) == 1 else f"{len(others):,} further parts"
            listener.notice(f"{first}; likewise {more}" if others else first)
        self._cached.clear()

    def _headed(self, listener: Listener) -> Iterator[tuple[DocumentPart, Prepared, str]]:
        """Yield each part, which is read next, with its plan and the heading of its answer."""
        divided = self.divided
        for number, each in enumerate(zip(divided.parts, divided.prepared, strict=True), 1):
            listener.part(number)
            yield *each, self._heading(number)

    def _heading(self, number: int) -> str:
        """Return the heading of a part's answer; parts are numbered from 1."""
        parts = self.divided.parts
        return f"Part {number} of {len(parts)} ({parts[number - 1].where})"

    def _events(self, events: PartEvents, part: DocumentPart) -> PartEvents:
        """Return what passes on the events of a part, its progress as that of the whole."""
        index = self.divided.parts.index(part)
        tokens = [each.tokens_read for each in self.divided.prepared]
        return PartEvents(events.inner, part.start, events.said, sum(tokens[:index]), sum(tokens))

    def _read(self, prepared: Prepared, listener: Listener, store: StoreConfig | None) -> Reading:
        """Have the model read a part; the first time, load it."""
        reading = open_reading(
            prepared,
            self._load,
            listener,
            weights=self.weights,
            store=store,
            chunk_tokens=self._chunk_tokens,
        )
        self.weights = reading.weights
        return reading

    def _save(self, reading: Reading, listener: Listener) -> None:
        """Cache a part before its memory is needed for the next."""
        reading.save(Noting(listener, self._cached))

    def _receipt(self, answers: Sequence[Answer], further: Sequence[Receipt] = ()) -> Receipt:
        """Return the receipt of an answer from all parts."""
        document = self.divided.document
        extent = extent_of(document, [(0, len(document.text))])
        return joined([each.receipt for each in answers], self.divided.read, extent, further)


def _changed(task: SummaryTask, **changes: Any) -> SummaryTask:
    """Return a task with other settings of the summary."""
    return replace(task, config=replace(task.config, **changes))


def _before(number: int, answer: Answer, several: bool) -> str:
    """Return what is shown before an answer: a blank line after others, its question if several."""
    return ("\n\n" if number else "") + (f"{answer.question}\n" if several else "")


def in_whole(answer: Answer, part: DocumentPart) -> Answer:
    """Return a part's answer with its places in the whole document."""
    short, start = answer.short, part.start
    return replace(
        answer,
        sentences=tuple(shifted(each, start) for each in answer.sentences),
        left_out=tuple(shifted(each, start) for each in answer.left_out),
        nearest=tuple(shifted(each, start) for each in answer.nearest),
        short=short and replace(short, span=moved(short.span, start)),
    )
