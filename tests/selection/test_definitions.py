"""Short forms and what they stand for."""

from __future__ import annotations

import pytest

from longsum.selection.definitions import definitions


@pytest.mark.parametrize(
    ("text", "short", "long_form"),
    [
        ("The Baltic Ferry Board (BFB) met.", "BFB", "Baltic Ferry Board"),
        ("the Board of Safe Harbours (“BSH”) met", "BSH", "Board of Safe Harbours"),
        ("a full blood-sugar record (BSR) was kept", "BSR", "blood-sugar record"),
        ("of the keepers’ Group Fund Act of 1902 (GFA)", "GFA", "Group Fund Act"),
        ("many old tide gauges (OTGs) were kept", "OTG", "old tide gauges"),
        ("a Baltic Baltic Ferry Board (BBFB)", "BBFB", "Baltic Baltic Ferry Board"),
        ("of tidal hydraulics (THY)", "THY", "tidal hydraulics"),
        ("the Act on Ice\nand Navigation (AIN)", "AIN", "Act on Ice and Navigation"),
    ],
)
def test_the_words_before_the_parentheses_that_hold_its_letters(
    text: str, short: str, long_form: str
) -> None:
    found = definitions(text)
    assert {each: found[each].long_form for each in found} == {short: long_form}
    place = found[short].place
    assert " ".join(text[place.start : place.end].split()) == long_form


@pytest.mark.parametrize(
    "text",
    [
        "The ferry was late (BFB).",
        "The ferry board was from the town (US).",
        "Baltic Ferry Board) of the town (BFT).",
        "the Baltic Ferry Board. (BFB) met",
        "It was cold (see Figure 2) and dark (A).",
        "the Baltic Ferry Board (BFB) and the Bay Fishing Boats (BFB)",
    ],
)
def test_other_parentheses_define_nothing(text: str) -> None:
    assert definitions(text) == {}
