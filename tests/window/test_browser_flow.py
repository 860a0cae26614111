"""The usual way through a window: drop, read, click, ask, look again."""

from __future__ import annotations

import pytest
from browsers import data_of
from helpers import report_pdf

pytestmark = pytest.mark.browser


@pytest.fixture
def report(tmp_path):
    return report_pdf(tmp_path / "report.pdf")


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
