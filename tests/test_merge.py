"""A document over the window, read in parts: summaries and answers of each, and of all."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from helpers import Recorder, printed, report_pdf, story
from in_parts import MINI, PAGES, TINY_WINDOW, Heard, report_of_parts, tiny_model_of_parts

from longsum import merge
from longsum.answer import Answer
from longsum.config import DecodeConfig, LoadConfig, StoreConfig, SummaryConfig
from longsum.documents.document import Document
from longsum.documents.read import read_document
from longsum.errors import DocumentTooLong, EmptyDocument, InsufficientMemory, UsageError
from longsum.marking import mark
from longsum.opening import open_session, summarize_document
from longsum.reading import Reading
from longsum.summarize import SummaryTask

SHORT = SummaryConfig(words=40)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return report_of_parts(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> LoadConfig:
    return tiny_model_of_parts(tmp_path_factory.mktemp("tiny"))


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


def test_each_part_is_named_before_it_is_read_and_each_heading_is_told_apart(
    summary: Answer, heard: Heard
) -> None:
    count = len(summary.parts)
    assert heard.parts == list(range(1, count + 1))
    assert heard.headings[0] == f"Part 1 of {count} ({summary.parts[0].where})"
    assert heard.headings[1:] == summary.marked.split("\n\n")[2::2]
    assert heard.remarks == []


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
    decode = DecodeConfig(max_new_tokens=TINY_WINDOW - 10)
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
    heard = Heard()
    answer = summarize_document(
        read_document(path), config=SHORT, load=load, parts=True, listener=heard
    )
    last = answer.parts[-1].answer
    assert set(heard.remarks) == {last.marked}
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
    listener = Recorder()
    answer = summarize_document(
        read_document(path), config=SHORT, load=load, parts=True, listener=listener
    )
    named = [mark(each) for part in answer.parts for each in part.answer.sentences
             if "child" in each.text]  # fmt: skip
    assert named  # parts that hold nothing else are summarized, each sentence under its name
    assert all("Justice Bellows, dissenting" in each for each in named)
    assert "child" not in answer.text
    assert "statute" in answer.text
    (notice,) = [each for each in listener.notices if "left out" in each]  # not one a part
    assert notice.startswith("left out of the summary of all parts, as a separate opinion: Justice")


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
