from __future__ import annotations

import pytest

from longsum.documents.html_blocks import page_blocks
from longsum.documents.html_left_out import count_words, left_out, not_shown
from longsum.documents.markup import parse_html

LINKS = '<a href="/">Home</a> <a href="/a">About us</a> <a href="/n">News</a>'


def kept(body: str) -> str:
    root = parse_html(f"<html><body>{body}</body></html>", "page.html")
    return " ".join(block.text for block in page_blocks(root, left_out(root)).blocks)


@pytest.mark.parametrize(
    "extra",
    [
        f"<nav>{LINKS}</nav>",
        f'<div role="navigation">{LINKS}</div>',
        f'<ul class="main-menu">{LINKS}</ul>',
        f'<div id="breadcrumbs">{LINKS}</div>',
        "<header>The Harbour Gazette</header>",
        "<footer>All rights reserved.</footer>",
        '<div class="cookie-banner">We use cookies to improve your visit.</div>',
        '<a class="sr-only" href="#main">Skip to content</a>',
        '<p style="color: red; DISPLAY : none">Hidden words.</p>',
        '<div aria-label="x" hidden="">Hidden words.</div>',
        '<h2><a class="headerlink" href="#x">¶</a></h2>',
        '<span class="mw-editsection">[<a href="/e">edit</a>]</span>',
        "<button>Accept</button><select><option>One</select><noscript>Turn it on.</noscript>",
    ],
)
def test_what_is_not_text_is_left_out(extra: str) -> None:
    assert kept(f"{extra}<p>The ferry left.</p>") == "The ferry left."
    assert kept(f"<p>The ferry left.</p>{extra}") == "The ferry left."


@pytest.mark.parametrize(
    "body",
    [
        "<header><h1>The ferry</h1><p>By Ada Quill</p></header><p>It left.</p>",
        "<article><header>By Ada Quill</header><p>It left.</p><footer>Note.</footer></article>",
        '<div class="menu"><p>Soup of the day, and bread from our own oven.</p></div>',
        '<p class="social">The social question was raised by the board.</p>',
        '<div class="container-menu-open"><h1>Title</h1><p>It left.</p></div>',
        '<aside>A word on <a href="#">fares</a>, which rose in June.</aside>',
    ],
)
def test_text_is_kept_however_it_is_named(body: str) -> None:
    root = parse_html(f"<html><body>{body}</body></html>", "page.html")
    assert left_out(root) == {}
    assert kept(body)


def test_rest_of_the_page_is_left_out_where_main_holds_most() -> None:
    most = f"<div>Related: {LINKS}</div><main><p>{'The ferry left. ' * 9}</p></main><p>Ads</p>"
    assert kept(most) == ("The ferry left. " * 9).strip()
    little = "<p>" + "The ferry left. " * 9 + "</p><main>Search here.</main>"
    assert kept(little).startswith("The ferry left.")


def test_chapter_of_a_book_keeps_its_headers_and_footers() -> None:
    root = parse_html("<html><body><header>I.</header><p>It left.</p><footer>Note.</footer>", "x")
    assert not_shown(root) == {}


def test_words_are_counted_by_reason_and_once() -> None:
    root = parse_html(
        "<html><body><nav>One two <span hidden>three</span></nav><p hidden>four five</p>"
        "<p>Text.<del>six</del></p></body></html>",
        "page.html",
    )
    assert count_words(root, left_out(root)) == {
        "navigation, headers and footers": 3,
        "hidden text": 2,
        "deleted text": 1,
    }
