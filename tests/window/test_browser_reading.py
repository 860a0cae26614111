"""While a document is read and answered: what is shown, what can be done, what a reload keeps."""

from __future__ import annotations

import psutil
import pytest
from browsers import expect, folded
from gated_reader import ANSWER, HOSTILE, READ, UNSUPPORTED
from helpers import report_pdf, story
from pdfs import text_pages, wrapped
from windows import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def report(tmp_path):
    return report_pdf(tmp_path / "report.pdf", pages=4)


def test_a_page_is_shown_and_progress_names_pages_before_the_reading_ends(
    start_gated, open_tab, report
):
    window, let = start_gated(report)
    tab = open_tab(window)
    page = tab.page
    first = page.get_by_role("group", name=tab.say("page.name", "page", 1, None), exact=True)
    picture = first.locator("img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("(image) => image.naturalWidth") >= 480
    bar = page.get_by_role("progressbar", name=tab.say("reading.bar"))
    expect(bar).to_have_js_property("position", 0.5)
    status = page.get_by_role("contentinfo")
    expect(status).to_contain_text(tab.say("reading.page", "page", 2, 4))
    assert tab.violations() == []
    let(READ)
    expect(bar).to_have_count(0)
    expect(status).not_to_contain_text(tab.say("reading.page", "page", 2, 4))
    expect(tab.statements).to_have_count(1)


def test_a_question_asked_while_the_document_is_read_is_answered_after_it(
    start_gated, open_tab, report
):
    window, let = start_gated(report)
    tab = open_tab(window)
    expect(tab.page.get_by_role("progressbar")).to_be_visible()
    tab.ask("Who paid?")
    answer = tab.page.get_by_role("article").filter(has_text="Who paid?")
    expect(answer).to_contain_text(tab.say("answers.queued"))
    let(ANSWER)
    let(READ)
    tab.settled(2)
    expect(answer.locator("[id^=say-]")).to_have_count(5)


def test_a_reload_shows_the_same_answers_in_the_middle_of_one_and_after_it(
    start_gated, open_tab, report
):
    window, let = start_gated(report, opened=(READ,))
    tab = open_tab(window)
    expect(tab.statements).to_have_count(1)
    before = tab.answers()
    tab.page.reload()
    expect(tab.statements).to_have_count(1)
    assert tab.answers() == before
    let(ANSWER)
    tab.settled()
    after = tab.answers()
    assert after != before
    tab.page.reload()
    tab.settled()
    assert tab.answers() == after


def test_a_statement_without_support_says_so_in_words_and_has_a_sign_of_another_shape(
    start_gated, open_tab, report
):
    window, _ = start_gated(report, opened=(READ, ANSWER))
    tab = open_tab(window)
    tab.settled()
    supported = tab.statements.first
    doubtful = tab.statements.filter(has_text=UNSUPPORTED)
    expect(doubtful).to_contain_text(tab.say("statement.unsupported"))
    expect(supported).not_to_contain_text(tab.say("statement.unsupported"))
    shape = """(button) => {
      const sign = getComputedStyle(button.querySelector("[aria-hidden]"));
      const { backgroundColor, borderTopStyle, borderTopWidth, borderRadius } = sign;
      return [backgroundColor, borderTopStyle, borderTopWidth, borderRadius]; }"""
    assert supported.evaluate(shape) != doubtful.evaluate(shape)
    doubtful.click()
    expect(tab.page.get_by_text(tab.say("statement.noReason"))).to_be_visible()
    assert tab.marks() == []


def test_what_a_model_writes_is_shown_as_text_and_nothing_of_it_is_fetched(
    start_gated, open_tab, report
):
    window, _ = start_gated(report, opened=(READ, ANSWER))
    tab = open_tab(window)
    tab.settled()
    expect(tab.statements.last.locator("bdi").first).to_have_text(HOSTILE)
    assert tab.page.get_by_role("log").locator("img, a, script").count() == 0


def test_progress_rises_until_the_reading_is_stopped_and_the_document_stays_usable(
    start_window, open_tab, tmp_path
):
    lines = wrapped(" ".join(" ".join(page) for page in story(3)))
    path = tmp_path / "long.pdf"
    path.write_bytes(text_pages(*[[f"Part {n}.", *lines[:40]] for n in range(1, 31)]))
    window = start_window(path, "--model", "mini")
    tab = open_tab(window)
    expect(tab.page.get_by_role("contentinfo")).to_contain_text("tokens/s")
    bar = tab.page.get_by_role("progressbar", name=tab.say("reading.bar"))
    before = bar.evaluate("(bar) => bar.position")
    assert 0 < before < 1
    assert wait_until(lambda: bar.evaluate("(bar) => bar.position") > before)
    tab.button("reading.stop").first.click()
    expect(tab.page.get_by_role("heading", name=tab.say("reading.stoppedTitle"))).to_be_visible(
        timeout=3_000
    )
    reader = max(window.children(), key=lambda child: child.memory_info().rss)
    assert wait_until(lambda: reader.cpu_percent(0.2) < 20, 3)
    assert reader.status() != psutil.STATUS_ZOMBIE
    tab.button("page.next").click()
    expect(tab.page.get_by_role("textbox", name=tab.say("page.number"))).to_have_value("2")
    tab.ask("What did the night watchman describe?")
    tab.settled()
    expect(tab.statements.first).to_be_visible()


def test_marks_are_found_again_in_the_reading_view(start_gated, open_tab, report):
    window, _ = start_gated(report, opened=(READ, ANSWER))
    tab = open_tab(window)
    tab.settled()
    tab.button("page.text").click()
    said = tab.show(tab.statements.nth(1))
    mark = tab.page.get_by_role("article").locator("mark").filter(has_text="young engineer")
    expect(mark.first).to_be_in_viewport()
    assert folded(mark.first.inner_text()) == said
