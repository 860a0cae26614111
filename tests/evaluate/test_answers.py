from __future__ import annotations

from dataclasses import replace

import pytest
from adapters import write_adapter
from helpers import story
from tiny import save_checkpoint

from longsum.checkpoint import adapters
from longsum.config import AskConfig, LoadConfig
from longsum.documents.read import parse_text
from longsum.errors import LongsumError
from longsum.evaluate import answering
from longsum.evaluate.answer_outcomes import outcome_of
from longsum.evaluate.answer_rows import AnsweringSystem
from longsum.evaluate.answering import QuestionAnswerer, answering_model, ask, longest_asked
from longsum.evaluate.answers import AnswersBench, answers_settings
from longsum.evaluate.asked import Asked, asked_of_documents
from longsum.evaluate.config import AnswersConfig
from longsum.evaluate.evaluation_journal import EvaluationJournal
from longsum.evaluate.loading import find_for_evaluation, open_model
from longsum.evaluate.reference_pairs import Pair
from longsum.events import Listener
from longsum.judge import PASSAGE_TOKENS
from longsum.opening import ask_document
from longsum.session import Session

MINI = LoadConfig(model="mini", device="cpu", dtype="float32", kv_cache="native")
FILLER = " ".join(f"Witness number {n} told the court about event {7 * n}." for n in range(12))
MOOR = f"The pier was built in 1871 by Anna Berg. Gulls came every day. {FILLER}"
HILL = f"The mine was closed after a fire. Nobody paid the miners. {FILLER}"
COAST = "\n\n".join(" ".join(page) for page in story(1))


def pair(number: int, text: str, question: str, *references: str) -> Pair:
    return Pair(f"q{number}", f"p.jsonl:{number}", "qa", text, question, references)


PAIRS = [
    pair(1, MOOR, "Who built the pier?", "Anna Berg"),
    pair(2, HILL, "Why was the mine closed?", "there was a fire"),
    pair(3, MOOR, "When was the pier built?", "1871"),
    pair(4, COAST, "Which queen ate the strawberries?", "Zenobia"),
]
CONFIG = AnswersConfig()


def loaded(load: LoadConfig, tokens: int = 2048) -> QuestionAnswerer:
    model = find_for_evaluation(load)
    return QuestionAnswerer(
        open_model(load, tokens=tokens, listener=Listener(), model=model), model, load
    )


@pytest.fixture(scope="module")
def mini() -> QuestionAnswerer:
    return loaded(MINI)


@pytest.fixture(scope="module")
def writer(tmp_path_factory) -> QuestionAnswerer:
    folder = save_checkpoint(tmp_path_factory.mktemp("m") / "tiny", max_position_embeddings=8192)
    return loaded(replace(MINI, model=str(folder)), 8192)


def measure(
    model: QuestionAnswerer,
    pairs: list[Pair] = PAIRS,
    config: AnswersConfig = CONFIG,
    journal: EvaluationJournal | None = None,
) -> AnsweringSystem:
    groups = asked_of_documents(pairs, config.wrong_documents, config.seed)
    journal = journal or EvaluationJournal(None, {})
    return AnswersBench(groups, config, journal, Listener()).measure(model)


def own(system: AnsweringSystem) -> dict[str, dict[str, object]]:
    """The outcomes of questions put to their own documents."""
    return {
        each.pair.id: outcome
        for each, outcome in zip(system.asked, system.outcomes, strict=True)
        if not each.wrong
    }


def without_costs(outcome: dict[str, object]) -> dict[str, object]:
    costs = ("seconds", "read_s", "peak_bytes", "findable")
    return {key: value for key, value in outcome.items() if key not in costs}


def test_outcomes_are_those_of_the_use_case(mini):
    """The weights stay in memory for all documents; nothing else may differ."""
    found = own(measure(mini))
    for each in PAIRS:
        (answer,) = ask_document(parse_text(each.text, "d"), [each.query or ""], load=MINI)
        assert without_costs(found[each.id]) == outcome_of(answer, each)
    assert found["q1"]["evidence_1"] is found["q3"]["evidence_1"] is True
    assert [found[each.id]["findable"] for each in PAIRS] == [True, True, True, False]


def test_written_outcomes_are_those_of_the_use_case(writer):
    config = AnswersConfig(wrong_documents=0, words=8)
    found = own(measure(writer, PAIRS[:2], config))
    for each in PAIRS[:2]:
        document = parse_text(each.text, "d")
        (answer,) = ask_document(
            document, [each.query or ""], config=AskConfig(words=8), load=writer.load
        )
        assert without_costs(found[each.id]) == outcome_of(answer, each)
        assert found[each.id]["sure"] is None
        assert found[each.id]["read_s"] > 0


def test_a_document_is_opened_once_for_all_its_questions(mini, monkeypatch):
    opened: list[str] = []
    original = answering.open_session

    def counting(document, *arguments, **more) -> Session:
        opened.append(document.text)
        return original(document, *arguments, **more)

    monkeypatch.setattr(answering, "open_session", counting)
    system = measure(mini)
    assert len(system.outcomes) == 2 * len(PAIRS)
    assert len(opened) == len(set(opened)) == 3


def test_a_judging_model_is_loaded_once_with_its_answer_adapter(tmp_path, monkeypatch):
    folder = save_checkpoint(tmp_path / "judge", max_position_embeddings=2048)
    load, config = replace(MINI, model=str(folder)), AnswersConfig(verbatim=True)
    plain = find_for_evaluation(load)
    write_adapter(tmp_path / "adapter", plain.checkpoint, None)
    monkeypatch.setattr(adapters, "SHIPPED", (tmp_path / "adapter",))
    tuned = answering_model(find_for_evaluation(load), config)
    assert tuned.checkpoint.adapter is not None
    opened = open_model(load, tokens=2048, listener=Listener(), model=tuned)
    assert opened.identity != open_model(load, tokens=2048, listener=Listener()).identity
    asked = [each.query or "" for each in PAIRS[:2]]
    alone = [
        ask_document(
            parse_text(each.text, "d"), [question], config=AskConfig(verbatim=True), load=load
        )
        for each, question in zip(PAIRS, asked, strict=False)
    ]

    def never(*arguments: object) -> None:
        raise AssertionError("loaded again")

    monkeypatch.setattr("longsum.loading.weights.load_weights", never)
    found = own(measure(QuestionAnswerer(opened, tuned, load), PAIRS[:2], config))
    for each, (answer,) in zip(PAIRS[:2], alone, strict=True):
        assert answer.receipt.judged > 0
        assert without_costs(found[each.id]) == outcome_of(answer, each)


def test_only_a_judging_model_takes_its_answer_adapter(mini, writer):
    assert answering_model(mini.found, CONFIG) is mini.found
    assert answering_model(writer.found, CONFIG) is writer.found
    assert answering_model(writer.found, AnswersConfig(verbatim=True)) is writer.found  # has none


def test_interrupted_run_asks_only_what_is_missing(mini, tmp_path, monkeypatch):
    from longsum.evaluate import answers as module

    path, asked = tmp_path / "j", []
    whole = measure(mini)

    def journal() -> EvaluationJournal:
        return EvaluationJournal(path, answers_settings(PAIRS, CONFIG))

    def stopping(session, question, config):
        if len(asked) == 3:
            raise KeyboardInterrupt
        asked.append((session.document.text, question))
        return ask(session, question, config)

    monkeypatch.setattr(module, "ask", stopping)
    first = journal()
    with pytest.raises(KeyboardInterrupt):
        measure(mini, journal=first)
    first.close(finished=False)

    def counting(session, question, config):
        asked.append((session.document.text, question))
        return ask(session, question, config)

    monkeypatch.setattr(module, "ask", counting)
    second = journal()
    again = measure(mini, journal=second)
    second.close(finished=True)
    assert len(asked) == len(set(asked)) == 2 * len(PAIRS)
    assert [*map(without_costs, again.outcomes)] == [*map(without_costs, whole.outcomes)]


def test_a_document_that_does_not_fit_fails_with_all_its_questions(tmp_path):
    folder = save_checkpoint(tmp_path / "small", max_position_embeddings=1100)
    model = loaded(replace(MINI, model=str(folder)), 1100)
    config = AnswersConfig(words=5)
    short = "The mine was closed after a fire."
    pairs = [PAIRS[0], pair(2, short, "Why?", "a fire")]
    outcomes = {
        (each.host.text, each.wrong): outcome
        for group in [measure(model, pairs, config)]
        for each, outcome in zip(group.asked, group.outcomes, strict=True)
    }
    for (text, _), outcome in outcomes.items():
        assert ("is too long" in outcome.get("error", "")) == (text == MOOR)


def test_a_model_that_writes_nothing_has_refused(mini, monkeypatch):
    def silent(session, question, config):
        raise LongsumError("the model wrote nothing")

    monkeypatch.setattr(Session, "ask", silent)
    found = own(measure(mini, PAIRS[:2]))
    assert [(each["answered"], each["empty"]) for each in found.values()] == [(False, True)] * 2


def test_memory_is_planned_for_what_is_read(mini, writer):
    groups = asked_of_documents(PAIRS, 1, 0)
    assert longest_asked(mini.found, groups, CONFIG) == PASSAGE_TOKENS
    longest = max(len(each.text) for each in PAIRS)  # a token per byte
    assert longest < longest_asked(writer.found, groups, CONFIG) <= 8192
    verbatim = AnswersConfig(verbatim=True)
    assert longest_asked(writer.found, groups, verbatim) == PASSAGE_TOKENS


def test_settings_tell_other_questions_and_seeds_apart():
    same = answers_settings(PAIRS, CONFIG)
    assert same == answers_settings(list(PAIRS), AnswersConfig())
    assert same != answers_settings(PAIRS[:3], CONFIG)
    assert same != answers_settings(PAIRS, AnswersConfig(seed=1))
    assert (same["questions"], same["documents"]) == (4, 3)


def test_question_and_place_name_a_unit():
    from longsum.evaluate.answers import _unit

    first, second = PAIRS[0], PAIRS[1]
    names = {
        _unit(Asked(1, first, first)),
        _unit(Asked(2, first, first)),
        _unit(Asked(1, first, second, 1)),
        _unit(Asked(1, first, PAIRS[3], 1)),
        _unit(Asked(1, replace(first, references=("Clara",)), first)),
    }
    assert len(names) == 5
