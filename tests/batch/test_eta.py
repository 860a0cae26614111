from __future__ import annotations

import pytest

from longsum.batch.eta import Pace, Work


def test_time_left_follows_the_bytes_that_are_left():
    pace = Pace({"text": Work(4, 1_000)})
    assert pace.left_s(10.0) is None
    pace.add("text", size=400, seconds=4.0)
    assert pace.left_s(4.0) is None
    pace.add("text", size=300, seconds=3.0)
    assert pace.left_s(7.0) == pytest.approx(3.0)


def test_two_workers_take_half_the_time():
    pace = Pace({"text": Work(4, 400)})
    pace.add("text", size=100, seconds=10.0)
    pace.add("text", size=100, seconds=10.0)
    assert pace.left_s(10.0) == pytest.approx(10.0)


def test_pdfs_and_texts_are_counted_separately():
    pace = Pace({"PDF": Work(2, 2_000_000), "text": Work(2, 2_000)})
    pace.add("PDF", size=1_000_000, seconds=5.0)
    pace.add("text", size=1000, seconds=1.0)
    assert pace.left_s(6.0) == pytest.approx(6.0)


def test_format_without_finished_documents_takes_the_pace_of_the_others():
    pace = Pace({"PDF": Work(1, 500), "text": Work(2, 200)})
    pace.add("text", size=100, seconds=1.0)
    pace.add("text", size=100, seconds=1.0)
    assert pace.left_s(2.0) == pytest.approx(5.0)


def test_documents_that_fail_while_being_read_say_nothing_of_the_pace():
    pace = Pace({"text": Work(5, 500)})
    pace.add("text", size=100, seconds=None)
    pace.add("text", size=100, seconds=None)
    assert pace.left_s(1.0) is None
    pace.add("text", size=100, seconds=2.0)
    pace.add("text", size=100, seconds=2.0)
    assert pace.left_s(4.0) == pytest.approx(2.0)
    assert pace.done == 4
    assert pace.answered == 2
    assert pace.per_hour(3600.0) == 2  # `3 failed, 4,617 an hour`


def test_vanished_documents_do_no_harm():
    pace = Pace({"text": Work(2, 0)})
    pace.add("text", size=-1, seconds=0.0)
    pace.add("text", size=-1, seconds=0.0)
    assert pace.left_s(1.0) is None
    assert pace.per_hour(2.0) == pytest.approx(3600)
