from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from longsum.window import guard, launch
from longsum.window.guard import HEADERS, Guard
from longsum.window.launch import Keys

PORT = 8765
HOST = f"127.0.0.1:{PORT}"


async def answer(request: Request) -> JSONResponse:
    return JSONResponse({"reached": request.url.path})


@pytest.fixture
def keys():
    return Keys()


@pytest.fixture
def client(keys):
    routes = [Route("/{rest:path}", answer, methods=["GET", "POST", "OPTIONS"])]
    return TestClient(Guard(Starlette(routes=routes), PORT, keys), base_url=f"http://{HOST}")


def bearer(keys):
    return {"Authorization": f"Bearer {keys.exchange(keys.code)}"}


def test_the_page_needs_no_token_and_the_rest_does(client, keys):
    assert client.get("/").status_code == 200
    assert client.get("/web/app.js").status_code == 200
    assert client.get("/api/events").status_code == 401
    assert client.get("/api/events", headers={"Authorization": "Bearer x"}).status_code == 401
    assert client.get("/api/events", headers={"Authorization": "Bearer"}).status_code == 401
    assert client.post("/api/login").status_code == 200
    assert client.get("/api/events", headers=bearer(keys)).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.com", f"evil.com:{PORT}", f"localhost.evil.com:{PORT}", f"127.0.0.1:{PORT + 1}"),
        *("127.0.0.1", "localhost", f"127.0.0.1:{PORT}.evil.com", f"[::1]:{PORT}", "", f"@{HOST}"),
    ],
)
def test_a_host_that_is_not_exactly_the_windows_is_refused(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", [HOST, f"localhost:{PORT}"])
def test_both_names_of_this_machine_are_the_windows(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("Origin", "http://evil.com", 403),
        ("Origin", "null", 403),
        ("Origin", f"https://{HOST}", 403),
        ("Origin", f"http://{HOST}", 200),
        ("Sec-Fetch-Site", "cross-site", 403),
        ("Sec-Fetch-Site", "same-site", 403),
        ("Sec-Fetch-Site", "same-origin", 200),
        ("Sec-Fetch-Site", "none", 200),
    ],
)
def test_other_sites_are_refused(client, name, value, status):
    assert client.get("/", headers={name: value}).status_code == status


def test_other_sites_may_not_even_ask(client):
    assert client.options("/api/events").status_code == 405


def test_two_hosts_or_tokens_are_not_one(client, keys):
    token = bearer(keys)["Authorization"]
    twice = [("Host", HOST), ("Authorization", token), ("Authorization", token)]
    assert client.get("/api/events", headers=twice).status_code == 401


def test_every_answer_has_the_headers_also_a_refusal(client):
    for path, host in (("/", HOST), ("/api/events", HOST), ("/", "evil.com")):
        found = client.get(path, headers={"Host": host}).headers
        assert {name: found[name] for name in HEADERS} == HEADERS
        assert "access-control-allow-origin" not in found
        assert "set-cookie" not in found


def test_the_policy_allows_nothing_from_elsewhere():
    assert "default-src 'none'" in guard.POLICY
    assert "unsafe" not in guard.POLICY
    assert "http" not in guard.POLICY


def test_the_code_is_good_once(keys):
    assert keys.exchange(keys.code)
    assert keys.exchange(keys.code) is None


def test_the_code_is_good_for_a_while():
    assert Keys(code_s=-1.0).exchange("") is None
    old = Keys(code_s=-1.0)
    assert old.exchange(old.code) is None


def test_the_code_is_good_for_its_time_and_not_longer(monkeypatch):
    now = launch.time.monotonic()
    for seconds, good in ((59, True), (61, False)):
        keys = Keys()
        monkeypatch.setattr(launch.time, "monotonic", lambda s=seconds: now + s + 0.5)
        assert bool(keys.exchange(keys.code)) is good
        monkeypatch.undo()


def test_guessing_closes_the_login(keys):
    for guess in ("", "x", "é", keys.code + "x", keys.code[:-1]):
        assert keys.exchange(guess) is None
    assert keys.exchange(keys.code) is None


def test_code_and_token_are_no_guess():
    made = {Keys().code for _ in range(20)}
    assert len(made) == 20
    assert min(map(len, made)) >= 40
