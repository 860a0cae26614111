from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from helpers import story
from tiny import byte_tokenizer, save_checkpoint, tiny_llama

from longsum.checkpoint.rope import read_rope
from longsum.checkpoint.tokenizer import Tokenizer
from longsum.config import DecodeConfig, LoadConfig, SummaryConfig
from longsum.documents.read import read_document
from longsum.engine.sampling import Sampler
from longsum.errors import UsageError
from longsum.evaluate.bars import plot_summaries
from longsum.evaluate.config import SummariesConfig
from longsum.evaluate.evaluation_journal import EvaluationJournal
from longsum.evaluate.loading import Opened, find_for_evaluation, open_model
from longsum.evaluate.means import mean_and_error
from longsum.evaluate.reference_pairs import Pair
from longsum.evaluate.report import write_report
from longsum.evaluate.rouge import MEASURES, Rouge
from longsum.evaluate.summaries import measure_summaries
from longsum.evaluate.summarizing import (
    PAPER_PREFIX,
    PAPER_SUFFIX,
    Summarizer,
    longest_run,
    prepare_pair,
    summarize_pair,
)
from longsum.evaluate.summary_rows import System, summary_rows
from longsum.events import Listener
from longsum.opening import summarize_document

NOTHING = EvaluationJournal(None, {})
LEAD = SummariesConfig(baselines=("lead",))
TEXTS = ["\n\n".join(" ".join(page) for page in story(n)) for n in (1, 2)]


def pair(number: int, text: str, **more) -> Pair:
    reference = "The harbour commission inspected the lighthouse. A judge described the granary."
    found = Pair(f"d{number}", f"p.jsonl:{number}", "summ", text, None, (reference,))
    return replace(found, **more)


PAIRS = [pair(i, text) for i, text in enumerate(TEXTS)]


@pytest.fixture(scope="module")
def mini() -> Summarizer:
    load = LoadConfig(model="mini", device="cpu", dtype="float32")
    model = find_for_evaluation(load)
    return Summarizer(open_model(load, tokens=2048, listener=Listener(), model=model), model)


def tiny(window: int = 8192, seed: int = 0, label: str = "tiny") -> Summarizer:
    model = tiny_llama(seed, max_position_embeddings=window)
    rope = read_rope({"max_position_embeddings": window})
    return Summarizer(Opened(model, Tokenizer(byte_tokenizer()), rope, label))


def measure(summarizers, pairs=PAIRS, config=LEAD, journal=NOTHING, **more):
    return measure_summaries(summarizers, pairs, config, journal, Listener(), **more)


def failing_text() -> str:
    return " ".join(sentence for page in story(3) for sentence in page) * 5


# ---- what a model makes of a document


def test_summary_is_that_of_the_use_case(mini, tmp_path):
    """The weights stay in memory for all documents; nothing else may differ."""
    path = tmp_path / "d.txt"
    path.write_text(TEXTS[1])
    for focus in (None, "What did the surveyor do?"):
        asked = pair(1, TEXTS[1], query=focus)
        found = summarize_pair(mini, asked, LEAD, Listener())
        answer = summarize_document(
            read_document(path),
            config=SummaryConfig(words=asked.words, focus=focus),
            load=LoadConfig(model="mini", device="cpu", dtype="float32"),
        )
        assert found["summary"] == answer.text
        assert found["tokens_read"] == found["tokens_total"] == answer.receipt.tokens_total


def test_free_summary_is_that_of_the_use_case(tmp_path):
    folder = save_checkpoint(tmp_path / "m", max_position_embeddings=8192)
    load = LoadConfig(model=str(folder), device="cpu", dtype="float32")
    model = find_for_evaluation(load)
    summarizer = Summarizer(open_model(load, tokens=4096, listener=Listener(), model=model), model)
    path = tmp_path / "d.txt"
    path.write_text(TEXTS[0])
    found = summarize_pair(summarizer, PAIRS[0], LEAD, Listener())
    config = SummaryConfig(words=PAIRS[0].words)
    answer = summarize_document(read_document(path), config=config, load=load)
    assert found["summary"] == answer.text
    assert found["finish"] == answer.receipt.finish_reason


def test_length_is_the_references_or_the_one_asked_for(mini):
    reference = summarize_pair(mini, PAIRS[1], LEAD, Listener())["summary"]
    longer = summarize_pair(mini, PAIRS[1], SummariesConfig(words=60), Listener())["summary"]
    assert len(reference.split()) <= 1.15 * PAIRS[1].words + 1
    assert 0.7 * 60 <= len(longer.split()) <= 1.15 * 60


def greedy_or_sampled(model, ids: list[int], seed: int, most: int) -> list[int]:
    """The paper's decoding, without a cache: temperature 0.5, top-p 0.95."""
    sampler = Sampler(DecodeConfig(most, 0.5, 0.95, seed), torch.device("cpu"))
    written: list[int] = []
    while len(written) < most:
        with torch.no_grad():
            logits = model(torch.tensor([ids + written])).logits[0, -1]
        token = sampler.pick(logits)
        if token == 1:
            break
        written.append(token)
    return written


def test_papers_protocol_reads_the_head_after_its_prompt(monkeypatch):
    monkeypatch.setattr("longsum.evaluate.summarizing.PAPER_TOKENS", 50)
    monkeypatch.setattr("longsum.evaluate.summarizing.PAPER_ANSWER", 12)
    config = SummariesConfig(zero_shot_prompt="paper", seed=5)
    summarizer = tiny()
    found = summarize_pair(summarizer, PAIRS[0], config, Listener())
    assert (found["tokens_read"], found["tokens_total"]) == (50, len(PAIRS[0].document.text))
    encode = summarizer.opened.tokenizer.encode_document
    ids = [0, *encode(PAPER_PREFIX + PAIRS[0].document.text[:50] + PAPER_SUFFIX)]
    written = greedy_or_sampled(summarizer.opened.model, ids, 5, 12)
    assert found["summary"] == summarizer.opened.tokenizer.decode(written).strip()


def test_papers_numbers():
    from longsum.evaluate import summarizing

    assert (summarizing.PAPER_TOKENS, summarizing.PAPER_ANSWER) == (15_000, 1_000)
    prepared = prepare_pair(tiny().model, PAIRS[0], SummariesConfig(zero_shot_prompt="paper"))
    assert prepared.budget.answer == 1_000
    assert PAPER_PREFIX + "…" + PAPER_SUFFIX == (
        "Read the following article and then summarize it.\n…\n"
        "Now summarize the above article.\nSummary:"
    )


def test_longest_run_is_that_of_the_longest_document_that_fits():
    summarizer = tiny(2048)
    runs = [prepare_pair(summarizer.model, each, LEAD) for each in PAIRS]
    totals = [run.budget.total for run in runs]
    assert longest_run(summarizer.model, PAIRS, LEAD) == max(t for t in totals if t <= 2048)
    assert longest_run(summarizer.model, [pair(0, " ")], LEAD) == 1


# ---- the report


def test_report_holds_means_and_paired_differences(mini):
    report = measure([mini])
    model, lead, difference = report.rows
    rouge = Rouge()
    expected = [
        rouge.score(summarize_pair(mini, each, LEAD, Listener())["summary"], each.references)
        for each in PAIRS
    ]
    for measure_ in MEASURES:
        a, b = (score[measure_] for score in expected)
        assert model[measure_] == pytest.approx((a + b) / 2)
        assert model[f"{measure_}_se"] == pytest.approx(abs(a - b) / 2)  # s/√2 = |a-b|/√2/√2
        assert difference[measure_] == pytest.approx(model[measure_] - lead[measure_])
    product = model["rouge1"] * model["rouge2"] * model["rougeL"]
    assert model["geometric_mean"] == pytest.approx(product ** (1 / 3))
    assert (model["n"], difference["n"]) == (2, 2)
    assert (difference["system"], difference["kind"]) == ("mini - lead", "difference")
    assert report.settings["baselines"] == ("lead",)


def test_too_long_documents_are_rows_with_their_reason():
    pairs = [*PAIRS[:1], pair(7, failing_text())]
    report = measure([tiny(4096)], pairs)
    model, lead, difference, failure = report.rows
    assert (model["n"], model["failed"], model["remark"]) == (1, 1, "1 failed")
    assert (lead["n"], lead["failed"], difference["n"]) == (2, 0, 1)
    assert failure["kind"] == "failure"
    assert failure["remark"].startswith("d7: ")
    assert "tokens, tiny reads 4,096" in failure["remark"]
    assert "tiny: 1 of 2 documents could not be summarized" in report.notes
    assert "the means are not all over the same documents; the differences are" in report.notes


def test_truncate_leaves_a_part_out_and_says_so():
    pairs = [pair(7, failing_text())]
    report = measure([tiny(4096)], pairs, SummariesConfig(baselines=(), truncate="middle"))
    assert report.rows[0]["n"] == 1
    assert "tiny: 1 of 1 documents were read in part" in report.notes


def test_unreadable_document_fails_for_every_system():
    report = measure([tiny()], [PAIRS[0], pair(9, " ")])
    failures = [row for row in report.rows if row["kind"] == "failure"]
    assert [row["system"] for row in failures] == ["tiny", "lead"]


def test_long_documents_are_left_out_of_slow_baselines_and_counted(monkeypatch):
    monkeypatch.setattr("longsum.evaluate.baselines.MAX_SENTENCES", 12)
    config = SummariesConfig(baselines=("lead", "lexrank"))
    report = measure([], config=config)
    lead, lexrank = report.rows
    assert (lead["n"], lexrank["n"], lexrank["left_out"]) == (2, 1, 1)
    assert lexrank["remark"] == "1 left out"
    assert any(note.startswith("lexrank: 1 of 2 documents were left out") for note in report.notes)


def test_model_that_writes_nothing_scores_zero(monkeypatch):
    summarizer = tiny()
    head = summarizer.opened.model.lm_head
    with torch.no_grad():
        head.weight.zero_()
    monkeypatch.setattr(type(head), "forward", lambda self, x: only_the_end(self, x))
    report = measure([summarizer], PAIRS[:1])
    assert report.rows[0]["n"] == 1
    assert report.rows[0]["rouge1"] == 0
    assert "tiny: 1 of 1 documents got empty summaries, which score 0" in report.notes


def only_the_end(head: torch.nn.Linear, hidden: torch.Tensor) -> torch.Tensor:
    logits = torch.zeros(*hidden.shape[:-1], head.out_features)
    logits[..., 1] = 1.0
    return logits


def test_models_are_compared_with_each_other_and_with_each_baseline():
    scores = [dict.fromkeys(MEASURES, float(value)) for value in (10, 20, 30)]

    def system(name: str, kind: str, values: list[dict[str, float] | None]) -> System:
        faithful = {"words": 5, "claims": 1, "supported": 1, "repetition": 0.0}
        outcomes = [{"scores": v, **faithful} if v else {"error": "no"} for v in values]
        return System(name, kind, outcomes)

    systems = [
        system("a", "model", [scores[0], scores[1], None]),
        system("b", "model", [scores[1], scores[0], scores[2]]),
        system("lead", "baseline", [scores[0], scores[0], scores[0]]),
    ]
    rows = {row["system"]: row for row in summary_rows(systems, [*PAIRS, PAIRS[0]])[:6]}
    assert list(rows) == ["a", "b", "lead", "a - lead", "b - a", "b - lead"]
    assert (rows["b - a"]["n"], rows["b - a"]["rouge1"]) == (2, 0)
    assert rows["b - a"]["rouge1_se"] == pytest.approx(10)  # 10 and -10
    assert rows["b - lead"]["rouge1"] == pytest.approx(10)


def test_support_is_of_all_sentences_and_repetition_of_each_summary():
    scores = dict.fromkeys(MEASURES, 10.0)

    def system(name: str, *found: tuple[int, int, float]) -> System:
        outcomes = [
            {"scores": scores, "words": 5, "claims": c, "supported": s, "repetition": r}
            for c, s, r in found
        ]
        return System(name, "model", outcomes)

    first, second = system("a", (4, 3, 0.0), (4, 1, 20.0)), system("b", (1, 1, 0.0), (0, 0, 0.0))
    rows = {row["system"]: row for row in summary_rows([first, second], PAIRS)}
    # 4 of 8; deviations 1 and -1, error √(2 · 2) / 8
    assert (rows["a"]["claims"], rows["a"]["supported"]) == (8, 50.0)
    assert rows["a"]["supported_se"] == pytest.approx(25)
    assert (rows["a"]["repetition"], rows["a"]["repetition_se"]) == (10.0, pytest.approx(10))
    assert (rows["a"]["repeating"], rows["b"]["repeating"]) == (1, 0)
    # only the first summaries both state something: 100 - 75
    assert (rows["b - a"]["supported"], rows["b - a"]["supported_se"]) == (25.0, None)
    assert (rows["b - a"]["n"], rows["b - a"]["repetition"]) == (2, -10.0)


def test_sentences_of_the_document_are_all_supported(mini):
    report = measure([mini])
    for row in report.rows[:2]:  # mini and lead
        assert (row["supported"], row["supported_se"]) == (100.0, 0.0)
        assert row["claims"] >= len(PAIRS)
        assert (row["repetition"], row["repeating"]) == (0.0, 0)
    assert any("rep-4: share of runs of four words" in note for note in report.notes)


def test_what_the_papers_prompt_writes_is_looked_for_in_the_document(mini, monkeypatch):
    monkeypatch.setattr("longsum.evaluate.summarizing.PAPER_ANSWER", 40)
    said = TEXTS[0].split(". ")[0] + "."
    pieces = [f"{said}\n", "A whale sang in the theatre. "]
    monkeypatch.setattr("longsum.reading.Reading.write", lambda *rest, **more: iter(pieces))
    config = SummariesConfig(zero_shot_prompt="paper", baselines=())
    found = summarize_pair(mini, PAIRS[0], config, Listener())
    assert (found["claims"], found["supported"]) == (2, 1)


def test_results_of_an_earlier_version_are_measured_again(tmp_path):
    whole = measure([tiny()])
    path = tmp_path / "j"
    journal = EvaluationJournal(path, {})
    measure([tiny()], journal=journal)
    journal.close(finished=False)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines[1:]:
        for key in ("claims", "supported", "repetition"):
            del line["result"][key]
        line["result"]["scores"] = dict.fromkeys(MEASURES, 0.0)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    again = EvaluationJournal(path, {})
    assert measure([tiny()], journal=again).rows == whole.rows
    again.close(finished=True)


def test_interrupted_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    whole = measure([tiny()])
    summarized: list[str] = []

    def stopping(summarizer, pair, config, listener):
        if summarized:
            raise KeyboardInterrupt
        summarized.append(pair.id)
        return summarize_pair(summarizer, pair, config, listener)

    path = tmp_path / "j"
    journal = EvaluationJournal(path, {})
    monkeypatch.setattr("longsum.evaluate.summaries.summarize_pair", stopping)
    with pytest.raises(KeyboardInterrupt):
        measure([tiny()], journal=journal)
    journal.close(finished=False)

    def counted(summarizer, pair, config, listener):
        summarized.append(pair.id)
        return summarize_pair(summarizer, pair, config, listener)

    monkeypatch.setattr("longsum.evaluate.summaries.summarize_pair", counted)
    again = EvaluationJournal(path, {})
    assert measure([tiny()], journal=again).rows == whole.rows
    again.close(finished=True)
    assert summarized == ["d0", "d1"]


def test_every_summary_is_saved(tmp_path):
    path = tmp_path / "s.jsonl"
    pairs = [PAIRS[0], pair(9, " ")]
    report = measure([tiny()], pairs, save=path)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(row["system"], row["id"]) for row in rows] == [
        *(("tiny", "d0"), ("tiny", "d9"), ("lead", "d0"), ("lead", "d9")),
    ]
    assert rows[0]["scores"]["rouge1"] == pytest.approx(report.rows[0]["rouge1"])
    assert rows[0]["summary"]
    assert "holds no text" in rows[1]["error"]


def test_report_is_written_and_drawn(tmp_path):
    report = measure([tiny()])
    write_report(report, tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text())["rows"][0]["system"] == "tiny"
    plot_summaries(report, tmp_path / "r.png")
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")


def test_missing_package_stops_before_the_first_document(monkeypatch):
    monkeypatch.setattr("longsum.evaluate.rouge.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="rouge-score"):
        measure(iter(()))


def test_mean_and_error_worked_out_by_hand():
    assert mean_and_error([]) == (None, None)
    assert mean_and_error([3.0]) == (3.0, None)
    mean, error = mean_and_error([1.0, 2.0, 6.0])
    assert mean == pytest.approx(3)
    assert error == pytest.approx((14 / 2 / 3) ** 0.5)  # squares 4 + 1 + 9
