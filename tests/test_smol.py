"""The real model: what a user does who has pulled `smol`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import run

from longsum.checkpoint.catalog import find_known

_KNOWN = find_known("smol")
assert _KNOWN is not None
assert _KNOWN.file is not None
PULLED = _KNOWN.file.path
"""Where it is in the developer's own home: looked for before a test gets a home of its own."""
HERE = _KNOWN.file.is_here
STORY = """The Harbour Trust was founded in 1921 by a group of sailors. They wanted to keep the old
pier open to visitors in every season. The pier was rebuilt twice after storms. In 1953 a storm
washed away most of its wooden planks, and the Trust spent four years raising money for a new one.
Today the pier has a small museum, a café and a lookout. About 40,000 people visit it every year.
"""

pytestmark = [
    pytest.mark.smol,
    pytest.mark.slow,
    pytest.mark.skipif(not HERE, reason="smol is not on this disk: longsum models pull smol"),
]


@pytest.fixture(autouse=True)
def _pulled(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the test see the file, and nothing else of the developer's home."""
    folder = home / "with-smol" / "models"
    folder.mkdir(parents=True)
    (folder / PULLED.name).symlink_to(PULLED)
    monkeypatch.setenv("LONGSUM_MODELS_HOME", str(folder.parent))


def test_smol_is_what_its_card_says() -> None:
    facts = json.loads(run("models", "show", "smol", "--json").stdout)
    assert facts["here"]
    assert facts["parameters"] == 134_515_008
    assert (facts["window"], facts["native window"], facts["layers"]) == (32768, 8192, 30)
    assert facts["rope"] == "default, factor 1, theta 100000"
    assert "by longsum's window adapter" in facts["extended"]
    assert "answer adapter" in facts["questions"]


def test_verbatim_answer_is_sentences_of_the_document(tmp_path: Path) -> None:
    path = tmp_path / "pier.txt"
    path.write_text(STORY, encoding="utf-8")
    result = run("summarize", path, "--model", "smol", "--verbatim", "-l", "30", "--json")
    assert result.exit_code == 0, result
    answer = json.loads(result.stdout)
    flat = " ".join(STORY.split())
    assert answer["sentences"]
    assert all(" ".join(each["text"].split()) in flat for each in answer["sentences"])


def test_summaries_are_chosen_by_its_head_once_it_is_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "pier.txt"
    path.write_text(STORY, encoding="utf-8")
    result = run("summarize", path, "-l", "30", "--json")
    answer = json.loads(result.stdout)
    assert "smol, found on this disk, chooses; --model mini is faster" in result.stderr
    assert (answer["receipt"]["model"], answer["receipt"]["mode"]) == ("smol", "verbatim")
    assert answer["receipt"]["answer_tokens"] == 0  # no token is decoded
    assert answer["sentences"]
    assert json.loads(run("plan", path, "--json").stdout)["model"] == "smol"
    assert (
        json.loads(run("summarize", path, "-m", "mini", "--json").stdout)["receipt"]["model"]
        == "mini"
    )


def test_answers_are_sentences_unless_free_words_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "pier.txt"
    path.write_text(STORY, encoding="utf-8")
    plain = json.loads(run("ask", path, "When was it founded?", "--model", "smol", "--json").stdout)
    assert plain["receipt"]["mode"] == "verbatim"
    free = run("summarize", path, "--model", "smol", "-l", "20", "--free")
    assert "a model of this size invents" in free.stderr


def test_questions_are_judged_by_it_once_it_is_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "pier.txt"
    path.write_text(STORY, encoding="utf-8")
    result = run("ask", path, "In which year was the Harbour Trust founded?", "--json")
    answer = json.loads(result.stdout)
    assert answer["receipt"]["model"] == "smol"
    assert answer["receipt"]["judged"] > 0
    assert "founded in 1921" in answer["sentences"][0]["text"]
    assert answer["short"]["text"] == "1921"
    flat = json.loads(run("ask", path, "Who founded it?", "-m", "mini", "--json").stdout)
    assert not flat["receipt"]["model_used"]


def test_document_beyond_the_native_window_is_read_by_position_interpolation(
    tmp_path: Path,
) -> None:
    path = tmp_path / "long.txt"
    path.write_text(STORY * 110, encoding="utf-8")
    result = run("summarize", path, "--model", "smol", "-l", "20", "--no-cache", "--json")
    assert result.exit_code == 0, result
    receipt = json.loads(result.stdout)["receipt"]
    assert 8192 < receipt["tokens_total"] == receipt["tokens_read"] < 12_000
    assert (receipt["window"], receipt["rope"], receipt["factor"]) == (32768, "PI", 4.0)


def test_document_beyond_the_window_is_refused_before_loading(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text(STORY * 500, encoding="utf-8")
    result = run("summarize", path, "--model", "smol")
    assert result.exit_code == 3, result
    assert "32,768" in result.stderr
