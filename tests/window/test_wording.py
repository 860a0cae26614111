from __future__ import annotations

import pytest

from longsum.errors import DocumentTooLong, InsufficientMemory
from longsum.settings import Setting
from longsum.window.wording import as_error, choices_in, command_in, shown


def test_settings_are_said_in_words():
    text = f"add {Setting('kv_cache', 'int8')}, or take a {Setting('model')} with a larger window"
    assert shown(text) == "add a cache in int8, or take a model with a larger window"
    assert shown(f"without {Setting('verbatim', 'False')}") == "without asking for its own words"
    assert "‹" not in shown(f"{Setting('anything_new', '3')} {Setting('other')}")


@pytest.mark.parametrize(
    ("hint", "command"),
    [
        ("add a text layer: ocrmypdf in.pdf out.pdf", "ocrmypdf in.pdf out.pdf"),
        ("print it to a new PDF; to repair a PDF: qpdf in.pdf out.pdf", "qpdf in.pdf out.pdf"),
        ("get it with `longsum models pull smol`", "longsum models pull smol"),
        ("longsum models pull smol, then again", "longsum models pull smol"),
        ("check the path", None),
        (None, None),
    ],
)
def test_a_command_in_a_hint_can_be_copied(hint, command):
    assert command_in(hint) == command


def test_an_error_carries_its_class_message_and_next_step():
    error = DocumentTooLong("too long", hint=f"read {Setting('pages', '1-3')}", facts={"over": 12})
    assert as_error(error) == {
        "error": "DocumentTooLong",
        "message": "too long",
        "hint": "read the pages 1-3",
        "copy": None,
        "facts": {"over": 12},
    }


def test_remedies_become_choices():
    error = DocumentTooLong(
        "too long",
        hint=f"pages 1-31 fit: {Setting('pages', '1-31')}, or leave a part out: "
        f"{Setting('truncate')} head|tail|middle, or take a {Setting('model')} with more",
    )
    choices = choices_in(error.remedies)
    assert choices[0] == {"label": "Read only the pages 1-31", "body": {"pages": "1-31"}}
    assert {each["body"].get("truncate") for each in choices[1:]} == {"head", "tail", "middle"}
    parts = DocumentTooLong(
        "too long", hint=f"in 3 parts: {Setting('parts', 'True')}", facts={"parts": 3}
    )
    assert choices_in(parts.remedies, parts.facts) == [
        {"label": "Read it in 3 parts", "body": {"parts": True}}
    ]
    assert choices_in(parts.remedies) == []
    memory = InsufficientMemory("too little", hint=f"add {Setting('kv_cache', 'int8')}")
    assert choices_in(memory.remedies) == [
        {"label": "Hold the cache in int8", "body": {"kv_cache": "int8"}}
    ]
