"""The bundled model's answers: its head ranks every sentence by words, and nothing is read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import Recorder, environment, report_pdf, run, story
from tiny import save_checkpoint

from longsum.ask import AskTask
from longsum.config import AskConfig, LoadConfig, SummaryConfig
from longsum.documents.document import Document
from longsum.documents.read import read_document
from longsum.errors import UsageError
from longsum.grounding.grounder import NOT_FOUND
from longsum.layout import NEAREST, UNSURE, WEAKER
from longsum.model.resolve import resolve_model
from longsum.opening import ask_document, open_session
from longsum.selection.confidence import SURE
from longsum.summarize import SummaryTask

MINI = LoadConfig(model="mini", device="cpu")
ABSENT = "Which quarks decay in Uzbekistan?"
NEAR = "Which composer wrote an opera about the cathedral of Salzburg?"
NAMES = """\
The Harbour Trust was founded by sailors who wanted to keep the old pier open to visitors.
Marie Curie won the Nobel Prize in Physics in Stockholm. The pier was rebuilt twice after storms.
President Lincoln met General Grant in Washington. Visitors can still see the marks of the waves.
The ticket cost $40. The new café is closed on Mondays during the winter because of the wind.

Minutes of the yearly meeting

Chair: Ruth Feld.
Decided April 21, 2009
The report praised the Fifty-Fourth Regiment of Massachusetts Volunteers for its courage.
"""


@pytest.fixture
def names(tmp_path: Path) -> Document:
    path = tmp_path / "names.md"
    path.write_text(NAMES, encoding="utf-8")
    return read_document(path)


def first_sentence(document: Document, question: str) -> str:
    (answer,) = ask_document(document, [question], load=MINI)
    return answer.sentences[0].text


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who won the Nobel Prize in Physics?", "Marie Curie won the Nobel Prize"),
        ("Where did Lincoln meet Grant?", "President Lincoln met General Grant in Washington."),
        ("where did lincoln meet grant?", "President Lincoln met General Grant in Washington."),
        ("What did the ticket cost?", "The ticket cost $40."),
        ("Who was the chair?", "Chair: Ruth Feld."),
        ("When was it decided?", "Decided April 21, 2009"),
        ("What was the 54th Massachusetts?", "The report praised the Fifty-Fourth Regiment"),
    ],
)
def test_what_the_document_says_is_never_denied(names, question, answer):
    """All but the last sentence's neighbours were thrown away, and the answer denied them."""
    assert first_sentence(names, question).startswith(answer)


def test_sentence_that_holds_the_answer_stands_apart_from_weaker_ones(names):
    (answer,) = ask_document(names, ["What did the ticket cost?"], load=MINI)
    first, *rest = answer.marked.split("\n\n")
    assert first == "The ticket cost $40. [line 4]"
    assert all(each.startswith(f"{WEAKER}\n- ") for each in rest)
    assert answer.as_dict()["sure"] is True
    assert answer.as_dict()["chance"] >= SURE


def test_answer_that_may_be_one_of_several_sentences_says_so(tmp_path):
    (tmp_path / "votes.txt").write_text(
        "The board voted on the pier in May. The board voted on the boats in June.\n\n"
        "The board voted on the harbour in July. The board voted on the market in August."
    )
    document = read_document(tmp_path / "votes.txt")
    (answer,) = ask_document(document, ["What did the board vote on?"], load=MINI)
    assert answer.marked.startswith(f"{UNSURE}\n- The board voted on ")
    assert len(answer.sentences) == 3
    assert answer.as_dict()["sure"] is False


def test_sentence_of_a_dissent_is_given_its_author(tmp_path):
    (tmp_path / "opinion.txt").write_text(
        "JUSTICE ALBRIGHT delivered the opinion of the Court. The ferry may run at night.\n\n"
        "JUSTICE BELLOWS, dissenting. The noise of the ferry wakes every child of the town."
    )
    document = read_document(tmp_path / "opinion.txt")
    (answer,) = ask_document(document, ["Whom does the noise of the ferry wake?"], load=MINI)
    assert answer.sentences[0].reference == "line 3, Justice Bellows, dissenting"
    (other,) = ask_document(document, ["May the ferry run at night?"], load=MINI)
    places = {each.text: each.reference for each in other.sentences}
    assert places["The ferry may run at night."] == "line 1"


def test_what_it_does_not_say_is_refused_without_a_claim(names):
    (answer,) = ask_document(names, [ABSENT], load=MINI)
    assert answer.marked == answer.text == NOT_FOUND
    assert answer.as_dict()["answered"] is False
    assert answer.as_dict()["sentences"][0]["supported"] is None
    assert answer.nearest == ()
    assert answer.as_dict()["nearest"] == []


def test_refusal_is_followed_by_what_comes_nearest_with_its_page(tmp_path):
    document = read_document(report_pdf(tmp_path / "report.pdf"))
    heard = Recorder()
    (answer,) = ask_document(document, [NEAR], load=MINI, listener=heard)
    (near,) = answer.nearest
    assert "cathedral" in near.text
    (evidence,) = near.evidence
    assert document.text[evidence.span.start : evidence.span.end] == near.text
    assert near.reference == f"p. {near.pages[0]}"
    assert near.text in story()[near.pages[0] - 1]
    shown = f'{NOT_FOUND}\n\n{NEAREST} "{near.text}" [{near.reference}]'
    assert answer.marked == "".join(heard.pieces) == shown


def test_what_comes_nearest_is_not_the_answer(tmp_path):
    document = read_document(report_pdf(tmp_path / "report.pdf"))
    (answer,) = ask_document(document, [NEAR], load=MINI)
    assert answer.nearest
    assert (answer.answered, answer.text, answer.chance) == (False, NOT_FOUND, None)
    (sentence,) = answer.sentences
    assert sentence.is_refusal
    found = answer.as_dict()
    assert [each["text"] for each in found["nearest"]] == [each.text for each in answer.nearest]
    assert found["nearest"][0]["pages"] == list(answer.nearest[0].pages)
    assert "sure" not in found


def test_two_nearest_sentences_are_a_list(tmp_path):
    (tmp_path / "harbour.txt").write_text(
        "The old lighthouse of the harbour was painted red.\n\n"
        "Every ferry to the islands leaves at noon.\n\n" + "The council met again. " * 3
    )
    document = read_document(tmp_path / "harbour.txt")
    asked = "Which Norwegian designed the ferry and the lighthouse?"
    (answer,) = ask_document(document, [asked], load=MINI)
    assert answer.marked == (
        f"{NOT_FOUND}\n\n{NEAREST}\n"
        '- "Every ferry to the islands leaves at noon." [line 3]\n'
        '- "The old lighthouse of the harbour was painted red." [line 1]'
    )


def test_what_comes_nearest_has_sources_where_they_are_asked_for(tmp_path):
    document = read_document(report_pdf(tmp_path / "report.pdf"))
    (answer,) = ask_document(document, [NEAR], config=AskConfig(sources=1), load=MINI)
    (near,) = answer.nearest
    assert near.sources is not None
    assert near.text in near.sources[0].text
    assert near.sources[0].text != near.text
    assert answer.sentences[0].sources is None


def test_an_answer_has_nothing_nearest(names):
    (answer,) = ask_document(names, ["What did the ticket cost?"], load=MINI)
    assert answer.as_dict()["nearest"] == []
    with open_session(names, load=MINI) as session:
        assert "nearest" not in session.summarize(SummaryConfig(words=20)).as_dict()


def test_a_sentence_that_comes_twice_is_printed_once(tmp_path):
    document = read_document(report_pdf(tmp_path / "report.pdf"))
    (answer,) = ask_document(document, ["What did the commission repeat?"], load=MINI)
    texts = [sentence.text for sentence in answer.sentences]
    assert sum("repeated" in text for text in texts) == 1


def test_the_receipt_says_that_the_model_was_not_used(names):
    (answer,) = ask_document(names, ["What did the ticket cost?"], load=MINI)
    receipt = answer.receipt
    assert "ranked by words; the model was not used" in receipt.lines()
    assert receipt.as_dict()["model_used"] is False
    assert (receipt.tokens_read, receipt.model) == (0, "mini")


def test_no_window_limits_what_is_asked():
    filler = "\n".join(
        f"Witness number {n} told the court about event {7 * n}." for n in range(9000)
    )
    document = Document(
        f"{filler}\nThe ticket cost $40.", (), "0", "long.txt", line_anchors=((0, 1),)
    )
    assert first_sentence(document, "What did the ticket cost?") == "The ticket cost $40."


def test_torch_is_not_imported_and_nothing_is_cached(tmp_path):
    """Nine seconds went into a reading that the answer never looked at."""
    path = tmp_path / "names.md"
    path.write_text(NAMES, encoding="utf-8")
    code = (
        "import sys\nfrom longsum.cli import app\n"
        "try:\n    app(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print(*sorted({'torch', 'transformers'} & set(sys.modules)), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "ask", str(path), "What did the ticket cost?"]
    home = tmp_path / "cache"
    found = subprocess.run(
        [*command, "--model", "mini", "--json"],
        env=environment(LONGSUM_CACHE_HOME=str(home)),
        capture_output=True,
        check=True,
        text=True,
    )
    assert json.loads(found.stdout)["answered"] is True
    assert found.stderr.splitlines()[-1] == ""
    assert not home.exists()


def test_one_reading_serves_a_summary_and_questions(names):
    with open_session(names, [SummaryTask(), AskTask()], MINI) as session:
        before = session.summarize(SummaryConfig(words=30))
        answer = session.ask("What did the ticket cost?")
        assert session.summarize(SummaryConfig(words=30)).text == before.text
    assert answer.sentences[0].text == "The ticket cost $40."
    assert (before.receipt.model_used, answer.receipt.model_used) == (True, False)


@pytest.mark.parametrize("verbatim", [None, True, False])
def test_only_what_is_written_needs_reading(tmp_path, verbatim):
    folder = save_checkpoint(tmp_path / "tiny", max_position_embeddings=2048)
    task = AskTask(AskConfig(verbatim=verbatim))
    assert task.needs_reading(resolve_model(str(folder))) is (verbatim is not True)
    assert task.needs_reading(resolve_model("mini")) is (verbatim is False)


def test_a_template_is_refused(names, tmp_path):
    with pytest.raises(UsageError, match="^prompt is not for"):
        open_session(names, [AskTask(AskConfig(prompt=tmp_path / "mine.jinja"))], MINI)


def test_a_temperature_draws_other_sentences(tmp_path):
    path = report_pdf(tmp_path / "report.pdf")
    question = "Who inspected the lighthouse?"
    drawn = {
        run("ask", path, question, "-q", "--temperature", "2", "--seed", seed).stdout
        for seed in range(4)
    }
    assert len(drawn) > 1
    shown = {line for each in drawn for line in each.splitlines()} - {UNSURE, WEAKER, ""}
    assert shown
    assert {line.split(" [")[0].removeprefix("- ") for line in shown} <= set(sum(story(), []))


@pytest.mark.parametrize(("question", "says", "sentence"), [
    ("Did Marie Curie win the Nobel Prize in Physics?", "yes", "Marie Curie won the Nobel Prize"),
    ("Did the ticket cost $50?", "no", "The ticket cost $40."),
    ("Is the new café open on Mondays during the winter?", "no", "The new café is closed"),
])  # fmt: skip
def test_yes_or_no_is_said_above_the_sentence_that_says_it(names, question, says, sentence):
    (answer,) = ask_document(names, [question], load=MINI)
    assert answer.says == says
    assert answer.in_short == f"{says.capitalize()}."
    assert answer.marked.startswith(f"{says.capitalize()}.\n\n{sentence}")
    assert answer.sentences[0].text.startswith(sentence)
    found = answer.as_dict()
    assert (found["says"], found["sure"]) == (says, True)
    assert "short" not in found


@pytest.mark.parametrize("question", [
    "Did Pierre Curie win the Nobel Prize in Physics?",
    "Who won the Nobel Prize in Physics?",
    "Did President Lincoln meet General Grant before the war in Washington?",
])  # fmt: skip
def test_no_verdict_where_the_document_leaves_it_open(names, question):
    (answer,) = ask_document(names, [question], load=MINI)
    assert answer.says is None
    assert "says" not in answer.as_dict()
    assert not answer.marked.startswith(("Yes.", "No."))


QUESTION = "When did she move to Sund?"
LIGHT = """# The light

Anna Lund kept the light for many years. The lamp was as old as the harbour itself. \
She left the rock in the autumn of 1911 and moved to Sund.
"""


@pytest.mark.parametrize(
    ("verbatim", "shown"), [(None, "She [Anna Lund] left"), (True, "She left")]
)
def test_an_answer_says_whom_it_is_about_unless_it_is_to_be_word_for_word(
    tmp_path, verbatim, shown
):
    path = tmp_path / "light.md"
    path.write_text(LIGHT, encoding="utf-8")
    config = AskConfig(verbatim=verbatim)
    (answer,) = ask_document(read_document(path), [QUESTION], load=MINI, config=config)
    (left,) = (each.text for each in answer.sentences if "Sund" in each.text)
    assert left == f"{shown} the rock in the autumn of 1911 and moved to Sund."
