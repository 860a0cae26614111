"""The desk and its routes: real files in real reading processes, a scripted model."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from helpers import report_pdf
from pdfs import encrypted, image_only
from scripted_window import DONE, TEXT, ScriptedReader

from longsum.config import LoadConfig, StoreConfig
from longsum.window import answering, side
from longsum.window.app import window_app
from longsum.window.desk import Desk
from longsum.window.events import EventLog
from longsum.window.launch import Keys
from longsum.window.options import WindowConfig
from longsum.window.tasks import Ask, ListModels, Open, Plan, Pull, Summarize

PORT = 8765
BASE = f"http://127.0.0.1:{PORT}"


class Table:
    """A desk, a client that is logged in, and what was said."""

    def __init__(self, config):
        self.desk = Desk(config, EventLog())
        self.keys, self.quits = Keys(), []
        app = window_app(self.desk, PORT, self.keys, lambda: self.quits.append(1))
        token = self.keys.exchange(self.keys.code)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url=BASE,
            headers={"Authorization": f"Bearer {token}"},
        )
        self.reader = ScriptedReader.made[0]

    @property
    def events(self):
        return [(event.kind, event.data) for event in self.desk.log.after(0)]

    def last(self, kind):
        return [data for each, data in self.events if each == kind][-1]

    async def get(self, path, **query):
        return await self.client.get(path, params=query)

    async def post(self, path, body=None):
        return await self.client.post(path, json=body or {})

    async def delete(self, path):
        return await self.client.delete(path)

    async def settle(self):
        for _ in range(3000):
            await asyncio.sleep(0.01)
            if not self.desk.is_busy:
                return
        raise AssertionError(self.events)


@pytest.fixture
def play(monkeypatch):
    monkeypatch.setattr(answering, "ReaderProcess", ScriptedReader)
    monkeypatch.setattr(side, "ReaderProcess", ScriptedReader)

    def run(script, config=None):
        async def work():
            ScriptedReader.made.clear()
            table = Table(config or WindowConfig(store=StoreConfig()))
            try:
                return await asyncio.wait_for(script(table), 60)
            finally:
                await table.client.aclose()
                await table.desk.end()

        return asyncio.run(work())

    return run


@pytest.fixture
def report(tmp_path):
    return report_pdf(tmp_path / "report.pdf")


def test_a_file_of_the_command_line_is_drawn_read_and_summarized(play, report):
    async def script(table):
        await table.desk.open_path(str(report))
        await table.settle()
        kinds = [kind for kind, _ in table.events]
        assert kinds[0] == "opening"
        assert kinds.index("document") < kinds.index("read") < kinds.index("done")
        first, second = (data for kind, data in table.events if kind == "document")
        assert first["pages"][0]["width"] > 100
        assert first["characters"] is None
        assert second["characters"] > 1000
        assert [page["read"] for page in second["pages"]] == [True] * 3
        opened = table.reader.tasks[0]
        assert isinstance(opened, Open)
        assert opened.document.runs

    play(script)


def test_pictures_lines_places_text_and_words_of_the_open_document(play, report):
    async def script(table):
        await table.desk.open_path(str(report))
        await table.settle()
        picture = await table.get("/api/pages/1.png", width=700)
        assert picture.content.startswith(b"\x89PNG")
        assert picture.headers["content-type"] == "image/png"
        assert (await table.get("/api/pages/99.png")).status_code == 400
        lines = (await table.get("/api/pages/1/lines")).json()["lines"]
        assert lines[0][4].startswith("The harbour commission")
        found = (await table.get("/api/find", q="NIGHT watchman")).json()
        assert [each["page"] for each in found["found"]] == [1, 2, 3]
        assert found["found"][0]["exact"]
        places = (await table.get("/api/places", start=0, end=50)).json()
        assert places["marks"][0]["rects"]
        assert places["reference"] == "p. 1"
        text = (await table.get("/api/text", start=0, end=10)).json()
        assert text["parts"][0]["page"] == 1
        assert (await table.get("/api/outline")).json() == {"items": []}

    play(script)


def test_a_dropped_file_is_kept_with_its_answers_and_opened_again(play, report):
    async def script(table):
        await table.client.post("/api/files?name=My%20report.pdf", content=report.read_bytes())
        await table.settle()
        (row,) = (await table.get("/api/library")).json()["documents"]
        assert (row["name"], row["answers"], row["here"]) == ("My report.pdf", 1, True)
        await table.post("/api/close")
        assert [kind for kind, _ in table.events] == ["closed", "waiting"]
        before = len(table.reader.tasks)
        await table.post(f"/api/library/{row['id']}/open")
        await table.settle()
        old = table.last("old")
        assert (old["text"], old["receipt"]) == (TEXT, DONE["receipt"])
        assert Summarize not in map(type, table.reader.tasks[before:])
        assert (await table.delete(f"/api/library/{row['id']}")).status_code == 200
        assert (await table.get("/api/library")).json()["documents"] == []
        assert table.desk.opened is None
        assert (await table.delete(f"/api/library/{row['id']}")).status_code == 404

    play(script)


def test_without_a_store_nothing_is_written(play, report, home):
    async def script(table):
        before = set(home.rglob("*"))
        await table.client.post("/api/files?name=x.pdf", content=report.read_bytes())
        await table.settle()
        assert "done" in dict(table.events)
        assert set(home.rglob("*")) == before
        assert (await table.get("/api/library")).json() == {"documents": [], "bytes": 0}

    play(script, WindowConfig(store=None))


def test_further_files_wait_until_they_are_opened(play, report):
    async def script(table):
        table.reader.held = asyncio.Event()
        await table.client.post("/api/files?name=a.pdf", content=report.read_bytes())
        await table.client.post("/api/files?name=b.txt", content=b"Some words. Others.")
        assert table.last("waiting") == {"names": ["b.txt"]}
        assert table.desk.opened.name == "a.pdf"
        assert (await table.post("/api/waiting/7/open")).status_code == 400
        table.reader.held.set()
        await table.post("/api/waiting/0/open")
        await table.settle()
        assert table.last("document")["name"] == "b.txt"
        assert table.last("document")["kind"] == "text"
        assert table.last("waiting") == {"names": []}

    play(script)


def test_a_password_is_asked_for_and_tried(play):
    async def script(table):
        await table.client.post("/api/files?name=x.pdf", content=encrypted(user="open sesame"))
        await table.settle()
        assert table.last("refused")["error"] == "PasswordError"
        await table.post("/api/open", {"password": "wrong"})
        await table.settle()
        assert "does not open" in table.last("refused")["message"]
        await table.post("/api/open", {"password": "open sesame"})
        await table.settle()
        assert "done" in dict(table.events)
        assert "open sesame" not in json.dumps(table.events)
        assert (await table.post("/api/open", {})).status_code == 400

    play(script)


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("x.pdf", b"%PDF-1.7\nnot really", "CorruptDocument"),
        ("x.txt", b"   ", "EmptyDocument"),
        ("x.zip", b"PK\x03\x04" + bytes(100), "UnsupportedDocument"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_next_step(play, name, data, error):
    async def script(table):
        await table.client.post(f"/api/files?name={name}", content=data)
        await table.settle()
        refused = table.last("refused")
        assert refused["error"] == error
        assert refused["message"]
        assert refused["hint"]
        assert (await table.post("/api/summaries")).status_code == 400
        await table.client.post("/api/files?name=y.txt", content=b"Good words. Better words.")
        await table.settle()
        assert "done" in dict(table.events)

    play(script)


def test_scanned_pages_are_shown_although_they_have_no_text(play):
    async def script(table):
        await table.client.post("/api/files?name=x.pdf", content=image_only())
        await table.settle()
        refused = table.last("refused")
        assert (refused["error"], refused["pictures"]) == ("ImageOnlyDocument", True)
        assert refused["copy"].startswith("ocrmypdf")
        assert (await table.get("/api/pages/1.png")).status_code == 200

    play(script)


def test_questions_summaries_and_stops(play, report):
    async def script(table):
        await table.desk.open_path(str(report))
        await table.settle()
        asked = await table.post("/api/questions", {"question": "Who paid?"})
        body = {"words": 80, "style": "bullets", "focus": "x", "verbatim": True}
        await table.post("/api/summaries", body)
        await table.settle()
        ask, summarize = table.reader.tasks[-2:]
        assert isinstance(ask, Ask)
        assert ask.question == "Who paid?"
        assert (summarize.config.words, summarize.config.style) == (80, "bullets")
        assert (await table.post("/api/questions", {"question": " "})).status_code == 400
        assert (await table.delete("/api/jobs/none")).status_code == 404
        job = asked.json()["job"]
        exported = await table.get("/api/export", format="markdown")
        assert "## Who paid?" in exported.text
        assert (await table.get("/api/export", format="pdf")).status_code == 400
        assert (await table.delete(f"/api/answers/{job}")).status_code == 200
        assert table.last("forgotten") == {"job": job}
        assert "Who paid" not in (await table.get("/api/export", format="markdown")).text

    play(script)


def test_a_document_is_read_in_parts_and_summarized_when_the_page_asks_for_it(play, report):
    async def script(table):
        await table.desk.open_path(str(report))
        await table.settle()
        table.reader.endings[Open] = ("done", {"parts": [], "line": "3 parts: pages 1, 2, 3"})
        reply = await table.post("/api/reading", {"parts": True})
        await table.settle()
        assert reply.status_code == 200
        assert table.last("parts")["line"] == "3 parts: pages 1, 2, 3"
        bad = await table.post("/api/reading", {"parts": "yes"})
        assert (bad.status_code, bad.json()["message"]) == (400, "parts is true or false")
        await table.desk.open_path(str(report))
        await table.settle()
        opened = [task.parts for task in table.reader.tasks if isinstance(task, Open)]
        assert opened == [False, True, False]
        kinds = [type(task) for task in table.reader.tasks]
        assert kinds.count(Summarize) == 2  # its answers are in the library by the third opening

    play(script)


def test_pages_are_chosen_and_the_document_is_read_anew(play, report):
    async def script(table):
        await table.desk.open_path(str(report))
        await table.settle()
        await table.post("/api/reading", {"pages": "2-3"})
        await table.settle()
        about = table.last("document")
        assert [page["read"] for page in about["pages"]] == [False, True, True]
        assert about["selected"] == "2-3"
        assert table.reader.tasks[-1].document.pages[0].number == 2
        refused = await table.post("/api/reading", {"pages": "9"})
        assert (refused.status_code, refused.json()["error"]) == (400, "NoSuchPage")
        assert table.desk.opened.settings.pages == "2-3"
        await table.post("/api/reading", {"kv_cache": "int8", "pages": None})
        await table.settle()
        assert table.reader.tasks[-1].load.kv_cache == "int8"
        assert all(page["read"] for page in table.last("document")["pages"])
        bad = await table.post("/api/reading", {"model": "../../etc"})
        assert bad.status_code == 400

    play(script)


def test_plans_models_and_downloads(play, report):
    async def script(table):
        await table.desk.open_path(str(report))
        await table.settle()
        planner = table.desk.planner._process
        planner.endings = {
            Plan: ("done", {"counted": {}, "planned": {}}),
            ListModels: ("done", [{"alias": "mini"}]),
        }
        assert (await table.get("/api/plan", model="smol")).json() == {"counted": {}, "planned": {}}
        assert planner.tasks[0].load.model == "smol"
        assert (await table.get("/api/models")).json() == {"models": [{"alias": "mini"}]}
        await table.get("/api/models")
        assert list(map(type, planner.tasks)) == [Plan, ListModels]
        assert (await table.post("/api/models/mini/pull")).status_code == 400
        assert (await table.post("/api/models/nothing/pull")).status_code == 400
        assert (await table.post("/api/models/smol/pull")).status_code == 200
        await table.settle()
        assert table.last("pull") == {"name": "smol", "state": "done"}
        assert isinstance(ScriptedReader.made[-1].tasks[0], Pull)
        await table.get("/api/models")
        assert list(map(type, planner.tasks)) == [Plan, ListModels, ListModels]
        assert (await table.delete("/api/models/smol/pull")).status_code == 404

    play(script)


def test_a_document_on_the_command_line_that_is_gone_from_the_library(play, report):
    async def script(table):
        await table.desk.open_path(str(report))
        await table.settle()
        sha256 = table.desk.opened.sha256
        report.unlink()
        gone = await table.post(f"/api/library/{sha256}/open")
        assert gone.status_code == 400
        assert "its answers are kept" in gone.json()["hint"]
        assert (await table.post("/api/library/" + "0" * 64 + "/open")).status_code == 400

    play(script)


def test_the_pages_process_may_die_and_the_window_goes_on(play, report):
    async def script(table):
        await table.desk.open_path(str(report))
        await table.settle()
        process = table.desk.pages._artist._process._process
        process.kill()
        process.wait()
        assert (await table.get("/api/pages/2.png")).status_code == 200
        assert (await table.get("/api/find", q="watchman")).json()["found"][0]["exact"]

    play(script)


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


def test_offline_reaches_every_process(play):
    async def script(table):
        return table.desk

    desk = play(script, WindowConfig(load=LoadConfig(offline=True), store=None))
    assert desk.downloads._environment == {"HF_HUB_OFFLINE": "1"}
