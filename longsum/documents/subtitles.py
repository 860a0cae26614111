"""Subtitles: SRT, WebVTT, SBV and SubStation texts, as their cues.

A cue is what is shown at one time. Markup, cue numbers and styles are removed, names of speakers
kept, and words that a rolling caption shows again are read once. Pure.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from longsum.documents.formats import RawDocument, RawPage
from longsum.documents.line_ends import ends_sentence
from longsum.documents.lines import Link, lines_of_text

_CLOCK = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})(?:[.,:](\d{1,3}))?"
_ARROW = re.compile(rf"\s*{_CLOCK}\s*-{{1,2}}>\s*{_CLOCK}(?:\s.*)?")
_COMMAS = re.compile(rf"{_CLOCK},{_CLOCK}\s*")
"""Times of an SBV file, which YouTube writes: `0:00:01.000,0:00:04.000`."""
_DIALOGUE = re.compile(rf"Dialogue:\s*[^,]*,{_CLOCK},{_CLOCK},")
_EVENTS = re.compile(r"\s*(?:\[Script Info\]|\[Events\])", re.I)
_NUMBER = re.compile(r"\s*\d{1,6}\s*")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]{1,80})>")
_TAG = re.compile(
    r"</?(?:[a-z][a-z0-9]{0,9}(?:[.\s][^<>\n]{0,200})?|[\d:.]{4,16})/?>|\{\\[^{}\n]{0,200}\}", re.I
)
_ASS_BREAK = re.compile(r"\\[Nnh]")
_NAMED = re.compile(r"([^\W\d_a-zà-ÿ][\w.'’&-]*(?: [\w.'’&()-]+){0,3}):\s+(?=\S)")
_FULL_NAME = re.compile(r"[^\W\d_a-z]\S*(?: [^\W\d_a-z]\S*)+")
_DASH = re.compile(r"(?:>>+|[-–—](?=\s*[^\W\d]))\s*")
_HEAD_LINES = 12
"""Lines, not counting empty ones, before which the first cue begins."""
_MIN_ROLLING = 0.4
"""Share of cues that repeat the cue before them, from which captions roll."""

_PAUSE_S, _LONG_PAUSE_S = 3.0, 10.0
"""Silence after which a new paragraph begins: after a sentence, and in any case."""
_PARAGRAPH, _MAX_PARAGRAPH = 500, 2000
"""Characters from which a paragraph ends: after a sentence, and in any case."""

_FEW_CUES = 10
"""Cues that need no full stop among them."""


@dataclass(frozen=True)
class Cue:
    """What is said at one time."""

    start_s: float
    end_s: float
    text: str
    speaker: str = ""
    """Name of the speaker; empty if unknown."""
    is_turn: bool = False
    """Whether somebody else begins to speak, without a name."""


def read_cues(text: str) -> list[Cue] | None:
    r"""Return the cues of subtitles, in their order; None for any other text.

    Args:
        text: of the whole file, with `\\n` newlines.
    """
    lines = text.split("\n")
    if not _is_timed(lines):
        return None
    found = list(_substation(lines) if _EVENTS.match(text) else _blocks(lines))
    cues = [cue for start, end, shown in found for cue in _cues(start, end, shown)]
    return _without_repeats(_with_speakers(cues))


def read_subtitles(text: str) -> RawDocument | None:
    r"""Return subtitles as paragraphs, whose places are times; None for any other text.

    Args:
        text: of the whole file, clean, with `\\n` newlines.
    """
    cues = read_cues(text)
    if cues is None:
        return None
    lines = []
    size = 0
    for number, cue in enumerate(cues, 1):
        before, after = cues[number - 2 : number - 1], cues[number : number + 1]
        is_new = not size and cue.speaker and (not before or before[0].speaker != cue.speaker)
        said = f"{cue.speaker}: {cue.text}" if is_new else cue.text
        size += len(said)
        link = Link.PARAGRAPH if not after or _parts(cue, after[0], size) else Link.JOIN
        size = 0 if link is Link.PARAGRAPH else size
        (line,) = lines_of_text(said, first=number)
        lines.append(replace(line, link=link, place=clock(cue.start_s)))
    raw = RawDocument([RawPage(1, lines)], 0, unit="cue")
    if len(cues) > _FEW_CUES and not any(ends_sentence(cue.text) for cue in cues):
        raw.warnings.append(
            "the captions have no full stops (were they made automatically?), so where their "
            "sentences end is unknown"
        )
    return raw


def _parts(cue: Cue, after: Cue, size: int) -> bool:
    """Return whether a paragraph of `size` characters ends between two cues."""
    if after.is_turn or cue.speaker != after.speaker:
        return True
    pause = after.start_s - cue.end_s
    if ends_sentence(cue.text):
        return pause > _PAUSE_S or size > _PARAGRAPH
    return pause > _LONG_PAUSE_S or size > _MAX_PARAGRAPH


def clock(seconds: float) -> str:
    """Return a time as references give it: `00:12:05`."""
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def _is_timed(lines: list[str]) -> bool:
    """Return whether a text begins as subtitles do."""
    if lines[0].lstrip("\ufeff").split()[:1] == ["WEBVTT"]:
        return True
    if _EVENTS.match(lines[0].lstrip("\ufeff")):
        return any(_DIALOGUE.match(line) for line in lines)
    head = [line for line in lines[:100] if line.strip()][:_HEAD_LINES]
    return any(_times(line) for line in head[:2])


def _times(line: str) -> tuple[float, float] | None:
    """Return the seconds at which the cue below this line begins and ends; None for other lines."""
    match = _ARROW.fullmatch(line) or _COMMAS.fullmatch(line)
    return (_seconds(match, 1), _seconds(match, 5)) if match else None


def _seconds(match: re.Match[str], first: int) -> float:
    hours, minutes, seconds, fraction = (match[first + at] or "0" for at in range(4))
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")


_Shown = tuple[float, float, list[str]]
"""Start and end in seconds, and the lines shown."""


def _blocks(lines: list[str]) -> Iterator[_Shown]:
    """Yield the cues of SRT, WebVTT and SBV: times, then lines up to the next cue."""
    is_vtt = "WEBVTT" in lines[0]
    timed = [(at, times) for at, line in enumerate(lines) if (times := _times(line))]
    ends = [*(at for at, _ in timed), len(lines)][1:]
    for (at, (start, end)), following in zip(timed, ends, strict=True):
        shown = lines[at + 1 : following]
        if is_vtt:  # an empty line ends a cue; notes, styles and names of cues may follow
            shown = shown[: shown.index("")] if "" in shown else shown
        elif following < len(lines) and shown and _NUMBER.fullmatch(shown[-1]):
            shown.pop()
        yield start, end, shown


def _substation(lines: list[str]) -> Iterator[_Shown]:
    """Yield the cues of an ASS or SSA file, whose dialogue lines need not be in order."""
    found: list[_Shown] = []
    for line in lines:
        if match := _DIALOGUE.match(line):
            # layer, start, end, style, name, three margins, effect, text
            fields = line[match.end() :].split(",", 6)
            name, said = fields[1:2], fields[-1] if len(fields) == 7 else ""
            voice = f"<v {name[0]}>" if name and name[0].strip() else ""
            shown = _ASS_BREAK.sub("\n", said).split("\n")
            found.append((_seconds(match, 1), _seconds(match, 5), [voice + shown[0], *shown[1:]]))
    yield from sorted(found, key=lambda each: each[0])


def _cues(start: float, end: float, shown: list[str]) -> Iterator[Cue]:
    """Yield what is said in a cue, a part for each speaker, without markup."""
    parts: list[Cue] = []
    speaker = ""
    for line in shown:
        pieces = _VOICE.split(line)  # text, then name and text in turn
        for at in range(0, len(pieces), 2):
            speaker = " ".join(html.unescape(pieces[at - 1]).split()) if at else speaker
            said = " ".join(html.unescape(_TAG.sub("", pieces[at])).split())
            dash = _DASH.match(said)
            if not said or (dash and dash.end() == len(said)):
                continue
            is_turn = dash is not None
            said = said[dash.end() :] if dash else said
            if parts and parts[-1].speaker == speaker and not is_turn:
                parts[-1] = replace(parts[-1], text=f"{parts[-1].text} {said}")
            else:
                parts.append(Cue(start, end, said, speaker, is_turn))
    yield from parts


def _with_speakers(cues: list[Cue]) -> list[Cue]:
    """Take the names out of cues that begin with one: `Ada Quill: Good evening`.

    A name counts if it is written in capitals or of several words, or begins several cues. It holds
    for the cues after it, which have none.
    """
    counts: dict[str, int] = {}
    for cue in cues:
        if match := _NAMED.match(cue.text):
            counts[match[1]] = counts.get(match[1], 0) + 1
    named: list[Cue] = []
    for cue in cues:
        if not cue.speaker and not cue.is_turn and named:  # until somebody else speaks
            cue = replace(cue, speaker=named[-1].speaker)
        match = _NAMED.match(cue.text)
        if match and (counts[match[1]] > 1 or match[1].isupper() or _FULL_NAME.fullmatch(match[1])):
            cue = replace(cue, speaker=match[1], text=cue.text[match.end() :])
        named.append(cue)
    return named


def _without_repeats(cues: list[Cue]) -> list[Cue]:
    """Remove the words that rolling captions show again with new ones after them."""
    words = [cue.text.split() for cue in cues]
    overlaps = [0] + [
        _overlap(words[at], words[at + 1])
        if cues[at + 1].start_s <= cues[at].end_s + 0.5 and cues[at].speaker == cues[at + 1].speaker
        else 0
        for at in range(len(cues) - 1)
    ]
    if sum(overlap > 0 for overlap in overlaps) < max(2, _MIN_ROLLING * len(cues)):
        return cues
    return [
        replace(cue, text=" ".join(said[overlap:]))
        for cue, said, overlap in zip(cues, words, overlaps, strict=True)
        if len(said) > overlap
    ]


def _overlap(before: list[str], after: list[str]) -> int:
    """Return how many words at the end of one cue are also at the beginning of the next."""
    for size in range(min(len(before), len(after)), 0, -1):
        if before[-size:] == after[:size]:
            return size
    return 0
