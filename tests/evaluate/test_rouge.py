from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import DefaultTokenizer

from longsum.errors import UsageError
from longsum.evaluate import rouge
from longsum.evaluate.rouge import (
    MEASURES,
    Rouge,
    UnicodeTokenizer,
    geometric_mean,
    porter,
    sentence_lines,
)

INFLECTED = ["running", "ran", "cities", "The", "do", "boxes", "relational", "1990s"]
ASCII = st.text(st.characters(max_codepoint=127))


@given(ASCII)
def test_words_of_ascii_text_are_those_of_rouge_score(text):
    assert UnicodeTokenizer().tokenize(text) == DefaultTokenizer().tokenize(text)


@given(st.lists(st.sampled_from(INFLECTED)))
def test_stems_of_ascii_text_are_those_of_rouge_score(words):
    text = " ".join(words)
    assert UnicodeTokenizer(porter()).tokenize(text) == DefaultTokenizer(True).tokenize(text)


@given(ASCII, ASCII)
def test_scores_of_one_line_of_ascii_are_those_of_rouge_score(summary, reference):
    summary, reference = " ".join(summary.split()), " ".join(reference.split())
    plain = RougeScorer(["rouge1", "rouge2", "rougeL"]).score(reference, summary)
    ours = Rouge().score(summary, [reference])
    for measure, score in plain.items():
        assert ours[measure] == pytest.approx(100 * score.fmeasure)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Müller aß KÄSE", ["müller", "ass", "käse"]),
        ("Ka\u0308se", ["käse"]),  # the mark apart
        ("don't", ["don", "t"]),
        ("snake_case", ["snake", "case"]),
        ("Москва, 2024", ["москва", "2024"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("我爱北京。", ["我", "爱", "北", "京"]),
        ("在iPhone上", ["在", "iphone", "上"]),
        ("กินข้าว", ["กิ", "น", "ข้", "า", "ว"]),
        ("soft\u00adware", ["software"]),
        ("ＡＢＣ", ["abc"]),
        ("é\u0301 — ", ["é\u0301"]),
        ("\u0301", []),
    ],
)
def test_words_of_any_script(text, words):
    assert UnicodeTokenizer().tokenize(text) == words


def test_stemmer_leaves_other_scripts_alone():
    assert UnicodeTokenizer(porter()).tokenize("running бегущими") == ["run", "бегущими"]


def test_chinese_scores_where_rouge_score_gives_nothing():
    scores = Rouge().score("我爱北京", ["我爱上海"])
    assert scores["rouge1"] == pytest.approx(50)  # two of four characters
    assert scores["rouge2"] == pytest.approx(100 / 3)  # one of three pairs
    assert RougeScorer(["rouge1"]).score("我爱上海", "我爱北京")["rouge1"].fmeasure == 0


def test_numbers_worked_out_by_hand():
    """Summary of 6 words, reference of 5: 5 shared; pairs 5 and 4, `the cat`, `on the` shared."""
    scores = Rouge().score("the cat sat on the mat", ["the cat on the mat"])
    assert scores["rouge1"] == pytest.approx(100 * 2 * 5 / 11)
    # the cat | cat sat | sat on | on the | the mat; the cat | cat on | on the | the mat
    assert scores["rouge2"] == pytest.approx(100 * 2 * 3 / 9)
    assert scores["rougeL"] == pytest.approx(100 * 2 * 5 / 11)
    assert scores["rougeLsum"] == pytest.approx(100 * 2 * 5 / 11)


def test_lsum_goes_by_sentences_that_stand_in_another_order():
    summary = "A dog barked at night. The red house burned down."
    reference = "The red house burned down. A dog barked at night."
    scores = Rouge().score(summary, [reference])
    assert scores["rougeL"] == pytest.approx(50)  # one sentence of two keeps its place
    assert scores["rougeLsum"] == pytest.approx(100)


def test_of_several_references_each_measure_takes_the_best():
    rouge_ = Rouge()
    references = ["a b c d", "d c b a e f"]
    both = rouge_.score("a b c d", references)
    alone = [rouge_.score("a b c d", [reference]) for reference in references]
    assert both == {m: max(each[m] for each in alone) for m in MEASURES}
    assert both["rougeL"] == pytest.approx(100)


def test_stemmer_makes_endings_equal():
    assert Rouge().score("running dogs", ["run dog"])["rouge1"] == 0
    assert Rouge(stemmer=True).score("running dogs", ["run dogs"])["rouge1"] == pytest.approx(100)


def test_nothing_scores_zero():
    assert Rouge().score("", ["a b"]) == dict.fromkeys(MEASURES, 0.0)


def test_sentences_stand_on_lines_of_their_own():
    text = "Mr. Smith left. He came back?\nNobody knows."
    assert sentence_lines(text) == "Mr. Smith left.\nHe came back?\nNobody knows."


def test_geometric_mean_of_the_papers_numbers():
    """Table 6: 60.0, 28.0 and 29.5 make 36.7."""
    assert geometric_mean([60.0, 28.0, 29.5]) == pytest.approx(36.7, abs=0.05)
    assert geometric_mean([60.0, 0.0, 29.5]) == 0
    assert geometric_mean([]) == 0


def test_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(rouge, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="rouge-score") as found:
        Rouge()
    assert found.value.hint == "pip install 'longsum[eval]'"
