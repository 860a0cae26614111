"""The window talks to its own machine: loopback is allowed here, everything else is not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest


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
