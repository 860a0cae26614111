"""A reading process that does what its documents say: it stalls, crashes, or was taken over.

Imports nothing heavy: a test waits while it starts.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longsum.documents.serving import open_plain


@dataclass
class Trap:
    """Writes a file when it is unpickled."""

    path: str

    def __reduce__(self) -> Any:
        return (Path.touch, (Path(self.path),))


def send_raw(data: bytes) -> None:
    """Send bytes that are no message to this process's parent, on every pipe there is."""
    for descriptor in range(3, 20):
        with contextlib.suppress(OSError):
            os.write(descriptor, data)


def open_scripted(argument: dict[str, Any]) -> Any:
    """Handle documents whose words say what befalls their reader; runs in its process."""
    plain = open_plain(argument)

    def handle(request: dict[str, Any], data: bytes) -> dict[str, Any]:
        word = data.decode()
        if word == "stall":
            time.sleep(600)
        elif word == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        elif word == "bug":
            raise ValueError("a bug")
        elif word.startswith("raw "):
            send_raw(bytes.fromhex(word[4:]))
        elif word.startswith("{"):
            return dict(json.loads(word))
        return plain(request, data)

    return handle


def open_scripted_drawing(argument: dict[str, Any]) -> Any:
    """Draw documents whose words say what befalls what draws them; the outline is always there."""
    words: list[str] = []

    def handle(request: dict[str, Any], data: bytes) -> dict[str, Any]:
        if request["do"] == "open":
            words[:] = [data.decode()]
            return {"pages": [[None, 612, 792], [None, 612, 792]]}
        if words[0].startswith("{"):
            return dict(json.loads(words[0]))
        if request["do"] == "outline":
            return {"outline": []}
        if words[0] == "stall":
            time.sleep(600)
        elif words[0] == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        raise MemoryError

    return handle
