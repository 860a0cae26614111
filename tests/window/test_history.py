"""Answers are kept with the document they are about, and shown again when it is opened."""

from __future__ import annotations

from scripted_window import DONE, TEXT

from longsum.window.options import WindowConfig
from longsum.window.tasks import Summarize


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
