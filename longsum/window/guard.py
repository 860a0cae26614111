"""Who may talk to the window: one check before every route, and the headers of every answer.

A web site in the same browser, another user of the machine and a page that a hostile name resolves
to this machine can all reach a loopback port. So `Host` must be exact, other sites' requests are
refused, and everything under `/api` needs a token that only the owner's page has. No cookies: they
are not separate by port.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.responses import JSONResponse

from longsum.window.launch import Keys

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types lit-html"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LOGIN = "/api/login"


class Guard:
    """Refuses what does not come from the owner's page, as a layer around the routes.

    Args:
        app: the routes.
        port: of the server.
        keys: the token.
    """

    def __init__(self, app: App, port: int, keys: Keys) -> None:
        self._app, self._keys = app, keys
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._origins = {f"http://{host}" for host in self._hosts}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message.get("headers", []), *own]
            await send(message)

        refused = self._refusal(scope)
        if refused is None:
            await self._app(scope, receive, with_headers)
            return
        status, said = refused
        answer = JSONResponse({"error": "Refused", "message": said, "hint": None}, status)
        await answer(scope, receive, with_headers)

    def _refusal(self, scope: Message) -> tuple[int, str] | None:
        """Return status and reason when a request is refused."""
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        if headers.get("host", []) not in [[host] for host in self._hosts]:
            return 421, "not the window's address; a tunnel needs the same port on both sides"
        if any(origin not in self._origins for origin in headers.get("origin", [])):
            return 403, "another site may not use the window"
        if not set(headers.get("sec-fetch-site", [])) <= {"same-origin", "none"}:
            return 403, "another site may not use the window"
        if scope["method"] == "OPTIONS":
            return 405, "not for other sites"
        path = scope["path"]
        if path.startswith("/api/") and path != LOGIN:
            given = headers.get("authorization", [])
            if len(given) != 1 or not self._keys.opens(given[0]):
                return 401, "open the window with the address that longsum printed"
        return None
