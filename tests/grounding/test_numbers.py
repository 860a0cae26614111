from __future__ import annotations

import pytest

from longsum.grounding.numbers import quantities, spelled_dates, wrong_number


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("15 %", 15, "percent"),
        ("fifteen per cent", 15, "percent"),
        ("two percentage points", 2, "points"),
        ("$3.5 billion", 3.5e9, "money"),
        ("40 dollars", 40, "money"),
        ("12,500 tons", 12500, "plain"),
        ("two hundred and fifty tons", 250, "plain"),
        ("forty-two tons", 42, "plain"),
        ("three thousand tons", 3000, "plain"),
        ("in 1987", 1987, "year"),
        ("the 1990s", 1990, "decade"),
        ("the 1990's", 1990, "decade"),
        ("the 21st storm", 21, "ordinal"),
        ("the fifty-fourth regiment", 54, "ordinal"),
        ("١٤ شهرا", 14, "plain"),
    ],
)
def test_number_is_read_however_it_is_written(text, value, kind):
    (found,) = quantities(text)
    assert (found.value, found.kind) == (value, kind)


def test_range_is_two_numbers():
    assert [each.value for each in quantities("1–4 weeks")] == [1, 4]


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("on 1865-04-09", "on 9 April 1865"),
        ("on Apr. 9, 1865", "on April 9, 1865"),
        ("on 9 Sept 1865", "on 9 September 1865"),
        ("on 1865-13-09", "on 1865-13-09"),
        ("they may 9", "they May 9"),
    ],
)
def test_dates_are_spelled_alike(text, spelled):
    assert spelled_dates(text) == spelled


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("It has one door.", "It has a door."),
        ("The first door is 3 m wide.", "The door is 3 m wide."),
        ("Between 1 and 4 weeks.", "One to four weeks."),
    ],
)
def test_number_that_is_meant_otherwise_is_not_wrong(claim, source):
    assert wrong_number(claim, source, []) is None


def test_wrong_number_comes_with_the_right_one():
    assert wrong_number("It cost 512 euros.", "It cost 412 euros.", []) == ("512", "412")
    assert wrong_number("It cost 512 euros.", "It cost nothing.", []) == ("512", "")
