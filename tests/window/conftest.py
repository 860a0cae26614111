"""The window talks to its own machine: loopback is allowed here, everything else is not."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from browsers import Opener, Tab
    from playwright.sync_api import Browser
    from windows import RunningWindow

    Gated = tuple[RunningWindow, Callable[[str], None]]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Make every connection fail that leaves the machine, and the test with it."""
    attempts: list[str] = []
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family == socket.AF_UNIX or address[0] == "127.0.0.1":
            real(self, address)
            return
        attempts.append(repr(address))
        raise ConnectionRefusedError("tests have no network")

    monkeypatch.setattr(socket.socket, "connect", connect)
    yield attempts
    assert not attempts, f"reached for the network: {attempts}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start a browser for the tests of a module; each test has a profile of its own.

    Not for the session: while it runs, no other test can run an event loop.
    """
    from browsers import launched

    with launched() as started:
        yield started


@pytest.fixture
def start_window() -> Iterator[Callable[..., RunningWindow]]:
    """Return what starts a window in a process of its own."""
    from windows import RunningWindow

    with ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(
            RunningWindow(*arguments, **options)
        )


def gated(folder: Path, opened: tuple[str, ...]) -> tuple[dict[str, str], Callable[[str], None]]:
    """Return the variables of a window whose reader waits at gates, and what opens one.

    Args:
        folder: of its gates and its home.
        opened: gates that are open from the start.
    """
    import gated_reader
    from windows import own_home

    gates = folder / "gates"
    gates.mkdir()
    for gate in opened:
        (gates / gate).touch()
    paths = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    variables = {gated_reader.GATES: str(gates), "PYTHONPATH": paths} | own_home(folder)
    return variables, lambda gate: (gates / gate).touch()


@pytest.fixture
def start_gated(start_window: Any, tmp_path_factory: Any) -> Callable[..., Gated]:
    """Return what starts a window whose reader waits for the test, a gate at a time."""
    import gated_reader

    def started(*arguments: object, opened: tuple[str, ...] = (), parts: int = 0) -> Gated:
        variables, let = gated(tmp_path_factory.mktemp("gated"), opened)
        variables[gated_reader.PARTS] = str(parts)
        code = gated_reader.CODE
        return start_window(*arguments, environment=variables, code=code), let

    return started


@pytest.fixture(scope="module")
def shared(tmp_path_factory: Any) -> Iterator[tuple[RunningWindow, str]]:
    """Start a window for the tests of a module, whose reader waits for nothing; with its token."""
    import gated_reader
    from windows import RunningWindow

    gates = (gated_reader.READ, gated_reader.ANSWER)
    variables, _ = gated(tmp_path_factory.mktemp("shared"), gates)
    with RunningWindow(environment=variables, code=gated_reader.CODE) as window:
        token = window.login()
        window.hold()
        yield window, token


@pytest.fixture
def open_shared(shared: tuple[RunningWindow, str], open_tab: Opener) -> Callable[..., Tab]:
    """Return what opens a tab of the shared window, with nothing open or a file just dropped."""

    def opened(*file: object, **options: Any) -> Tab:
        window, token = shared
        window.client.post("/api/close")
        tab = open_tab(window, token, **options)
        if file:
            tab.drop(file)
        return tab

    return opened


@pytest.fixture
def open_tab(browser: Browser, start_window: Any) -> Iterator[Opener]:
    """Return what opens tabs of a window; none may do what a page may never do.

    They are closed before the windows of the test.
    """
    from browsers import Tab

    tabs: list[Tab] = []

    def opened(window: RunningWindow, token: str | None = None, **options: Any) -> Tab:
        tabs.append(Tab(browser, window, token, **options))
        return tabs[-1]

    yield opened
    faults = [fault for tab in tabs for fault in tab.close()]
    assert not faults


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return what runs a script with a window of its own, whose reader does what the test says."""
    from scripted_window import ScriptedReader
    from window_table import Table

    from longsum.config import StoreConfig
    from longsum.window import answering, side
    from longsum.window.options import WindowConfig

    monkeypatch.setattr(answering, "ReaderProcess", ScriptedReader)
    monkeypatch.setattr(side, "ReaderProcess", ScriptedReader)

    def run(script: Any, config: WindowConfig | None = None) -> Any:
        async def work() -> Any:
            ScriptedReader.made.clear()
            table = Table(config or WindowConfig(store=StoreConfig()))
            try:
                return await asyncio.wait_for(script(table), 60)
            finally:
                await table.client.aclose()
                await table.desk.end()

        return asyncio.run(work())

    return run


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """Return a report as PDF."""
    from helpers import report_pdf

    return report_pdf(tmp_path / "report.pdf")
