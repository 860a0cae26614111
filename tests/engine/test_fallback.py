from __future__ import annotations

import subprocess
import sys

import pytest
from helpers import environment

from longsum.engine import fallback
from longsum.engine.fallback import warn_once


@pytest.fixture(autouse=True)
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fallback, "_reported", set())


def test_each_thing_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    for what in ("no kernel", "no graph", "no kernel"):
        warn_once(what, ValueError("it\nbroke"))
    assert caplog.messages == ["no kernel: it broke", "no graph: it broke"]
    assert {record.name for record in caplog.records} == {"longsum"}


def test_error_without_words_is_told_by_its_name(caplog: pytest.LogCaptureFixture) -> None:
    warn_once("no kernel", KeyError())
    assert caplog.messages == ["no kernel: KeyError"]


def test_what_a_terminal_obeys_and_what_is_long_is_not_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    warn_once("no kernel", "\x1b[2J 100 %s " + "x" * 999)
    (line,) = caplog.messages
    assert "\x1b" not in line
    assert line.startswith("no kernel: ?[2J 100 %s xxx")
    assert len(line) < 230


def test_it_is_one_plain_line_on_stderr_where_nobody_listens() -> None:
    code = "from longsum.engine.fallback import warn_once; warn_once('no kernel', 'broken')"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("", "no kernel: broken\n")
