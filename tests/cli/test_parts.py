"""`--parts`: a document over the window, as a user of the command line sees it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from books import book
from helpers import assert_refused, printed, report_pdf, run, story
from terminal import on_terminal
from tiny import save_checkpoint

from longsum.cli.console import Reporter

PAGES = 12
SMALL = ("-m", "mini", "--context", "1024", "--device", "cpu")


@pytest.fixture(scope="module")
def pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report_pdf(tmp_path_factory.mktemp("report") / "report.pdf", PAGES)


def test_refusal_names_the_option_and_the_option_works(pdf: Path) -> None:
    refused = run("summarize", pdf, *SMALL)
    assert_refused(refused, 3, "report.pdf is too long", "--parts", "--pages 1-")
    count = re.search(r"read all of it in (\d) parts: --parts", refused.stderr)
    assert count
    result = run("summarize", pdf, *SMALL, "--parts", "-l", "40")
    assert result.exit_code == 0
    assert f"{count[1]} parts: pages 1-" in result.stderr
    headings = re.findall(r"^Part (\d) of (\d) \(pages \d+-\d+\)$", result.stdout, re.MULTILINE)
    assert headings == [(str(number), count[1]) for number in range(1, int(count[1]) + 1)]
    for text, place in printed(result.stdout):
        assert text in story(PAGES)[int(place.removeprefix("p. ")) - 1]
    assert re.search(rf"read ([\d,]+) of \1 tokens in {count[1]} parts \(12 pages\)", result.stderr)


def test_json_and_a_file_hold_the_same_as_the_terminal(pdf: Path, tmp_path: Path) -> None:
    arguments = ("summarize", pdf, *SMALL, "--parts", "-l", "40", "-q")
    shown = run(*arguments)
    assert shown.stderr == ""
    path = tmp_path / "summary.md"
    run(*arguments, "-o", path)
    assert path.read_text() == shown.stdout
    found = json.loads(run(*arguments, "--json").stdout)
    assert shown.stdout.count("[p. ") == len(found["sentences"]) + sum(
        len(part["sentences"]) for part in found["parts"]
    )
    spans = [s for part in found["parts"] for each in part["sentences"] for s in each["spans"]]
    assert all(span["exact"] and span["marks"] for span in spans)
    pages = {mark["page"] for span in spans for mark in span["marks"]}
    assert len(pages) >= len(found["parts"])


def test_text_without_pages_is_cut_at_lines(tmp_path: Path) -> None:
    path = tmp_path / "book.txt"
    path.write_text("\n\n".join(" ".join(page) for page in story(PAGES)))
    result = run("summarize", path, *SMALL, "--parts", "-l", "20")
    assert re.search(r"\d parts: lines 1-\d+, \d+-\d+", result.stderr)
    assert result.stdout.startswith("Part 1 of ")
    assert "[line " in result.stdout


def test_book_is_cut_between_chapters_and_subtitles_at_times(tmp_path: Path) -> None:
    pages = [" ".join(page) for page in story(8)]
    epub = tmp_path / "ferry.epub"
    chapters = {f"c{i}.xhtml": f"<h1>Chapter {i}</h1><p>{text}</p>" for i, text in enumerate(pages)}
    epub.write_bytes(book(chapters))
    result = run("summarize", epub, *SMALL, "--parts", "-l", "20")
    assert re.search(r"^\d parts: chapters 1-\d, \d-", result.stderr, re.MULTILINE)
    assert re.search(r"\[ch\. [5-8] “Chapter [4-7]”\]", result.stdout)
    cues = [f"{i}\n00:{i:02}:00,000 --> 00:{i:02}:50,000\n{text}\n" for i, text in enumerate(pages)]
    srt = tmp_path / "ferry.srt"
    srt.write_text("\n".join(cues))
    result = run("summarize", srt, *SMALL, "--parts", "-l", "20")
    assert re.search(r"^\d parts: 00:00:00 to 00:\d\d:\d\d; 00:", result.stderr, re.MULTILINE)
    assert re.search(r"\[00:0[4-7]:\d\d\]", result.stdout)


def test_document_that_fits_is_read_at_once(pdf: Path) -> None:
    short = ("summarize", pdf, "-m", "mini", "-l", "40", "--no-cache", "-q")
    assert run(*short, "--parts").stdout == run(*short).stdout


@pytest.mark.parametrize("command", ["summarize", "ask"])
def test_parts_and_truncation_exclude_each_other(command: str) -> None:
    result = run(command, "absent.pdf", "Why?", "--parts", "--truncate", "tail")
    if command == "summarize":
        result = run(command, "absent.pdf", "--parts", "--truncate", "tail")
    assert_refused(result, 2, "--parts reads all of a document, --truncate tail leaves a part out")


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """A model that writes, with a window that the report does not fit."""
    folder = save_checkpoint(tmp_path_factory.mktemp("small"), max_position_embeddings=6000)
    return ("-m", str(folder), "--device", "cpu", "--max-new-tokens", "30", "--no-cache")


def test_written_answers_come_part_by_part(pdf: Path, writer: tuple[str, ...]) -> None:
    arguments = ("ask", pdf, "Who paid?", "Why?", *writer, "--parts")
    result = run(*arguments)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("Part 1 of 2 (pages 1-6)\n\nWho paid?\n")
    assert result.stdout.index("Why?") < result.stdout.index("Part 2 of 2 (pages 7-12)")
    first, second = json.loads(run(*arguments, "--json", "-q").stdout)
    assert (first["question"], second["question"]) == ("Who paid?", "Why?")
    assert [part["where"] for part in first["parts"]] == ["pages 1-6", "pages 7-12"]
    assert " in 2 parts (12 pages)" in result.stderr


def test_session_over_parts_is_refused(pdf: Path, writer: tuple[str, ...]) -> None:
    screen = on_terminal("ask", pdf, *writer, "--parts")
    assert screen.exit_code == 2
    assert "an interactive session needs the whole document in one window" in " ".join(
        screen.text.split()
    )


def test_interrupted_run_leaves_the_finished_parts(
    pdf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Reporter, done: int, total: int) -> None:
        if done > 0.6 * total:
            raise KeyboardInterrupt

    monkeypatch.setattr(Reporter, "prefill", interrupted)
    result = run("summarize", pdf, *SMALL, "--parts", "-l", "40", "--no-cache")
    assert result.exit_code == 130
    assert "error: interrupted" in result.stderr
    assert result.stdout.startswith("Part 1 of 3 (pages 1-4)")
    assert printed(result.stdout)
    assert "All parts" not in result.stdout


def test_batch_reads_in_parts(pdf: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ("batch", pdf.parent, "-o", out, *SMALL, "-l", "20")
    assert run(*arguments, "--parts").exit_code == 0
    assert "Part 1 of " in (out / "report.pdf.md").read_text()
    assert "in 3 parts (12 pages)" in (out / "report.pdf.md").read_text()
