"""What ends while a page is open: the reader, what draws pages, the program, the link."""

from __future__ import annotations

import pytest
from browsers import expect
from gated_reader import ANSWER, READ
from helpers import report_pdf
from windows import are_gone

pytestmark = pytest.mark.browser

REFUSED = "status of 40[13]"
"""What the browser's console says where the server refuses."""
UNDRAWN = r"status of 4\d\d .*/api/pages/"
GONE = "net::ERR_"
"""What it says where there is no server any more."""


@pytest.fixture
def report(tmp_path):
    return report_pdf(tmp_path / "report.pdf", pages=12)


def drawing(window):
    """Return the process that draws pages."""
    (found,) = [
        child
        for child in window.children()
        if any("pdfium" in file.path for file in child.memory_maps(grouped=True))
    ]
    return found


def reading(window):
    """Return the process that reads."""
    drawer = drawing(window)
    (found,) = [
        child
        for child in window.children()
        if child.pid != drawer.pid and "spawn_main" in " ".join(child.cmdline())
    ]
    return found


def test_a_reader_that_dies_in_the_middle_of_an_answer_can_be_started_again(
    start_gated, open_tab, report
):
    window, let = start_gated(report, opened=(READ,))
    tab = open_tab(window)
    expect(tab.statements).to_have_count(1)
    reader = reading(window)
    reader.kill()
    expect(tab.page.get_by_role("heading", name=tab.say("lost.reader"))).to_be_visible()
    expect(tab.articles.first).to_contain_text(tab.say("answers.failed"))
    expect(tab.statements).to_have_count(1)
    assert tab.violations() == []
    assert are_gone([reader])
    let(ANSWER)
    tab.button("lost.again").click()
    expect(tab.page.get_by_role("heading", name=tab.say("lost.reader"))).to_have_count(0)
    tab.ask("Who paid?")
    tab.settled()


def test_pages_are_drawn_again_after_the_process_that_draws_them_died(
    start_gated, open_tab, report
):
    window, _ = start_gated(report, opened=(READ, ANSWER))
    tab = open_tab(window)
    tab.expected.append(UNDRAWN)
    tab.settled()
    pictures = tab.page.locator("[data-page='12'] img")
    drawing(window).kill()
    number = tab.page.get_by_role("textbox", name=tab.say("page.number"))
    number.fill("12")
    number.press("Enter")
    again = tab.page.locator("[data-page='12']").get_by_role(
        "button", name=tab.say("page.again"), exact=True
    )
    expect(pictures.or_(again)).to_be_visible()
    if again.is_visible():
        again.click()
    expect(pictures).to_have_js_property("complete", True)
    tab.ask("Who paid?")
    tab.settled(2)


def test_a_program_that_was_ended_says_so_in_every_page(start_gated, open_tab, report):
    window, _ = start_gated(report, opened=(READ, ANSWER))
    token = window.login()
    tabs = [open_tab(window, token), open_tab(window, token)]
    for tab in tabs:
        tab.settled()
    tab = tabs[0]
    tab.page.get_by_role("banner").locator("summary").last.click()
    tab.button("menu.quit").click()
    for each in tabs:
        each.expected.append(GONE)
        ended = each.page.get_by_role("heading", name=each.say("connection.endedTitle"))
        expect(ended).to_be_visible()
        assert each.violations() == []
    assert window.process.wait(20) == 0


def test_a_program_that_was_interrupted_says_so(start_gated, open_tab):
    window, _ = start_gated()
    tab = open_tab(window)
    assert window.interrupt() == 130
    ended = tab.page.get_by_role("heading", name=tab.say("connection.endedTitle"))
    expect(ended).to_be_visible()


def test_a_program_that_died_is_said_to_be_gone_and_the_document_stays(
    start_gated, open_tab, report
):
    window, _ = start_gated(report, opened=(READ, ANSWER))
    tab = open_tab(window)
    tab.settled()
    expect(tab.page.locator("[data-page='1'] img")).to_be_visible()
    tab.expected.append(GONE)
    window.process.kill()
    alert = tab.page.get_by_role("alert").filter(has_text=tab.say("connection.lost"))
    expect(alert).to_be_visible()
    expect(tab.page.get_by_text(tab.say("connection.command"), exact=True)).to_be_visible()
    expect(tab.statements.first).to_be_visible()
    assert tab.violations() == []
    said = tab.show(tab.statements.first)
    assert tab.marked(report.read_bytes()) == said


def test_a_link_that_was_used_says_so(start_gated, open_tab):
    window, _ = start_gated()
    open_tab(window)
    second = open_tab(window)
    second.expected.append(REFUSED)
    title = second.page.get_by_role("heading", name=second.say("connection.lockedTitle"))
    expect(title).to_be_visible()
    expect(second.page.get_by_text(second.say("connection.locked"))).to_be_visible()
    assert second.violations() == []
