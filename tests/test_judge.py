"""A model without a head judges passages: questions need no reading, and no window limits them."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import Recorder, report_pdf
from tiny import save_checkpoint

from longsum.ask import AskTask
from longsum.config import AskConfig, LoadConfig, SummaryConfig
from longsum.documents.document import Document
from longsum.documents.read import read_document
from longsum.errors import DocumentTooLong, InsufficientMemory
from longsum.events import Listener
from longsum.session import ask_document, open_session
from longsum.summarize import SummaryTask

VERBATIM = AskConfig(verbatim=True)
QUESTION = "What did the night watchman describe?"
ABSENT = "Which quarks decay in Uzbekistan?"


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return read_document(report_pdf(tmp_path_factory.mktemp("report") / "report.pdf"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> LoadConfig:
    """A model whose window is far shorter than the report."""
    folder = save_checkpoint(tmp_path_factory.mktemp("small"), max_position_embeddings=512)
    return LoadConfig(model=str(folder), device="cpu")


def test_a_document_longer_than_the_window_is_answered(document, small):
    with pytest.raises(DocumentTooLong):
        open_session(document, [SummaryTask(SummaryConfig(verbatim=True))], small)
    heard = Recorder()
    (answer,) = ask_document(document, [QUESTION], config=VERBATIM, load=small, listener=heard)
    assert "night watchman" in answer.text
    assert answer.sentences[0].reference.startswith("p. ")
    assert not heard.reading
    assert [phase.split()[0] for phase in heard.phases] == ["loading", "choosing"]


def test_the_receipt_says_what_was_searched_and_what_was_judged(document, small):
    (answer,) = ask_document(document, [QUESTION], config=VERBATIM, load=small)
    receipt = answer.receipt
    assert (receipt.tokens_read, receipt.model_used, receipt.mode) == (0, True, "verbatim")
    assert 3 < receipt.judged <= 16
    searched, judged, speed = receipt.lines()
    assert searched == "searched all sentences (3 pages)"
    assert judged.startswith("ranked by words; ")
    assert judged.endswith(f"judged {receipt.judged} passages, each by itself")
    assert speed.startswith("load ")
    assert not receipt.cautions()


def test_the_model_is_loaded_once_for_all_questions(document, small, monkeypatch):
    from longsum.loading import weights

    loads = []
    real = weights.load_weights
    monkeypatch.setattr(weights, "load_weights", lambda *args: loads.append(1) or real(*args))
    with open_session(document, [AskTask(VERBATIM)], small) as session:
        first = session.ask(QUESTION, VERBATIM)
        absent = session.ask(ABSENT, VERBATIM)
        assert session.ask(QUESTION, VERBATIM).marked == first.marked
    assert len(loads) == 1
    assert not absent.answered
    assert "not asked" in absent.receipt.lines()[1]


def test_a_session_that_has_read_answers_the_same(document, tmp_path):
    folder = save_checkpoint(tmp_path / "tiny", max_position_embeddings=8192)
    load = LoadConfig(model=str(folder), device="cpu")
    tasks = [SummaryTask(SummaryConfig(verbatim=True)), AskTask(VERBATIM)]
    with open_session(document, tasks, load) as session:
        read = session.ask(QUESTION, VERBATIM)
    (judged,) = ask_document(document, [QUESTION], config=VERBATIM, load=load)
    assert judged.marked == read.marked
    assert judged.chance == pytest.approx(read.chance, abs=1e-3)


def test_judging_can_be_stopped_between_two_passages(document, small):
    class Stopping(Listener):
        checks = 0

        def check(self) -> None:
            self.checks += 1
            if self.checks == 3:
                raise KeyboardInterrupt

    with open_session(document, [AskTask(VERBATIM)], small) as session:
        session.listener = Stopping()
        with pytest.raises(KeyboardInterrupt):
            session.ask(QUESTION, VERBATIM)
        session.listener = Listener()
        assert session.ask(QUESTION, VERBATIM).answered


def test_a_model_too_large_for_the_machine_is_refused(document, small, tmp_path: Path):
    from dataclasses import replace

    with (
        open_session(
            document, [AskTask(VERBATIM)], replace(small, memory_bytes=1 << 20)
        ) as session,
        pytest.raises(InsufficientMemory),
    ):
        session.ask(QUESTION, VERBATIM)


def test_a_written_answer_still_reads_the_document(document, small):
    with pytest.raises(DocumentTooLong):
        open_session(document, [AskTask(AskConfig(verbatim=False))], small)
