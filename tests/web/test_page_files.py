"""The files of the page: what its strict policy and the house demand of them."""

import re
from pathlib import Path

import pytest

import longsum

WEB = Path(longsum.__file__).parent / "web"
MODULES = sorted(WEB.glob("*.js"))
STYLES = sorted(WEB.glob("*.css"))
OWN = [*MODULES, *STYLES, WEB / "index.html", WEB / "favicon.svg"]
MAX_LINES = 200
NAMESPACES = ("http://www.w3.org/2000/svg",)


def without_comments(code: str) -> str:
    code = re.sub(r"/\*.*?\*/", "", code, flags=re.DOTALL)
    return re.sub(r"^\s*//.*$", "", code, flags=re.MULTILINE)


def templates(code: str) -> list[str]:
    """Return the markup of all html and svg templates, each expression replaced by one sign."""
    found = []
    for begin in re.finditer(r"\b(?:html|svg)`", code):
        markup, depth, at = [], 0, begin.end()
        while at < len(code):
            if depth == 0 and code[at] == "`":
                break
            if code.startswith("${", at):
                depth, at = 1, at + 2
                while depth:
                    if code[at] == "`":  # a template inside: its own match reads it
                        at = _end_of_template(code, at + 1)
                    depth += {"{": 1, "}": -1}.get(code[at], 0)
                    at += 1
                markup.append("\x00")
                continue
            markup.append(code[at])
            at += 1
        found.append("".join(markup))
    return found


def _end_of_template(code: str, at: int) -> int:
    """Return where the template that begins before `at` ends."""
    while code[at] != "`":
        if code.startswith("${", at):
            depth, at = 1, at + 2
            while depth:
                if code[at] == "`":
                    at = _end_of_template(code, at + 1)
                depth += {"{": 1, "}": -1}.get(code[at], 0)
                at += 1
        else:
            at += 1
    return at


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_names_no_outside_address(path):
    text = path.read_text(encoding="utf-8")
    for namespace in NAMESPACES:
        text = text.replace(namespace, "")
    assert not re.search(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", text)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_module_holds_one_idea_and_says_which(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MAX_LINES
    assert lines[0] == "// @ts-check"
    assert lines[1].startswith("// ")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_module_never_makes_markup_of_text(path):
    code = without_comments(path.read_text(encoding="utf-8"))
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|unsafe(?:HTML|SVG)|\beval\("
    )
    assert not re.search(forbidden, code)
    assert "new Function" not in code
    assert not re.search(r"\bsrcdoc\b|javascript:", code)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_template_has_no_inline_style_nor_handler(path):
    for markup in templates(path.read_text(encoding="utf-8")):
        assert not re.search(r"\sstyle=", markup)
        assert not re.search(r"\son[a-z]+=", markup)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_every_visible_string_is_in_words(path):
    for markup in templates(path.read_text(encoding="utf-8")):
        between = re.sub(r"<[^>]*>?", " ", re.sub(r"^[^<]*(?:>)", " ", markup))
        assert not re.search(r"[A-Za-z]{2,}", between), between.strip()[:80]
        literal = re.findall(r"""\s(?:aria-label|title|placeholder|alt)="([^"\x00]+)\"""", markup)
        assert literal == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_import_names_a_file_that_is_there(path):
    imported = re.findall(r"""from "(\.[^"]+)";""", path.read_text(encoding="utf-8"))
    for name in imported:
        assert (WEB / name).is_file()


def test_every_module_is_used():
    used = set()
    for path in MODULES:
        used |= set(re.findall(r"""["(]\./([\w-]+\.js)["]""", path.read_text(encoding="utf-8")))
    assert {path.name for path in MODULES} - used == {"app.js"}


def test_page_loads_its_own_styles_and_module_only():
    page = (WEB / "index.html").read_text(encoding="utf-8")
    for address in re.findall(r"""(?:src|href)="([^"]+)\"""", page):
        assert address.startswith("/web/")
        assert (WEB / address.removeprefix("/web/")).is_file()
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert "<style" not in page
    assert {path.name for path in STYLES} == set(re.findall(r"/web/(\w+\.css)", page))


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_style_fetches_nothing(path):
    assert not re.search(r"url\(|@import", path.read_text(encoding="utf-8"))


def test_vendored_file_brings_its_licence_and_no_imports():
    code = (WEB / "vendor" / "lit-html.js").read_text(encoding="utf-8")
    assert "SPDX-License-Identifier: BSD-3-Clause" in code
    assert "sourceMappingURL" not in code
    assert not re.search(r"\bimport\s*[({\"'*]|\bfrom\s*[\"']", code)
    licence = (WEB / "vendor" / "LICENSE-lit-html").read_text(encoding="utf-8")
    assert "Redistribution and use in source and binary forms" in licence


def test_words_are_used():
    """A string that nothing shows is dead weight, and a sign of a button that was lost."""
    code = "\n".join(
        path.read_text(encoding="utf-8") for path in MODULES if path.name != "words.js"
    )
    words = (WEB / "words.js").read_text(encoding="utf-8")
    words = re.sub(r"\bparts: /\*\*.*?\}\)", "", words, flags=re.DOTALL)  # named by the server
    words = without_comments(words)
    keys = set(re.findall(r"(?:^|[{,]\s*)(\w+):", words, flags=re.MULTILINE))
    assert {key for key in keys if len(key) > 1 and not re.search(rf"\b{key}\b", code)} == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_every_import_is_used(path):
    code = path.read_text(encoding="utf-8")
    for names in re.findall(r"^import \{([^}]*)\} from .*$", code, flags=re.MULTILINE):
        rest = re.sub(r"^import .*$", "", code, flags=re.MULTILINE)
        for name in filter(None, map(str.strip, names.split(","))):
            assert re.search(rf"\b{re.escape(name)}\b", rest), name
