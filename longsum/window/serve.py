"""Serve the window on this machine's loopback address until it is closed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable

import uvicorn

from longsum.errors import LongsumError
from longsum.window.app import window_app
from longsum.window.desk import Desk
from longsum.window.events import EventLog
from longsum.window.launch import Keys
from longsum.window.options import WindowConfig
from longsum.window.wording import as_error

ALONE_S = 30.0
"""Seconds without a page and without work after which the program ends."""
LOOK_EVERY_S = 1.0
GRACE_S = 2
"""Seconds that open requests have when the program ends."""


def serve(config: WindowConfig, at: socket.socket, keys: Keys, file: str | None) -> None:
    """Serve the window until it is closed, told to end, or nobody looks at it any more.

    Args:
        config: settings of the runs.
        at: from `bound`.
        keys: the code in its address.
        file: opened at the start; None opens nothing.
    """
    asyncio.run(_serve(config, at, keys, file))


async def _serve(config: WindowConfig, at: socket.socket, keys: Keys, file: str | None) -> None:
    desk = Desk(config, EventLog())

    def quit_() -> None:
        desk.say_ended()  # before the server closes the streams, so that every page hears it
        server.should_exit = True

    app = window_app(desk, at.getsockname()[1], keys, quit_)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="critical",
            access_log=False,  # names of documents stay out of logs
            lifespan="off",
            timeout_graceful_shutdown=GRACE_S,
            server_header=False,
            ws="none",
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[at]))
    try:
        if file is not None:
            try:
                await desk.open_path(file)
            except LongsumError as error:
                desk.log.emit("refused", **as_error(error), pictures=False)
        await _until_closed(desk, server, serving, quit_)
    finally:
        await desk.end()
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await serving


async def _until_closed(
    desk: Desk, server: uvicorn.Server, serving: asyncio.Task[None], quit_: Callable[[], None]
) -> None:
    """Wait until the server ends, or nobody has looked for `ALONE_S` and nothing is in progress."""
    alone_since = time.monotonic()
    while not serving.done():
        await asyncio.wait([serving], timeout=LOOK_EVERY_S)
        if server.should_exit:  # Ctrl-C, which the server takes itself
            quit_()
        if desk.log.streams or desk.is_busy or not desk.log.was_followed:
            alone_since = time.monotonic()
        elif time.monotonic() - alone_since > ALONE_S:
            quit_()
