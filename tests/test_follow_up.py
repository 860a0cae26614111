"""A question that refers to the one before is searched for together with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import Recorder, report_pdf

from longsum.config import AskConfig, LoadConfig
from longsum.documents.document import Document
from longsum.documents.read import read_document
from longsum.follow_up import refers_back, understood
from longsum.opening import ask_document, open_session
from longsum.reading import Reading

BACK = (
    "When?", "And why?", "Who paid for it?", "What about the roof?", "When did they leave?",
    "But who told him?", "Why is that?", "Was her house sold?", "What happened after this?",
)  # fmt: skip
ALONE = (
    "Who paid for the cathedral?", "What did the night watchman describe?",
    "Did the king keep his promise to the city?", "Who said that the river would rise?",
    "What is the population of this county?",
)  # fmt: skip
FIRST = "Who paid for the unfinished cathedral?"


@pytest.mark.parametrize("question", BACK)
def test_question_that_needs_the_one_before(question: str) -> None:
    assert refers_back(question)


@pytest.mark.parametrize("question", ALONE)
def test_question_that_stands_alone(question: str) -> None:
    assert not refers_back(question)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return read_document(report_pdf(tmp_path_factory.mktemp("report") / "report.pdf"))


def test_bundled_model_searches_for_both(document: Document) -> None:
    heard = Recorder()
    with open_session(document, model="mini", listener=heard) as session:
        first = session.ask(FIRST)
        alone = session.ask("And when?")
        second = session.ask("And when?", after=first)
        third = session.ask("And why?", after=second)
    assert not alone.answered
    assert alone.understood is None
    assert second.question == "And when?"
    assert second.understood == f"{FIRST} And when?"
    assert third.understood == f"{FIRST} And when? And why?"
    assert "cathedral" in second.text
    assert second.as_dict()["understood"] == second.understood
    assert f"understood as: {FIRST} And when?" in heard.notices
    assert understood("And when?", None) == "And when?"


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The suffixes that a model is shown, which writes one sentence whatever it is asked."""
    found: list[str] = []

    def write(self, suffix, *_):
        found.append(suffix)
        yield "The cathedral was paid for by the guild."

    monkeypatch.setattr(Reading, "write", write)
    return found


def test_writing_model_is_shown_the_exchange(
    document: Document, tiny: Path, seen: list[str]
) -> None:
    with open_session(document, load=LoadConfig(model=str(tiny), device="cpu")) as session:
        first = session.ask(FIRST, AskConfig(words=4))
        session.ask("And when?", AskConfig(words=4), after=first)
    assert "The question before was" not in seen[0]
    assert f"The question before was: {FIRST}\nIts answer was: The cathedral was paid\n" in seen[1]
    assert "Question: And when?" in seen[1]


def test_writing_model_is_not_shown_what_came_nearest(
    document: Document, tiny: Path, seen: list[str]
) -> None:
    asked = "Which composer wrote an opera about the cathedral of Salzburg?"
    (refused,) = ask_document(document, [asked], load=LoadConfig(model="mini", device="cpu"))
    with open_session(document, load=LoadConfig(model=str(tiny), device="cpu")) as session:
        session.ask("And when?", after=refused)
    assert f"Its answer was: {refused.text}\n" in seen[0]
    assert refused.nearest[0].text not in seen[0]
