"""The usual way through a window: drop, read, click, ask, look again."""

from __future__ import annotations

import pytest
from browsers import data_of, folded

pytestmark = pytest.mark.browser

CACHES_ALL = """
import functools
from longsum.cli import options
options.StoreConfig = functools.partial(options.StoreConfig, min_prefill_s=0)
"""
"""Has also what is read in a moment kept, not only what takes seconds."""


def test_each_statement_of_a_dropped_document_leads_to_its_marked_words(
    start_window, open_tab, report
):
    tab = open_tab(start_window("--model", "mini"))
    tab.drop(data_of(report))
    tab.settled()
    assert "#" not in tab.page.url
    many = tab.statements.count()
    assert many >= 3
    for number in range(many):
        said = tab.show(tab.statements.nth(number))
        assert tab.marked(report.read_bytes()) == said
    assert tab.violations() == []


def test_the_second_opening_shows_the_old_answer_at_once_and_reads_from_the_cache(
    start_window, open_tab, report
):
    window = start_window(report, "--model", "mini", code=CACHES_ALL)
    tab = open_tab(window, window.login())
    tab.settled()
    before = [each.inner_text() for each in tab.statements.all()]
    *_, (last, _, _) = window.events(until="read")
    window.client.post("/api/close")
    card = tab.page.get_by_role("listitem").get_by_role("button").filter(has_text="report.pdf")
    card.click()
    tab.settled()
    assert [each.inner_text() for each in tab.statements.all()] == before
    seen = list(window.events(until="read", after=last))
    kinds = [kind for _, kind, _ in seen]
    assert kinds.index("old") < kinds.index("read")
    assert seen[-1][2]["from_cache"]


def test_what_comes_nearest_to_a_question_is_set_apart_and_leads_to_its_marked_words(
    start_window, open_tab, report
):
    tab = open_tab(start_window(report, "--model", "mini"))
    tab.settled()
    tab.ask("Which composer wrote an opera about the cathedral of Salzburg?")
    tab.settled(2)
    article = tab.articles.last
    refusal, near = article.locator("[id^=say-]").all()
    assert folded(refusal.inner_text()) == folded("No sentence found for this.")
    shown = article.inner_text()
    assert shown.index(tab.say("answers.nearest")) < shown.index(
        near.locator("bdi").first.inner_text()
    )
    said = tab.show(near)
    assert "cathedral" in said
    assert tab.marked(report.read_bytes()) == said
    assert tab.violations() == []
