from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longsum.window.events import Event, EventLog, as_stream


def run(work):
    return asyncio.run(work())


def numbers(events):
    return [event.number for event in events]


def test_numbers_rise_by_one_also_when_the_log_begins_anew():
    async def work():
        log = EventLog()
        log.emit("a")
        log.emit("b", x=1)
        log.restart("opening", name="x")
        log.emit("c")
        return log.after(0), log.last

    events, last = run(work)
    assert numbers(events) == [3, 4]
    assert [event.kind for event in events] == ["opening", "c"]
    assert last == 4


@pytest.mark.parametrize(
    ("after", "expected"), [(0, [3, 4]), (2, [3, 4]), (3, [4]), (4, []), (99, [3, 4])]
)
def test_a_page_gets_what_it_has_not_seen_and_all_if_it_is_of_another_log(after, expected):
    async def work():
        log = EventLog()
        for kind in "ab":
            log.emit(kind)
        log.restart("c")
        log.emit("d")
        return log.after(after)

    assert numbers(run(work)) == expected


@given(st.lists(st.sampled_from(["emit", "restart"]), max_size=20), st.integers(0, 20))
def test_replay_and_following_give_the_same(steps, seen):
    async def work():
        log = EventLog()
        for step in steps:
            if step == "emit":
                log.emit("x")
            else:
                log.restart("y")
        part = [event for event in log.after(0) if event.number <= seen]
        rest = log.after(part[-1].number) if part else log.after(0)
        return part + rest, log.after(0)

    both, whole = run(work)
    assert both == whole


def test_followers_get_news_and_end_with_the_log():
    async def work():
        log = EventLog()
        log.emit("first")
        got = []

        async def follow():
            async for event in log.follow(0):
                got.append(event.kind)

        task = asyncio.create_task(follow())
        await asyncio.sleep(0.01)
        assert log.streams == 1
        log.emit("second")
        await asyncio.sleep(0.01)
        log.end()
        await asyncio.wait_for(task, 2)
        return got, log.streams

    assert run(work) == (["first", "second"], 0)


def test_news_that_comes_while_a_page_is_slow_is_not_missed():
    async def work():
        log = EventLog()
        got = []

        async def follow():
            async for event in log.follow(0):
                got.append(event.number)
                await asyncio.sleep(0.001)

        task = asyncio.create_task(follow())
        for _ in range(50):
            log.emit("x")
            await asyncio.sleep(0)
        await asyncio.sleep(0.2)
        log.end()
        await asyncio.wait_for(task, 2)
        return got

    assert run(work) == list(range(1, 51))


def test_in_silence_a_follower_is_asked_whether_it_is_there(monkeypatch):
    monkeypatch.setattr("longsum.window.events.LOOK_S", 0.01)

    async def work():
        log = EventLog()
        stream = log.follow(0)
        beat = await anext(stream)
        await stream.aclose()
        return beat

    assert run(work) is None
    assert as_stream(None) == b": beat\n\n"


def test_an_event_is_one_line_whatever_a_document_holds():
    hostile = "a\nevent: done\ndata: {}\n\n\u2028é\ud800"
    written = as_stream(Event(7, "text", {"text": hostile}))
    lines = written.decode().split("\n")
    assert lines[:2] == ["id: 7", "event: text"]
    assert len(lines) == 5
    assert json.loads(lines[2].removeprefix("data: "))["text"].startswith("a\nevent: done")
