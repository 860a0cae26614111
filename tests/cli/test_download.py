from __future__ import annotations

import io

import pytest
from helpers import ANSI

from longsum.cli import console
from longsum.cli.download import downloading

MB = 1024**2


class Screen(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        return True


def test_pipe_gets_a_line_every_ten_seconds(capsys, monkeypatch):
    clock = iter([100.0, 105.0, 111.0, 112.0, 122.0])
    monkeypatch.setattr(console.time, "monotonic", lambda: next(clock))
    with downloading("smol") as progress:
        for done in range(1, 5):
            progress(done * MB, 4 * MB)
    assert capsys.readouterr().err.splitlines() == [
        "downloading smol: 2.0 MiB of 4.0 MiB",
        "downloading smol: 4.0 MiB of 4.0 MiB",
    ]


@pytest.mark.parametrize("fails", [False, True])
def test_bar_is_drawn_on_a_terminal_and_taken_away(monkeypatch, fails):
    with monkeypatch.context() as patch:
        patch.setattr("sys.stderr", screen := Screen())
        patch.setenv("TERM", "xterm-256color")
        try:
            with downloading("smol") as progress:
                progress(MB, 4 * MB)
                if fails:
                    raise OSError
                progress(4 * MB, 4 * MB)
        except OSError:
            assert fails
    shown = screen.getvalue()
    assert "downloading smol" in ANSI.sub("", shown)
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") > 0  # the cursor comes back
