"""Answers as a file to keep: Markdown, Word or JSON, each statement with its page. Pure."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, Literal, NamedTuple, get_args

from longsum.errors import OutputError
from longsum.grounding.marks import MISQUOTED, place_mark
from longsum.layout import NEAREST

Format = Literal["markdown", "word", "json"]
FORMATS: tuple[str, ...] = get_args(Format)
TYPES = {
    "markdown": "text/markdown; charset=utf-8",
    "word": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "json": "application/json",
}
_ITEM = re.compile(r"\s*(?:[-*•]|\d+[.)])\s+")
_HEADING = re.compile(r"\s*#+\s+")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")

_ALONE = re.compile(r"(?<= )\\\[([^\[\]\\]*)\\\](?!\\?[\[(:])")
"""Brackets that are no link, as those of references: they may stay as they are."""


class AnswerLine(NamedTuple):
    """A line of an answer: its kind, and its text with references after the sentences."""

    kind: Literal["text", "item", "heading"]
    text: str


def has_word() -> bool:
    """Return whether Word files can be written."""
    return find_spec("docx") is not None


def exported(kind: str, about: dict[str, Any], answers: list[dict[str, Any]]) -> tuple[bytes, str]:
    """Return answers as a file, and its media type.

    Args:
        kind: one of `FORMATS`.
        about: name and title of the document.
        answers: as `Record.as_dict` returns them.

    Raises:
        OutputError: when the library for Word is not installed.
    """
    if kind == "markdown":
        data = _markdown(about, answers).encode("utf-8", "replace")
    elif kind == "word":
        data = _word(about, answers)
    else:
        document = {name: about.get(name) for name in ("id", "name", "title", "total_pages")}
        data = json.dumps({"document": document, "answers": answers}, indent=1).encode()
    return data, TYPES[kind]


def lines_of(answer: dict[str, Any]) -> Iterator[AnswerLine]:
    """Yield the lines of an answer, each sentence followed by its place or by what is missing."""
    text, at = str(answer["text"]), 0
    marked = ""
    headings = {str(each["text"]).strip() for each in answer["sentences"] if each["heading"]}
    for sentence in answer["sentences"]:
        marked += text[at : sentence["end"]] + mark_of(sentence)
        at = sentence["end"]
    for line in (marked + text[at:] + _nearest(answer)).splitlines():
        if not line.strip():
            continue
        if _HEADING.match(line) or line.strip() in headings:
            yield AnswerLine("heading", _HEADING.sub("", line).strip())
        elif _ITEM.match(line):
            yield AnswerLine("item", _ITEM.sub("", line, count=1).strip())
        else:
            yield AnswerLine("text", line.strip())


def _nearest(answer: dict[str, Any]) -> str:
    """Return the sentences that come nearest to a question, on lines set apart from its answer."""
    found = answer.get("nearest", [])
    between = "\n- " if found[1:] else " "
    lines = [f'{between}"{each["text"]}"{mark_of(each)}' for each in found]
    return f"\n{NEAREST}{''.join(lines)}" if lines else ""


def mark_of(sentence: dict[str, Any]) -> str:
    """Return what follows a sentence: its place, or that there is none."""
    if sentence["refusal"] or sentence["heading"]:
        return ""
    reference = sentence["reference"] if sentence["supported"] else None
    contrary = sentence["contrary"]["reference"] if sentence["contrary"] else None
    missing = [MISQUOTED for each in sentence["quotations"] if not each["found"]]
    return "".join(f" {mark}" for mark in (place_mark(reference, contrary), *missing))


def headline(about: dict[str, Any]) -> str:
    """Return what the file is called at its top."""
    return str(about.get("title") or about.get("name") or "Document")


def title_of(answer: dict[str, Any]) -> str:
    """Return what stands over an answer."""
    if answer["question"] is not None:
        return str(answer["question"])
    focus = answer.get("settings", {}).get("focus")
    return f"Summary: {focus}" if focus else "Summary"


def _markdown(about: dict[str, Any], answers: list[dict[str, Any]]) -> str:
    """Return the answers in Markdown; nothing in them is markup."""
    parts = [f"# {_plain(headline(about))}", f"{_plain(str(about.get('name', '')))}"]
    for answer in answers:
        parts.append(f"## {_plain(title_of(answer))}")
        items: list[str] = []
        for line in lines_of(answer):
            if line.kind == "item":
                items.append(f"- {_plain(line.text)}")
                continue
            if items:
                parts.append("\n".join(items))
                items = []
            parts.append(f"{'### ' if line.kind == 'heading' else ''}{_plain(line.text)}")
        if items:
            parts.append("\n".join(items))
        parts += [f"**{_plain(line)}**" for line in answer.get("cautions", [])]
        parts.append("\n".join(f"> {_plain(line)}  " for line in _receipt(answer)))
    return "\n\n".join(part for part in parts if part) + "\n"


def _receipt(answer: dict[str, Any]) -> list[str]:
    """Return what was read and how, and when it was asked."""
    return [*answer.get("receipt", []), f"asked {answer.get('asked', '')}"]


def _plain(text: str) -> str:
    """Return a text on one line in which Markdown finds no markup; references stay readable."""
    escaped = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    escaped = re.sub(r"^([-+]|\d+[.)])(?=\s)", r"\\\1", escaped)
    return _ALONE.sub(r"[\1]", escaped)


def _word(about: dict[str, Any], answers: list[dict[str, Any]]) -> bytes:
    """Return the answers as a Word file.

    Raises:
        OutputError: when the library is not installed.
    """
    if not has_word():
        raise OutputError(
            "Word files need python-docx, which is not installed",
            hint='pip install "longsum[word]", or export Markdown',
        )
    import docx

    file = docx.Document()
    file.core_properties.title = _xml(headline(about))[:255]
    file.core_properties.author = "longsum"
    file.add_heading(_xml(headline(about)), 0)
    for answer in answers:
        file.add_heading(_xml(title_of(answer)), 1)
        for line in lines_of(answer):
            if line.kind == "heading":
                file.add_heading(_xml(line.text), 2)
            else:
                style = "List Bullet" if line.kind == "item" else None
                file.add_paragraph(_xml(line.text), style=style)
        for caution in answer.get("cautions", []):
            file.add_paragraph().add_run(_xml(caution)).bold = True
        for line_ in _receipt(answer):
            file.add_paragraph().add_run(_xml(line_)).italic = True
    written = io.BytesIO()
    file.save(written)
    return written.getvalue()


def _xml(text: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    return "".join(c for c in text if c in "\t\n" or (c >= " " and c not in "\ufffe\uffff"))
