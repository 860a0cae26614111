from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import Recorder, printed, report_pdf, story
from tiny import save_checkpoint

from longsum.answer import Answer
from longsum.ask import AskTask
from longsum.config import AskConfig, DecodeConfig, LoadConfig, SummaryConfig
from longsum.documents.document import Document
from longsum.documents.read import read_document
from longsum.errors import DocumentTooLong, UsageError
from longsum.events import Listener
from longsum.grounding.grounder import NOT_FOUND, REFUSAL
from longsum.judge import Judge
from longsum.opening import ask_document, open_session
from longsum.prepared import prepare
from longsum.reading import Reading
from longsum.selection.confidence import SURE
from longsum.session import Session
from longsum.summarize import SummaryTask

MINI = LoadConfig(model="mini", device="cpu")
QUESTIONS = ["What did the night watchman describe?", "Who paid for the unfinished cathedral?"]
ABSENT = "Which quarks decay in Uzbekistan?"


@pytest.fixture(scope="module")
def document(tmp_path_factory) -> Document:
    return read_document(report_pdf(tmp_path_factory.mktemp("report") / "report.pdf"))


@pytest.fixture(scope="module")
def tiny(tiny: Path) -> LoadConfig:
    return LoadConfig(model=str(tiny), device="cpu")


VERBATIM = AskConfig(verbatim=True)


@pytest.fixture(scope="module")
def session(document, tiny) -> Session:
    """A model with the report read, opened for a summary as well, without a question."""
    tasks = [SummaryTask(SummaryConfig(verbatim=True)), AskTask(VERBATIM)]
    return open_session(document, tasks, tiny)


def asked(session: Session, question: str, config=VERBATIM, decode=None, listener=None) -> Answer:
    before, session.listener = session.listener, listener or Listener()
    try:
        return session.ask(question, config, decode)
    finally:
        session.listener = before


def test_several_questions_take_one_reading(document, tiny):
    heard = Recorder()
    tasks = [SummaryTask(SummaryConfig(verbatim=True)), AskTask(VERBATIM)]
    with open_session(document, tasks, tiny, listener=heard) as opened:
        answers = [opened.ask(each, VERBATIM) for each in (*QUESTIONS, ABSENT)]
    dones = [done for done, _ in heard.reading]
    assert dones == sorted(set(dones))
    assert dones[-1] == heard.reading[-1][1]
    receipts = [answer.receipt for answer in answers]
    assert [receipt.judged > 0 for receipt in receipts] == [True, True, False]
    assert [answer.question for answer in answers] == [*QUESTIONS, ABSENT]
    assert [answer.answered for answer in answers] == [True, True, False]


@pytest.mark.parametrize("question", QUESTIONS)
def test_answer_is_made_of_sentences_with_their_pages(session, question):
    heard = Recorder()
    answer = asked(session, question, listener=heard)
    found = printed(answer.marked)
    assert 1 <= len(found) == len(answer.sentences) <= AskConfig.sentences
    for text, reference in found:
        assert text in story()[int(reference.removeprefix("p. ")) - 1]
    assert len({text for text, _ in found}) == len(found)
    assert "".join(heard.pieces) == answer.marked


def test_sentence_after_which_the_question_is_likely_comes_first(session, monkeypatch):
    """The words decide among sentences that the model finds equally likely to be asked about."""
    asked_about: list[str] = []

    def judge(self, passages, question, listener):
        asked_about[:] = passages
        return np.array([0.0 if chosen in each else -60.0 for each in passages])

    monkeypatch.setattr(Judge, "likelihoods", judge)
    chosen = "nothing"
    by_words = asked(session, QUESTIONS[0]).sentences[0].text
    assert len(asked_about) > 3
    for passage in asked_about[:3]:
        chosen = passage
        first = asked(session, QUESTIONS[0]).sentences[0].text
        assert first in passage
        assert first == by_words or by_words not in passage
    assert asked(session, QUESTIONS[0]).chance > SURE


def test_question_is_judged_by_the_whole_model(session):
    """A passage's likelihood is the one of the chat format's own prompt."""
    heard = Recorder()
    found = session.judge.likelihoods(["One.", "Two words."], "Who?", heard)
    again = session.judge.likelihoods(["Two words."], "Who?", heard)
    assert found.shape == (2,)
    assert (found < 0).all()
    assert found[1] == again[0]


def test_earlier_questions_leave_no_trace(session):
    def ask(question: str) -> str:
        return asked(session, question).marked

    first = ask(QUESTIONS[0])
    ask(QUESTIONS[1])
    ask(ABSENT)
    assert ask(QUESTIONS[0]) == first


def test_question_about_nothing_in_the_document_is_refused(session):
    """`Not in the document.` claimed what had not been checked, and JSON called it supported."""
    heard = Recorder()
    answer = asked(session, ABSENT, listener=heard)
    assert answer.marked == answer.text == "".join(heard.pieces) == NOT_FOUND
    shown = answer.as_dict()
    assert shown["answered"] is False
    assert shown["sentences"][0]["supported"] is None
    (sentence,) = answer.sentences
    assert (sentence.is_refusal, sentence.pages, sentence.reference) == (True, (), None)
    assert (answer.receipt.answer_tokens, answer.receipt.finish_reason) == (0, "stop")


def test_question_longer_than_its_budget_is_refused_and_the_session_continues(session):
    with pytest.raises(DocumentTooLong, match="question is too long"):
        asked(session, "what did the night watchman describe " * 600)
    again = asked(session, QUESTIONS[0])
    assert again.answered


def test_broken_off_answer_leaves_the_document_as_it_was(document, tiny):
    class Impatient(Listener):
        def text(self, piece: str) -> None:
            raise KeyboardInterrupt

    decode = DecodeConfig(max_new_tokens=40, temperature=1.0)
    opened = open_session(document, [AskTask(decode=decode)], tiny)
    before = opened.ask(QUESTIONS[0], decode=decode)
    with pytest.raises(KeyboardInterrupt):
        asked(opened, QUESTIONS[1], AskConfig(), decode, Impatient())
    after = opened.ask(QUESTIONS[0], decode=decode)
    assert after.marked == before.marked


def test_free_answer_that_says_it_is_not_there_carries_no_mark(document, tiny, monkeypatch):
    pieces = ["Not in", " the document", "."]
    monkeypatch.setattr(Reading, "write", lambda *_: (each for each in pieces))
    (answer,) = ask_document(document, [ABSENT], load=tiny)
    assert answer.marked == REFUSAL
    assert answer.sentences[0].is_refusal


def test_free_answer_reads_the_question_after_the_document(document, tiny, monkeypatch):
    seen = []

    def write(self, suffix, *_):
        seen.append(suffix)
        yield story()[2][0]

    monkeypatch.setattr(Reading, "write", write)
    (answer,) = ask_document(document, [QUESTIONS[0]], config=AskConfig(language="de"), load=tiny)
    assert QUESTIONS[0] in seen[0]
    assert "German" in seen[0]
    assert answer.marked.endswith(" [p. 3]")


def test_whole_document_is_searched_even_if_a_part_was_left_out_of_the_reading(document, tmp_path):
    folder = save_checkpoint(tmp_path / "small", max_position_embeddings=3000)
    decode = DecodeConfig(max_new_tokens=400)
    tasks = [SummaryTask(SummaryConfig(verbatim=True), decode), AskTask(VERBATIM, decode)]
    load = LoadConfig(model=str(folder), device="cpu")
    with open_session(document, tasks, load, truncate="tail") as opened:
        assert opened.summarize(SummaryConfig(verbatim=True), decode).receipt.truncate == "tail"
        answer = opened.ask("Who paid for the unfinished granary near the river?", VERBATIM)
    assert answer.receipt.truncate is None
    assert answer.receipt.extent.is_whole
    assert answer.receipt.lines()[0] == "searched all sentences (3 pages)"
    assert answer.answered


def test_template_that_asks_before_the_document_is_refused(document, tiny, tmp_path):
    """The second question was never read: only the first one's beginning is."""
    mine = tmp_path / "mine.jinja"
    mine.write_text("{{ question }}\n{{ document }}\nAnswer:")
    with pytest.raises(UsageError, match="before the document"):
        ask_document(
            document, QUESTIONS, config=AskConfig(prompt=mine), load=tiny,
            decode=DecodeConfig(max_new_tokens=2),
        )  # fmt: skip


def test_session_refuses_such_a_template_too(document, tiny, tmp_path):
    mine = tmp_path / "mine.jinja"
    mine.write_text("{{ question }}\n{{ document }}\nAnswer:")
    config = AskConfig(prompt=mine)
    opened = open_session(document, [AskTask(config)], tiny)
    with pytest.raises(UsageError, match="before the document"):
        opened.ask(QUESTIONS[0], config)


def test_budget_is_reserved_for_the_question_with_the_most_tokens(document, session):
    """It was reserved for the one with the most letters."""
    long, dense = "walk " * 30, "ж" * 100
    counts = [
        prepare(document, [AskTask(questions=tuple(questions))], MINI).budget.prompt
        for questions in ([long], [dense], [long, dense], [dense, long])
    ]
    assert counts[1] > counts[0]
    assert counts[2] == counts[3] == counts[1]


def test_empty_question_is_refused(document):
    with pytest.raises(UsageError, match="empty"):
        ask_document(document, ["Who?", " "], load=MINI)


def test_bundled_model_refuses_a_template(document, tmp_path):
    config = AskConfig(prompt=tmp_path / "mine.jinja")
    with pytest.raises(UsageError, match="^prompt is not for"):
        ask_document(document, ["Who?"], config=config, load=MINI)
