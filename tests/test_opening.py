from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from heard import Heard
from helpers import report_pdf, story
from tiny import save_checkpoint

from longsum.ask import AskTask
from longsum.config import AskConfig, LoadConfig, SummaryConfig
from longsum.documents.document import Document
from longsum.documents.read import read_document
from longsum.opening import open_session
from longsum.summarize import SummaryTask

VERBATIM = SummaryConfig(words=60, verbatim=True)
QUESTION = "What did the night watchman describe?"


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return read_document(report_pdf(tmp_path_factory.mktemp("report") / "report.pdf"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> LoadConfig:
    folder = save_checkpoint(tmp_path_factory.mktemp("tiny"), max_position_embeddings=8192)
    return LoadConfig(model=str(folder), device="cpu")


def test_what_happens_happens_in_order_and_once(document: Document, tiny: LoadConfig) -> None:
    heard = Heard()
    with open_session(document, [SummaryTask(VERBATIM)], tiny, listener=heard) as session:
        session.summarize(VERBATIM)
    order = [each for each, after in zip(heard.order, [*heard.order[1:], ""], strict=True)
             if each != after]  # fmt: skip
    assert order == ["notice", "planned", "loading", "read", "choosing"]


def test_the_budget_is_that_of_the_task_that_needs_most(
    document: Document, tiny: LoadConfig
) -> None:
    def answer_tokens(*tasks: Any) -> int:
        with open_session(document, tasks, tiny) as session:
            return session.reading.prepared.budget.answer

    short, long = SummaryTask(SummaryConfig(words=20)), AskTask(AskConfig(words=200))
    assert answer_tokens(short) < answer_tokens(long) == answer_tokens(short, long)


def test_a_file_and_a_model_are_enough(tmp_path: Path) -> None:
    path = report_pdf(tmp_path / "report.pdf")
    with open_session(path, model="mini") as session:
        summary, answer = session.summarize(), session.ask(QUESTION)
    assert summary.receipt.pages_read == 3
    assert answer.sentences[0].text in sum(story(), [])
