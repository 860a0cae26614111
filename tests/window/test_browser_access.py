"""For everybody: by keyboard alone, in every look, at every width, with what axe finds."""

from __future__ import annotations

import pytest
from browsers import NARROW, expect
from helpers import report_pdf, story
from pdfs import text_pages, wrapped

pytestmark = pytest.mark.browser

LOOKS = {
    "wide": {},
    "forced colours": {"forced_colors": "active"},
    "narrow": {"size": NARROW},
    "twice as large": {"size": (640, 430), "device_scale_factor": 2},
}
TEXT_SPACING = """() => {
  for (const each of document.querySelectorAll("#answers, #document, #header"))
    each.style.cssText += "line-height: 1.5; letter-spacing: 0.12em; word-spacing: 0.16em";
}"""
COUNT_FLASHES = """() => {
  const animate = Element.prototype.animate;
  globalThis.flashes = 0;
  Element.prototype.animate = function (...all) {
    globalThis.flashes += 1;
    return animate.apply(this, all);
  };
}"""


@pytest.fixture
def data():
    return text_pages(*[wrapped(" ".join(page)) for page in story(3)], title="A report")


def test_the_whole_way_is_gone_by_keyboard_alone(start_window, open_tab, tmp_path):
    window = start_window(report_pdf(tmp_path / "report.pdf"), "--model", "mini")
    token = window.login()
    tab = open_tab(window, token)
    keys, page = tab.page.keyboard, tab.page
    tab.settled()
    window.client.post("/api/close")
    expect(page.get_by_role("heading", name=tab.say("empty.title"))).to_be_visible()
    keys.press("l")
    open_button = page.get_by_role("dialog").get_by_role(
        "button", name=tab.say("library.open"), exact=True
    )
    expect(open_button).to_be_visible()
    for _ in range(5):
        keys.press("Tab")
        if open_button.evaluate("(button) => button === document.activeElement"):
            break
    keys.press("Enter")
    tab.settled()
    expect(tab.page.get_by_text(tab.say("answers.earlier", 1), exact=True)).to_be_visible()
    keys.press("/")
    box = page.get_by_role("textbox", name=tab.say("answers.askLabel"))
    expect(box).to_be_focused()
    keys.type("What did the night watchman describe?\n")
    answer = tab.articles.filter(has_text="What did the night watchman describe?")
    expect(answer.get_by_text(tab.say("answers.receipt"), exact=True)).to_be_visible()
    keys.press("Escape")
    expect(box).not_to_be_focused()
    keys.press("j")
    first = tab.page.locator("[id^=say-]:focus")
    expect(first).to_have_count(1)
    name = first.get_attribute("id")
    keys.press("j")
    expect(first).not_to_have_id(name)
    keys.press("k")
    expect(first).to_have_id(name)
    keys.press("Enter")
    expect(first).to_have_attribute("aria-expanded", "true")
    assert any(mark["seen"] for mark in tab.marks())
    keys.press("Escape")
    expect(page.locator(f"#{name}")).to_have_attribute("aria-expanded", "false")
    keys.press("g")
    number = page.get_by_role("textbox", name=tab.say("page.number"))
    expect(number).to_be_focused()
    keys.type("3\n")
    expect(page.locator("[data-page='3'] img")).to_be_visible()
    keys.press("Escape")
    keys.press("t")
    expect(tab.button("page.text")).to_have_attribute("aria-pressed", "true")
    keys.press("f")
    expect(page.get_by_role("searchbox")).to_be_focused()
    keys.type("watchman\n")
    expect(page.get_by_role("status").filter(has_text="of 3")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("searchbox")).to_have_count(0)
    keys.press("s")
    expect(tab.button("summary.cancel")).to_be_visible()
    keys.press("Escape")
    keys.press("?")
    expect(page.get_by_role("dialog", name=tab.say("keys.title"))).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_any_state(open_shared, data, look):
    tab = open_shared(**LOOKS[look])
    page, narrow = tab.page, look in ("narrow", "twice as large")

    def holds(state):
        assert tab.violations() == [], state
        assert tab.is_within_width(), state

    expect(page.get_by_role("heading", name=tab.say("empty.title"))).to_be_visible()
    holds("nothing open")
    tab.drop(("report.pdf", data))
    expect(page.locator("[data-page='1'] img")).to_have_js_property("complete", True)
    if narrow:
        page.get_by_role("tab", name=tab.say("tab.answers")).click()
    tab.settled()
    holds("answered")
    tab.statements.nth(3).click()
    if narrow:
        page.get_by_role("tab", name=tab.say("tab.answers")).click()
    holds("an unsupported statement shown")
    tab.statements.first.click()
    holds("a statement shown")
    if narrow:
        page.get_by_role("tab", name=tab.say("tab.document")).click()
    tab.button("header.find").click()
    page.get_by_role("searchbox").fill("watchman")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("status").filter(has_text="of 3")).to_be_visible()
    holds("words found")
    tab.button("page.text").click()
    expect(page.locator("mark").first).to_be_visible()
    holds("the reading view")
    page.evaluate(TEXT_SPACING)
    holds("wider spacing")
    page.locator("#pane").focus()
    for key, title in (("l", "library.title"), ("?", "keys.title"), ("m", "models.title")):
        page.keyboard.press(key)
        expect(page.get_by_role("dialog", name=tab.say(title))).to_be_visible()
        holds(title)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_text_of_twice_the_size_needs_no_sideways_scroll(open_shared, data):
    tab = open_shared("report.pdf", data)
    tab.settled()
    tab.page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    tab.page.get_by_role("tab", name=tab.say("tab.answers")).or_(tab.statements.first).first.click()
    assert tab.is_within_width()
    assert tab.violations() == []


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_pages_move_and_flash_only_for_those_who_did_not_ask_for_less_motion(
    open_shared, data, motion
):
    tab = open_shared("report.pdf", data, reduced_motion=motion)
    tab.settled()
    tab.page.evaluate(COUNT_FLASHES)

    tab.show(tab.statements.first)
    tab.marked(data)
    assert (tab.page.evaluate("globalThis.flashes") > 0) == (motion == "no-preference")
