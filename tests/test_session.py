"""A session: one document, opened once, for all that is asked of it."""

from __future__ import annotations

import pytest
from heard import Heard
from helpers import report_pdf
from tiny import save_checkpoint

from longsum.ask import AskTask
from longsum.config import AskConfig, DecodeConfig, LoadConfig, SummaryConfig
from longsum.documents.document import Document
from longsum.documents.read import read_document
from longsum.errors import DocumentTooLong
from longsum.marking import mark
from longsum.opening import open_session
from longsum.summarize import SummaryTask

VERBATIM = SummaryConfig(words=60, verbatim=True)
QUESTION = "What did the night watchman describe?"
ASKED = AskConfig(verbatim=True)
LIMIT = DecodeConfig(max_new_tokens=800)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return read_document(report_pdf(tmp_path_factory.mktemp("report") / "report.pdf"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> LoadConfig:
    folder = save_checkpoint(tmp_path_factory.mktemp("tiny"), max_position_embeddings=8192)
    return LoadConfig(model=str(folder), device="cpu")


def test_one_reading_serves_a_summary_and_questions(document: Document, tiny: LoadConfig) -> None:
    tasks = [SummaryTask(VERBATIM), AskTask(ASKED)]
    heard = Heard()
    with open_session(document, tasks, tiny, listener=heard) as session:
        summary = session.summarize(VERBATIM)
        answer = session.ask(QUESTION, ASKED)
        assert session.summarize(VERBATIM).marked == summary.marked
    reads = heard.order.count("read")
    assert answer.answered
    assert answer.question == QUESTION
    assert (answer.receipt.tokens_read, answer.receipt.judged > 0) == (0, True)
    with open_session(document, [AskTask(ASKED)], tiny, listener=heard) as session:
        assert session.ask(QUESTION, ASKED).marked == answer.marked
    assert heard.order.count("read") == reads  # a question alone needs no reading


def test_a_summary_longer_than_the_budget_is_refused(document: Document, tiny: LoadConfig) -> None:
    with (
        open_session(document, [SummaryTask(SummaryConfig(words=20))], tiny) as session,
        pytest.raises(DocumentTooLong, match="the summary is too long"),
    ):
        session.summarize(SummaryConfig(words=400))


def test_sentences_come_one_by_one_with_text_and_reference_apart(
    document: Document, tiny: LoadConfig
) -> None:
    heard = Heard()
    with open_session(document, [SummaryTask(VERBATIM)], tiny, listener=heard) as session:
        answer = session.summarize(VERBATIM)
    assert [sentence for *_, sentence in heard.sentences] == list(answer.sentences)
    assert [piece.strip() for piece, *_ in heard.sentences] == [s.text for s in answer.sentences]
    assert [after for _, after, _ in heard.sentences] == [mark(s) for s in answer.sentences]
    assert heard.shown == answer.marked


def test_written_sentences_are_reported_with_their_places(
    document: Document, tiny: LoadConfig
) -> None:
    heard = Heard()
    decode = DecodeConfig(max_new_tokens=60, temperature=1.0, seed=7)
    with open_session(document, [SummaryTask(decode=decode)], tiny, listener=heard) as session:
        answer = session.summarize(decode=decode)
    assert [sentence for *_, sentence in heard.sentences] == list(answer.sentences) != []
    assert heard.shown == answer.marked


def checks(document: Document, load: LoadConfig, task: SummaryTask) -> tuple[int, int]:
    """Return how often `check` is called to open a document, and to summarize it."""
    heard = Heard()
    with open_session(document, [task], load, listener=heard) as session:
        opened = heard.checks
        session.summarize(task.config, task.decode)
    return opened, heard.checks - opened


def test_the_work_can_be_stopped_between_chunks_sentences_and_tokens(
    document: Document, tiny: LoadConfig
) -> None:
    free = SummaryTask(decode=DecodeConfig(max_new_tokens=20, temperature=1.0))
    for task, fewest in ((SummaryTask(VERBATIM), 2), (free, 15)):
        opened, answered = checks(document, tiny, task)
        assert opened >= 1
        assert answered >= fewest
        with pytest.raises(KeyboardInterrupt):
            open_session(document, [task], tiny, listener=Heard(stop_after=1))
        heard = Heard()
        with open_session(document, [task], tiny, listener=heard) as session:
            heard.stop_after = heard.checks + 2
            with pytest.raises(KeyboardInterrupt):
                session.summarize(task.config, task.decode)
            # the document is as it was: the next answer is the one that was broken off
            again = session.summarize(task.config, task.decode)
        with open_session(document, [task], tiny) as session:
            assert session.summarize(task.config, task.decode).marked == again.marked


def test_closing_frees_the_reading(document: Document, tiny: LoadConfig) -> None:
    with open_session(document, [SummaryTask(VERBATIM)], tiny) as session:
        assert session.reading.prepared.document is document
    with pytest.raises(AssertionError):
        _ = session.reading
