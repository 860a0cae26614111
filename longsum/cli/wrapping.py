"""Wrap lines between words on a terminal, not in a pipe.

Works on escaped text: it contains no control sequences, so every character has its usual width.
"""

from __future__ import annotations

import shutil
import sys

from rich.cells import cell_len
from rich.console import Console
from rich.style import Style

MIN_COLUMNS = 20
"""Terminal width below which lines are not wrapped here."""
MAX_MARK = 60
"""Characters of a bracketed mark that is never split, such as [pp. 3-4, 17]."""
BULLETS = ("-", "*", "•")


def stdout_console() -> Console:
    """Return the console for everything on stdout except answers."""
    wide = not sys.stdout.isatty()
    return Console(file=sys.stdout, highlight=False, emoji=False, markup=False, soft_wrap=wide)


def columns() -> int | None:
    """Return the width of the terminal on stdout, or None where there is none to wrap for."""
    if not sys.stdout.isatty():
        return None
    width = shutil.get_terminal_size().columns
    return width if width >= MIN_COLUMNS else None


def faint(text: str) -> str:
    """Return a text as a terminal on stdout shows it fainter; unchanged for anything else."""
    console = stdout_console()
    if console.color_system is None or console.no_color or console.legacy_windows:
        return text
    return Style(dim=True).render(text)


class WordWrap:
    """Wraps text that arrives in pieces; holds a word back until it is complete.

    Args:
        width: cells per line.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self._column = 0
        self._space = ""
        self._word = ""
        self._indent = ""

    def push(self, text: str) -> str:
        """Take the next piece and return what can be printed."""
        out = []
        for character in text:
            if character == "\n":
                out.append(self._give_word() + "\n")
                self._column, self._space, self._indent = 0, "", ""
            elif character in " \t" and not self._in_mark():
                out.append(self._give_word())
                self._space += character
            elif cell_len(character) > 1:  # of a script that may break anywhere
                out.append(self._give_word())
                self._word = character
            else:
                self._word += character
        return "".join(out)

    def finish(self) -> str:
        """Return the word held back, and begin a new line."""
        out = self._give_word()
        self._column, self._space, self._indent = 0, "", ""
        return out

    def _in_mark(self) -> bool:
        """Return whether the word is a mark whose bracket is still open."""
        word = self._word
        return word.startswith("[") and "]" not in word and len(word) < MAX_MARK

    def _give_word(self) -> str:
        word, space = self._word, self._space
        if not word:
            return ""
        self._word = self._space = ""
        if not self._column and word in BULLETS:
            self._indent = " " * (cell_len(space) + 2)
        elif not self._column and space:
            self._indent = space  # a source under its statement
        size, gap = cell_len(word), cell_len(space)
        if self._column and self._column + gap + size > self.width:
            self._column = len(self._indent) + size
            return f"\n{self._indent}{word}"
        self._column += gap + size
        return space + word
