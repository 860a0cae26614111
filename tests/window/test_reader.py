"""The window's side of its reader process, with processes that do what a test needs."""

from __future__ import annotations

import asyncio

import pytest

from longsum.window import reader as module
from longsum.window.reader import ReaderProcess, ended_error

HERE = "scripted_window"
"""Holds the work of the processes: they cannot import this file."""


@pytest.fixture
def play(monkeypatch):
    monkeypatch.setattr(module, "FACTORY", f"{HERE}:open_worker")
    monkeypatch.setattr(module, "STOP_S", 0.3)

    def run(script):
        async def work():
            heard = []
            process = ReaderProcess(lambda kind, data: heard.append(data["name"]))
            try:
                return await asyncio.wait_for(script(process, heard), 30)
            finally:
                process.kill()

        return asyncio.run(work())

    return run


async def until(true):
    while not true():
        await asyncio.sleep(0.01)


def test_a_task_returns_what_it_made_after_its_events(play):
    async def script(process, heard):
        await process.warm()
        assert await process.do("one") == ("done", "one")
        assert await process.do("two") == ("done", "two")
        assert heard == ["one", "two"]
        assert process.is_alive
        assert not process.is_busy

    play(script)


def test_a_task_that_hears_a_stop_ends_and_the_process_stays(play):
    async def script(process, heard):
        task = asyncio.create_task(process.do("obedient"))
        await until(lambda: heard)
        assert process.is_busy
        await process.stop()
        assert await task == ("stopped", None)
        assert process.is_alive
        assert await process.do("next") == ("done", "next")

    play(script)


def test_a_task_that_does_not_hear_it_is_ended_with_its_process(play):
    async def script(process, heard):
        task = asyncio.create_task(process.do("stubborn"))
        await until(lambda: heard)
        await process.stop()
        assert await task == ("stopped", None)
        assert not process.is_alive
        assert await process.do("next") == ("done", "next")  # in a new process

    play(script)


def test_a_process_that_dies_loses_its_task_and_is_replaced(play):
    async def script(process, heard):
        assert await process.do("die") == ("lost", None)
        assert not process.is_alive
        assert await process.do("next") == ("done", "next")

    play(script)
    assert "nothing is lost" in ended_error().message


def test_a_process_that_cannot_start_says_why(play, monkeypatch):
    """It was said to have ended for want of memory."""
    monkeypatch.setattr(module, "FACTORY", f"{HERE}:open_broken")

    async def script(process, heard):
        ended, error = await process.do("one")
        assert ended == "failed"
        assert (error.message, error.hint) == ("it cannot start", "mend it")

    play(script)


def test_stopping_nothing_does_nothing(play):
    async def script(process, heard):
        await process.stop()
        assert await process.do("one") == ("done", "one")

    play(script)
