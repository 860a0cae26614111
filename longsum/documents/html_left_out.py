"""What an HTML page shows besides its text, or does not show: menus, page headers, hidden passages.

Pure. Only what the page itself marks as such is left out: by an element (`nav`), by a role, by a
name such as `class="menu"` on what holds mostly links, or by lying outside the one `main` element.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from longsum.documents.markup import Element, events, local, walk
from longsum.documents.omissions import DELETED, HIDDEN, NAVIGATION

NEVER_SHOWN = frozenset(
    {"script", "style", "template", "noscript", "head", "title", "iframe", "object", "embed"}
    | {"audio", "video", "canvas", "svg", "map", "button", "select", "datalist", "textarea"}
    | {"rp", "rt", "annotation", "annotation-xml", "area", "param", "source", "track"}
)
"""Elements whose text is not part of a page's text; it is not counted."""
_MENUS = ("navigation", "banner", "contentinfo", "search", "menu", "menubar", "toolbar", "doc-toc")
_ROLES = dict.fromkeys(_MENUS, NAVIGATION) | {"doc-backlink": HIDDEN, "doc-pagebreak": HIDDEN}
_NAMED = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|breadcrumbs?|pagination|pager|toolbar|masthead"
    r"|sidebar|footer|share|social|skip-?link|noprint)(?:$|[\s_-])",
    re.I,
)
_BANNER = re.compile(r"cookie[\w-]*(?:banner|bar|consent|notice|popup)|consent-|gdpr", re.I)
_CONTROL = re.compile(
    r"(?:^|\s)(?:mw-editsection|mw-jump-link|headerlink|anchor-?link|linenos?|gutter)(?:$|\s)"
)
"""Names of links and numbers that wikis and documentation programs put beside the text."""
_UNSEEN = re.compile(r"(?:^|\s)(?:sr-only|visually-?hidden|screen-reader-text|katex-html)(?:$|\s)")
_UNSEEN_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.I)
_CONTENT = ("main", "article", "section", "blockquote", "details", "fieldset", "figure", "td")
"""Elements whose own `header` and `footer` belong to the text (HTML standard, 4.3.8)."""
_NAMES = ("class", "id", "role")
_MEASURED = ("header", "footer", "main")
_MAX_BANNER_WORDS = 200
_MIN_LINKED = 0.5
"""Share of the words that are links from which a passage named like a menu is one."""
_MAX_SMALL_MENU = 50
"""Words up to which a menu may be longer than the text."""
_MIN_MAIN = 0.5
"""Share of a page's words that its `main` element must hold for the rest to be left out."""


@dataclass
class _Content:
    """What an element holds."""

    words: int = 0
    linked: int = 0
    """Words that are links."""
    has_title: bool = False
    """Whether a heading of the highest level is among them."""


def left_out(body: Element) -> dict[Element, str]:
    """Return the elements that are not part of a page's text, each with the reason.

    Args:
        body: the page's root or body element.
    """
    contents = _contents(body)
    most = max(contents[body].words // 2, _MAX_SMALL_MENU)
    found: dict[Element, str] = {}
    for element, skip in walk(body):
        name = local(element)
        if name in NEVER_SHOWN:
            skip()
        elif reason := _reason(element, name, contents.get(element, _Content()), most):
            found[element] = reason
            skip()
    _around_main(body, contents, found)
    return found


def _contents(body: Element) -> dict[Element, _Content]:
    """Return what each element holds that might be left out, and the body, measured in one pass."""
    found: dict[Element, _Content] = {}
    stack = [_Content()]
    for event, element, skip in events(body):
        name = local(element)
        is_shown = name not in NEVER_SHOWN
        if event == "start":
            stack.append(_Content(len((element.text or "").split()) if is_shown else 0))
            if not is_shown:
                skip()
            continue
        here = stack.pop()
        here.has_title |= name == "h1"
        if name == "a":
            here.linked = here.words
        if element is body or name in _MEASURED or any(map(element.get, _NAMES)):
            found[element] = here
        above = stack[-1]
        above.words += here.words + len((element.tail or "").split())
        above.linked += here.linked
        above.has_title |= here.has_title
    return found


def not_shown(body: Element) -> dict[Element, str]:
    """Return the elements of a chapter of a book that are hidden, deleted, or a table of contents.

    A book has no menus: what its chapters call a header or a footer belongs to the text.

    Args:
        body: the chapter's root or body element.
    """
    found: dict[Element, str] = {}
    for element, skip in walk(body):
        name = local(element)
        if name in NEVER_SHOWN:
            skip()
        elif reason := _hidden(element, name):
            found[element] = reason
            skip()
    return found


def count_words(body: Element, found: dict[Element, str]) -> Counter[str]:
    """Return how many words were left out for each reason, those inside others counted once."""
    counts: Counter[str] = Counter()
    for element, reason in found.items():
        if not any(each in found for each in element.iterancestors()):
            counts[reason] += _words(element)
    return +counts


def _hidden(element: Element, name: str) -> str | None:
    """Return why an element is no part of any text; None if it may be."""
    if name == "nav":
        return NAVIGATION
    if name == "del":
        return DELETED
    if element.get("hidden") is not None or _UNSEEN_STYLE.search(element.get("style") or ""):
        return HIDDEN
    return None


def _reason(element: Element, name: str, content: _Content, most: int) -> str | None:
    """Return why an element of a web page is left out, judged by itself; None if it is not.

    Args:
        element: to be judged.
        name: of its tag.
        content: what it holds.
        most: words from which a passage is the text of the page, however it is named.
    """
    if reason := _hidden(element, name):
        return reason
    if role := _ROLES.get((element.get("role") or "").strip().lower()):
        return None if content.has_title else role
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    if _UNSEEN.search(names):
        return HIDDEN
    if name in ("header", "footer") and not _is_of_content(element):
        return None if name == "header" and content.has_title else NAVIGATION
    return NAVIGATION if _is_named_so(name, names, content, most) else None


def _is_named_so(name: str, names: str, content: _Content, most: int) -> bool:
    """Return whether an element is named like a menu or a banner, and holds what one does."""
    if _CONTROL.search(names):
        return True
    if name in ("html", "body", "main", "article"):
        return False
    if _BANNER.search(names):
        return content.words <= _MAX_BANNER_WORDS
    if not _NAMED.search(names) or content.has_title or content.words > most:
        return False
    return content.linked >= _MIN_LINKED * max(1, content.words)


def _is_of_content(element: Element) -> bool:
    return any(local(each) in _CONTENT for each in element.iterancestors())


def _around_main(
    body: Element, contents: dict[Element, _Content], found: dict[Element, str]
) -> None:
    """Leave out what is outside the one element that the page calls its main content."""
    mains = [
        each
        for each in contents
        if (local(each) == "main" or each.get("role") == "main") and each not in found
    ]
    if len(mains) != 1 or contents[mains[0]].words < _MIN_MAIN * contents[body].words:
        return
    path = {mains[0], *mains[0].iterancestors()}
    for parent in path - {mains[0]}:
        if local(parent) == "html":
            continue
        for each in parent:
            if (
                each in path
                or local(each) in NEVER_SHOWN
                or next(each.iter("h1"), None) is not None
            ):
                continue
            found.setdefault(each, NAVIGATION)


def _words(element: Element) -> int:
    """Count the words below an element that could be shown."""
    return _contents(element)[element].words
