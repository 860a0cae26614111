"""The pure parts of the recipe: clean text, oracle selections."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

RECIPE = Path(__file__).parents[2] / "recipes" / "mini"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, RECIPE / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def oracle() -> ModuleType:
    return load("oracle")


@pytest.fixture(scope="module")
def corpus() -> ModuleType:
    return load("corpus")


def test_oracle_takes_the_sentences_of_the_reference_in_document_order(oracle: ModuleType) -> None:
    sentences = ["Rain fell.", "The ship sank at dawn.", "Nobody spoke.", "Twelve men were saved."]
    reference = "Twelve men were saved after the ship sank at dawn."
    assert oracle.oracle(sentences, reference, 5) == [1, 3]


def test_oracle_stops_when_a_sentence_only_makes_it_longer(oracle: ModuleType) -> None:
    assert oracle.oracle(["Cats purr.", "Dogs bark and run and jump."], "Cats purr.", 5) == [0]


def test_oracle_of_nothing_shared_is_empty(oracle: ModuleType) -> None:
    assert oracle.oracle(["Cats purr."], "Dogs bark.", 5) == []


def test_hard_wrapped_lines_are_joined_and_verse_is_not(corpus: ModuleType) -> None:
    line = "word " * 13
    assert "\n" not in corpus.join_wrapped_lines(f"{line}\n{line}\nend.")
    assert corpus.join_wrapped_lines("roses are red\nviolets are blue\nfin").count("\n") == 2


def test_control_characters_and_soft_hyphens_are_removed(corpus: ModuleType) -> None:
    assert corpus.clean("prior\x02\nity\x00 claim\u00ad ant") == "priority claimant"
