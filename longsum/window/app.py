"""The routes of the window: JSON in and out, one stream of events. Each asks the desk."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from longsum import __version__
from longsum.documents.source import MAX_FILE_BYTES
from longsum.errors import (
    DocumentError,
    LongsumError,
    ModelUnavailable,
    UsageError,
)
from longsum.window.desk import Desk
from longsum.window.events import MAX_STREAMS, as_stream
from longsum.window.export import FORMATS, exported, has_word
from longsum.window.files import PAGE, page_files
from longsum.window.guard import App, Guard
from longsum.window.launch import Keys
from longsum.window.requests import body_of, json_of, number_in
from longsum.window.wording import as_error

BEAT_S = 15.0
"""Seconds of silence after which a stream says that it is alive."""
Handler = Callable[[Request], Awaitable[Response]]


def window_app(desk: Desk, port: int, keys: Keys, quit_: Callable[[], None]) -> App:
    """Return the window's ASGI application.

    Args:
        desk: what is open.
        port: of the server, for the check of `Host`.
        keys: code and token.
        quit_: ends the program.
    """
    routes = _Routes(desk, keys, quit_)
    app = Starlette(routes=routes.table(), exception_handlers={LongsumError: _refused})
    return Guard(app, port, keys)


class _Routes:
    """The handlers of the routes."""

    def __init__(self, desk: Desk, keys: Keys, quit_: Callable[[], None]) -> None:
        self.desk, self._keys, self._quit = desk, keys, quit_
        self._files = page_files()
        self._run = secrets.token_hex(8)

    def table(self) -> list[Route]:
        """Return the routes."""

        def get(path: str, handler: Handler) -> Route:
            return Route(path, handler, methods=["GET"])

        def post(path: str, handler: Handler) -> Route:
            return Route(path, handler, methods=["POST"])

        def delete(path: str, handler: Handler) -> Route:
            return Route(path, handler, methods=["DELETE"])

        return [
            get("/", self.page),
            get("/favicon.ico", self.icon),
            get("/web/{name:path}", self.file),
            post("/api/login", self.login),
            get("/api/events", self.events),
            post("/api/files", self.drop),
            post("/api/open", self.open),
            post("/api/close", self.close),
            post("/api/waiting/{index:int}/open", self.open_waiting),
            get("/api/pages/{number:int}.png", self.picture),
            get("/api/pages/{number:int}/lines", self.lines),
            get("/api/text", self.text),
            get("/api/find", self.find),
            get("/api/places", self.places),
            get("/api/outline", self.outline),
            get("/api/models", self.models),
            post("/api/models/{name}/pull", self.pull),
            delete("/api/models/{name}/pull", self.stop_pull),
            get("/api/plan", self.plan),
            post("/api/reading", self.read),
            post("/api/summaries", self.summarize),
            post("/api/questions", self.ask),
            delete("/api/jobs/{job}", self.stop),
            delete("/api/answers/{job}", self.forget_answer),
            get("/api/library", self.library),
            post("/api/library/{id}/open", self.open_again),
            delete("/api/library/{id}", self.forget),
            get("/api/export", self.export),
            post("/api/quit", self.quit),
        ]

    # ---- the page itself

    async def page(self, request: Request) -> Response:
        return self._file(PAGE)

    async def icon(self, request: Request) -> Response:
        return self._file("favicon.svg")

    async def file(self, request: Request) -> Response:
        return self._file(request.path_params["name"])

    def _file(self, name: str) -> Response:
        found = self._files.get(name)
        if found is None:
            return _error(404, "NotFound", "there is nothing here")
        return Response(found[0], media_type=found[1])

    async def login(self, request: Request) -> Response:
        body = await json_of(request)
        token = self._keys.exchange(str(body.get("code", "")))
        if token is None:
            return _error(403, "UsedLink", "this link was used already, or is too old")
        return JSONResponse({"token": token})

    async def events(self, request: Request) -> Response:
        if self.desk.log.streams >= MAX_STREAMS:
            return _error(429, "TooManyWindows", f"{MAX_STREAMS} windows are open already")
        given = request.headers.get("last-event-id", "0")
        after = int(given) if given.isascii() and given.isdigit() and len(given) < 16 else 0
        stream = self._stream(request, after)
        return StreamingResponse(stream, media_type="text/event-stream")

    async def _stream(self, request: Request, after: int) -> AsyncIterator[bytes]:
        hello = {
            "run": self._run,
            "version": __version__,
            "shelf": self.desk.library is not None,
            "word": has_word(),
        }
        yield b"event: hello\ndata: %s\n\n" % json.dumps(hello).encode()
        last = time.monotonic()
        async with contextlib.aclosing(self.desk.log.follow(after)) as events:
            async for event in events:
                # a page that was closed would be noticed only when something is sent
                if event is None and await request.is_disconnected():
                    return
                if event is not None or time.monotonic() - last > BEAT_S:
                    last = time.monotonic()
                    yield as_stream(event)

    # ---- opening

    async def drop(self, request: Request) -> Response:
        data = await body_of(request, MAX_FILE_BYTES)
        await self.desk.drop(request.query_params.get("name", "document"), data)
        return JSONResponse({})

    async def open(self, request: Request) -> Response:
        password = (await json_of(request)).get("password")
        if not isinstance(password, str) or len(password) > 1_000:
            raise UsageError("no password was given")
        await self.desk.try_password(password)
        return JSONResponse({})

    async def open_waiting(self, request: Request) -> Response:
        await self.desk.open_waiting(request.path_params["index"])
        return JSONResponse({})

    async def close(self, request: Request) -> Response:
        await self.desk.close()
        return JSONResponse({})

    # ---- looking

    async def picture(self, request: Request) -> Response:
        width = number_in(request, "width", 960)
        data = await self.desk.pages.picture(request.path_params["number"], width)
        return Response(data, media_type="image/png")

    async def lines(self, request: Request) -> Response:
        return JSONResponse({"lines": await self.desk.pages.lines(request.path_params["number"])})

    async def text(self, request: Request) -> Response:
        start, end = number_in(request, "start", 0), number_in(request, "end", 1 << 40)
        return JSONResponse(await asyncio.to_thread(self.desk.passages.text, start, end))

    async def find(self, request: Request) -> Response:
        return JSONResponse(await self.desk.passages.find(request.query_params.get("q", "")[:500]))

    async def places(self, request: Request) -> Response:
        start, end = number_in(request, "start", -1), number_in(request, "end", -1)
        return JSONResponse(await self.desk.passages.places(start, end))

    async def outline(self, request: Request) -> Response:
        return JSONResponse({"items": await self.desk.pages.outline()})

    # ---- models and plans

    async def models(self, request: Request) -> Response:
        return JSONResponse({"models": await self.desk.planner.models()})

    async def pull(self, request: Request) -> Response:
        self.desk.downloads.begin(request.path_params["name"])
        return JSONResponse({})

    async def stop_pull(self, request: Request) -> Response:
        return _done(await self.desk.downloads.stop(request.path_params["name"]))

    async def plan(self, request: Request) -> Response:
        return JSONResponse(await self.desk.plan(dict(request.query_params)))

    async def read(self, request: Request) -> Response:
        await self.desk.read_anew(await json_of(request))
        return JSONResponse({})

    # ---- answers

    async def summarize(self, request: Request) -> Response:
        return JSONResponse({"job": self.desk.summarize(await json_of(request)).job})

    async def ask(self, request: Request) -> Response:
        return JSONResponse({"job": self.desk.ask(await json_of(request)).job})

    async def stop(self, request: Request) -> Response:
        return _done(await self.desk.answering.stop(request.path_params["job"]))

    async def forget_answer(self, request: Request) -> Response:
        return _done(self.desk.forget_answer(request.path_params["job"]))

    async def export(self, request: Request) -> Response:
        kind = request.query_params.get("format", "markdown")
        if kind not in FORMATS:
            raise UsageError(f"the format is one of {', '.join(FORMATS)}")
        about = self.desk.opened.about() if self.desk.opened else {}
        data, media_type = await asyncio.to_thread(exported, kind, about, self.desk.answers())
        return Response(data, media_type=media_type)

    # ---- library

    async def library(self, request: Request) -> Response:
        held = self.desk.library
        rows = await asyncio.to_thread(held.documents) if held else []
        return JSONResponse({"documents": rows, "bytes": sum(row["bytes"] for row in rows)})

    async def open_again(self, request: Request) -> Response:
        await self.desk.open_again(request.path_params["id"])
        return JSONResponse({})

    async def forget(self, request: Request) -> Response:
        held, sha256 = self.desk.library, request.path_params["id"]
        if held is None or held.find(sha256) is None:
            return _done(False)
        if self.desk.opened is not None and self.desk.opened.sha256 == sha256:
            await self.desk.close()
        return _done(await asyncio.to_thread(held.forget, sha256))

    async def quit(self, request: Request) -> Response:
        self._quit()
        return JSONResponse({})


def _done(found: bool) -> Response:
    return JSONResponse({}) if found else _error(404, "NotFound", "there is nothing of this name")


def _error(status: int, kind: str, message: str) -> Response:
    return JSONResponse({"error": kind, "message": message, "hint": None}, status)


async def _refused(request: Request, error: Exception) -> Response:
    """Answer a request that an error of ours ended."""
    assert isinstance(error, LongsumError)
    status = 400 if isinstance(error, UsageError | DocumentError | ModelUnavailable) else 409
    return JSONResponse(as_error(error), status)
