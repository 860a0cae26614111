"""Documents of every kind, each dropped onto the page."""

from __future__ import annotations

import re

import pytest
from browsers import expect, folded
from gated_reader import WINDOW
from helpers import report_pdf, story
from pdfs import (
    encrypted,
    image_only,
    labelled,
    text_pages,
    truncated,
    wrapped,
)

pytestmark = pytest.mark.browser

HOSTILE_NAME = "a<img src=x onerror=alert(1)>\u202efdp.pdf"
HOSTILE_TITLE = "<script>alert(2)</script> [more](http://evil.example)"
HOSTILE_LINES = [
    "The <img src=x onerror=alert(3)> stands by the old harbour of the town.",
    "Its [keeper](http://evil.example) came home in the winter of that year.",
    "A javascript:alert(4) was seen there by the whole crew of the ship.",
]


def page_named(tab, number, label=None):
    name = tab.say("page.name", "page", number, label)
    return tab.page.get_by_role("group", name=name, exact=True)


def test_a_password_is_asked_for_until_it_is_right(open_shared):
    tab = open_shared("locked.pdf", encrypted(user="secret"))
    field = tab.page.get_by_label(tab.say("refused.password"), exact=True)
    title = tab.page.get_by_role("heading", name=tab.say("refused.titles.password"))
    expect(title).to_be_visible()
    assert tab.violations() == []
    expect(field).to_be_focused()
    tab.page.keyboard.type("wrong\n")
    expect(tab.page.get_by_role("main")).to_contain_text("does not open locked.pdf")
    expect(field).to_be_focused()
    tab.page.keyboard.type("secret\n")
    tab.settled()
    assert tab.page.get_by_text("secret").count() == 0


def test_a_scan_shows_its_pages_and_the_command_that_helps(open_shared):
    tab = open_shared("scan.pdf", image_only())
    expect(tab.page.get_by_role("heading", name=tab.say("refused.titles.scanned"))).to_be_visible()
    expect(tab.page.get_by_role("code").filter(has_text="ocrmypdf")).to_be_visible()
    expect(page_named(tab, 1).locator("img")).to_have_js_property("complete", True)
    assert tab.violations() == []


def test_a_damaged_file_says_so_and_another_can_be_opened(open_shared):
    tab = open_shared("broken.pdf", truncated()[:300])
    expect(tab.page.get_by_role("heading", name=tab.say("refused.titles.damaged"))).to_be_visible()
    assert tab.violations() == []
    tab.drop(("whole.pdf", text_pages(story(1)[0])))
    tab.settled()


def test_a_text_file_is_shown_in_the_reading_view_with_its_marks(open_shared):
    tab = open_shared("notes.txt", "\n\n".join(story(1)[0]).encode())
    tab.settled()
    said = tab.show(tab.statements.nth(2))
    marked = tab.page.locator("mark").filter(has_text="town council")
    expect(marked).to_be_in_viewport()
    assert folded(marked.inner_text()) == said
    expect(tab.page.get_by_role("textbox", name=tab.say("page.number"))).to_have_count(0)
    assert tab.violations() == []


def test_a_document_of_one_page_is_read_and_marked(open_shared):
    data = text_pages(wrapped(" ".join(story(1)[0])))
    tab = open_shared("one.pdf", data)
    tab.settled()
    said = tab.show(tab.statements.nth(1))
    assert tab.marked(data) == said
    expect(tab.page.get_by_text(tab.say("page.of", 1), exact=True)).to_be_visible()
    expect(tab.button("page.next")).to_be_disabled()


def test_of_200_pages_only_those_near_are_drawn_and_the_last_is_reached_by_its_number(open_shared):
    data = text_pages(*[[f"This is part {n} of the book.", *story(1)[0][:5]] for n in range(200)])
    tab = open_shared("book.pdf", data)
    expect(page_named(tab, 1).locator("img")).to_have_js_property("complete", True, timeout=5_000)
    pictures = tab.page.locator("[data-page] img")
    assert pictures.count() < 60
    number = tab.page.get_by_role("textbox", name=tab.say("page.number"))
    number.fill("200")
    number.press("Enter")
    last = page_named(tab, 200)
    expect(last).to_be_in_viewport()
    expect(last.locator("img")).to_have_js_property("complete", True)
    expect(page_named(tab, 1).locator("img")).to_have_count(0)
    assert pictures.count() < 60
    expect(last).to_contain_text("This is part 199 of the book.")
    tab.settled()


def test_a_word_is_found_across_the_hyphen_of_a_line_end(open_shared):
    data = text_pages(["A plain page."], ["What they wrote needs inter-", "pretation, they said."])
    tab = open_shared("hyphen.pdf", data)
    tab.settled()
    tab.button("header.find").click()
    field = tab.page.get_by_role("searchbox", name=tab.say("find.label"))
    field.fill("interpretation")
    field.press("Enter")
    expect(tab.page.get_by_role("status").filter(has_text="1 of 1")).to_be_visible()
    assert tab.marked(data) in ("interpretation", "inter\ufffepretation", "inter\u0002pretation")
    assert {mark["page"] for mark in tab.marks()} == {2}
    field.fill("nowhere")
    field.press("Enter")
    expect(tab.page.get_by_text(tab.say("find.none"), exact=True)).to_be_visible()
    assert tab.violations() == []


def test_a_printed_page_number_is_shown_beside_the_file_s(open_shared):
    tab = open_shared("labelled.pdf", labelled())
    tab.settled()
    expect(tab.statements.first).to_contain_text(re.compile(r"p\. 1 \((printed )?i\)"))
    expect(page_named(tab, 2, "ii")).to_have_count(1)
    expect(tab.page.get_by_text(tab.say("page.printed", "i"), exact=True).first).to_be_visible()


def test_a_hostile_name_title_and_text_appear_as_text(open_shared):
    data = text_pages(HOSTILE_LINES, title=HOSTILE_TITLE)
    tab = open_shared(HOSTILE_NAME, data)
    tab.settled()
    banner = tab.page.get_by_role("banner")
    expect(banner).to_contain_text("a<img src=x onerror=alert(1)>")
    expect(banner).to_contain_text(HOSTILE_TITLE)
    assert "\u202e" not in banner.inner_text()
    for number, line in enumerate(HOSTILE_LINES):
        expect(tab.statements.nth(number)).to_contain_text(line)
    expect(page_named(tab, 1)).to_contain_text(HOSTILE_LINES[0])
    tab.button("page.text").click()
    expect(tab.page.locator("#pane")).to_contain_text(HOSTILE_LINES[1])
    tab.button("header.library").click()
    expect(tab.page.get_by_role("dialog")).to_contain_text(HOSTILE_TITLE)
    made = tab.page.locator("img[src=x], a[href*='evil'], a[href^='javascript'], body script")
    assert made.count() == 0


def test_hostile_text_of_a_text_file_appears_as_text(open_shared):
    # a link would make it Markdown, whose links are read as their words
    lines = [*HOSTILE_LINES[::2], "They \u202ecame\u202c home before the first snow of winter."]
    tab = open_shared("notes.txt", "\n".join(lines).encode())
    tab.settled()
    pane = tab.page.locator("#pane")
    for number, line in enumerate(lines):
        shown = re.sub("[\u202e\u202c]", "", line)
        expect(tab.statements.nth(number)).to_contain_text(shown)
        expect(pane).to_contain_text(shown)
    assert "\u202e" not in pane.inner_text()
    made = tab.page.locator("img[src=x], a[href*='evil'], a[href^='javascript'], body script")
    assert made.count() == 0


def test_files_that_were_dropped_together_wait_and_can_be_opened(open_shared):
    tab = open_shared()
    pages = [text_pages(wrapped(" ".join(page))) for page in story(3)]
    tab.drop(*[(f"part {n}.pdf", data) for n, data in enumerate(pages)])
    tab.settled()
    waiting = tab.page.get_by_text(tab.say("toast.waiting"))
    expect(waiting).to_be_visible()
    tab.page.get_by_role("listitem").filter(has_text="part 2.pdf").get_by_role("button").click()
    expect(tab.page.get_by_role("banner")).to_contain_text("part 2.pdf")
    tab.settled()
    expect(tab.page.get_by_role("listitem").filter(has_text="part 1.pdf")).to_be_visible()
    tab.page.get_by_role("listitem").filter(has_text="part 1.pdf").get_by_role("button").click()
    expect(tab.page.get_by_role("banner")).to_contain_text("part 1.pdf")
    expect(waiting).to_have_count(0)
    tab.settled()


def test_pages_of_a_document_too_long_are_chosen_by_keyboard(start_window, open_tab, tmp_path):
    path = report_pdf(tmp_path / "long.pdf", pages=12)
    limits = ("--model", "mini", "--context", "2k", "--force-context")
    tab = open_tab(start_window(path, *limits))
    expect(tab.page.get_by_role("heading", name=tab.say("unfit.long"))).to_be_visible()
    assert tab.violations() == []
    last = tab.page.get_by_role("slider", name=tab.say("unfit.last"))
    last.focus()
    last.press("End")
    expect(tab.button("unfit.readThese", 1, 12)).to_be_disabled()
    last.press("Home")
    last.press("ArrowDown")
    choose = tab.button("unfit.readThese", 1, 2)
    expect(choose).to_be_enabled()
    choose.focus()
    choose.press("Enter")
    tab.settled()
    expect(tab.page.get_by_text(tab.say("unfit.only", "1-2", 12))).to_be_visible()
    assert tab.statements.count() >= 2
    assert WINDOW > 2048  # it was the model's window that was too small, not the document
