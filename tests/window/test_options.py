from __future__ import annotations

import pytest

from longsum.config import AskConfig, LoadConfig, SummaryConfig
from longsum.errors import UsageError
from longsum.window.options import ReadingSettings, ask_config, question_in, summary_config

SETTINGS = ReadingSettings(LoadConfig(model="/home/me/own-model"), "1-3", None)


def test_the_page_changes_what_it_may():
    changed = SETTINGS.changed(
        {"kv_cache": "int8", "quantize": "nf4", "device": "cpu", "pages": "2-4", "context": "16k"}
    )
    load = changed.load
    assert (load.kv_cache, load.quantize, load.device) == ("int8", "nf4", "cpu")
    assert load.context == 16384
    assert changed.pages == "2-4"
    assert SETTINGS.changed({"pages": None}).pages is None
    assert SETTINGS.changed({"truncate": "tail"}).truncate == "tail"
    assert SETTINGS.changed({"truncate": "tail"}).changed({"pages": "1"}).truncate is None
    assert SETTINGS.changed({}) == SETTINGS


def test_a_model_is_one_of_the_list_or_the_one_it_was_started_with_never_a_path():
    assert SETTINGS.changed({"model": "mini"}).load.model == "mini"
    assert SETTINGS.changed({"model": "/home/me/own-model"}).load.model == "/home/me/own-model"
    assert SETTINGS.changed({"model": None}).load.model is None
    for name in ("/etc/passwd", "../x", "owner/name", "", 3, ["mini"]):
        with pytest.raises(UsageError):
            SETTINGS.changed({"model": name})


@pytest.mark.parametrize(
    "body",
    [
        {"kv_cache": "int3"},
        {"quantize": 4},
        {"device": "tpu"},
        {"truncate": "all"},
        {"pages": 7},
        {"pages": "1," * 5000},
        {"context": "many"},
        {"context": None},
        {"parts": None},
        {"parts": 3},
    ],
)
def test_anything_else_is_refused(body):
    with pytest.raises(UsageError):
        SETTINGS.changed(body)


def test_a_summary_is_asked_for_in_words_style_and_focus():
    base = SummaryConfig()
    body = {"words": 80, "style": "bullets", "focus": "costs", "verbatim": False}
    asked = summary_config(body, base)
    assert (asked.words, asked.style, asked.focus) == (80, "bullets", "costs")
    assert asked.verbatim is False
    assert summary_config({}, base) == base
    assert summary_config({"focus": ""}, SummaryConfig(focus="x")).focus is None


@pytest.mark.parametrize(
    "body",
    [
        {"words": 3},
        {"words": "80"},
        {"words": True},
        {"words": 10**9},
        {"style": "poem"},
        {"focus": "x" * 300},
        {"focus": 5},
        {"verbatim": "yes"},
    ],
)
def test_a_summary_that_cannot_be_is_refused(body):
    with pytest.raises(UsageError):
        summary_config(body, SummaryConfig())


def test_a_question_is_one_line_of_bounded_length():
    assert question_in({"question": "  Who \n paid? "}) == "Who paid?"
    for body in ({}, {"question": ""}, {"question": " \n"}, {"question": "x" * 3000}):
        with pytest.raises(UsageError):
            question_in(body)
    assert ask_config({"verbatim": None}, AskConfig(verbatim=True)).verbatim is None


def test_reading_in_parts_lasts_until_something_else_decides_what_is_read():
    """Other models and pages make other parts: how many is asked again, not taken for granted."""
    assert not SETTINGS.parts
    parts = SETTINGS.changed({"truncate": "tail"}).changed({"parts": True})
    assert parts.parts
    assert parts.truncate is None
    assert parts.changed({"kv_cache": "int8"}).parts
    assert parts.changed({}).parts
    for body in ({"model": "mini"}, {"context": "16k"}, {"pages": "1-4"}, {"truncate": "tail"}):
        assert not parts.changed(body).parts
    assert not parts.changed({"parts": False}).parts
