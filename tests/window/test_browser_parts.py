"""A document longer than the model's window, read in parts because the reader of the page asks."""

from __future__ import annotations

import pytest
from browsers import NARROW, expect
from gated_reader import PART
from helpers import report_pdf

pytestmark = pytest.mark.browser

MANY, PAGES = 3, 12
EACH = PAGES // MANY
PARTS = [f"pages {first}-{first + EACH - 1}" for first in range(1, PAGES, EACH)]
OFFER = "Read it in 3 parts"


@pytest.fixture
def report(tmp_path):
    return report_pdf(tmp_path / "report.pdf", PAGES)


def offer(tab):
    return tab.page.get_by_role("button", name=OFFER, exact=True)


def card(tab, number):
    title = tab.say("parts.reading", number, MANY, PARTS[number - 1])
    return tab.page.get_by_role("heading", name=title, exact=True)


def test_parts_are_offered_with_the_numbers_and_nothing_is_read_before_they_are_chosen(
    start_gated, open_tab, report
):
    window, _ = start_gated(report, parts=MANY)
    tab = open_tab(window)
    expect(tab.page.get_by_role("heading", name=tab.say("unfit.long"))).to_be_visible()
    expect(tab.page.get_by_text("report.pdf is too long")).to_contain_text("tokens, gated reads")
    expect(tab.page.get_by_text(tab.say("parts.offer"))).to_contain_text(tab.say("parts.questions"))
    expect(offer(tab)).to_be_enabled()
    expect(tab.button("unfit.readThese", 1, EACH)).to_be_enabled()
    expect(tab.articles).to_have_count(0)
    expect(tab.page.get_by_role("progressbar")).to_have_count(0)
    assert tab.violations() == []


def test_progress_names_the_part_and_each_part_s_statements_lead_to_its_pages(
    start_gated, open_tab, report
):
    window, let = start_gated(report, parts=MANY)
    tab = open_tab(window)
    offer(tab).focus()
    offer(tab).press("Enter")
    expect(card(tab, 1)).to_be_visible()
    let(f"{PART}1")
    expect(card(tab, 2)).to_be_visible()
    status = tab.page.get_by_role("contentinfo")
    expect(status).to_contain_text(tab.say("parts.reading", 2, MANY, PARTS[1]))
    expect(status).to_contain_text(tab.say("reading.page", "page", 6, PAGES))
    expect(status).to_contain_text("about 2 min left for all parts")
    bar = tab.page.get_by_role("progressbar", name=tab.say("reading.bar"))
    assert 1 / 3 < bar.evaluate("(bar) => bar.position") < 2 / 3
    assert tab.violations() == []
    before = tab.answers()
    tab.page.reload()
    expect(card(tab, 2)).to_be_visible()
    assert tab.answers() == before
    tab.ask("Who paid?")
    answer = tab.page.get_by_role("article").filter(has_text="Who paid?")
    expect(answer).to_contain_text(tab.say("answers.queued"))
    let(f"{PART}2")
    let(f"{PART}3")
    tab.settled(2)
    expect(bar).to_have_count(0)
    expect(tab.page.get_by_text("Read in 3 parts: pages 1-4, 5-8, 9-12.")).to_be_visible()
    summary = tab.articles.first
    for number, where in enumerate(PARTS, 1):
        heading = summary.get_by_role("button", name=f"Part {number} of {MANY} ({where})")
        heading.click()
        first = (number - 1) * EACH + 1
        field = tab.page.get_by_role("textbox", name=tab.say("page.number"))
        expect(field).to_have_value(str(first))
        statement = summary.locator("[id^=say-]").nth(number - 1)
        expect(statement).to_contain_text(f"p. {first}")
        said = tab.show(statement)
        assert tab.marked(report.read_bytes()) == said
    summary.get_by_text(tab.say("answers.receipt"), exact=True).click()
    expect(summary).to_contain_text(f"tokens in {MANY} parts")
    assert tab.violations() == []


def test_a_stop_between_parts_keeps_what_was_said_and_questions_still_work(
    start_gated, open_tab, report
):
    window, let = start_gated(report, parts=MANY)
    tab = open_tab(window)
    let(f"{PART}1")
    offer(tab).click()
    expect(card(tab, 2)).to_be_visible()
    expect(tab.statements).to_have_count(1)
    tab.button("reading.stop").first.click()
    expect(tab.articles.first).to_contain_text(tab.say("answers.stopped"), timeout=3_000)
    expect(card(tab, 2)).to_have_count(0)
    expect(tab.statements).to_have_count(1)
    let(f"{PART}2")
    let(f"{PART}3")
    tab.ask("Who paid?")
    tab.settled()
    expect(tab.statements).to_have_count(1 + MANY)


def test_on_a_narrow_page_a_part_s_heading_turns_to_its_first_page(start_gated, open_tab, report):
    window, let = start_gated(report, parts=MANY)
    for number in range(1, MANY + 1):
        let(f"{PART}{number}")
    tab = open_tab(window, size=NARROW)
    tab.page.get_by_role("tab", name=tab.say("tab.answers"), exact=True).click()
    expect(offer(tab)).to_be_visible()
    assert tab.is_within_width()
    offer(tab).click()
    tab.settled()
    assert tab.is_within_width()
    tab.page.get_by_role("button", name=f"Part 2 of {MANY} ({PARTS[1]})").click()
    field = tab.page.get_by_role("textbox", name=tab.say("page.number"))
    expect(field).to_have_value(str(EACH + 1))
    assert tab.violations() == []


def test_the_bundled_model_reads_in_parts_and_answers_what_is_asked_after_it(
    start_window, open_tab, report
):
    limits = ("--model", "mini", "--context", "1k", "--force-context")
    tab = open_tab(start_window(report, *limits))
    offer(tab).click()
    tab.settled()
    heads = tab.articles.first.get_by_role("heading", level=4)
    names = [f"Part {number} of {MANY} ({where})" for number, where in enumerate(PARTS, 1)]
    expect(heads).to_have_text([*names, "All parts"])
    for number in (0, tab.statements.count() - 1):
        said = tab.show(tab.statements.nth(number))
        assert tab.marked(report.read_bytes()) == said
    tab.ask("Who inspected the lighthouse?")
    tab.settled(2)
    tab.ask("And when?")
    tab.settled(3)
    assert tab.articles.last.locator("[id^=say-]").count()
