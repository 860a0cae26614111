"""A process that handles requests with documents in them; if it dies, its parent survives.

It starts in about a tenth of a second, imports no torch, and replies in JSON, never in pickle
(`frames.py`). What it does with a request, `serving.py` says.
"""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from longsum.documents.frames import BadFrame, header, pack_message, read_message
from longsum.errors import LongsumError
from longsum.processes import without_interrupts

MAX_START_S = 60.0
"""Time limit for starting a process, which takes a tenth of a second."""
_SCRIPT = (
    "import json, sys; read = sys.stdin.buffer.read; "
    "opening = json.loads(read(int.from_bytes(read(8), 'big'))); sys.path[:] = opening['path']; "
    "from longsum.documents.serving import serve; serve(opening)"
)
"""Uses the caller's import path, so that a document's folder is never on it."""


class ReadingProcess:
    """A process that handles one request after another; if it dies, its parent survives.

    Args:
        factory: `module:function`; called in the process with `argument`, returns a `Handler`.
        argument: JSON values.
        on_reply: called from a thread of this process when there is something to `receive`.

    Raises:
        LongsumError: when no process can be started.
    """

    def __init__(
        self, factory: str, argument: dict[str, Any], *, on_reply: Callable[[], None] | None = None
    ) -> None:
        self._process = _start()
        self._requests: queue.SimpleQueue[list[bytes]] = queue.SimpleQueue()
        self._replies: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._on_reply = on_reply
        self.was_refused = False
        """Whether it was ended for sending something that is not a message."""
        opening = {"path": sys.path, "factory": factory, "argument": argument}
        self._requests.put([pack_message(opening)])
        # writing and reading may block forever if a file has taken the process over
        self._thread = threading.Thread(target=self._converse, daemon=True)
        self._thread.start()

    def send(self, request: dict[str, Any], data: bytes = b"", *, seconds: float) -> None:
        """Send the process a request, without waiting for it.

        Args:
            request: JSON values.
            data: the document's bytes, if the request includes them.
            seconds: time limit, which the caller enforces.
        """
        message = pack_message(request | {"seconds": seconds})
        self._requests.put([message, header(len(data)), data])

    def receive(self, seconds: float | None = None) -> dict[str, Any] | None:
        """Return the next message: `ready` once, then one reply per request; None if it is dead.

        A process that sends anything but messages is ended, and counts as dead.

        Raises:
            TimeoutError: when no message arrives in time.
        """
        try:
            return self._replies.get(timeout=seconds)
        except queue.Empty:
            raise TimeoutError from None

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended yet."""
        return self._process.poll() is None

    def kill(self) -> int | None:
        """End the process and return its exit code; -N for signal N."""
        self._process.kill()
        return self.join()

    def join(self) -> int | None:
        """Wait for a process that is ending and return its exit code."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._requests.put([])
        self._thread.join(1)
        if not self._thread.is_alive():
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError):  # what it never read is not needed
                    pipe.close()  # type: ignore[union-attr]
        return self._process.returncode

    def _converse(self) -> None:
        """Pass on requests and replies in turn; runs in a thread."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            while frames := self._requests.get():
                for frame in frames:
                    self._process.stdin.write(frame)
                del frames, frame  # a document may be large
                self._process.stdin.flush()
                message = read_message(self._process.stdout)  # type: ignore[arg-type]
                if message is None:
                    break
                self._deliver(message)
        except (OSError, ValueError):  # it died, or was ended
            pass
        except BadFrame:
            self.was_refused = True
            self._process.kill()
        self._deliver(None)

    def _deliver(self, message: dict[str, Any] | None) -> None:
        self._replies.put(message)
        if self._on_reply is not None:
            self._on_reply()


def _start() -> subprocess.Popen[bytes]:
    """Start Python for reading.

    Raises:
        LongsumError: when Python is embedded in another program, or there is no memory for it.
    """
    hint = "for files that you trust, use longsum.documents.read.read_document in this process"
    if not sys.executable or getattr(sys, "frozen", False):
        raise LongsumError("no Python interpreter found to start a reader process", hint=hint)
    try:
        with without_interrupts():
            return subprocess.Popen(
                [sys.executable, "-P", "-c", _SCRIPT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
    except OSError as error:
        raise LongsumError(
            f"could not start a reader process: {error.strerror}",
            hint="close other programs",
        ) from error
