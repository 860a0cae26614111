"""The whole window, as a person uses it: a program, a browser, a document."""

from __future__ import annotations

import re

import pytest
from browsing import SEEN, WORDS_UNDER_MARKS, Window, chromium
from helpers import report_pdf
from pdfs import encrypted, image_only, text_pages, wrapped

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOSTILE = (
    "The harbour <img src=x onerror=alert(1)> was rebuilt by [sailors](http://evil.example). "
    "Visitors come in every season to see the old pier by the sea."
)


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def window(browser, tmp_path):
    """Return what opens windows; at the end none may have complained or asked elsewhere."""
    opened = []

    def open_(*arguments):
        opened.append(Window(browser, tmp_path / "home", *arguments))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()
    assert [error for each in opened for error in each.errors] == []


@pytest.fixture
def report(tmp_path):
    return report_pdf(tmp_path / "report.pdf")


def words(text):
    return re.findall(r"[a-z]+", text.lower())


def test_click_on_each_statement_marks_its_own_words(window, report):
    shown = window(report)
    shown.answered()
    page = shown.page
    for index in range(page.locator(".say").count()):
        statement = page.locator(".say").nth(index)
        statement.click()
        page.wait_for_function(SEEN, arg=".fills .mark.first")
        page.wait_for_selector(".leaf:has(.mark) .words span")
        said = words(statement.locator("> bdi").inner_text())
        under = page.evaluate(WORDS_UNDER_MARKS)
        assert set(said) <= set(words(under)), statement.inner_text()


def test_reload_shows_the_same_answers(window, report):
    shown = window(report)
    shown.answered()
    before = shown.page.inner_text(".log")
    shown.page.reload()
    shown.answered()
    assert shown.page.inner_text(".log") == before


def test_question_asked_before_the_document_is_read_is_answered(window, report):
    shown = window(report)
    shown.page.wait_for_selector(".composer .send:enabled")
    shown.page.fill("#question", "What was reported?")
    shown.page.keyboard.press("Enter")
    shown.page.wait_for_selector(".answer.question .receipt", state="attached")
    assert shown.page.inner_text(".answer.question h3") == "What was reported?"


def test_document_too_long_is_made_to_fit_by_keyboard(window, tmp_path):
    shown = window(
        report_pdf(tmp_path / "long.pdf", pages=9), "--context", "1024", "--force-context"
    )
    page = shown.page
    page.wait_for_selector(".handle.to")
    page.focus(".handle.to")
    page.keyboard.press("End")
    page.wait_for_selector(".choose button.primary:disabled")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(".choose button.primary:text('1–2')")
    page.focus(".choose button.primary")
    page.keyboard.press("Enter")
    shown.answered()
    assert "1-2" in page.inner_text(".partly")


def test_password_is_asked_for_until_it_is_right(window, tmp_path):
    (tmp_path / "locked.pdf").write_bytes(encrypted(user="secret"))
    shown = window(tmp_path / "locked.pdf")
    for password in ("wrong", "secret"):
        shown.page.fill("#password", password)
        shown.page.keyboard.press("Enter")
        if password == "wrong":
            shown.page.wait_for_function(
                "() => /does not open/.test(document.querySelector('.message p')?.innerText)"
            )
    shown.page.wait_for_selector(".leaf img")


def test_scan_shows_its_pages_and_the_command_that_helps(window, tmp_path):
    (tmp_path / "scan.pdf").write_bytes(image_only())
    shown = window(tmp_path / "scan.pdf")
    shown.page.wait_for_selector(".leaf img")
    shown.page.wait_for_selector(".trouble")
    assert "ocrmypdf" in shown.page.inner_text(".trouble .command")


def test_text_of_a_document_is_never_markup(window, tmp_path):
    (tmp_path / "hostile.pdf").write_bytes(text_pages(wrapped(HOSTILE)))
    shown = window(tmp_path / "hostile.pdf")
    shown.answered()
    shown.page.keyboard.press("t")
    shown.page.wait_for_selector(".reading p")
    assert "<img src=x onerror=alert(1)>" in shown.page.inner_text(".log")
    assert "<img src=x onerror=alert(1)>" in shown.page.inner_text(".reading")
    assert shown.page.locator(".log img, .log a, .reading img, .reading a").count() == 0


def test_find_reaches_across_a_hyphen(window, tmp_path):
    lines = ["The word that is looked for here is inter-", "pretation, which a line end divides."]
    (tmp_path / "hyphen.pdf").write_bytes(
        text_pages(lines, ["Another page of plain words follows."])
    )
    shown = window(tmp_path / "hyphen.pdf")
    shown.page.wait_for_selector(".composer .send:enabled")
    shown.page.keyboard.press("f")
    shown.page.keyboard.type("interpretation")
    shown.page.keyboard.press("Enter")
    shown.page.wait_for_function(SEEN, arg=".fills .found.at")
    assert shown.page.inner_text(".findline .count") == "1 of 1"


def test_link_opens_one_window_only(window, report):
    shown = window(report)
    shown.page.wait_for_selector(".leaf img")
    other = shown.new_page()
    other.goto(shown.address)
    other.wait_for_selector("text=This link was used already")
    shown.errors.clear()  # the browser's console reports the refused login


def test_end_of_the_program_is_said(window, report):
    shown = window(report)
    shown.answered()
    shown.kill()
    shown.page.wait_for_selector(".banner.bad")
    assert "longsum window" in shown.page.inner_text(".banner.bad")
    shown.errors.clear()  # the browser's console reports the lost connection


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_page_passes_axe(window, report, theme, width):
    pytest.importorskip("axe_playwright_python")
    from axe_playwright_python.sync_playwright import Axe

    shown = window(report)
    page = shown.page
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 720})
    page.wait_for_selector(".leaf img")
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    assert violations(Axe().run(page, options=rules)) == []
    if width == 320:
        page.get_by_role("tab", name="Answer").click()
    shown.page.wait_for_selector(".answer .receipt", state="attached")
    page.locator(".say").first.click()
    assert violations(Axe().run(page, options=rules)) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def violations(result):
    return [(each["id"], each["nodes"][0]["html"]) for each in result.response["violations"]]
