"""A document over the window, read in parts: summaries and answers of each, and of all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from helpers import Recorder, printed, report_pdf, story
from tiny import save_checkpoint

from longsum import merge
from longsum.answer import Answer, mark
from longsum.ask import AskTask
from longsum.config import AskConfig, DecodeConfig, LoadConfig, StoreConfig, SummaryConfig
from longsum.documents.document import Document
from longsum.documents.read import read_document
from longsum.errors import DocumentTooLong, EmptyDocument, InsufficientMemory, UsageError
from longsum.grounding.grounder import GroundedSentence
from longsum.reading import Reading
from longsum.session import ask_document, open_session, summarize_document
from longsum.summarize import SummaryTask

MINI = LoadConfig(model="mini", device="cpu", context=1024)
SHORT = SummaryConfig(words=40)
PAGES = 12


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return read_document(report_pdf(tmp_path_factory.mktemp("report") / "report.pdf", PAGES))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> LoadConfig:
    """A model that writes, with a window that a part of the report fits."""
    folder = save_checkpoint(tmp_path_factory.mktemp("tiny"), max_position_embeddings=4000)
    return LoadConfig(model=str(folder), device="cpu")


class Heard(Recorder):
    """Records sentences too."""

    def __init__(self) -> None:
        super().__init__()
        self.sentences: list[GroundedSentence] = []

    def sentence(self, piece: str, mark: str, sentence: Any) -> None:
        self.sentences.append(sentence)
        super().sentence(piece, mark, sentence)


@pytest.fixture(scope="module")
def heard() -> Heard:
    return Heard()


@pytest.fixture(scope="module")
def summary(document: Document, heard: Heard) -> Answer:
    return summarize_document(document, config=SHORT, load=MINI, parts=True, listener=heard)


def texts(answer: Answer) -> list[str]:
    return [sentence.text for sentence in answer.sentences]


# ---- summaries of the document's own sentences


def test_each_part_and_all_parts_have_a_summary(summary: Answer) -> None:
    count = len(summary.parts)
    assert count > 2
    headings = [
        f"Part {number} of {count} ({part.where})" for number, part in enumerate(summary.parts, 1)
    ]
    paragraphs = summary.marked.split("\n\n")
    assert paragraphs[::2] == [*headings, "All parts"]
    assert paragraphs[1:-1:2] == [part.answer.marked for part in summary.parts]
    assert [text for text, _ in printed(paragraphs[-1])] == texts(summary)


def test_what_is_shown_is_what_is_returned(summary: Answer, heard: Heard) -> None:
    assert "".join(heard.pieces) == summary.marked
    parts = [sentence for part in summary.parts for sentence in part.answer.sentences]
    assert heard.sentences == [*parts, *summary.sentences]


def test_places_are_those_of_the_whole_document(summary: Answer, document: Document) -> None:
    for answer in [summary, *(part.answer for part in summary.parts)]:
        assert answer.sentences
        for sentence in answer.sentences:
            span = sentence.evidence[0].span
            assert document.text[span.start : span.end] == sentence.text
            assert sentence.reference == document.reference(span)
            assert sentence.text in story(PAGES)[sentence.pages[0] - 1]


def test_a_part_is_summarized_from_its_own_pages(summary: Answer) -> None:
    for part, read in zip(summary.parts, summary.receipt.parts, strict=True):
        assert part.where == read.where
        pages = {page for sentence in part.answer.sentences for page in sentence.pages}
        assert pages <= set(range(read.first, read.last + 1))


def test_a_part_has_the_summary_that_its_pages_have_by_themselves(
    summary: Answer, tmp_path: Path
) -> None:
    """It is read like a document of its own."""
    path = report_pdf(tmp_path / "report.pdf", PAGES)
    read = summary.receipt.parts[1]
    alone = read_document(path, pages=f"{read.first}-{read.last}")
    answer = summarize_document(alone, config=SHORT, load=MINI)
    assert answer.marked == summary.parts[1].answer.marked
    assert abs(answer.receipt.tokens_read - read.tokens) <= 2


def test_the_summary_of_all_is_chosen_from_those_of_the_parts(summary: Answer) -> None:
    chosen = [text for part in summary.parts for text in texts(part.answer)]
    assert set(texts(summary)) < set(chosen)
    starts = [sentence.evidence[0].span.start for sentence in summary.sentences]
    assert starts == sorted(set(starts))
    words = sum(len(text.split()) for text in texts(summary))
    assert 25 <= words <= 1.15 * SHORT.words


def test_receipt_counts_the_parts_and_leaves_nothing_out(
    summary: Answer, document: Document
) -> None:
    receipt = summary.receipt
    assert receipt.tokens_read == receipt.tokens_total == sum(p.tokens for p in receipt.parts)
    assert not receipt.truncated
    assert receipt.lines()[0] == (
        f"read {receipt.tokens_read:,} of {receipt.tokens_read:,} tokens "
        f"in {len(receipt.parts)} parts ({PAGES} pages)"
    )
    assert receipt.cautions() == []
    numbers = [(part.first, part.last) for part in receipt.parts]
    assert (numbers[0][0], numbers[-1][1]) == (1, PAGES)
    assert all(before[1] + 1 == after[0] for before, after in pairwise(numbers))
    assert receipt.prefill_s > 0
    each = [part.answer.receipt for part in summary.parts]
    assert receipt.prefill_s > sum(one.prefill_s for one in each) > max(r.prefill_s for r in each)
    assert receipt.peak_memory_bytes >= max(one.peak_memory_bytes for one in each)


def test_json_lists_the_parts(summary: Answer) -> None:
    found = json.loads(json.dumps(summary.as_dict()))
    assert found["text"] == summary.text
    assert [part["where"] for part in found["parts"]] == [p.where for p in summary.parts]
    assert [part["text"] for part in found["parts"]] == [p.answer.text for p in summary.parts]
    span = found["parts"][1]["sentences"][0]["spans"][0]
    assert span["start"] >= len(found["parts"][0]["text"])
    first = found["receipt"]["parts"][0]
    assert (first["where"], first["unit"]) == (summary.parts[0].where, "page")
    assert (first["first"], first["tokens"]) == (1, summary.receipt.parts[0].tokens)
    assert found["receipt"]["truncated"] is False


def test_the_parts_are_named_before_anything_is_read(heard: Heard, summary: Answer) -> None:
    budget, parts = heard.notices[:2]
    assert " of 1,024 tokens" in budget
    assert parts.startswith(f"{len(summary.parts)} parts: pages 1-")
    assert parts.endswith(f"-{PAGES}")


def test_progress_is_that_of_the_whole_document(heard: Heard, summary: Answer) -> None:
    dones = [done for done, _ in heard.reading]
    assert dones == sorted(dones)
    assert dones[-1] == summary.receipt.tokens_read
    assert {total for _, total in heard.reading} == {summary.receipt.tokens_read}


def test_a_document_that_fits_is_read_as_without_the_option(document: Document) -> None:
    short = LoadConfig(model="mini", device="cpu", context=8192)
    plain, asked = Heard(), Heard()
    first = summarize_document(document, config=SHORT, load=short, listener=plain)
    second = summarize_document(document, config=SHORT, load=short, parts=True, listener=asked)
    assert second.marked == first.marked
    assert second.parts == second.receipt.parts == ()
    assert asked.notices == plain.notices
    assert "parts" not in second.as_dict()


def test_without_the_setting_the_document_is_refused(document: Document) -> None:
    with pytest.raises(DocumentTooLong, match="is too long"):
        summarize_document(document, config=SHORT, load=MINI)


def test_leaving_a_part_out_and_reading_in_parts_exclude_each_other(document: Document) -> None:
    with pytest.raises(UsageError, match="parts=True reads all of a document, truncate="):
        open_session(document, load=MINI, truncate="tail", parts=True)


def test_a_model_without_a_head_chooses_in_parts_too(document: Document, tiny: LoadConfig) -> None:
    config = SummaryConfig(words=40, verbatim=True, style="bullets")
    heard = Heard()
    answer = summarize_document(document, config=config, load=tiny, parts=True, listener=heard)
    assert len(answer.parts) > 2
    chosen = [text for part in answer.parts for text in texts(part.answer)]
    assert set(texts(answer)) <= set(chosen)
    assert answer.marked.split("All parts\n\n")[1].startswith("- ")
    assert "".join(heard.pieces) == answer.marked


def test_an_executive_summary_of_parts_begins_with_a_headline(document: Document) -> None:
    config = SummaryConfig(words=60, style="executive")
    answer = summarize_document(document, config=config, load=MINI, parts=True)
    headline, *points = answer.marked.split("All parts\n\n")[1].split("\n")
    assert not headline.startswith("- ")
    assert points[0] == ""
    assert len(points) > 2
    assert all(point.startswith("- ") for point in points[1:])
    for sentence in answer.sentences:
        span = sentence.evidence[0].span
        assert document.text[span.start : span.end] == sentence.text


def test_summaries_of_many_parts_are_shorter_so_that_all_fit_one_reading(
    document: Document,
) -> None:
    heard = Heard()
    config = SummaryConfig(words=400)
    answer = summarize_document(document, config=config, load=MINI, parts=True, listener=heard)
    (notice,) = [line for line in heard.notices if "words per part" in line]
    words = int(notice.split()[0])
    assert 50 < words < 400
    assert notice.endswith("so that all summaries fit one reading")
    for part in answer.parts:
        assert len(part.answer.text.split()) <= 1.15 * words
    assert len(answer.text.split()) <= 400


def test_parts_that_do_not_fit_the_memory_are_refused_before_loading(
    document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("longsum.loading.loader.load_model", lambda *_, **__: pytest.fail("loaded"))
    little = LoadConfig(model="mini", device="cpu", context=1024, memory_bytes=1 << 20)
    with pytest.raises(InsufficientMemory):
        summarize_document(document, load=little, parts=True)


def test_prompt_and_answer_that_fill_the_window_are_refused(
    document: Document, tiny: LoadConfig
) -> None:
    decode = DecodeConfig(max_new_tokens=3990)
    with pytest.raises(DocumentTooLong, match="^prompt and answer alone take"):
        summarize_document(document, load=tiny, decode=decode, parts=True)


def test_focus_unknown_to_one_part_is_not_a_warning(tmp_path: Path) -> None:
    """It was said to have no effect, though another part is about it."""
    path = tmp_path / "book.txt"
    prose = "The keeper of the lighthouse wrote down the weather every evening of the year.\n\n"
    path.write_text(prose * 40 + "The granary of the town burned down in March of that year.\n")
    heard = Heard()
    config = SummaryConfig(words=30, focus="granary")
    load = LoadConfig(model="mini", device="cpu", context=512)
    answer = summarize_document(
        read_document(path), config=config, load=load, parts=True, listener=heard
    )
    assert len(answer.parts) > 1
    assert heard.warnings == []
    assert "granary" in answer.text
    config = SummaryConfig(words=30, focus="quarks")
    summarize_document(read_document(path), config=config, load=load, parts=True, listener=heard)
    (warning,) = heard.warnings
    assert "'quarks' has no effect" in warning


INDEX = "".join(f"Harbour, {number}\n\n" for number in range(300))


def test_a_part_without_sentences_is_named_and_the_others_are_summarized(tmp_path: Path) -> None:
    path = tmp_path / "book.txt"
    prose = "The keeper of the lighthouse wrote down the weather every evening of the year.\n\n"
    path.write_text(prose * 30 + INDEX)
    load = LoadConfig(model="mini", device="cpu", context=600)
    answer = summarize_document(read_document(path), config=SHORT, load=load, parts=True)
    last = answer.parts[-1].answer
    assert last.sentences == ()
    assert last.marked == "No complete sentences to choose from."
    assert last.marked in answer.marked
    assert answer.text.startswith("The keeper")


def test_a_document_without_any_sentences_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "index.txt"
    path.write_text(INDEX)
    load = LoadConfig(model="mini", device="cpu", context=600)
    with pytest.raises(EmptyDocument):
        summarize_document(read_document(path), config=SHORT, load=load, parts=True)


def test_a_dissent_that_reaches_into_the_next_part_is_left_out_of_all(tmp_path: Path) -> None:
    court = "The statute that the town invokes names no hours for the ferry at all.\n\n"
    dissent = "The noise of the ferry wakes every child who lives near the harbour.\n\n"
    path = tmp_path / "opinion.txt"
    path.write_text(
        "JUSTICE ALBRIGHT delivered the opinion of the Court.\n\n"
        + court * 24
        + f"JUSTICE BELLOWS, dissenting. {dissent}"
        + dissent * 40
    )
    load = LoadConfig(model="mini", device="cpu", context=600)
    answer = summarize_document(read_document(path), config=SHORT, load=load, parts=True)
    named = [mark(each) for part in answer.parts for each in part.answer.sentences
             if "child" in each.text]  # fmt: skip
    assert named  # parts that hold nothing else are summarized, each sentence under its name
    assert all("Justice Bellows, dissenting" in each for each in named)
    assert "child" not in answer.text
    assert "statute" in answer.text


# ---- one loading, one part in memory, the cache


def test_the_model_is_loaded_once_and_each_part_freed_before_the_next(
    document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    import weakref

    from longsum.loading import weights

    loads: list[object] = []
    engines: list[weakref.ref[object]] = []
    load, read = weights.load_weights, merge.open_reading

    def loading(*arguments: Any) -> Any:
        loads.append(arguments)
        return load(*arguments)

    def reading(*arguments: Any, **options: Any) -> Reading:
        assert not [each for each in engines if each() is not None]
        found = read(*arguments, **options)
        engines.append(weakref.ref(found.engine))
        return found

    monkeypatch.setattr(weights, "load_weights", loading)
    monkeypatch.setattr(merge, "open_reading", reading)
    with open_session(document, [SummaryTask(SHORT)], MINI, parts=True) as session:
        first = session.summarize(SHORT)
        again = session.summarize(SHORT)
        assert session.in_parts
        assert not session.is_read
    assert len(loads) == 1
    assert len(engines) == 2 * (len(first.parts) + 1)
    assert again.marked == first.marked


def test_parts_come_from_the_cache_the_second_time(document: Document) -> None:
    store = StoreConfig(min_prefill_s=0.0)

    def summarized() -> tuple[Answer, Heard]:
        heard = Heard()
        with open_session(
            document, [SummaryTask(SHORT)], MINI, parts=True, store=store, listener=heard
        ) as session:
            answer = session.summarize(SHORT)
            before = len(heard.notices)
            session.save()
        assert len(heard.notices) <= before + 1
        return answer, heard

    first, told = summarized()
    assert not first.receipt.from_cache
    (cached,) = [each for each in told.notices if "cached" in each]
    assert cached.endswith(f"; likewise {len(first.parts) - 1} further parts")
    second, silent = summarized()
    assert second.receipt.from_cache
    assert second.marked == first.marked
    assert silent.reading == []
    assert not [each for each in silent.notices if "cached" in each]


def test_lines_end_before_anything_is_drawn(document: Document) -> None:
    """A spinner would erase the last line of a summary."""

    class Drawn(Heard):
        def phase(self, name: str) -> None:
            super().phase(name)
            assert "".join(self.pieces)[-1:] in ("", "\n"), name

        def prefill(self, done: int, total: int) -> None:
            super().prefill(done, total)
            self.phase("reading")

    heard = Drawn()
    store = StoreConfig(min_prefill_s=0.0)
    with open_session(
        document, [SummaryTask(SHORT)], MINI, parts=True, store=store, listener=heard
    ) as session:
        session.summarize(SHORT)
    assert "caching the document" in heard.phases


def test_the_work_can_be_stopped_and_what_was_finished_stays(document: Document) -> None:
    class Stopping(Heard):
        def prefill(self, done: int, total: int) -> None:
            super().prefill(done, total)
            if done > 0.6 * total:
                raise KeyboardInterrupt

    heard = Stopping()
    with pytest.raises(KeyboardInterrupt):
        summarize_document(document, config=SHORT, load=MINI, parts=True, listener=heard)
    shown = "".join(heard.pieces)
    assert printed(shown)
    assert shown.startswith("Part 1 of ")
    assert "All parts" not in shown


# ---- questions

FREE = AskConfig(verbatim=False)
QUESTIONS = ("What did the night watchman describe?", "Who paid for the unfinished cathedral?")


def test_verbatim_questions_need_no_parts(document: Document) -> None:
    (plain,) = ask_document(document, QUESTIONS[:1], load=MINI)
    (asked,) = ask_document(document, QUESTIONS[:1], load=MINI, parts=True)
    assert asked.marked == plain.marked
    assert asked.parts == ()


def test_a_session_in_parts_answers_verbatim_questions_from_the_whole(document: Document) -> None:
    with open_session(document, load=MINI, parts=True) as session:
        assert session.in_parts
        answer = session.ask(QUESTIONS[0])
    (plain,) = ask_document(document, QUESTIONS[:1], load=MINI)
    assert answer.marked == plain.marked


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have the model write what is in a list, an answer after another."""
    answers: list[str] = []

    def write(self: Reading, *_: Any) -> Iterator[str]:
        yield answers.pop(0)

    monkeypatch.setattr(Reading, "write", write)
    return answers


def test_a_question_is_put_to_every_part(
    document: Document, tiny: LoadConfig, written: list[str]
) -> None:
    heard = Heard()
    task = AskTask(FREE, DecodeConfig(max_new_tokens=400), QUESTIONS[:1])
    with open_session(document, [task], tiny, parts=True, listener=heard) as session:
        assert session.in_parts
        sentence = story(PAGES)[-1][0]
        count = int(heard.notices[1].split()[0])
        written += ["Not in the document."] * (count - 1) + [sentence]
        answer = session.ask(QUESTIONS[0], FREE, task.decode)
    assert count == len(answer.parts) > 2
    assert [part.answer.answered for part in answer.parts] == [False] * (count - 1) + [True]
    assert answer.answered
    assert answer.text == sentence
    last = answer.parts[-1].where
    missing = ", ".join(
        f"part {number} ({part.where})" for number, part in enumerate(answer.parts[:-2], 1)
    )
    assert answer.marked == (
        f"Part {count} of {count} ({last})\n\n{sentence} [p. {PAGES}]\n\n"
        f"Nothing found in {missing} and part {count - 1} ({answer.parts[-2].where})."
    )
    assert "".join(heard.pieces) == answer.marked
    span = answer.sentences[0].evidence[0].span
    assert document.text[span.start : span.end] == sentence
    assert (answer.receipt.sentences, answer.receipt.sentences_supported) == (1, 1)
    assert json.loads(json.dumps(answer.as_dict()))["parts"][0]["answered"] is False


def test_an_answer_found_everywhere_ends_with_the_last_part(
    document: Document, tiny: LoadConfig, written: list[str]
) -> None:
    heard = Heard()
    written += [page[0] for page in story(PAGES)]
    decode = DecodeConfig(max_new_tokens=400)
    (answer,) = ask_document(
        document, QUESTIONS[:1], config=FREE, load=tiny, decode=decode, parts=True, listener=heard
    )
    assert "".join(heard.pieces) == answer.marked
    assert "Nothing found" not in answer.marked
    assert all(part.answer.answered for part in answer.parts)
    first, second = answer.sentences[:2]
    assert answer.text[first.start : first.end] == first.text
    assert answer.text[second.start : second.end] == second.text


def test_several_questions_read_each_part_once(
    document: Document, tiny: LoadConfig, written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []
    read = merge.open_reading

    def reading(*arguments: Any, **options: Any) -> Reading:
        opened.append(1)
        return read(*arguments, **options)

    monkeypatch.setattr(merge, "open_reading", reading)
    heard = Heard()
    pages = story(PAGES)
    written += [pages[0][0], "Not in the document."] + ["Not in the document."] * 20
    decode = DecodeConfig(max_new_tokens=400)
    first, second = ask_document(
        document, QUESTIONS, config=FREE, load=tiny, decode=decode, parts=True, listener=heard
    )
    assert len(opened) == len(first.parts) == len(second.parts)
    assert first.answered
    assert not second.answered
    assert second.text == "Not in the document."
    assert second.marked == f"Nothing found in any of the {len(opened)} parts."
    assert second.receipt.sentences == 0
    shown = "".join(heard.pieces)
    heading = f"Part 1 of {len(opened)} ({first.parts[0].where})"
    assert shown.startswith(f"{heading}\n\n{QUESTIONS[0]}\n{pages[0][0]} [p. 1]\n\n")
    assert f"{QUESTIONS[1]}\nNothing found in any" in shown


def test_a_written_summary_of_all_is_grounded_in_the_whole_document(
    document: Document, tiny: LoadConfig, written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    prompts = SummaryTask.prompts

    def spy(self: SummaryTask, document: Document, *rest: Any) -> Any:
        asked.append(document.text)
        return prompts(self, document, *rest)

    monkeypatch.setattr(SummaryTask, "prompts", spy)
    pages = story(PAGES)
    last = pages[-1][0]
    written += [page[0] for page in pages[::4]]
    heard = Heard()
    task = SummaryTask(SummaryConfig(words=40))
    with open_session(document, [task], tiny, parts=True, listener=heard) as session:
        count = int(heard.notices[1].split()[0])
        written[:] = [page[1] for page in pages[:count]] + [f"{last} Nobody ever saw a quark."]
        answer = session.summarize(task.config)
    assert answer.marked.endswith(f"All parts\n\n{last} [p. {PAGES}] Nobody ever saw a quark. "
                                  "[no support found]")  # fmt: skip
    span = answer.sentences[0].evidence[0].span
    assert document.text[span.start : span.end] == last
    assert asked[-1].startswith(f"Part 1, {answer.parts[0].where}:\n{pages[0][1]}\n\nPart 2, ")
    assert answer.receipt.sentences == count + 2
