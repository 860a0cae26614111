"""A model without a head judges passages: questions need no reading, and no window limits them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from adapters import write_adapter
from helpers import Recorder, report_pdf
from tiny import save_checkpoint

from longsum import judged_choice
from longsum.ask import AskTask
from longsum.checkpoint import adapters
from longsum.checkpoint.formats import open_checkpoint
from longsum.config import AskConfig, LoadConfig, SummaryConfig
from longsum.documents.document import Document
from longsum.documents.read import read_document
from longsum.engine.likelihood import log_likelihoods
from longsum.errors import DocumentTooLong, InsufficientMemory
from longsum.events import Listener
from longsum.grounding.grounder import NOT_FOUND
from longsum.judge import open_judge
from longsum.opening import ask_document, open_session
from longsum.prompting.passage import passage_prompt
from longsum.settings import as_argument, rendered
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


# ---- with an answer adapter


@pytest.fixture
def tuned(small: LoadConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoadConfig:
    """The small model with an answer adapter; whatever it points at is shown."""
    write_adapter(tmp_path / "answer", open_checkpoint(Path(small.model or "")), None)
    monkeypatch.setattr(adapters, "SHIPPED", (tmp_path / "answer",))
    monkeypatch.setattr(judged_choice, "MIN_SHORT_CHANCE", 0.0)
    monkeypatch.setattr(judged_choice, "MIN_ANSWERING_CHANCE", 0.0)
    monkeypatch.setattr(judged_choice, "is_sure", lambda chance: True)
    return small


def test_words_that_answer_are_the_first_sentences_own(document, tuned):
    heard = Recorder()
    (answer,) = ask_document(document, [QUESTION], config=VERBATIM, load=tuned, listener=heard)
    short = answer.short
    assert short is not None
    assert document.text[short.span.start : short.span.end].split() == short.text.split()
    (evidence,) = answer.sentences[0].evidence
    assert evidence.span.start <= short.span.start < short.span.end <= evidence.span.end
    assert short.reference == answer.sentences[0].reference
    assert answer.marked.startswith(f"{short.text}\n\n")
    assert "".join(heard.pieces) == answer.marked
    assert answer.as_dict()["short"] == short.as_dict()
    assert short.as_dict()["text"] == short.text


def test_question_for_yes_or_no_has_no_words_that_answer(document, tuned):
    asked = "Did the night watchman describe the lighthouse?"
    (answer,) = ask_document(document, [asked], config=VERBATIM, load=tuned)
    assert answer.answered
    assert answer.short is None


def test_question_for_the_conclusion_is_answered_without_judging(tuned):
    text = "The board met in May.\nThe port is old and narrow.\nWe conclude that it must be closed."
    document = Document(text, (), "0", "notes.txt")
    (answer,) = ask_document(
        document, ["What did the board conclude?"], config=VERBATIM, load=tuned
    )
    assert answer.sentences[0].text == "We conclude that it must be closed."
    assert answer.receipt.judged == 0


def test_no_sentence_is_shown_where_no_passage_holds_the_answer(document, tuned, monkeypatch):
    monkeypatch.setattr(judged_choice, "MIN_ANSWERING_CHANCE", 1.0)
    asked = [QUESTION, "Did the night watchman describe the lighthouse?"]
    refused, whether = ask_document(document, asked, config=VERBATIM, load=tuned)
    assert (refused.answered, refused.text) == (False, NOT_FOUND)
    assert refused.receipt.judged > 0
    assert whether.answered


def test_passage_judged_best_comes_nearest_where_none_holds_the_answer(
    document, tuned, monkeypatch
):
    (answered,) = ask_document(document, [QUESTION], config=VERBATIM, load=tuned)
    assert answered.nearest == ()
    monkeypatch.setattr(judged_choice, "MIN_ANSWERING_CHANCE", 1.0)
    (refused,) = ask_document(document, [QUESTION], config=VERBATIM, load=tuned)
    assert refused.nearest[0].text == answered.sentences[0].text
    assert refused.nearest[0].reference == answered.sentences[0].reference
    assert refused.answered is False


def test_what_the_words_find_nearest_is_shown_without_judging(document, tuned):
    asked = ["Which composer wrote an opera about the cathedral of Salzburg?", ABSENT]
    near, absent = ask_document(document, asked, config=VERBATIM, load=tuned)
    assert (near.answered, near.receipt.judged) == (False, 0)
    assert "cathedral" in near.nearest[0].text
    assert absent.nearest == ()


def test_words_below_the_least_chance_are_not_shown(document, tuned, monkeypatch):
    monkeypatch.setattr(judged_choice, "MIN_SHORT_CHANCE", 1.0)
    (answer,) = ask_document(document, [QUESTION], config=VERBATIM, load=tuned)
    assert answer.answered
    assert answer.short is None
    assert "short" not in answer.as_dict()


def test_adapter_changes_the_judgement_and_no_token_of_the_reading(document, tmp_path, monkeypatch):
    folder = save_checkpoint(tmp_path / "large", max_position_embeddings=8192)
    load = LoadConfig(model=str(folder), device="cpu")
    write_adapter(tmp_path / "answer", open_checkpoint(folder), None)
    monkeypatch.setattr(adapters, "SHIPPED", (tmp_path / "answer",))
    tasks = [SummaryTask(SummaryConfig(verbatim=True)), AskTask(VERBATIM)]
    with open_session(document, tasks, load) as session:
        judged = session.judge.judge(["One lamp burned."], QUESTION, Listener())
        assert session.judge.points
        assert not session.reading.judge.points
        summary = session.summarize(SummaryConfig(verbatim=True))
    assert judged.answering is not None
    assert judged.answering.shape == (1,)
    assert (judged.answering < 0).all()
    monkeypatch.setattr(adapters, "SHIPPED", ())
    with open_session(document, tasks, load) as session:
        assert session.summarize(SummaryConfig(verbatim=True)).marked == summary.marked
        plain = session.judge.judge(["One lamp burned."], QUESTION, Listener())
    assert plain.answering is None
    assert plain.likelihoods[0] != judged.likelihoods[0]


def test_likelihood_of_a_question_is_that_of_its_tokens_after_the_passage(tuned):
    judge = open_judge(tuned, Listener())
    passages = ["One lamp burned.", "The river rose twice that year, and the bridge fell."]
    found = judge.judge(passages, QUESTION, Listener())
    encode = judge.model.tokenizer.encode_document
    prompts = [passage_prompt(each, QUESTION, encode) for each in passages]
    expected = log_likelihoods(
        judge.weights, [each.passage for each in prompts], prompts[0].question,
        chunk_tokens=64, check=lambda: None,
    )  # fmt: skip
    np.testing.assert_allclose(found.likelihoods, expected, rtol=1e-4)


def test_question_without_end_is_refused(document, tuned):
    with pytest.raises(DocumentTooLong, match="question is too long"):
        ask_document(document, [QUESTION * 400], config=VERBATIM, load=tuned)


# ---- which model judges


def test_model_on_this_disk_judges_where_none_is_named(document, small, monkeypatch):
    here = str(small.model)
    monkeypatch.setattr("longsum.opening.question_model", lambda name: None if name else here)
    heard = Recorder()
    with open_session(document, [AskTask(VERBATIM)], listener=heard) as session:
        answer = session.ask(QUESTION, VERBATIM)
    assert answer.receipt.judged > 0
    assert answer.receipt.model == Path(here).name
    (chosen,) = (line for line in heard.notices if "judges" in line)
    assert rendered(chosen, as_argument).endswith('judges; model="mini" answers at once')
    heard = Recorder()
    mini = LoadConfig(model="mini")
    (named,) = ask_document(document, [QUESTION], load=mini, listener=heard)
    assert not any("judges" in line for line in heard.notices)
    assert (named.receipt.model, named.receipt.model_used) == ("mini", False)


def test_summary_is_still_the_bundled_models(document, small, monkeypatch):
    monkeypatch.setattr(
        "longsum.opening.question_model", lambda name: None if name else str(small.model)
    )
    with open_session(document) as session:
        assert session.source.is_bundled
        assert not session.ask(QUESTION).receipt.model_used
