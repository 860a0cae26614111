from __future__ import annotations

import pytest

from longsum.checkpoint.catalog import KNOWN_MODELS, find_known, suggest
from longsum.checkpoint.rope import ROPE_TYPES, read_rope
from longsum.checkpoint.tokenizer import FORMATS


def test_names_are_unique():
    for names in ([m.alias for m in KNOWN_MODELS], [m.repo for m in KNOWN_MODELS]):
        assert len({name.casefold() for name in names}) == len(names)


@pytest.mark.parametrize("model", KNOWN_MODELS, ids=lambda model: model.alias)
def test_entries_are_consistent(model):
    rope_type, _, factor = model.scaling.partition(" ")
    assert rope_type in ROPE_TYPES
    assert model.prompt_format in {*FORMATS, "chat"}  # the tokenizer's own
    assert (model.window > model.native_window) == (model.alias != "smol")
    assert model.note
    assert model.licence
    if rope_type in ("linear", "yarn"):
        assert model.native_window * float(factor) == model.window
    assert model.invents == (model.alias == "smol")
    if model.recommended:
        assert model.prompt_format != "plain"
        assert "base model" not in model.note
    if model.file is None:
        assert model.size_bytes == 2 * model.parameters
    else:
        assert model.size_bytes == model.file.size_bytes < model.parameters


def test_base_models_say_so():
    plain = [m for m in KNOWN_MODELS if m.prompt_format == "plain" and m.alias != "mini"]
    assert plain
    assert all("base model" in m.note for m in plain)


@pytest.mark.parametrize(
    ("alias", "parameters"),
    [
        ("llama-2-7b-32k-instruct", 6_738_415_616),
        ("llama-3.1-8b", 8_030_261_248),
        ("llama-3.2-3b", 3_212_749_824),
        ("llama-3.2-1b", 1_235_814_400),
        ("vicuna-13b-16k", 13_015_864_320),
        ("tinyllama-32k", 1_100_048_384),
        ("smol", 134_515_008),
    ],
)
def test_parameter_counts(alias, parameters):
    assert find_known(alias).parameters == parameters


def test_smol_llama_is_435_mb():
    assert round(find_known("smol-llama-32k").size_bytes / 1e6) == pytest.approx(435, abs=2)


@pytest.mark.parametrize(
    "name",
    [
        "vicuna-7b-16k",
        "VICUNA-7B-16K",
        "lmsys/vicuna-7b-v1.5-16k",
        "LMSYS/Vicuna-7B-v1.5-16k/",
        " vicuna-7b-16k ",
    ],
)
def test_found_by_alias_or_id_whatever_the_case(name):
    assert find_known(name).repo == "lmsys/vicuna-7b-v1.5-16k"


@pytest.mark.parametrize("name", ["", "vicuna", "./mini/config.json", "nobody/nothing"])
def test_other_names_are_unknown(name):
    assert find_known(name) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("vicuna-7b-16", "vicuna-7b-16k"),
        ("lama-3.2-3b", "llama-3.2-3b"),
        ("Llama-3.2-3B-Instrct", "llama-3.2-3b"),
        ("Mini", "mini"),
        ("togethercomputer/Llama-2-7B-32K", "llama-2-7b-32k"),
    ],
)
def test_near_misses_are_suggested(typed, meant):
    near = suggest(typed)
    assert meant in near
    assert len(near) == len(set(near)) <= 3


def test_nothing_is_suggested_for_what_is_far():
    assert suggest("zzzzzz") == []
    assert suggest("") == []


def test_mini_is_bundled_and_small():
    mini = find_known("mini")
    assert mini.gated is False
    assert mini.size_bytes < 26e6
    assert not mini.recommended


def test_longchat_without_scaling_gets_it_from_the_catalogue():
    """Revision 51b1f55 of longchat-7b-v1.5-32k has rope_scaling null."""
    known = find_known("lmsys/longchat-7b-v1.5-32k")
    rope = read_rope(
        {"max_position_embeddings": 4096, "rope_scaling": None}, known_window=known.window
    )
    assert f"{rope.rope_type} {rope.factor:g}" == known.scaling
