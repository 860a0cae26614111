"""A real window in a real browser: the program as a process, its page in headless Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
WAIT_MS = 90_000
"""For what the program does; a busy machine reads slowly."""


@contextmanager
def chromium() -> Iterator[Any]:
    """Yield a browser; skip where there is none."""
    pytest.importorskip("playwright")
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as driver:
        # the sandbox needs rights that a container does not give
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Window:
    """A window that was started, and its page.

    Args:
        browser: of `chromium`.
        home: an empty folder, for all that the program stores.
        arguments: of `longsum window`.
    """

    def __init__(self, browser: Any, home: Path, *arguments: str | Path) -> None:
        self.errors: list[str] = []
        kept = {
            name: str(home / name.lower()) for name in ("LONGSUM_DATA_HOME", "LONGSUM_CACHE_HOME")
        }
        command = [sys.executable, "-m", "longsum", "window", "--no-browser", *map(str, arguments)]
        self._process = subprocess.Popen(
            command,
            env=os.environ | kept,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
        self.context = browser.new_context(
            viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
        )
        self.page = self.new_page()
        self.page.goto(self.address)

    def new_page(self) -> Any:
        """Return another tab, whose errors and foreign requests are noted."""
        page = self.context.new_page()
        page.set_default_timeout(WAIT_MS)
        own = self.address.split("#")[0]
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self._note(said.type == "error", said.text))
        page.on(
            "request",
            lambda asked: self._note(not asked.url.startswith((own, "blob:")), asked.url),
        )
        return page

    def _note(self, wrong: bool, text: str) -> None:
        if wrong:
            self.errors.append(text)

    def answered(self, many: int = 1) -> None:
        """Wait until so many answers are complete."""
        self.page.wait_for_function(
            "many => document.querySelectorAll('.answer .receipt').length >= many", arg=many
        )

    def kill(self) -> None:
        """End the program at once."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End page and program."""
        self.context.close()
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
        self.kill()
        assert self._process.stdout is not None
        self._process.stdout.close()


SEEN = """selector => {
  const mark = document.querySelector(selector)?.getBoundingClientRect();
  const pane = document.getElementById("pane").getBoundingClientRect();
  return Boolean(mark) && mark.top >= pane.top && mark.bottom <= pane.bottom;
}"""
"""Whether an element is in view within the document's pane."""

WORDS_UNDER_MARKS = """() => [...document.querySelectorAll(".fills .mark")].map((mark) => {
  const box = mark.getBoundingClientRect();
  const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return at?.closest(".words span")?.textContent ?? "";
}).join(" ")"""
"""The lines of the text layer that lie under the marks."""
