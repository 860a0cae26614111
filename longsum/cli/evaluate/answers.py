"""`longsum evaluate answers`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from longsum import config as settings
from longsum.cli import options as o
from longsum.cli.evaluate import common as c
from longsum.cli.evaluate.files import Files
from longsum.cli.grouping import Without, grouped
from longsum.evaluate.config import AnswersConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longsum.evaluate.answer_rows import AnsweringSystem
    from longsum.evaluate.asked import Asked
    from longsum.evaluate.evaluation_journal import EvaluationJournal
    from longsum.evaluate.loading import Opened
    from longsum.events import Listener
    from longsum.model.find import Model


@dataclass(frozen=True)
class AnswersOptions:
    """Which questions are put to which documents."""

    data: list[Path] = c.in_measurement(
        metavar="FILE",
        help='.jsonl[.gz|.xz] of {"id", "doc", "query", "target"}: a question and its answer, '
        "or a list of them; repeatable.",
    )
    limit: int | None = c.in_measurement(
        None, metavar="N", min=1, help="Maximum number of questions, evenly spaced over all."
    )
    wrong_documents: int = c.in_measurement(
        AnswersConfig.wrong_documents,
        metavar="N",
        help="Other documents that each question is also put to, which should not answer it; 0 "
        "leaves that out.",
    )
    seed: int = c.in_measurement(
        AnswersConfig.seed, metavar="N", help="Random seed for the choice of other documents."
    )
    words: int = c.in_measurement(
        AnswersConfig.words, metavar="N", help="Maximum words of a written answer."
    )
    verbatim: o.Verbatim = AnswersConfig.verbatim
    truncate: settings.Truncate | None = c.in_measurement(
        AnswersConfig.truncate,
        help="Leave out this part of a document that is too long (default: count it as failed).",
    )

    def config(self) -> AnswersConfig:
        """Return the settings of the measurement."""
        return AnswersConfig(
            wrong_documents=self.wrong_documents,
            verbatim=self.verbatim,
            words=self.words,
            truncate=self.truncate,
            seed=self.seed,
        )


@grouped
def answers(
    models: c.Models,
    measured: AnswersOptions,
    scheme: c.PositionOptions,
    held: Annotated[c.MeasuredOptions, Without("kv_cache")],
    files: Files,
) -> None:
    """Measure answers to questions: evidence, F1, abstention and support.

    Evidence: whether the first sentence, or one of three, holds the answer that a person gave. F1
    and exact match are those of SQuAD. Abstention: each question is also put to another row's
    document, where `No sentence found` is right. Support: of the sentences of a written answer, how
    many the document supports, how many it contradicts, and how many misquote it.

    A document is opened once for all its questions. Differences are paired, question by question.
    """
    config = measured.config()
    make = partial(answers_task, data=measured.data, limit=measured.limit, config=config)
    c.evaluate(models, held.load_config(), files, make, scheme=scheme)


class AnswersRun:
    """Measures one model after another; the last one completes the table.

    Args:
        found: the models.
        groups: the questions of each document.
        config: settings of the measurement.
    """

    def __init__(
        self, found: list[c.Found], groups: Sequence[Sequence[Asked]], config: AnswersConfig
    ) -> None:
        self.groups, self.config = groups, config
        self._models = {label: (load, model) for label, load, model in found}
        self.systems: list[AnsweringSystem] = []

    def loads(self, model: Model) -> Model:
        """Return the model to load: with its answer adapter where it judges passages."""
        from longsum.evaluate.answering import answering_model

        return answering_model(model, self.config)

    def tokens(self, model: Model) -> int:
        """Return the maximum tokens a model holds at once."""
        from longsum.evaluate.answering import longest_asked

        return longest_asked(model, self.groups, self.config)

    def measure(
        self, opened: Opened, journal: EvaluationJournal, listener: Listener
    ) -> list[dict[str, Any]]:
        """Measure a model's answers.

        Args:
            opened: the loaded model.
            journal: holds the outcomes of an interrupted run.
            listener: receives the progress.

        Returns:
            All rows after the last model, and none before.
        """
        from longsum.evaluate.answer_rows import answer_rows
        from longsum.evaluate.answering import QuestionAnswerer
        from longsum.evaluate.answers import AnswersBench

        load, model = self._models[opened.label]
        bench = AnswersBench(self.groups, self.config, journal, listener)
        self.systems.append(bench.measure(QuestionAnswerer(opened, self.loads(model), load)))
        return answer_rows(self.systems) if len(self.systems) == len(self._models) else []

    def notes(self, rows: list[dict[str, Any]]) -> list[str]:
        """Return the notes printed below the table."""
        from longsum.evaluate.answer_rows import answer_notes

        return answer_notes(self.systems, self.config)


def answers_task(
    found: list[c.Found],
    listener: Listener,
    *,
    data: list[Path],
    limit: int | None,
    config: AnswersConfig,
) -> c.Task:
    """Read the questions, and return what is measured.

    Args:
        found: the models.
        listener: receives the progress of reading.
        data: files of documents with questions and answers.
        limit: maximum number of questions.
        config: settings of the measurement.

    Raises:
        LongsumError: when the data cannot be read.
    """
    from longsum.evaluate.answer_rows import COLUMNS
    from longsum.evaluate.answers import answers_settings
    from longsum.evaluate.asked import asked_of_documents, read_questions
    from longsum.evaluate.bars import plot_answers

    listener.phase("reading the questions")
    pairs = read_questions(data, limit=limit)
    groups = asked_of_documents(pairs, config.wrong_documents, config.seed)
    run = AnswersRun(found, groups, config)
    names = [str(path) for path in data]
    return c.Task(
        kind="answers",
        settings={"data": names, "limit": limit, **answers_settings(pairs, config)},
        columns=COLUMNS,
        tokens=run.tokens,
        measure=run.measure,
        notes=run.notes,
        draw=plot_answers,
        loads=run.loads,
    )
