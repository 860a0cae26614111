"""The core names settings; only the command line writes flags."""

from __future__ import annotations

import ast
import json
import pickle
import re
from pathlib import Path

import pytest

from longsum import errors
from longsum.cli.flags import as_flag, known_options, with_flags
from longsum.documents.replies import raise_reported
from longsum.documents.serving import packed_error
from longsum.errors import DocumentTooLong, LongsumError
from longsum.settings import Setting, as_argument, rendered, settings_in

ROOT = Path(errors.__file__).parent
CORE = [path for path in sorted(ROOT.rglob("*.py")) if path.relative_to(ROOT).parts[0] != "cli"]
FLAG = re.compile(r"(?<![\w-])--[A-Za-z]")
OTHERS = {
    "model/pinned.py": (
        *("--no-deps", "--only-binary=:all:", "--quiet", "--disable-pip-version-check"),
        *("--no-input", "--no-cache-dir", "--dest", "--target"),
    ),  # pip's command line, which is run here
    "documents/pdf_errors.py": ("split it, for example with qpdf --split-pages",),  # qpdf's
    "documents/unread.py": ("--force-ocr ",),  # OCRmyPDF's
    "documents/source.py": ("split it, for a PDF for example with qpdf --split-pages",),
    "extend/prepare.py": ("add --fsdp_version 2 to accelerate launch",),  # accelerate's
}
"""Other programs' options, which stay as those programs take them."""
CARD = "`longsum summarize FILE --model DIR`"
"""A line of the model card to be typed in a shell, in a file that goes with the model anywhere."""


def test_core_writes_no_flags():
    found = []
    for path in CORE:
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = text_of(node)
            if name == "extend/card.py":
                text = text.replace(CARD, "")
            if FLAG.search(text) and text not in OTHERS.get(name, ()):
                found.append(f"{name}: {text}")
    assert not found


def text_of(node: ast.AST) -> str:
    """Return a string's text, docstrings' too, with an x for what an f-string puts in."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "x" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_settings_the_core_names_are_options_of_the_command_line():
    named: dict[str, Path] = {}
    for path in CORE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and getattr(node.func, "id", "")
            if called == "Setting" and isinstance(node.args[0], ast.Constant):
                named[node.args[0].value] = path
            elif called in ("at_least", "between"):  # which name a setting by its keyword
                named |= {str(keyword.arg): path for keyword in node.keywords}
    assert len(named) > 50
    options = known_options()
    assert not {name: path for name, path in named.items() if flag_of(name) not in options}


def flag_of(name: str) -> str:
    return f"--{name.replace('_', '-')}"


@pytest.mark.parametrize(
    ("setting", "mark", "argument", "flag"),
    [
        (Setting("quantize", "nf4"), "‹quantize=nf4›", 'quantize="nf4"', "--quantize nf4"),
        (Setting("kv_cache"), "‹kv_cache›", "kv_cache", "--kv-cache"),
        (Setting("context", "8192"), "‹context=8192›", "context=8192", "--context 8192"),
        (Setting("pages", "3"), "‹pages=3›", 'pages="3"', "--pages 3"),
        (Setting("verbatim", "True"), "‹verbatim=True›", "verbatim=True", "--verbatim"),
        (Setting("verbatim", "False"), "‹verbatim=False›", "verbatim=False", "--free"),
        (Setting("model", "a›b"), "‹model=a››b›", 'model="a›b"', "--model a›b"),
        (Setting("model", "a›"), "‹model=a›››", 'model="a›"', "--model a›"),
    ],
)
def test_setting_is_marked_and_written_as_its_reader_would(
    setting: Setting, mark: str, argument: str, flag: str
):
    assert str(setting) == mark
    assert settings_in(f"add {mark}, or") == (setting,)
    assert as_argument(setting) == argument
    assert as_flag(setting) == flag


def test_text_keeps_what_is_around_its_marks():
    text = f"add {Setting('quantize', 'nf4')}{Setting('pages')}, not ‹Pages› or ‹›"
    assert rendered(text, as_argument) == 'add quantize="nf4"pages, not ‹Pages› or ‹›'
    assert rendered(text, str) == text


def test_quoted_word_of_a_document_is_no_flag():
    assert with_flags("was heißt ‹nein›?") == "was heißt ‹nein›?"


def error() -> DocumentTooLong:
    return DocumentTooLong(
        f"{Setting('pages', '1-9')} is too long",
        hint=f"add {Setting('context', '16k')}, or {Setting('truncate')}",
        facts={"tokens": 9000, "pages": "1-3"},
    )


def test_error_speaks_python_and_remembers_its_settings():
    assert str(error()) == error().message == 'pages="1-9" is too long'
    assert error().hint == 'add context="16k", or truncate'
    assert error().remedies == (Setting("context", "16k"), Setting("truncate"))
    assert error().rendered(as_flag) == (
        "--pages 1-9 is too long",
        "add --context 16k, or --truncate",
    )
    assert LongsumError("no hint").rendered(as_flag) == ("no hint", None)
    assert LongsumError("no hint").remedies == ()


def test_error_is_the_same_in_another_process():
    found = pickle.loads(pickle.dumps(error()))
    assert found.rendered(str) == error().rendered(str)
    assert (found.facts, found.remedies) == (error().facts, error().remedies)


def test_error_of_a_reading_process_is_the_same():
    with pytest.raises(DocumentTooLong) as caught:
        raise_reported(json.loads(json.dumps(packed_error(error()))), "a.pdf")
    assert caught.value.rendered(str) == error().rendered(str)
    assert caught.value.facts == error().facts


def test_facts_that_are_none_are_not_believed():
    reply = packed_error(error()) | {
        "facts": {"tokens": 1.5, "\x1b": "\x1b", "over": [], "n": 1 << 99}
    }
    with pytest.raises(DocumentTooLong) as caught:
        raise_reported(reply, "a.pdf")
    assert caught.value.facts == {"\\x1b": "\\x1b"}
