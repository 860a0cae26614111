r"""Markdown as it is read: links as their text, no marks of emphasis, notes, comments or pictures.

Headings, items, tables and code stay as they are, and every line keeps its number. Pure.
"""

from __future__ import annotations

import re

_SIGNS = re.compile(
    r"^#{1,6} +\S|\]\(\S|\]\[[^\]\n]*\]|^(?:```|~~~)|\*\*\S|^\s*[-*+] \[[ xX]\] "
    r"|\[\^[^\]\s]+\]|<!--|\[\[\S|!\[",
    re.M,
)
_FENCED = re.compile(r"(^(?:```|~~~)[^\n]*\n.*?(?:^(?:```|~~~)[ \t]*$|\Z))", re.M | re.S)
_CODE = re.compile(r"`[^`\n]+`")
_HELD = re.compile("\ue000(\\d+)\ue001")
"""Stands for code within a line, which may itself stand in a link or between marks."""
_FREE = {0xE000: None, 0xE001: None}
_DATA = re.compile(r"data:[\w.+-]+/[\w.+-]+(?:;[\w=.-]+)*,[A-Za-z0-9+/=%_.~-]{40,}")
_DESTINATION = (
    r"\(\s*(?:<[^<>\n]*>|(?:[^()\s\n]|\([^()\n]*\))*)"
    r"(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'))?\s*\)"
)
_LABEL = r"\[((?:[^\[\]\\\n]|\\.|\n(?!\s*\n))*)\]"
_IMAGE = re.compile(rf"!{_LABEL}(?:{_DESTINATION}|\[[^\[\]\n]*\])")
_LINK = re.compile(rf"(?<!!){_LABEL}(?:{_DESTINATION}|\[[^\[\]\n]*\])")
_WIKI = re.compile(r"!?\[\[([^\[\]|\n]+)(?:\|([^\[\]\n]+))?\]\]")
_NOTE = re.compile(r"^\[\^[^\]\s]{1,60}\]:[ \t]*", re.M)
_NOTE_MARK = re.compile(r"[ \t]?\[\^[^\]\s]{1,60}\]")
_BOX = re.compile(r"^(\s*[-*+] )\[[ xX]\] ", re.M)
_TAG = re.compile(
    r"</?(?:a|abbr|b|br|center|code|del|details|div|em|font|i|img|ins|kbd|mark|p|picture|s|small|"
    r"source|span|strong|sub|summary|sup|u)(?:\s[^<>]*)?/?>",
    re.I,
)
_EMPHASIS = (
    re.compile(r"(?<![\\*])\*{2,3}(?=\S)((?:[^*\n]|\*(?!\*)|\n(?!\s*\n)){1,2000}?)(?<=\S)\*{2,3}"),
    re.compile(
        r"(?<![\\\w])_{2,3}(?=\S)((?:[^_\n]|_(?!_)|\n(?!\s*\n)){1,2000}?)(?<=\S)_{2,3}(?!\w)"
    ),
    re.compile(
        r"(?<![\\\w*])\*(?=[^\s*])((?:[^*\n]|\n(?!\s*\n)){1,2000}?)(?<=[^\s*\\])\*(?![\w*])"
    ),
    re.compile(r"(?<![\\\w])_(?=[^\s_])((?:[^_\n]|\n(?!\s*\n)){1,2000}?)(?<=[^\s_\\])_(?!\w)"),
    re.compile(r"(?<!~)~~(?=\S)([^~\n]{1,2000}?)(?<=\S)~~"),
    re.compile(r"(?<!=)==(?=[^\s=])([^=\n]{1,2000}?)(?<=[^\s=])=="),
)
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


def plain_markdown(text: str) -> tuple[str, int]:
    r"""Return Markdown as it is read, and how many pictures written into it were left out.

    Any other text is returned as it is, except for such pictures.

    Args:
        text: with `\\n` newlines.
    """
    text, pictures = _DATA.subn("", text)
    if not _SIGNS.search(text):
        return text, pictures
    parts = _FENCED.split(text)  # prose and code in turn
    parts[::2] = [_with_code(prose) for prose in parts[::2]]
    return "".join(parts), pictures


def _with_code(text: str) -> str:
    """Return prose without its marks, the code in its lines as it is."""
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        held.append(match[0])
        return f"\ue000{len(held) - 1}\ue001"

    plain = _plain(_CODE.sub(hold, text.translate(_FREE)))
    return _HELD.sub(lambda match: held[int(match[1])], plain)


def _plain(text: str) -> str:
    """Return prose without its marks."""
    text = _without_comments(text)
    text = _IMAGE.sub(r"\1", text)
    text = _LINK.sub(r"\1", text)
    text = _WIKI.sub(lambda match: match[2] or match[1], text)
    text = _NOTE_MARK.sub("", _NOTE.sub("- ", text))
    text = _BOX.sub(r"\1", text)
    text = _TAG.sub(lambda match: " " if match[0].lower().startswith("<br") else "", text)
    for emphasis in _EMPHASIS:
        text = emphasis.sub(r"\1", text)
    return _ESCAPE.sub(r"\1", text)


def _without_comments(text: str) -> str:
    """Return a text without HTML comments; their lines stay, empty."""
    parts: list[str] = []
    at = 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        parts += (text[at:start], "\n" * text.count("\n", start, end))
        at = end + 3
    return "".join((*parts, text[at:]))
