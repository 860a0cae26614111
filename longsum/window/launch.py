"""The window's address: a socket on this machine, and the code that lets its owner in. Light.

It is known, and printed, before the server is imported: whoever connects meanwhile waits in line.
"""

from __future__ import annotations

import secrets
import socket
import time

from longsum.errors import UsageError
from longsum.settings import Setting

HOST = "127.0.0.1"
BACKLOG = 64
CODE_S = 60.0
"""Seconds for which the code in the address is good."""
MAX_WRONG_CODES = 5


class Keys:
    """The code in the address, good once, and the token it is exchanged for.

    Args:
        code_s: seconds for which the code is good.
    """

    def __init__(self, code_s: float = CODE_S) -> None:
        self.code = secrets.token_urlsafe(32)
        self._token = secrets.token_urlsafe(32)
        self.seconds, self._started = code_s, time.monotonic()
        self._wrong = 0
        self._used = False

    def exchange(self, code: str) -> str | None:
        """Return the token for the code; None if it is wrong, used or too old."""
        if self._wrong >= MAX_WRONG_CODES:
            return None
        if not secrets.compare_digest(code.encode(), self.code.encode()):
            self._wrong += 1
            return None
        if self._used or time.monotonic() - self._started > self.seconds:
            return None
        self._used = True
        return self._token

    def opens(self, authorization: str) -> bool:
        """Return whether an `Authorization` header holds the token."""
        return secrets.compare_digest(authorization.encode(), f"Bearer {self._token}".encode())


def bound(port: int) -> socket.socket:
    """Return a socket on the loopback address.

    Args:
        port: its port; 0 takes a free one.

    Raises:
        UsageError: when the port is taken, or may not be used.
    """
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
    except OSError as error:
        found.close()
        raise UsageError(
            f"port {port} cannot be used: {error.strerror}",
            hint=f"leave {Setting('port')} out to take a free one",
        ) from None
    found.listen(BACKLOG)
    return found


def address_of(at: socket.socket, keys: Keys) -> str:
    """Return the address to open, with the code in its fragment, which no server is sent."""
    return f"http://{HOST}:{at.getsockname()[1]}/#{keys.code}"
