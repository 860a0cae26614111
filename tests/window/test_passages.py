"""What is read and found in the open document: pages, lines, passages and their places."""

from __future__ import annotations


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
