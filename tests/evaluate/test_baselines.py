from __future__ import annotations

import io
import sys

import pytest
from helpers import story

from longsum.documents.document import Document
from longsum.documents.read import read_document
from longsum.errors import UsageError
from longsum.evaluate import baselines
from longsum.evaluate.baselines import (
    BASELINES,
    baseline_sentences,
    baseline_summary,
    is_too_long,
    parse_baselines,
    rank,
    require_baselines,
    take,
)


def document(text: str) -> Document:
    return read_document("-", stdin=io.BytesIO(text.encode()))


@pytest.fixture(scope="module")
def report() -> Document:
    return document("\n\n".join(" ".join(page) for page in story(3)))


@pytest.mark.parametrize(
    ("lengths", "words", "taken"),
    [
        ([10, 10, 10], 20, [0, 1]),
        ([10, 12, 10], 20, [0, 1]),  # 22 is 1.1 times 20
        ([10, 13, 1], 20, [0]),  # the next would pass it: no later one is taken either
        ([50, 1], 20, [0]),  # the first however long
        ([], 20, []),
        ([5, 5], 100, [0, 1]),
    ],
)
def test_sentences_are_taken_until_the_next_would_pass(lengths, words, taken):
    assert take(range(len(lengths)), lengths, words) == taken


def test_lead_is_the_beginning(report):
    sentences = baseline_sentences(report)
    summary = baseline_summary("lead", report, sentences, 40)
    assert summary.split("\n") == story(3)[0][:3]  # a fourth would pass 44 words


@pytest.mark.parametrize("name", BASELINES)
def test_summary_is_made_of_sentences_in_the_documents_order(name, report):
    sentences = baseline_sentences(report)
    texts = [report.text[start:end] for start, end in sentences]
    lines = baseline_summary(name, report, sentences, 60).split("\n")
    places = [texts.index(line) for line in lines]
    assert places == sorted(places)
    assert 40 <= sum(len(line.split()) for line in lines) <= 66


@pytest.mark.parametrize("name", BASELINES)
def test_every_sentence_is_ranked_once(name, report):
    texts = [report.text[start:end] for start, end in baseline_sentences(report)]
    assert sorted(rank(name, texts)) == list(range(len(texts)))


def test_lexrank_and_textrank_prefer_the_sentence_that_many_share_words_with():
    sentences = [
        "Whales sing songs underwater.",
        "Fishermen mended torn nets yesterday.",
        "Taxes rose sharply again.",
        "Fishermen mended nets because taxes rose and storms broke windows.",
        "Storms broke several windows.",
        "Green tea tastes bitter.",
    ]
    for name in ("lexrank", "textrank"):
        assert rank(name, sentences)[0] == 3


def test_luhn_prefers_dense_repeated_words():
    sentences = ["One fish swam.", "Solar power grows, solar power pays.", "Nothing else."]
    assert rank("luhn", sentences)[0] == 1


@pytest.mark.parametrize("name", BASELINES)
def test_words_of_other_scripts_count(name):
    text = "北京是中国的首都城市。香蕉是黄色的水果吗。中国的首都是北京城市。鲸鱼在海里唱歌很久。"
    found = document(text)
    assert sorted(rank(name, text.split("。")[:4])) == [0, 1, 2, 3]
    assert baseline_summary(name, found, baseline_sentences(found), 20)


@pytest.mark.parametrize("name", BASELINES)
def test_degenerate_sentences_are_ranked_all_the_same(name):
    assert rank(name, ["..."]) == [0]
    assert sorted(rank(name, ["...", "!!!"])) == [0, 1]
    assert sorted(rank(name, ["Same.", "Same.", "Same."])) == [0, 1, 2]


def test_headings_are_chosen_from_only_where_there_is_nothing_else():
    with_prose = document("# Harbour\n\nThe council met on Monday to talk about the harbour.\n")
    assert len(baseline_sentences(with_prose)) == 1
    assert len(baseline_sentences(document("# Harbour\n\n# Wall\n"))) == 2


def test_long_documents_are_left_out_where_all_pairs_are_compared():
    many = [(0, 1)] * 901
    assert {name for name in BASELINES if is_too_long(name, many)} == {"lexrank", "textrank", "lsa"}
    assert not any(is_too_long(name, many[:900]) for name in BASELINES)


def test_list_of_names():
    assert parse_baselines("lead, LexRank,lead,") == ("lead", "lexrank")
    assert parse_baselines("none") == ()
    with pytest.raises(UsageError, match="'lxrank'") as found:
        parse_baselines("lead,lxrank")
    assert "lexrank" in str(found.value.hint)


def test_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sumy.summarizers", None)
    require_baselines(["lead"])
    with pytest.raises(UsageError, match="sumy") as found:
        require_baselines(["lead", "luhn"])
    assert "pip install 'longsum[eval]'" in str(found.value.hint)


def test_nothing_of_nltks_data_is_looked_for(monkeypatch, report):
    import nltk.data

    def refuse(*args: object, **more: object) -> None:
        raise AssertionError("looked for nltk data")

    monkeypatch.setattr(nltk.data, "find", refuse)
    monkeypatch.setattr(nltk.data, "load", refuse)
    for name in BASELINES:
        assert baseline_summary(name, report, baseline_sentences(report), 30)
    assert baselines.MAX_SENTENCES == 900
