from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path

import pytest
from helpers import LIVE, REPEATED, assert_refused, printed, report_pdf, run, start, story
from pdfs import encrypted, image_only, mixed, with_running_heads
from terminal import on_terminal
from tiny import save_checkpoint

from longsum.config import WeightsConfig
from longsum.documents.read import read_document
from longsum.loading import quantized_cache
from longsum.paths import config_file

ATTACK = (
    "The \x1b[31mred\x1b[0m report was \x9b2Jwiped by the \u202eegduj\u202c in the spring. "
    "Nobody\x07 in the \u2066council\u2069 believed that \x1b]0;owned\x07 the title had changed."
)


@pytest.fixture
def pdf(tmp_path) -> Path:
    return report_pdf(tmp_path / "report.pdf")


@pytest.fixture
def summary(pdf):
    """A run of the bundled model, as a new user makes it."""
    return run("summarize", pdf)


# ---- what is printed, and where


def test_first_run_prints_sentences_with_their_pages(summary):
    assert summary.exit_code == 0
    found = printed(summary.stdout)
    assert summary.stdout == " ".join(f"{text} [{place}]" for text, place in found) + "\n"
    for text, place in found:
        assert text in story()[int(place.removeprefix("p. ")) - 1]
    assert 130 <= sum(len(text.split()) for text, _ in found) <= 230


def test_everything_else_goes_to_stderr(summary):
    errors = summary.stderr
    assert "bundled model" in errors
    assert "longsum models pull" in errors
    read, total = errors.split("read ")[1].split(" tokens")[0].split(" of ")
    assert read == total
    assert f"document {total} + prompt" in errors
    for part in ("(3 pages)", "32,768-token window, PI ×16", "verbatim answer", "tok/s"):
        assert part in errors


def test_the_bundled_model_is_introduced_once(pdf):
    """The line came with every run for ever."""
    told = "using the small bundled model"
    quiet = run("summarize", pdf, "-l", "20", "-q")
    assert told not in quiet.stderr
    uncached = [run("summarize", pdf, "-l", "20", "--no-cache").stderr for _ in range(2)]
    assert all(told in errors for errors in uncached)  # which remembers nothing
    first, second = (run("summarize", pdf, "-l", "20").stderr for _ in range(2))
    assert told in first
    assert told not in second


def test_unknown_setting_is_a_warning(pdf, tiny):
    path = config_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('modle = "mini"\ncolour = 1\n')
    errors = " ".join(run("summarize", pdf, "-m", tiny, "--verbatim", "-l", "20").stderr.split())
    assert "'modle' is not a setting; did you mean model?" in errors
    assert "'colour' is not a setting; available: model" in errors


def test_quiet_run_prints_the_answer_alone(pdf, tiny):
    result = run("summarize", pdf, "-m", tiny, "--verbatim", "-l", "20", "-q")
    assert result.exit_code == 0
    assert printed(result.stdout)
    assert result.stderr == ""


def test_verbose_run_says_what_was_chosen_and_why(pdf, tiny):
    errors = run("summarize", pdf, "-m", tiny, "--verbatim", "-l", "20", "-v").stderr
    for part in (f"model: {tiny}", "window: 8,192 tokens", "machine: ", "memory: "):
        assert part in errors


def test_verbose_run_lists_the_rows_left_out_as_repeated(tmp_path, tiny):
    path = tmp_path / "a.pdf"
    path.write_bytes(with_running_heads())
    said = run("summarize", path, "-m", tiny, "--verbatim", "-l", "20", "-v").stderr
    assert "left out 24 rows that repeat from page to page" in said
    assert "page numbers, pages 1-8" in said
    assert "left out" not in run("summarize", path, "-m", tiny, "--verbatim", "-l", "20").stderr


def test_pipes_get_no_colours(pdf, tiny, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    result = run("summarize", pdf, "-m", tiny, "--verbatim", "-l", "20", strip=False)
    assert result.exit_code == 0
    assert not LIVE.search(result.stdout + result.stderr)


def test_json_holds_the_answer_and_its_receipt(pdf, tiny):
    result = run(
        "summarize",
        pdf,
        "-m",
        tiny,
        "--verbatim",
        "-l",
        "40",
        "--max-new-tokens",
        "800",
        "--json",
        "-q",
    )
    answer = json.loads(result.stdout)
    document = read_document(pdf)
    assert answer["text"] == " ".join(s["text"] for s in answer["sentences"])
    for sentence in answer["sentences"]:
        (span,) = sentence["spans"]
        assert document.text[span["start"] : span["end"]] == sentence["text"]
        (page,) = sentence["pages"]
        assert sentence["text"] in story()[page - 1]
        assert sentence["reference"] == f"p. {page}"
        assert sentence["supported"]
    receipt = answer["receipt"]
    assert receipt["tokens_read"] == receipt["tokens_total"] == len(document.text.encode())
    assert receipt["truncated"] is False
    assert receipt["finish_reason"] in ("words", "exhausted")
    assert (receipt["pages_read"], receipt["pages_total"]) == (3, 3)
    assert receipt["sha256"] == document.sha256


def test_free_json_says_which_sentences_have_no_support(pdf, tiny):
    result = run("summarize", pdf, "-m", tiny, "--json", "--max-new-tokens", "40")
    answer = json.loads(result.stdout)
    assert answer["receipt"]["mode"] == "free"
    assert all(s["supported"] == bool(s["spans"]) for s in answer["sentences"])


# ---- choosing what is read


def test_chosen_pages_are_read_and_counted(pdf, tiny):
    arguments = ("-m", tiny, "--verbatim", "-l", "40", "--pages", "2-3")
    result = run("summarize", pdf, *arguments)
    assert {place for _, place in printed(result.stdout)} <= {"p. 2", "p. 3"}
    assert "(pages 2-3 of 3)" in result.stderr


@pytest.mark.parametrize(("pages", "exit_code"), [("7", 3), ("x", 2), ("3-1", 2), ("0", 3)])
def test_pages_that_are_not_there_are_refused(pdf, pages, exit_code):
    assert_refused(run("summarize", pdf, "--pages", pages), exit_code, pages)


@pytest.mark.parametrize("kind", ["pdf", "text"])
def test_dash_reads_what_is_piped_in(pdf, tiny, kind):
    data = pdf.read_bytes() if kind == "pdf" else "\n\n".join(story()[0]).encode()
    result = run("summarize", "-", "-m", tiny, "--verbatim", "-l", "20", stdin=data)
    assert result.exit_code == 0, result.stderr
    expected = "p. " if kind == "pdf" else "line "
    assert all(place.startswith(expected) for _, place in printed(result.stdout))
    assert printed(result.stdout)


def test_password_opens_a_document(tmp_path, tiny):
    path = tmp_path / "secret.pdf"
    path.write_bytes(encrypted(user="sesame"))
    arguments = ("summarize", path, "-m", tiny, "--verbatim", "-l", "20")
    assert run(*arguments, "--password", "sesame").exit_code == 0
    assert_refused(run(*arguments, "--password", "wrong"), 3, "password")
    assert_refused(run(*arguments), 3, "password", "--password")


@pytest.fixture
def cut(pdf, tmp_path) -> tuple[object, ...]:
    """A command that reads a part of the document."""
    small = save_checkpoint(tmp_path / "small", max_position_embeddings=2000)
    arguments = ("summarize", pdf, "-m", small, "--verbatim", "--length", "10")
    assert_refused(run(*arguments), 3, "report.pdf is too long", "--truncate")
    return (*arguments, "--truncate", "middle")


MISSING = re.compile(r"(pages? [\d, and-]+(?:and parts? of pages? [\d and]+)?) of 3 LEFT OUT")


def test_truncation_is_said_in_the_receipt(cut):
    result = run(*cut)
    assert result.exit_code == 0
    assert "LEFT OUT)" in result.stderr
    receipt = json.loads(run(*cut, "--json").stdout)["receipt"]
    assert (receipt["truncated"], receipt["truncate"]) == (True, "middle")
    assert receipt["tokens_left_out"] == receipt["tokens_total"] - receipt["tokens_read"] > 0
    assert f"{receipt['left_out']} LEFT OUT)" in result.stderr


def test_truncation_survives_a_quiet_run(cut):
    """With -q, six sentences of a fifth of the document came without a word about it."""
    result = run(*cut, "-q")
    assert result.stderr.startswith("warning: ")
    assert MISSING.search(result.stderr)


def test_truncation_is_said_in_the_file(cut, tmp_path):
    """A file made with -o held the text alone."""
    path = tmp_path / "summary.md"
    assert run(*cut, "-q", "-o", path).exit_code == 0
    assert MISSING.search(path.read_text().splitlines()[-1])


def test_file_of_a_whole_document_holds_the_answer_alone(pdf, tiny, tmp_path):
    path = tmp_path / "summary.md"
    run("summarize", pdf, "-m", tiny, "--verbatim", "-l", "20", "-o", path)
    assert "LEFT OUT" not in path.read_text()
    assert len(path.read_text().splitlines()) == 1


def test_partly_scanned_document_warns_even_a_quiet_run(tmp_path, tiny):
    path = tmp_path / "scan.pdf"
    path.write_bytes(mixed("tit"))
    result = run("summarize", path, "-m", tiny, "--verbatim", "-l", "20", "-q")
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: page 2 of 3")
    assert "ocrmypdf" in result.stderr


def test_bundled_model_that_is_to_write_warns_that_it_cannot(pdf):
    """`mini --free` wrote `, and the United States, … [line 7]` without a warning."""
    result = run("summarize", pdf, "--free", "--max-new-tokens", "30", "-q")
    assert "warning: the bundled model cannot write: expect nonsense" in result.stderr
    verbatim = run("summarize", pdf, "-q", "-l", "20")
    assert verbatim.stderr == ""


def test_password_is_asked_for_on_a_terminal(tmp_path, tiny):
    """It had to be given on the command line, where the shell's history keeps it."""
    path = tmp_path / "locked.pdf"
    path.write_bytes(encrypted(user="secret"))
    arguments = ("summarize", path, "-m", tiny, "--verbatim", "-l", "20", "--no-cache")
    typed = (("Password of ", "wrong\n"), ("Password of ", "secret\n"))
    screen = on_terminal(*arguments, typed=typed)
    assert screen.exit_code == 0
    assert "[p. 1]" in screen.text
    assert "does not open" in screen.text
    assert "secret" not in screen.text
    refused = on_terminal(*arguments, typed=(("Password of ", "x\n"),) * 3)
    assert refused.exit_code == 3
    assert refused.text.count("Password of ") == 3
    assert on_terminal(*arguments, "--password", "x").exit_code == 3  # a script's is not asked
    assert_refused(run(*arguments), 3, "needs a password", "--password")


def test_hint_for_a_scan_keeps_the_path_as_it_was_typed(tmp_path):
    """`ocrmypdf scan.pdf out.pdf` dropped the folder."""
    path = tmp_path / "my scans" / "a.pdf"
    path.parent.mkdir()
    path.write_bytes(image_only())
    assert f"ocrmypdf '{path}' out.pdf" in run("summarize", path).stderr


# ---- refusals


@pytest.mark.parametrize(
    ("make", "parts"),
    [
        (lambda p: None, ["no such file"]),
        (lambda p: p.mkdir(), ["is a folder"]),
        (lambda p: p.write_bytes(b""), ["is empty"]),
        (lambda p: p.write_bytes(b"\0\1\2" * 99), ["binary"]),
        (lambda p: p.write_bytes(image_only()), ["no text", "ocrmypdf"]),
        (lambda p: p.write_bytes(b"%PDF-1.7\n\0\xff garbage"), []),
    ],
    ids=["missing", "folder", "empty", "binary", "scanned", "corrupt"],
)
def test_document_that_cannot_be_read_exits_3(tmp_path, make, parts):
    path = tmp_path / "report.pdf"
    make(path)
    assert_refused(run("summarize", path), 3, "report.pdf", *parts)


def test_document_beyond_the_window_exits_3(pdf):
    assert_refused(
        run("summarize", pdf, "--context", "256"), 3, "reads 256", "--context 32768", "--pages 1"
    )


def test_too_little_memory_exits_4(pdf):
    assert_refused(
        run("summarize", pdf, "--memory", "100MiB"), 4, "needs", "--memory allows 100.0 MiB"
    )


@pytest.mark.parametrize(
    ("model", "parts"),
    [
        ("llama-2-7b-32k-instruct", ["not on this disk", "longsum models pull"]),
        ("owner/name", ["not on this disk"]),
        ("vicuna-7b-16", ["vicuna-7b-16k"]),
        ("./nowhere", ["does not exist"]),
    ],
)
def test_model_that_is_missing_exits_5(pdf, model, parts):
    assert_refused(run("summarize", pdf, "-m", model), 5, *parts)


def test_window_the_weights_were_not_tuned_for_exits_5(pdf):
    assert_refused(run("summarize", pdf, "--context", "64k"), 5, "longsum extend")


# ---- templates and sampling


def test_own_template_is_used(pdf, tiny, tmp_path, monkeypatch):
    from longsum.reading import Reading

    mine = tmp_path / "mine.jinja"
    mine.write_text("Before.\n{{ document }}\nSay it in {{ words }} words.")
    suffixes = []

    def write(self, suffix, *_):
        suffixes.append(suffix)
        yield REPEATED

    monkeypatch.setattr(Reading, "write", write)
    result = run("summarize", pdf, "-m", tiny, "--prompt", mine, "-l", "33", "-q")
    assert suffixes == ["\nSay it in 33 words."]
    assert result.stdout.startswith(f"{REPEATED} [p")


def test_broken_template_names_its_line(pdf, tiny, tmp_path):
    mine = tmp_path / "mine.jinja"
    mine.write_text("{{ document }}\n\n{{ wrods }}")
    result = run("summarize", pdf, "-m", tiny, "--prompt", mine)
    assert_refused(result, 2, "mine.jinja, line 3", "wrods")
    assert_refused(run("summarize", pdf, "-m", tiny, "--prompt", "absent.jinja"), 2, "absent")
    assert_refused(run("summarize", pdf, "-m", "mini", "--prompt", mine), 2, "--prompt")


def test_sampling_repeats_with_its_seed(pdf, tiny):
    def sampled(seed: int) -> str:
        sampling = ("--temperature", "1", "--top-p", "0.9", "--seed", seed)
        return run("summarize", pdf, "-m", tiny, "--max-new-tokens", 20, *sampling).stdout

    assert sampled(1) == sampled(1)
    assert len({sampled(seed) for seed in (1, 2, 3)}) > 1


# ---- hostile documents


@pytest.mark.parametrize("as_json", [False, True])
def test_escape_sequences_of_a_document_never_reach_the_terminal(tmp_path, tiny, as_json):
    path = tmp_path / "evil\x1b[31m\u202e.txt"
    path.write_text(f"{ATTACK}\n\n" + "\n\n".join(story()[0]))
    arguments = ("-m", tiny, "--verbatim", "-l", "200", *(["--json"] if as_json else []))
    result = run("summarize", path, *arguments, strip=False)
    assert result.exit_code == 0, result.stderr
    assert not LIVE.search(result.stdout + result.stderr)
    if as_json:
        assert "report was" in json.loads(result.stdout)["text"]
    else:
        assert "report was" in result.stdout


def test_escape_sequences_of_a_file_name_never_reach_the_terminal(tmp_path):
    result = run("summarize", tmp_path / "gone\x1b[31m\x9b\u202e\n.pdf", strip=False)
    assert_refused(result, 3, "no such file")
    assert not LIVE.search(result.stderr)


def test_model_that_writes_escape_sequences_is_tamed(pdf, tiny, tmp_path, monkeypatch):
    from longsum.reading import Reading

    pieces = ["It \x1b", "[2J rained", " \u202efor days."]
    monkeypatch.setattr(Reading, "write", lambda *_: (each for each in pieces))
    result = run("summarize", pdf, "-m", tiny, strip=False)
    assert result.stdout == "It \\x1b[2J rained \\u202efor days. [no support found]\n"
    output = tmp_path / "out.txt"
    assert run("summarize", pdf, "-m", tiny, "-o", output).exit_code == 0
    assert output.read_text().startswith(result.stdout)
    answer = json.loads(run("summarize", pdf, "-m", tiny, "--json", strip=False).stdout)
    assert answer["text"] == "".join(pieces)


# ---- Ctrl-C

SLOW = """
import sys, time
from longsum.engine.engine import Engine
def read(self, ids, progress=None):
    print("READING", file=sys.stderr, flush=True)
    time.sleep(120)
Engine.read = read
"""


def test_interrupted_reading_exits_130_and_leaves_nothing(pdf, tiny, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    arguments = ("summarize", pdf, "-m", tiny, "-o", folder / "summary.txt")
    running = start(SLOW, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert running.stderr is not None
        heard = b""
        while b"READING" not in heard and (line := running.stderr.readline()):
            heard += line
        assert b"READING" in heard, heard
        running.send_signal(signal.SIGINT)
        stdout, stderr = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 130
    assert stdout == b""
    assert stderr.decode().strip() == "error: interrupted"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("quantize", ["nf4", "int8"])
def test_cached_quantized_weights_are_reported(tmp_path, monkeypatch, quantize):
    """Gigabytes were written below the cache folder without a word: nobody passed the listener."""
    monkeypatch.setattr(quantized_cache, "weights_config", lambda _: WeightsConfig(min_load_s=0.0))
    folder = save_checkpoint(tmp_path / "tiny", intermediate_size=128, max_position_embeddings=8192)
    options = ("-m", folder, "--quantize", quantize, "--verbatim", "-l", "20", "--device", "cpu")
    first = run("summarize", report_pdf(tmp_path / "a.pdf"), *options, "--no-cache")
    assert first.exit_code == 0, first.stderr
    assert f"cached the {quantize} weights" in first.stderr
    again = run("summarize", tmp_path / "a.pdf", *options, "--no-cache")
    assert "cached the" not in again.stderr
    assert again.stdout == first.stdout


# ---- sources


def test_sources_are_printed_under_each_sentence(pdf):
    shown = run("summarize", pdf, "--length", "short", "--sources")
    lines = shown.stdout.splitlines()
    assert len(lines) > 2
    for statement, source in zip(lines[::2], lines[1::2], strict=True):
        text, place = re.fullmatch(r"(.+) \[(.+)\]", statement).groups()
        assert source == f"    {place}: {text}"


def test_context_of_a_few_sentences_is_that_of_the_sources(pdf):
    """No window has 20 tokens or fewer, so `--context 1` cannot mean one."""
    around = run("summarize", pdf, "--length", "short", "--around", "1")
    assert run("summarize", pdf, "--length", "short", "--context", "1").stdout == around.stdout
    plain = run("summarize", pdf, "--length", "short", "--sources")
    assert len(around.stdout) > len(plain.stdout)
    (sentence, *_) = json.loads(
        run("summarize", pdf, "--length", "short", "--around", "1", "--json").stdout
    )["sentences"]
    (source,) = sentence["sources"]
    assert sentence["text"] in source["text"]
    assert source["text"] != sentence["text"]


def test_sources_are_in_the_json_only_where_asked_for(pdf):
    plain = json.loads(run("summarize", pdf, "--length", "short", "--json").stdout)
    assert all("sources" not in each for each in plain["sentences"])
