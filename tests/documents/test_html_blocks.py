from __future__ import annotations

import pytest

from longsum.documents.blocks import Block, Kind
from longsum.documents.html_blocks import page_blocks
from longsum.documents.markup import parse_html


def blocks(body: str) -> list[Block]:
    return page_blocks(parse_html(f"<html><body>{body}</body></html>", "page.html")).blocks


def texts(body: str) -> list[str]:
    return [block.text for block in blocks(body)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>One.<p>Two <b>bo</b>ld,\n <i>it</i>alic.", ["One.", "Two bold, italic."]),
        ("<div>A</div>B<div>C</div>", ["A", "B", "C"]),
        ("<ul><li>one<li>two</ul>", ["• one", "• two"]),
        ("<ol start=4><li>four<li value=9>nine<li>ten</ol>", ["4. four", "9. nine", "10. ten"]),
        ("<ol start=x><li>one</ol><ol start=-5><li>one</ol>", ["1. one", "1. one"]),
        ("<ul><li>a<ol><li>b</ol>c<li>d</ul>", ["• a", "1. b", "c", "• d"]),
        ("<ul><li><p>First.</p><p>More.</p></ul>", ["• First.", "More."]),
        ("<dl><dt>Term<dd>What it is.</dl>", ["Term", "What it is."]),
        ("<p>3 Quay Street<br>Harbour Town", ["3 Quay Street\nHarbour Town"]),
        ("<p>The ferry<br>left at nine.", ["The ferry left at nine."]),
        ("<p>One.<br><br>Two.", ["One.", "Two."]),
        ("<p>x&shy;y&nbsp;z &lt;b&gt; caf&#233;", ["xy z <b> café"]),
        ("<p>He said <q>no</q>.", ["He said “no”."]),
        ("<p>漢<ruby>字<rp>(</rp><rt>じ</rt><rp>)</rp></ruby>だ。", ["漢字だ。"]),
        ('<p>So <math alttext="x^2"><mi>x</mi><mn>2</mn></math> grows.', ["So x^2 grows."]),
        ("<p>Draw<svg><text>label</text></svg>n.<p>a<script>b</script>c", ["Drawn.", "ac"]),
        ("<unknown-tag>In </unknown-tag>line.", ["In line."]),
        ("<pre>a  b\n  c</pre>", ["a  b\n  c"]),
        ("<p>12<span epub:type='pagebreak'>13</span> men", ["12 men"]),
        ("<p><o:p>Word's own.</o:p>", ["Word's own."]),
    ],
)
def test_elements_become_blocks(body: str, expected: list[str]) -> None:
    assert texts(body) == expected


def test_headings_items_and_rows_are_known_as_such() -> None:
    body = "<h2>Fares<br>and fees</h2><ul><li>one</ul><table><tr><td>a<td>b</table><p>Text."
    assert [block.kind for block in blocks(body)] == [
        Kind.HEADING,
        Kind.ITEM,
        Kind.ROW,
        Kind.TEXT,
    ]
    assert blocks(body)[0].text == "Fares and fees"


def test_table_is_read_row_by_row() -> None:
    table = (
        "<table><caption>Fees<thead><tr><th>Berth<th>Fee<tbody><tr><td>A<td>3 crowns"
        "<tr><td>B<td>4<br>crowns</table>"
    )
    assert texts(table) == ["Fees", "Berth | Fee", "A | 3 crowns", "B | 4 crowns"]


def test_table_that_arranges_passages_is_read_cell_by_cell() -> None:
    table = (
        "<table><tr><td><p>One.</p><p>Two.</p><td><table><tr><td>x<td>y</table></table>"
        "<table><tr><td>" + "Long passage. " * 40 + "<td>Short.</table>"
    )
    assert texts(table) == ["One.", "Two.", "x | y", ("Long passage. " * 40).strip(), "Short."]


def test_wanted_places_are_found() -> None:
    root = parse_html('<p>a<p id="b">b<p>c <a name="d"></a>d<table><tr><td id=e>e', "page.html")
    found = page_blocks(root, (), {"b", "d", "e", "f"})
    assert found.marks == {"b": 1, "d": 3, "e": 4}
    assert [block.text for block in found.blocks] == ["a", "b", "c", "d", "e"]
