"""The modules of the page that touch no page: reducers, marks, ranges, references."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import longsum

WEB = Path(longsum.__file__).parent / "web"
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="no node on this machine")


def run(names, module, expression):
    """Return what an expression of JavaScript gives with names of one module."""
    address = (WEB / module).as_uri()
    code = (
        f"import {{ {names} }} from {json.dumps(address)};"
        f"console.log(JSON.stringify({expression}));"
    )
    command = [NODE, "--input-type=module", "--no-warnings", "-e", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def folded(*events):
    """Return the state after events, each a kind and its data."""
    fold = f"{json.dumps(events)}.reduce((state, [kind, data]) => take[kind](state, data), start())"
    return run("start, take", "state.js", fold)


DOCUMENT = ("document", {"name": "a.pdf", "pages": [], "warnings": [], "characters": 9})
JOB = ("job", {"job": "1", "kind": "question", "question": "Why?", "state": "running"})


def test_pieces_of_text_add_up_to_the_answer():
    state = folded(
        DOCUMENT, JOB, ("text", {"job": "1", "text": "a"}), ("text", {"job": "1", "text": "b"})
    )
    assert state["jobs"][0]["text"] == "ab"


def near(start):
    evidence = {"start": start, "end": start + 9, "text": "It fell.", "reference": "p. 1"}
    return {"job": "1", "text": "It fell.", "evidence": [evidence], "contrary": None}


def test_what_comes_nearest_is_kept_apart_from_the_answers_sentences():
    refusal = {"job": "1", "text": "None.", "evidence": [], "contrary": None, "refusal": True}
    state = folded(DOCUMENT, JOB, ("sentence", refusal), ("nearest", near(7)))
    (job,) = state["jobs"]
    assert [each["text"] for each in job["sentences"]] == ["None."]
    assert [each["text"] for each in job["nearest"]] == ["It fell."]
    (passage,) = run("passages", "marks.js", f"passages({json.dumps([job])})")
    assert (passage["start"], passage["index"]) == (7, 1)


def test_kept_answer_of_an_earlier_version_has_nothing_nearest():
    old = ("old", {"job": "1", "text": "It fell.", "sentences": [near(0)]})
    (job,) = folded(DOCUMENT, old)["jobs"]
    assert job["nearest"] == []
    assert len(run("passages", "marks.js", f"passages({json.dumps([job])})")) == 1


def test_first_progress_ends_the_loading():
    """The server reports no step of its own for it: the page went on saying "loading"."""
    loading = ("phase", {"name": "loading"})
    assert folded(DOCUMENT, loading)["phase"] == "loading"
    assert folded(DOCUMENT, loading, ("prefill", {"done": 1, "total": 9}))["phase"] == "reading"


def test_progress_within_an_answer_is_no_reading():
    writing = ("phase", {"name": "writing"})
    assert folded(DOCUMENT, writing, ("prefill", {"done": 1, "total": 9}))["phase"] == "writing"


def test_other_run_of_the_program_means_to_forget_all():
    hello = [("hello", {"run": run, "version": "1", "shelf": True, "word": False}) for run in "ab"]
    assert folded(hello[0], DOCUMENT, JOB, hello[0])["jobs"]
    assert folded(hello[0], DOCUMENT, JOB, hello[1])["jobs"] == []


def test_another_file_leaves_nothing_of_the_one_before():
    state = folded(DOCUMENT, JOB, ("opening", {"name": "b.pdf", "bytes": 1}))
    assert (state["document"], state["jobs"], state["stage"]) == (None, [], "opening")


def test_forgotten_answer_is_gone():
    assert folded(DOCUMENT, JOB, ("forgotten", {"job": "1"}))["jobs"] == []


def test_reading_again_takes_the_refusal_back():
    refused = ("unfit", {"error": "DocumentTooLong", "message": "", "choices": []})
    assert folded(DOCUMENT, refused)["unfit"]
    assert folded(DOCUMENT, refused, ("phase", {"name": "loading"}))["unfit"] is None


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], [[0, 10, None]]),
        ([[2, 5]], [[0, 2, None], [2, 5, "strong"], [5, 10, None]]),
        ([[-3, 4], [4, 12]], [[0, 4, "strong"], [4, 10, "strong"]]),
        ([[20, 30]], [[0, 10, None]]),
    ],
)
def test_text_is_cut_where_marks_begin_and_end(spans, expected):
    given = [{"start": start, "end": end, "kind": "strong"} for start, end in spans]
    found = run("pieces", "marks.js", f"pieces(0, 10, {json.dumps(given)})")
    assert [[each["start"], each["end"], each["kind"]] for each in found] == expected


def test_offsets_count_characters_as_the_server_does():
    assert run("cut", "format.js", "[cut('a😀bc', 2, 3), cut('abc', 1)]") == ["b", "bc"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("add a text layer", "Add a text layer"),
        ("report.pdf is too long", "report.pdf is too long"),
        ("Already one", "Already one"),
        ("", ""),
    ],
)
def test_line_of_the_program_becomes_a_sentence(line, expected):
    assert run("sentence", "format.js", f"sentence({json.dumps(line)})") == expected


def test_command_is_not_said_twice():
    hint = "add a text layer: ocrmypdf a.pdf b.pdf"
    found = run("beforeCommand", "format.js", f"beforeCommand({hint!r}, 'ocrmypdf a.pdf b.pdf')")
    assert found == "Add a text layer:"


PAGES = {"pages": [{"number": n, "label": str(n - 1), "read": n != 2} for n in (1, 2, 3)]}


def test_printed_page_is_named_once():
    for reference in ("p. 3 (printed 2)", "p. 3"):
        asked = f"splitReference({reference!r}, [3], {json.dumps(PAGES)})"
        assert run("splitReference", "paging.js", asked) == ["p. 3", "(printed 2)"]


def test_page_that_was_not_read_is_taken_for_average():
    assert run("tokensByPage", "paging.js", f"tokensByPage({json.dumps(PAGES)}, [10, 30])") == [
        10,
        20,
        30,
    ]


PARTS = ("parts", {"parts": [{"tokens": 30}, {"tokens": 10}], "line": "2 parts: pages 1-3, 4"})
RUNNING = ("job", {"job": "1", "kind": "summary", "state": "running"})
FIRST = ("part", {"number": 1, "of": 2, "where": "pages 1-3", "first": 1})
SECOND = ("part", {"number": 2, "of": 2, "where": "page 4", "first": 4})
ALL = ("part", {"number": None, "of": 2, "where": None, "first": None})
BEGUN = ("phase", {"name": "reading"})


def share(*events):
    return run("shareOfParts", "part_now.js", f"shareOfParts({json.dumps(folded(*events))})")


def title(*events):
    return run("partTitle", "part_now.js", f"partTitle({json.dumps(folded(*events))})")


def test_loading_for_a_part_does_not_forget_the_parts_but_counting_again_does():
    state = folded(DOCUMENT, PARTS, RUNNING, FIRST, ("phase", {"name": "loading"}))
    assert state["parts"]["line"] == PARTS[1]["line"]
    assert state["part"]["number"] == 1
    state = folded(DOCUMENT, PARTS, RUNNING, FIRST, ("counted", {"tokens": 9}))
    assert (state["parts"], state["part"]) == (None, None)


def test_parts_are_read_as_far_as_was_reported_and_those_of_the_cache_are_read():
    prefill = ("prefill", {"done": 15, "total": 40})
    assert share(DOCUMENT, PARTS, RUNNING, FIRST) == 0
    assert share(DOCUMENT, PARTS, RUNNING, FIRST, BEGUN, prefill) == 15 / 40
    assert share(DOCUMENT, PARTS, RUNNING, FIRST, SECOND) == 30 / 40
    assert share(DOCUMENT, PARTS, RUNNING, ALL) == 1


def test_the_next_answer_begins_to_read_again():
    prefill = ("prefill", {"done": 15, "total": 40})
    again = ("job", {"job": "2", "kind": "question", "state": "running"})
    state = folded(DOCUMENT, PARTS, RUNNING, FIRST, BEGUN, prefill, again)
    assert (state["part"], state["prefill"]) == (None, None)


def test_what_is_done_with_a_part_is_said_in_words():
    question = ("job", {"job": "1", "kind": "question", "state": "running"})
    choosing = ("phase", {"name": "choosing"})
    assert title(DOCUMENT, PARTS, RUNNING) == ""
    assert title(DOCUMENT, PARTS, RUNNING, SECOND, BEGUN) == "Reading part 2 of 2, page 4"
    assert title(DOCUMENT, PARTS, RUNNING, FIRST, choosing, SECOND) == "Reading part 2 of 2, page 4"
    assert title(DOCUMENT, PARTS, RUNNING, FIRST, choosing) == (
        "Summarizing part 1 of 2, pages 1-3"
    )
    assert title(DOCUMENT, PARTS, question, FIRST, choosing) == "Asking part 1 of 2, pages 1-3"
    assert title(DOCUMENT, PARTS, RUNNING, ALL, choosing) == "Summarizing all parts"


def test_the_time_left_is_that_of_all_parts():
    prefill = ("prefill", {"done": 15, "total": 40, "tokens_per_s": 500, "seconds_left": 300})
    state = json.dumps(folded(DOCUMENT, PARTS, RUNNING, FIRST, BEGUN, prefill))
    facts = run("partFacts", "part_now.js", f"partFacts({state}, Date.now())")
    assert facts == ["15 of 40 tokens", "500 tokens/s", "about 5 min left for all parts"]
