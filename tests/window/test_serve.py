from __future__ import annotations

import socket

import httpx
import pytest
from helpers import report_pdf
from windows import ADDRESS, RunningWindow, are_gone

from longsum.errors import UsageError
from longsum.window.launch import HOST, Keys, address_of, bound


@pytest.fixture
def report(tmp_path):
    return str(report_pdf(tmp_path / "report.pdf"))


def test_a_document_is_read_summarized_and_asked_over_http(report):
    with RunningWindow(report, "--model", "mini") as window:
        assert ADDRESS.fullmatch(window.address)
        window.login()
        seen = list(window.events(until="done"))
        numbers = [number for number, kind, _ in seen if kind != "hello"]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        kinds = [kind for _, kind, _ in seen]
        assert kinds[:2] == ["hello", "opening"]
        assert "prefill" in kinds
        sentences = [data for _, kind, data in seen if kind == "sentence"]
        assert all(each["evidence"][0]["exact"] for each in sentences)
        again = [(kind, data) for _, kind, data in window.events(until="done")][1:]
        assert again == [(kind, data) for _, kind, data in seen][1:]
        question = {"question": "What did the night watchman describe?"}
        job = window.client.post("/api/questions", json=question).json()["job"]
        later = list(window.events(until="done", after=numbers[-1]))
        assert later[-1][2]["job"] == job
        children = window.children()
        assert len(children) >= 2
        assert window.client.post("/api/quit").status_code == 200
        assert window.process.wait(20) == 0
        assert are_gone(children)
        assert window.process.stderr.read() == ""


def test_a_reader_that_is_killed_is_replaced(report):
    with RunningWindow(report, "--model", "mini") as window:
        window.login()
        *_, (last, _, _) = window.events(until="done")
        reader = max(window.children(), key=lambda child: child.memory_info().rss)
        reader.kill()
        assert are_gone([reader])
        window.client.post("/api/summaries", json={"words": 40})
        kinds = [kind for _, kind, _ in window.events(until="done", after=last)]
        assert "read" in kinds  # it was read again, or restored
        assert kinds[-1] == "done"


def test_ctrl_c_ends_everything(report):
    with RunningWindow(report) as window:
        window.login()
        for _, kind, _ in window.events(until="prefill"):
            if kind == "phase":
                break
        children = window.children()
        assert window.interrupt() == 130
        assert are_gone(children)
        assert "Traceback" not in window.process.stderr.read()


def test_without_the_code_nobody_gets_in(report):
    with RunningWindow() as window:
        assert "<html" in window.client.get("/").text
        assert window.client.get("/api/library").status_code == 401
        assert window.client.post("/api/login", json={"code": "x" * 43}).status_code == 403
        host = {"Host": "evil.example"}
        assert window.client.get("/", headers=host).status_code == 421


def test_it_ends_when_its_last_page_is_closed(monkeypatch):
    import threading

    from longsum.window import serve as module
    from longsum.window.options import WindowConfig

    monkeypatch.setattr(module, "ALONE_S", 0.5)
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.05)
    at, keys = bound(0), Keys()
    config = WindowConfig(store=None)
    thread = threading.Thread(target=module.serve, args=(config, at, keys, None), daemon=True)
    thread.start()
    base, _, code = address_of(at, keys).partition("/#")
    with httpx.Client(base_url=base, trust_env=False) as client:
        token = client.post("/api/login", json={"code": code}).json()["token"]
        thread.join(1.0)
        assert thread.is_alive()  # nobody has looked yet: a link over ssh takes a while to follow
        bearer = {"Authorization": f"Bearer {token}"}
        with client.stream("GET", "/api/events", headers=bearer) as stream:
            lines = stream.iter_lines()
            assert next(lines) == "event: hello"
            thread.join(1.5)
            assert thread.is_alive()
    thread.join(20)
    assert not thread.is_alive()


def test_a_port_that_is_taken_is_refused():
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        with pytest.raises(UsageError, match="cannot be used"):
            bound(taken.getsockname()[1])


def test_only_this_machine_is_listened_to():
    with bound(0) as found:
        assert found.getsockname()[0] == "127.0.0.1"
