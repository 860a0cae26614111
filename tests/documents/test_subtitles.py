from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import run

from longsum.documents.read import parse_document
from longsum.documents.subtitles import clock, read_cues
from longsum.errors import EmptyDocument

SPOKEN = (
    "Good evening and welcome to the meeting of the ferry board.",
    "The surveyor has written a report which all of you",
    "have read, I hope, before you came here.",
    "A new ferry would cost four hundred thousand crowns.",
)
JOINED = " ".join(SPOKEN)
STARTS = (725, 729, 733, 737)


def stamp(seconds: int, mark: str = ".", thousandths: str = "000") -> str:
    return f"{clock(seconds)}{mark}{thousandths}"


def srt(texts: tuple[str, ...] = SPOKEN, newline: str = "\n") -> str:
    cues = (
        f"{number}\n{stamp(start, ',')} --> {stamp(start + 4, ',')}\n{text}\n"
        for number, (start, text) in enumerate(zip(STARTS, texts, strict=True), 1)
    )
    return "\n".join(cues).replace("\n", newline)


def vtt(texts: tuple[str, ...] = SPOKEN) -> str:
    cues = (
        f"cue-{start}\n{stamp(start)} --> {stamp(start + 4)} align:start position:0%\n{text}\n"
        for start, text in zip(STARTS, texts, strict=True)
    )
    notes = "WEBVTT - A meeting\nKind: captions\n\nNOTE not to be read\n\nSTYLE\n::cue {}\n"
    return notes + "\n" + "\nNOTE nor this\n\n".join(cues)


def rolling() -> str:
    """Return captions as YouTube rolls them: each line shown three times, words tagged."""
    parts = ["WEBVTT\nKind: captions\nLanguage: en\n"]
    before = " "
    for start, text in zip(STARTS, SPOKEN, strict=True):
        first, *rest = text.split()
        tagged = first + "".join(f"<{stamp(start)}><c> {word}</c>" for word in rest)
        parts.append(f"{stamp(start)} --> {stamp(start + 4)}\n{before}\n{tagged}\n")
        until = stamp(start + 4, thousandths="010")
        parts.append(f"{stamp(start + 4)} --> {until}\n{text}\n \n")
        before = text
    return "\n".join(parts)


def growing() -> str:
    """Return live captions, which show a sentence growing word by word."""
    parts = ["WEBVTT\n"]
    words = SPOKEN[0].split()
    for size in range(1, len(words) + 1):
        shown = " ".join(words[:size])
        parts.append(f"{stamp(700 + size)} --> {stamp(701 + size)}\n{shown}\n")
    return "\n".join(parts)


def sbv() -> str:
    pairs = zip(STARTS, SPOKEN, strict=True)
    return "\n".join(f"{stamp(s)[1:]},{stamp(s + 4)[1:]}\n{text}\n" for s, text in pairs)


def substation() -> str:
    head = "[Script Info]\nTitle: A meeting\n\n[Events]\nFormat: Layer, Start, End, Text\n"
    lines = [
        f"Dialogue: 0,{stamp(start)[1:-1]},{stamp(start + 4)[1:-1]},Default,,0,0,0,,{{\\i1}}{text}"
        for start, text in zip(STARTS, SPOKEN, strict=True)
    ]
    return head + "\n".join(lines).replace(" the ", r"\Nthe ")


FORMS = {
    "srt": srt(),
    "srt of Windows": "\ufeff" + srt(newline="\r\n"),
    "vtt": vtt(),
    "tags": vtt(tuple(f"<i>{{\\an8}}<c.green>{text}</c></i>" for text in SPOKEN)),
    "rolling": rolling(),
    "sbv": sbv(),
    "substation": substation(),
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_cues_are_joined_into_sentences_with_times_as_places(text: str) -> None:
    document = parse_document(text.encode(), "talk")
    assert document.text == JOINED
    offsets = [JOINED.index(each) for each in SPOKEN]
    assert document.places == tuple(zip(offsets, map(clock, STARTS), strict=True))
    assert (document.unit, document.warnings) == ("cue", ())


def test_a_growing_caption_is_read_once() -> None:
    assert parse_document(growing().encode(), "live.vtt").text == SPOKEN[0]


@pytest.mark.parametrize("form", [srt, vtt])
@pytest.mark.parametrize("style", ["<v {0}>{1}</v>", "<v.loud {0}>{1}", "{0}: {1}"])
def test_a_speakers_name_is_kept_once_a_turn(form, style) -> None:
    names = ("Ada Quill", "Ada Quill", "Ada Quill", "Bo Marbeck")
    said = zip(names, SPOKEN, strict=True)
    texts = tuple(style.format(name, text) for name, text in said)
    document = parse_document(form(texts).encode(), "talk.vtt")
    first, second = document.text.split("\n\n")
    assert first == f"Ada Quill: {' '.join(SPOKEN[:3])}"
    assert second == f"Bo Marbeck: {SPOKEN[3]}"


def test_a_name_in_capitals_holds_until_the_next() -> None:
    texts = ("ADA: " + SPOKEN[0], SPOKEN[1], SPOKEN[2], "BO: " + SPOKEN[3])
    document = parse_document(srt(texts).encode(), "talk.srt")
    assert document.text == f"ADA: {' '.join(SPOKEN[:3])}\n\nBO: {SPOKEN[3]}"


def test_a_dash_or_arrows_begin_a_turn_but_a_number_does_not() -> None:
    texts = ("- Are you against it?\n- No, not I.", ">> Who is?", "It is", "-5 degrees here.")
    document = parse_document(srt(texts).encode(), "talk.srt")
    expected = ["Are you against it?", "No, not I.", "Who is? It is -5 degrees here."]
    assert document.text.split("\n\n") == expected


def test_words_that_are_said_twice_stay_where_captions_do_not_roll() -> None:
    texts = ("No.", "No.", SPOKEN[0], SPOKEN[3])
    assert parse_document(srt(texts).encode(), "a.srt").text.startswith("No. No. Good evening")


def test_a_dash_at_the_end_of_a_cue_is_not_a_broken_word() -> None:
    texts = ("I was-", "Wait, said the clerk,", "a twenty-", "five year loan?")
    assert (
        "I was- Wait, said the clerk, a twenty- five"
        in parse_document(srt(texts).encode(), "a.srt").text
    )


def test_a_long_pause_begins_a_paragraph() -> None:
    late = srt().replace(f"{clock(STARTS[3])},000 -->", "00:12:42,000 -->")
    assert parse_document(late.encode(), "a.srt").text.count("\n\n") == 1


def test_captions_without_full_stops_are_reported() -> None:
    text = "\n".join(
        f"{n}\n{stamp(n, ',')} --> {stamp(n + 1, ',')}\nthe words of caption {n}\n"
        for n in range(1, 30)
    )
    (warning,) = parse_document(text.encode(), "auto.srt").warnings
    assert "no full stops" in warning


@pytest.mark.parametrize(
    "text",
    [
        "A report about subtitles.\n\nThey look so:\n\n00:00:01,000 --> 00:00:02,000\nHello.",
        "a --> b\nand 12:05 --> no cue",
        "[Events]\nThe board meets on Monday.",
        "",
    ],
)
def test_other_texts_are_not_subtitles(text: str) -> None:
    assert read_cues(text) is None


@pytest.mark.parametrize(
    "text", ["WEBVTT", "WEBVTT 00:00:00.000 --> 00:00:01.000 <v a>", "WEBVTT\n\n"]
)
def test_subtitles_without_cues_hold_no_text(text: str) -> None:
    with pytest.raises(EmptyDocument, match="holds no text"):
        parse_document(text.encode(), "talk.vtt")


def test_commands_cite_times(tmp_path: Path) -> None:
    path = tmp_path / "talk.vtt"
    path.write_text(vtt(tuple(f"<v Ada Quill>{text}</v>" for text in SPOKEN)))
    shown = run("summarize", path, "--no-cache")
    assert "before you came here. [00:12:09]" in shown.stdout
    assert "<v" not in shown.stdout
    found = json.loads(run("ask", path, "What does a new ferry cost?", "--json").stdout)
    (place,) = found["sentences"][0]["places"]
    assert (place, found["sentences"][0]["reference"]) == ("00:12:17", "00:12:17")
    refused = run("plan", path, "--pages", "2")
    assert refused.exit_code == 2
    assert "has cues, which cannot be selected" in refused.stderr
