from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from scripted_window import DONE, TEXT, ScriptedReader, sentence

from longsum.config import AskConfig, LoadConfig, StoreConfig, SummaryConfig
from longsum.documents.document import Document, Page
from longsum.errors import DocumentTooLong, LongsumError
from longsum.settings import Setting
from longsum.window import answering as module
from longsum.window.answering import READING, Answering
from longsum.window.events import EventLog
from longsum.window.library import Library
from longsum.window.open_file import OpenFile
from longsum.window.options import ReadingSettings, WindowConfig
from longsum.window.tasks import Ask, Open, Save, Summarize

TOO_LONG = DocumentTooLong("too long", hint=f"read {Setting('pages', '1-2')}")


class NoPages:
    """Marks every passage at the same place."""

    async def marks(self, document, spans):
        return [{"marks": [{"page": 1, "rects": [[0, 0, 1, 1]]}], "exact": True} for _ in spans]


def opened():
    text = "It rained all day. The bridge fell down in the night."
    document = Document(text, (Page(1, 0, len(text)),), sha256="1" * 64, name="x.pdf")
    file = OpenFile("x.pdf", b"%PDF-", None, ReadingSettings(LoadConfig(), None, None))
    file.document, file.sizes = document, [{"number": 1, "label": None, "width": 1, "height": 1}]
    return file


class Run:
    """An answering with a scripted reader, and what it said."""

    def __init__(self, library=None):
        self.log = EventLog()
        self.answering = Answering(WindowConfig(store=StoreConfig()), self.log, NoPages(), library)
        self.reader = ScriptedReader.made[-1]

    @property
    def events(self):
        return [(event.kind, event.data) for event in self.log.after(0)]

    @property
    def kinds(self):
        return [kind for kind, _ in self.events]

    def last(self, kind):
        return [data for each, data in self.events if each == kind][-1]

    async def settle(self, seconds=0.05):
        for _ in range(200):
            await asyncio.sleep(0.002)
            if not self.answering.is_busy:
                break
        await asyncio.sleep(seconds / 10)


@pytest.fixture
def play(monkeypatch):
    monkeypatch.setattr(module, "ReaderProcess", ScriptedReader)

    def run(script, library=None):
        async def work():
            made = Run(library)
            try:
                await asyncio.wait_for(script(made), 10)
            finally:
                made.answering.end()
            return made

        return asyncio.run(work())

    return run


def tasks(run):
    return [type(task) for task in run.reader.tasks]


def test_a_document_is_read_and_summarized_by_itself_and_cached_after(play):
    async def script(run):
        await run.answering.begin(opened(), summarize=True)
        await run.settle()

    run = play(script)
    assert tasks(run) == [Open, Summarize, Save]
    assert [k for k in run.kinds if k in ("counted", "prefill", "read", "job", "done")] == [
        *("counted", "prefill", "read", "job", "job", "done")
    ]
    assert run.kinds[-1] == "phase"
    assert run.last("phase")["name"] == "ready"


def test_text_and_sentences_are_those_of_the_answer(play):
    async def script(run):
        await run.answering.begin(opened(), summarize=True)
        await run.settle()

    run = play(script)
    text = "".join(data["text"] for kind, data in run.events if kind == "text")
    assert text == TEXT
    said = ""
    for kind, data in run.events:
        if kind == "text":
            said += data["text"]
        elif kind == "sentence":
            assert said[data["start"] : data["end"]] == data["text"]
            assert data["evidence"][0]["marks"] == [{"page": 1, "rects": [[0, 0, 1, 1]]}]
            assert data["evidence"][0]["exact"] is True
    (record,) = run.answering.records.values()
    assert (record.text, len(record.sentences), record.ending) == (TEXT, 2, DONE)


def test_without_being_asked_to_it_only_reads(play):
    async def script(run):
        await run.answering.begin(opened(), summarize=False)
        await run.settle()

    assert tasks(play(script)) == [Open]


def test_questions_wait_in_line_while_it_reads(play):
    async def script(run):
        run.reader.held = asyncio.Event()
        await run.answering.begin(opened(), summarize=False)
        await asyncio.sleep(0.01)
        run.answering.ask(AskConfig(), "Who?")
        run.answering.ask(AskConfig(), "When?")
        await asyncio.sleep(0.01)
        assert tasks(run) == [Open]
        assert run.last("job")["state"] == "queued"
        run.reader.held.set()
        await run.settle()

    run = play(script)
    assert [task.question for task in run.reader.tasks if isinstance(task, Ask)] == [
        "Who?",
        "When?",
    ]
    states = [(d["question"], d["state"]) for k, d in run.events if k == "job"]
    assert states == [
        *(("Who?", "queued"), ("When?", "queued")),
        *(("Who?", "running"), ("When?", "running")),
    ]


def test_what_waits_can_be_taken_back(play):
    async def script(run):
        run.reader.held = asyncio.Event()
        await run.answering.begin(opened(), summarize=False)
        await asyncio.sleep(0.01)
        record = run.answering.ask(AskConfig(), "Who?")
        assert await run.answering.stop(record.job)
        run.reader.held.set()
        await run.settle()
        assert record.state == "stopped"
        assert not await run.answering.stop(record.job)

    run = play(script)
    assert tasks(run) == [Open]


def test_stopping_the_reading_leaves_the_document_usable(play):
    async def script(run):
        run.reader.held = asyncio.Event()
        await run.answering.begin(opened(), summarize=True)
        await asyncio.sleep(0.01)
        assert await run.answering.stop(READING)
        await run.settle()
        assert ("stopped", {"job": READING}) in run.events
        run.reader.held = None
        run.answering.ask(AskConfig(), "Who?")
        await run.settle()

    run = play(script)
    assert tasks(run)[:3] == [Open, Open, Ask]  # it is read first, as the question needs it


def test_an_answer_is_stopped_and_the_next_one_comes(play):
    async def script(run):
        await run.answering.begin(opened(), summarize=False)
        await run.settle()
        run.reader.held = asyncio.Event()
        record = run.answering.ask(AskConfig(), "Who?")
        await asyncio.sleep(0.01)
        await run.answering.stop(record.job)
        run.reader.held = None
        run.answering.ask(AskConfig(), "When?")
        await run.settle()
        assert record.state == "stopped"

    run = play(script)
    assert run.kinds.count("stopped") == 1
    assert run.kinds.count("done") == 1


def test_what_does_not_fit_comes_with_what_mends_it(play):
    async def script(run):
        run.reader.endings[Open] = ("failed", TOO_LONG)
        await run.answering.begin(opened(), summarize=True)
        await run.settle()

    run = play(script)
    unfit = run.last("unfit")
    assert unfit["error"] == "DocumentTooLong"
    assert unfit["choices"] == [{"label": "Read only the pages 1-2", "body": {"pages": "1-2"}}]
    assert unfit["questions"] is False
    assert Summarize not in tasks(run)


def test_a_document_too_long_may_still_be_asked_where_questions_need_no_reading(play):
    async def script(run):
        real = run.reader.do

        async def do(task):
            if isinstance(task, Open):
                run.reader.tasks.append(task)
                run.reader.report("words", {})
                return "failed", TOO_LONG
            return await real(task)

        run.reader.do = do
        await run.answering.begin(opened(), summarize=True)
        await run.settle()
        run.answering.ask(AskConfig(), "Who?")
        await run.settle()

    run = play(script)
    assert run.last("unfit")["questions"] is True
    assert tasks(run) == [Open, Ask]
    assert "done" in run.kinds
    assert "words" not in run.kinds


def test_an_answer_that_fails_says_why_and_the_rest_goes_on(play):
    async def script(run):
        await run.answering.begin(opened(), summarize=False)
        await run.settle()
        run.reader.endings[Ask] = ("failed", LongsumError("the model wrote nothing", hint="again"))
        run.answering.ask(AskConfig(), "Who?")
        await run.settle()
        del run.reader.endings[Ask]
        run.answering.ask(AskConfig(), "When?")
        await run.settle()

    run = play(script)
    failed = run.last("failed")
    assert (failed["message"], failed["hint"]) == ("the model wrote nothing", "again")
    assert run.kinds.count("done") == 1


def test_a_reader_that_dies_is_reported_and_reads_again_when_needed(play):
    async def script(run):
        await run.answering.begin(opened(), summarize=False)
        await run.settle()
        run.reader.endings[Ask] = ("lost", None)
        record = run.answering.ask(AskConfig(), "Who?")
        await run.settle()
        assert record.state == "failed"
        del run.reader.endings[Ask]
        run.answering.ask(AskConfig(), "When?")
        await run.settle()

    run = play(script)
    assert run.last("lost")["what"] == "reader"
    assert tasks(run)[:4] == [Open, Ask, Open, Ask]
    assert run.kinds[-2:] == ["done", "phase"] or "done" in run.kinds


def test_a_reader_that_died_while_idle_reads_again_first(play):
    async def script(run):
        await run.answering.begin(opened(), summarize=False)
        await run.settle()
        run.reader.is_alive = False
        run.answering.ask(SummaryConfig())
        await run.settle()

    run = play(script)
    assert tasks(run)[:3] == [Open, Open, Summarize]
    assert "done" in run.kinds


def test_reading_again_keeps_the_answers(play):
    async def script(run):
        await run.answering.begin(opened(), summarize=True)
        await run.settle()
        await run.answering.read_again()
        await run.settle()
        assert len(run.answering.records) == 1

    run = play(script)
    assert tasks(run).count(Open) == 2
    assert tasks(run).count(Summarize) == 1  # there is a summary already


IN_PARTS = {"parts": [{"where": "page 1"}, {"where": "page 2"}], "line": "2 parts: pages 1, 2"}


def test_a_document_in_parts_is_read_when_something_is_asked_and_cached_by_its_reader(play):
    async def script(run):
        run.reader.endings[Open] = ("done", IN_PARTS)
        file = opened()
        file.settings = replace(file.settings, parts=True)
        await run.answering.begin(file, summarize=True)
        await run.settle()
        run.answering.ask(AskConfig(), "Who?")
        await run.settle()

    run = play(script)
    assert tasks(run) == [Open, Summarize, Ask]
    assert run.reader.tasks[0].parts
    assert run.last("parts") == IN_PARTS
    assert "read" not in run.kinds
    assert run.last("phase")["name"] == "ready"


def test_what_is_too_long_comes_with_how_many_parts_fit(play):
    async def script(run):
        hint = f"in 3 parts: {Setting('parts', 'True')}"
        error = DocumentTooLong("too long", hint=hint, facts={"parts": 3})
        run.reader.endings[Open] = ("failed", error)
        await run.answering.begin(opened(), summarize=True)
        await run.settle()

    run = play(script)
    assert run.last("unfit")["choices"] == [
        {"label": "Read it in 3 parts", "body": {"parts": True}}
    ]
    assert not run.reader.tasks[0].parts


def test_reading_in_parts_summarizes_also_where_there_is_a_summary(play):
    async def script(run):
        await run.answering.begin(opened(), summarize=True)
        await run.settle()
        await run.answering.read_again(summarize=True)
        await run.settle()

    assert tasks(play(script)).count(Summarize) == 2


def test_answers_are_kept_on_disk_when_they_are_done(play):
    library = Library(1000)
    sha256 = opened().sha256
    library.opened(sha256, {"name": "x.pdf"}, None)

    async def script(run):
        await run.answering.begin(opened(), summarize=True)
        await run.settle()
        run.reader.endings[Ask] = ("failed", LongsumError("no"))
        run.answering.ask(AskConfig(), "Who?")
        await run.settle()

    play(script, library)
    (kept,) = library.answers(sha256)
    assert (kept["kind"], kept["text"], kept["receipt"]) == ("summary", TEXT, DONE["receipt"])
    assert kept["sentences"][0]["evidence"][0]["exact"] is True


def test_what_comes_nearest_is_marked_and_kept_apart_from_the_answer(play):
    library = Library(1000)
    sha256 = opened().sha256
    library.opened(sha256, {"name": "x.pdf"}, None)

    async def script(run):
        usual = run.reader._usual

        def refusing(task):
            if not isinstance(task, Ask):
                return usual(task)
            run.reader.report("text", {"text": "Nothing."})
            run.reader.report("sentence", sentence(0, 8, refusal=True, evidence=[]))
            run.reader.report("nearest", sentence(19, 35))
            return "done", DONE

        run.reader._usual = refusing
        await run.answering.begin(opened(), summarize=False)
        record = run.answering.ask(AskConfig(), "Who fell?")
        await run.settle()
        near = run.last("nearest")
        assert near["job"] == record.job
        assert near["evidence"][0]["marks"] == [{"page": 1, "rects": [[0, 0, 1, 1]]}]

    play(script, library)
    (kept,) = library.answers(sha256)
    assert (kept["text"], len(kept["sentences"])) == ("Nothing.", 1)
    assert [each["text"] for each in kept["nearest"]] == ["The bridge fell."]


def test_leaving_a_document_stops_its_work_and_forgets_its_answers(play):
    async def script(run):
        run.reader.held = asyncio.Event()
        await run.answering.begin(opened(), summarize=True)
        await asyncio.sleep(0.01)
        run.answering.ask(AskConfig(), "Who?")
        await run.answering.leave()
        assert not run.answering.is_busy
        assert run.answering.records == {}

    assert tasks(play(script)) == [Open]


def test_a_bug_in_one_task_does_not_end_the_work(play):
    async def script(run):
        await run.answering.begin(opened(), summarize=False)
        await run.settle()
        run.reader.endings[Summarize] = ("done", 3)  # not what a task returns
        run.answering.ask(SummaryConfig())
        await run.settle()
        run.answering.ask(AskConfig(), "Who?")
        await run.settle()

    run = play(script)
    assert "failed" in run.kinds
    assert run.kinds.count("done") == 1


def test_a_passage_that_says_otherwise_is_marked_too(play):
    async def script(run):
        await run.answering.begin(opened(), summarize=False)
        await run.settle()
        contrary = {"evidence": [{"start": 0, "end": 5, "text": "x", "reference": "p. 1"}]}

        async def do(task):
            run.reader.report("text", {"text": TEXT[:18]})
            run.reader.report("sentence", sentence(0, 18, supported=False, contrary=contrary))
            return "done", DONE

        run.reader.do = do
        run.answering.ask(AskConfig(), "Who?")
        await run.settle()

    run = play(script)
    assert run.last("sentence")["contrary"]["evidence"][0]["exact"] is True
