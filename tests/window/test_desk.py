"""The desk and its routes: real files in real reading processes, a scripted model."""

from __future__ import annotations

import asyncio
import json

import pytest
from pdfs import encrypted, image_only
from scripted_window import ScriptedReader

from longsum.config import LoadConfig
from longsum.window.options import WindowConfig
from longsum.window.tasks import Ask, ListModels, Open, Plan, Pull, Summarize


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


def test_offline_reaches_every_process(play):
    async def script(table):
        return table.desk

    desk = play(script, WindowConfig(load=LoadConfig(offline=True), store=None))
    assert desk.downloads._environment == {"HF_HUB_OFFLINE": "1"}
