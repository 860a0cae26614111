"""The routes: who may ask, what may be asked, and what is refused."""

from __future__ import annotations

import httpx
import pytest
from window_table import BASE, PORT

from longsum.window.app import window_app
from longsum.window.launch import Keys


def test_every_route_of_the_api_needs_the_token(play):
    async def script(table):
        from longsum.window.app import _Routes

        routes = _Routes(table.desk, table.keys, lambda: None).table()
        assert len(routes) > 25
        for route in routes:
            path = route.path.replace("{number:int}", "1").replace("{index:int}", "0")
            path = path.replace("{name:path}", "app.js")
            (method,) = route.methods - {"HEAD"}
            got = await table.client.request(method, path, headers={"Authorization": ""})
            open_ = not path.startswith("/api/") or path == "/api/login"
            assert (got.status_code != 401) == open_, path

    play(script)


@pytest.mark.parametrize(
    "path",
    [
        "/web/../guard.py",
        "/web/%2e%2e/cli/app.py",
        "/web//etc/passwd",
        "/web/",
        "/api/pages/-1.png",
    ],
)
def test_no_route_takes_a_path(play, path):
    async def script(table):
        assert (await table.get(path)).status_code in (404, 405)

    play(script)


def test_bodies_are_bounded_and_checked(play, monkeypatch):
    monkeypatch.setattr("longsum.window.app.MAX_FILE_BYTES", 1000)

    async def script(table):
        big = await table.client.post("/api/files?name=x", content=bytes(2000))
        assert (big.status_code, big.json()["error"]) == (400, "DocumentTooLong")
        for content in (b"[1]", b"{", b"1" * 70_000, b"\xff", b"[" * 60_000):
            got = await table.client.post("/api/summaries", content=content)
            assert got.status_code == 400, content[:10]
        assert (await table.get("/api/text", start="x")).status_code == 400
        assert (await table.get("/api/find", q="x")).json()["error"] == "UsageError"

    play(script)


def test_the_login_gives_the_token_once(play):
    async def script(table):
        fresh = Keys()
        app = window_app(table.desk, PORT, fresh, lambda: None)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
            assert (await client.post("/api/login", json={"code": "x"})).status_code == 403
            token = (await client.post("/api/login", json={"code": fresh.code})).json()["token"]
            again = await client.post("/api/login", json={"code": fresh.code})
            assert again.status_code == 403
            assert "used already" in again.json()["message"]
            bearer = {"Authorization": f"Bearer {token}"}
            assert (await client.get("/api/library", headers=bearer)).status_code == 200

    play(script)


def test_quitting_is_asked_of_the_program(play):
    async def script(table):
        await table.post("/api/quit")
        return table.quits

    assert play(script) == [1]
