"""Pages of a window in a real browser, watched: what a page may not do fails the test that let it.

Elements are found by their roles and accessible names, which are read from the page's own words.
"""

from __future__ import annotations

import base64
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from windows import RunningWindow, wait_until

try:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
except ImportError as error:
    pytest.skip(f"the browser is driven by {error.name}, which is missing", allow_module_level=True)

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WAIT_MS = 30_000
"""A slow machine's patience; states are waited for, so that it costs nothing where they come."""
WIDE, NARROW = (1280, 860), (320, 640)
REPORTER = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
addEventListener("unhandledrejection", (event) => console.error(`unhandled: ${event.reason}`));
"""
SAY = """([path, values]) => import("/web/words.js").then(({ words }) => {
  const found = path.split(".").reduce((all, name) => all[name], words);
  return typeof found === "function" ? found(...values) : found;
})"""
DROP = """(files) => {
  const data = new DataTransfer();
  for (const [name, bytes] of files)
    data.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name));
  const options = { dataTransfer: data, bubbles: true, cancelable: true };
  for (const kind of ["dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(kind, options));
}"""
JOINED = "() => !['', 'joining'].includes(document.body.dataset.situation ?? '')"
MARKS = """() => [...document.querySelectorAll("#pane [data-page] svg rect")].map((rect) => {
  const leaf = rect.closest("[data-page]"), box = rect.getBoundingClientRect();
  const pane = document.getElementById("pane").getBoundingClientRect();
  const page = leaf.querySelector("[role=group]").getBoundingClientRect();
  const x = (box.x - page.x) / page.width, y = (box.y - page.y) / page.height;
  return { page: Number(leaf.dataset.page),
    at: [x, y, box.width / page.width, box.height / page.height],
    seen: box.top >= pane.top && box.bottom <= pane.bottom
      && box.left >= pane.left && box.right <= pane.right };
})"""
ANSWERS = """() => {
  const log = document.querySelector("[role=log]").cloneNode(true);
  return log.innerHTML.replace(/<!--.*?-->/gs, "").replace(/\\s+/g, " ");
}"""
"""The answers as they are in the page, without the marks of the template engine."""


@contextmanager
def launched() -> Iterator[Browser]:
    """Start a browser without a screen; skip where there is none."""
    program = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if program is None:
        pytest.skip(f"no browser is installed: none of {', '.join(CHROMIUMS)}")
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Tab:
    """A tab of a window, logged in, in a browser profile of its own.

    Args:
        browser: that shows it.
        window: whose page it shows.
        token: from `window.login`; None follows the window's link.
        options: of the profile, as `new_context` takes them.
    """

    def __init__(
        self, browser: Browser, window: RunningWindow, token: str | None, **options: Any
    ) -> None:
        width, height = options.pop("size", WIDE)
        size = {"width": width, "height": height}
        self.context = browser.new_context(viewport=size, **{"reduced_motion": "reduce"} | options)
        self.context.set_default_timeout(WAIT_MS)
        self.context.add_init_script(REPORTER)
        if token is not None:
            self.context.add_init_script(f"sessionStorage.setItem('longsum-token', '{token}')")
        self.window = window
        self.faults: list[str] = []
        """What a page may never do: errors, breaches of its policy, requests to elsewhere."""
        self.expected: list[str] = []
        """Patterns of the faults that a test brings about."""
        self.page = self.watched(self.context.new_page())
        self.page.goto(window.base if token else window.address)
        self.page.wait_for_function(JOINED)

    def watched(self, page: Page) -> Page:
        """Note the faults of a page."""

        def said(message: Any) -> None:
            if message.type == "error":
                self.faults.append(f"{message.text} {message.location.get('url', '')}")

        def requested(request: Any) -> None:
            own = (f"{self.window.base}/", f"blob:{self.window.base}/")
            if not request.url.startswith(own):
                self.faults.append(f"asked for {request.url}")

        page.on("console", said)
        page.on("pageerror", lambda error: self.faults.append(f"{error}"))
        page.on("request", requested)
        return page

    def close(self) -> list[str]:
        """Close it and return the faults that were not expected."""
        self.context.close()
        return [f for f in self.faults if not any(re.search(e, f) for e in self.expected)]

    def say(self, path: str, *values: Any) -> str:
        """Return one of the page's own words by its name, as in `answers.ask`."""
        found: str = self.page.evaluate(SAY, [path, list(values)])
        return found

    def button(self, path: str, *values: Any) -> Locator:
        """Return the button of this name."""
        return self.page.get_by_role("button", name=self.say(path, *values), exact=True)

    def drop(self, *files: tuple[str, bytes]) -> None:
        """Drop files onto the page."""
        self.page.evaluate(DROP, [[name, base64.b64encode(data).decode()] for name, data in files])

    @property
    def statements(self) -> Locator:
        """The statements of all answers, in order."""
        return self.page.get_by_role("log").locator("[id^=say-]")

    @property
    def articles(self) -> Locator:
        """The answers, in order."""
        return self.page.get_by_role("log").get_by_role("article")

    def answers(self) -> str:
        """Return the answers as they are in the page."""
        found: str = self.page.evaluate(ANSWERS)
        return found

    def settled(self, answers: int = 1) -> None:
        """Wait until so many answers are complete."""
        receipt = self.articles.get_by_text(self.say("answers.receipt"), exact=True)
        expect(receipt).to_have_count(answers)

    def ask(self, question: str) -> None:
        """Ask a question."""
        box = self.page.get_by_role("textbox", name=self.say("answers.askLabel"))
        box.fill(question)
        box.press("Enter")

    def marks(self) -> list[dict[str, Any]]:
        """Return what is marked: page, rectangle in fractions of it, whether it is in view."""
        found: list[dict[str, Any]] = self.page.evaluate(MARKS)
        return found

    def marked(self, data: bytes) -> str:
        """Wait for marks in view; return the words of a PDF under them, folded."""
        assert wait_until(lambda: any(mark["seen"] for mark in self.marks())), self.marks()
        return words_under(data, self.marks())

    def show(self, statement: Locator) -> str:
        """Click a statement and return its words, folded."""
        statement.click()
        expect(statement).to_have_attribute("aria-expanded", "true")
        return folded(statement.locator("bdi").first.inner_text())

    def violations(self) -> list[str]:
        """Return where the page bars people from using it, as axe finds, light and dark.

        Where colours are forced, contrast is the user's choice; axe takes the page's text colours
        and the forced grounds for it.
        """
        found = []
        forced = self.page.evaluate("() => matchMedia('(forced-colors: active)').matches")
        options = {
            "resultTypes": ["violations"],
            "rules": {"color-contrast": {"enabled": not forced}},
        }
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            for rule in Axe().run(self.page, options=options).response["violations"]:
                found += [
                    f"{scheme} {rule['id']}: {node['target']} {node['failureSummary']}"
                    for node in rule["nodes"]
                ]
        return found

    def is_within_width(self) -> bool:
        """Return whether nothing must be scrolled sideways, but in parts that scroll themselves."""
        wide: bool = self.page.evaluate(
            "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
        return wide


Opener = Callable[..., Tab]
"""Opens a tab: of a window, with its token, and options of the profile."""


def folded(text: str) -> str:
    """Return the letters and digits of a text, without case."""
    return "".join(c for c in text.lower() if c.isalnum())


def words_under(data: bytes, marks: list[dict[str, Any]]) -> str:
    """Return the words of a PDF under rectangles, folded."""
    document = pypdfium2.PdfDocument(data)
    found = ""
    for mark in marks:
        page = document[mark["page"] - 1]
        width, height = page.get_size()
        x, y, w, h = mark["at"]
        inside = 0.15 * h  # of the line only: neighbours may touch
        box = (x * width, (1 - y - h + inside) * height, (x + w) * width, (1 - y - inside) * height)
        found += page.get_textpage().get_text_bounded(*box)
    return folded(found)


def data_of(path: Path | str) -> tuple[str, bytes]:
    """Return a file's name and bytes, to be dropped."""
    return Path(path).name, Path(path).read_bytes()
