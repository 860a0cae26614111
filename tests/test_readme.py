"""The README's first session is what the command prints on a terminal, to the word.

Times, rates and sizes are the machine's, and where lines break is the terminal's.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import ANSI, environment
from warned import REPOSITORY

CELLS = r"```console\n\$ (.+)\n```\n\n```\n(.+?)\n```"
"""A command, and what it prints."""

HERE = ("--device", "cpu", "--dtype", "float32")
"""What other machines may choose otherwise."""


def words(session: str) -> list[str]:
    """Return a session's words, without measurements and the place of the user's cache."""
    session = re.sub(r"\d[\d,.]* (s|tok/s)\b", r"N \1", " ".join(session.split()))
    session = re.sub(r"\d[\d,.]* [KMG]iB\b", "N bytes", session)
    return re.sub(r"\S+(?=[/\\]longsum\S*documents\b)", "HOME", session).split()


def on_a_terminal(*command: str) -> tuple[int, str]:
    """Run a command on a terminal that draws no bars; return its exit code and what was shown."""
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command,
        env=environment(TERM="dumb", COLUMNS="120"),
        cwd=REPOSITORY,
        **{"stdin": theirs, "stdout": theirs, "stderr": theirs},
    )
    os.close(theirs)
    shown = bytearray()
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:
        pass  # how Linux says that the other end is closed
    finally:
        os.close(ours)
    return process.wait(60), ANSI.sub("", shown.decode())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_first_session_is_what_a_terminal_shows() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    found = re.search(CELLS, readme, re.DOTALL)
    assert found
    install, _, command = found[1].partition(" && ")
    assert install == "pip install ."
    program, *arguments = shlex.split(command)
    assert program == "longsum"
    assert Path(REPOSITORY, arguments[-1]).is_file()
    code, shown = on_a_terminal(sys.executable, "-m", program, *arguments, *HERE)
    assert code == 0
    assert words(shown) == words(found[2])


def test_readme_is_short() -> None:
    """It had become a manual of 270 lines; what a newcomer does not need is in `docs/`."""
    assert len((REPOSITORY / "README.md").read_text(encoding="utf-8").splitlines()) <= 200


def test_links_of_the_documentation_lead_somewhere() -> None:
    pages = [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md")]
    pages += [*REPOSITORY.glob("*/*/*.md"), *REPOSITORY.glob("benchmarks/**/*.md")]
    assert len(pages) > 10
    for page in pages:
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
            assert link.startswith("http") or (page.parent / link).exists(), f"{page}: {link}"


def test_readme_shows_every_package_of_the_tree() -> None:
    tree = (REPOSITORY / "README.md").read_text(encoding="utf-8").partition("How it is built")[2]
    for folder in sorted((REPOSITORY / "longsum").iterdir()):
        if folder.is_dir() and any(folder.glob("*.*")):
            assert f"── {folder.name}/ " in tree, folder.name
    for name in re.findall(r"── (\w+)/", tree):
        assert (REPOSITORY / "longsum" / name).is_dir(), name


def test_modules_that_the_tree_names_exist() -> None:
    tree = (REPOSITORY / "README.md").read_text(encoding="utf-8").rpartition("longsum/\n├──")[2]
    named = re.findall(r"\b\w+\.py\b", tree)
    assert named
    for name in named:
        assert (REPOSITORY / "longsum" / name).is_file(), name
