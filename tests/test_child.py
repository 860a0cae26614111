from __future__ import annotations

import os
import time

import pytest

from longsum.child import BROKEN, DONE, PROGRESS, READY, Child
from longsum.errors import UsageError

HERE = "test_child"


def open_echo(argument, say):
    """Handle tasks in a child: sleep for a number, echo anything else."""

    def handle(task, progress):
        progress(("begun", task))
        if isinstance(task, float):
            time.sleep(task)
        if task == "print":
            os.write(1, b"a library's words\n")
        return argument, task, os.environ.get("OMP_NUM_THREADS"), os.environ.get("MINE")

    return handle


def open_refusing(argument, say):
    raise UsageError(f"not {argument}", hint="something else")


def open_failing(argument, say):
    raise ZeroDivisionError("nothing")


@pytest.fixture
def child():
    made = Child(f"{HERE}:open_echo", "arg", environment={"MINE": "1"})
    yield made
    if made.connection.closed:
        return
    made.kill()


def heard(child: Child) -> list[tuple]:
    """Return all that a child says until it leaves."""
    said = []
    while (each := child.receive()) is not None:
        said.append(each)
    return said


def test_tasks_are_handled_in_order_in_the_environment_given(child, capfd):
    for task in ("one", "print"):
        child.send(task)
    child.drain()
    said = [child.receive(), child.receive()]
    assert said == [(READY, None), (PROGRESS, ("begun", "one"))]
    assert child.receive() == (DONE, ("arg", "one", os.environ.get("OMP_NUM_THREADS"), "1"))
    heard(child)
    assert capfd.readouterr().out == ""


def test_draining_finishes_the_oldest_task_and_drops_the_others(child):
    for task in (0.2, "two", "three"):
        child.send(task)
    child.drain()
    done = [value[1] for word, value in heard(child) if word == DONE]
    assert done == [0.2]
    assert child.join() == 0


def test_draining_during_a_task_finishes_only_that_one(child):
    child.send(0.5)
    while child.receive()[0] != PROGRESS:
        pass
    child.send("two")
    child.drain()
    assert [value[1] for word, value in heard(child) if word == DONE] == [0.5]


def test_sending_does_not_wait_for_a_child_at_work(child):
    child.send(1.0)
    started = time.monotonic()
    child.send("x" * (1 << 20))
    child.drain()
    assert time.monotonic() - started < 60  # would not end, were the pipe full
    assert [value[1] for word, value in heard(child) if word == DONE][0] == 1.0


def test_dead_child_is_reported_with_its_signal(child):
    assert child.receive() == (READY, None)
    child.process.kill()
    assert child.receive() is None
    assert child.join() == -9


def test_error_of_opening_arrives_whole():
    child = Child(f"{HERE}:open_refusing", "this")
    word, error = child.receive()
    child.kill()
    assert word == BROKEN
    assert isinstance(error, UsageError)
    assert (error.message, error.hint) == ("not this", "something else")


def test_bug_in_opening_arrives_with_its_traceback():
    child = Child(f"{HERE}:open_failing", None)
    word, error = child.receive()
    child.kill()
    assert word == BROKEN
    assert "ZeroDivisionError: nothing" in error.message
    assert "open_failing" in error.message
