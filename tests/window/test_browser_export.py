"""What leaves the window: copied, and saved as Markdown and Word; no sentence without its page."""

from __future__ import annotations

import re

import docx
import pytest
from browsers import expect
from gated_reader import HOSTILE, UNSUPPORTED
from helpers import story
from pdfs import text_pages, wrapped

pytestmark = pytest.mark.browser


@pytest.fixture
def answered(open_shared):
    data = text_pages(*[wrapped(" ".join(page[:2])) for page in story(3)])
    tab = open_shared("report.pdf", data, permissions=["clipboard-read", "clipboard-write"])
    tab.settled()
    return tab


SENTENCES = [(page[n], f"p. {number}") for number, page in enumerate(story(2), 1) for n in (0, 1)][
    :3
]


def copied(tab):
    return tab.page.evaluate("navigator.clipboard.readText()")


def saved(tab, words, folder):
    tab.page.get_by_role("banner").get_by_label(tab.say("header.export"), exact=True).click()
    with tab.page.expect_download() as waiting:
        tab.button(words).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def test_a_statement_is_copied_with_its_page_and_the_document_s_name(answered):
    for number, (sentence, place) in enumerate(SENTENCES):
        answered.statements.nth(number).click()
        answered.button("statement.copy").click()
        expect(answered.button("menu.copied")).to_be_visible()
        assert copied(answered) == f"{sentence} (report.pdf, {place})"
    answered.statements.filter(has_text=UNSUPPORTED).click()
    answered.button("statement.copy").click()
    unsupported = answered.say("statement.unsupported")
    assert copied(answered) == f"{UNSUPPORTED} [{unsupported}] (report.pdf)"


def test_an_answer_is_copied_with_a_page_after_every_sentence(answered):
    answered.button("answers.copy").click()
    expect(answered.button("answers.copied")).to_be_visible()
    text = copied(answered)
    for sentence, place in SENTENCES:
        assert f"{sentence} [{place}]" in text
    assert f"{UNSUPPORTED} [no support found]" in text
    assert "read all of it" in text


def test_words_selected_on_a_page_are_copied_and_asked_about_with_their_page(answered):
    line = answered.page.locator("[data-page='1'] [role=group] span").first
    expect(line).to_have_text(re.compile("The harbour"))
    line.select_text()
    answered.button("selection.copy").click()
    assert re.fullmatch(r"“The harbour .*” \(report\.pdf, p\. 1\)", copied(answered))
    line.select_text()
    answered.button("selection.ask").click()
    box = answered.page.get_by_role("textbox", name=answered.say("answers.askLabel"))
    expect(box).to_have_value(re.compile(r"“The harbour .*” \(p\. 1\): "))
    expect(box).to_be_focused()


def test_markdown_holds_every_sentence_with_its_page(answered, tmp_path):
    path = saved(answered, "menu.markdown", tmp_path)
    assert path.suffix == ".md"
    text = path.read_text(encoding="utf-8")
    for sentence, place in SENTENCES:
        assert f"{sentence} [{place}]" in text
    assert f"{UNSUPPORTED} [no support found]" in text
    assert "read all of it" in text
    assert "<img" not in text.replace("\\<img", "")


def test_word_holds_every_sentence_with_its_page(answered, tmp_path):
    path = saved(answered, "menu.word", tmp_path)
    assert path.suffix == ".docx"
    text = "\n".join(paragraph.text for paragraph in docx.Document(path).paragraphs)
    for sentence, place in SENTENCES:
        assert f"{sentence} [{place}]" in text
    assert f"{UNSUPPORTED} [no support found]" in text
    assert HOSTILE.split(" in ")[0] in text
