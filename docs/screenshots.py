"""Write the pictures of the window in docs/, from the window itself; needs a Chromium.

    python docs/screenshots.py [--browser /usr/bin/chromium]

Six states, light and dark, of the project's own handbook and of files made here.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pypdfium2
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "tests"), str(HERE.parent)]

from windows import RunningWindow  # noqa: E402

HANDBOOK = HERE.parent / "examples" / "handbook.pdf"
SIZE = {"width": 1280, "height": 800}
COLOURS = 128
WAIT_MS = 120_000


def main() -> None:
    """Write all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browser", default=shutil.which("chromium"))
    asked = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=asked.browser, args=["--no-sandbox", "--force-device-scale-factor=1"]
        )
        for theme in ("light", "dark"):
            for name, state in STATES.items():
                with tempfile.TemporaryDirectory() as home:
                    state(Shot(browser, theme, name, Path(home)))


class Shot:
    """Takes one picture of a window in a home of its own."""

    def __init__(self, browser: Browser, theme: str, name: str, home: Path) -> None:
        self.browser, self.theme, self.name, self.home = browser, theme, name, home

    def take(self, arguments: list[str], until: Callable[[Page], None]) -> None:
        """Start a window, wait until it shows what it should, and save the picture."""
        homes = {f"LONGSUM_{each}_HOME": str(self.home) for each in ("CACHE", "DATA", "CONFIG")}
        with RunningWindow(*arguments, environment=homes) as window:
            context = self.browser.new_context(viewport=SIZE, color_scheme=self.theme)  # type: ignore[arg-type]
            page = context.new_page()
            page.set_default_timeout(WAIT_MS)
            page.goto(window.address)
            until(page)
            page.wait_for_timeout(1500)
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            small = picture.quantize(COLOURS, dither=Image.Dither.NONE)
            small.save(HERE / f"window-{self.name}-{self.theme}.png", optimize=True)
            context.close()


def empty(shot: Shot) -> None:
    """Show the window with nothing open."""
    shot.take([], lambda page: page.get_by_role("button", name="Open").first.wait_for())


def reading(shot: Shot) -> None:
    """Show the pages while the model reads."""

    def until(page: Page) -> None:
        page.get_by_role("progressbar").first.wait_for()
        page.get_by_text("tokens/s").first.wait_for()

    shot.take([str(HANDBOOK), "--model", "mini"], until)


def ready(shot: Shot) -> None:
    """Show the marked sentence of a statement."""

    def until(page: Page) -> None:
        statement = page.get_by_role("button", name="LLaMA marks the place").first
        statement.wait_for()
        page.wait_for_timeout(2000)
        statement.click()

    shot.take([str(HANDBOOK), "--model", "mini"], until)


def too_long(shot: Shot) -> None:
    """Show a document longer than the window."""
    arguments = [str(HANDBOOK), "--model", "mini", "--context", "16k"]
    shot.take(
        arguments, lambda page: page.get_by_role("button", name="Leave out the end").wait_for()
    )


def scanned(shot: Shot) -> None:
    """Show pages without text: pictures of the handbook's."""
    with pypdfium2.PdfDocument(HANDBOOK) as pdf:
        pages = [pdf[index].render(scale=1.5).to_pil().convert("L") for index in (2, 3, 4)]
    with contextlib.chdir(shot.home):  # the command to copy names the file as it was given
        pages[0].save("chapter.pdf", save_all=True, append_images=pages[1:])
        shot.take(["chapter.pdf"], lambda page: page.get_by_text("ocrmypdf").first.wait_for())


def models(shot: Shot) -> None:
    """Show the list of models."""

    def until(page: Page) -> None:
        page.get_by_role("button", name="LLaMA marks the place").first.wait_for()
        page.keyboard.press("m")
        page.get_by_text("llama-3.1-8b").first.wait_for()

    shot.take([str(HANDBOOK), "--model", "mini"], until)


STATES = {
    "empty": empty,
    "reading": reading,
    "ready": ready,
    "too-long": too_long,
    "scanned": scanned,
    "models": models,
}

if __name__ == "__main__":
    main()
