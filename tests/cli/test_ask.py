from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import time
from pathlib import Path

import pytest
from helpers import ANSI, assert_refused, printed, report_pdf, run, start, story
from terminal import on_terminal

from longsum.paths import state_folder

QUESTION = "What did the night watchman describe?"
SECOND = "Who paid for the unfinished cathedral?"
ABSENT = "Which quarks decay in Uzbekistan?"
NEAR = "Which composer wrote an opera about the cathedral of Salzburg?"
NEAREST = re.compile(r'No sentence found for this\.\n\nNearest: "(.+cathedral.+)" \[(p\. \d)\]')


@pytest.fixture(scope="module")
def pdf(tmp_path_factory) -> Path:
    return report_pdf(tmp_path_factory.mktemp("report") / "report.pdf")


def test_one_question_prints_its_answer_alone(pdf):
    result = run("ask", pdf, QUESTION)
    assert result.exit_code == 0
    assert QUESTION not in result.stdout
    found = printed(result.stdout)
    assert found
    for text, place in found:
        assert text in story()[int(place.removeprefix("p. ")) - 1]
    assert "searched all sentences (3 pages)" in result.stderr
    assert "ranked by words; the model was not used" in result.stderr
    receipt = json.loads(run("ask", pdf, QUESTION, "--json").stdout)["receipt"]
    assert (receipt["model_used"], receipt["tokens_read"]) == (False, 0)


def test_the_bundled_model_is_introduced_once(pdf):
    """The line about larger models came with every answer."""
    line = "small bundled model"
    assert line in run("ask", pdf, QUESTION).stderr
    assert line not in run("ask", pdf, QUESTION).stderr
    assert line in run("ask", pdf, QUESTION, "--no-cache").stderr


def test_several_questions_print_each_with_its_answer(pdf, tiny):
    result = run("ask", pdf, QUESTION, ABSENT, SECOND, "-m", tiny, "--verbatim", "-q")
    before, first = result.stdout.rstrip("\n").split(f"{QUESTION}\n")
    first, absent = first.split(f"\n\n{ABSENT}\n")
    absent, second = absent.split(f"\n\n{SECOND}\n")
    assert (before, absent) == ("", "No sentence found for this.")
    for answer in (first, second):
        assert re.match(r"(?:Perhaps:\n- )?[A-Z].* \[p\. \d\]", answer)


def test_file_holds_what_the_terminal_would_show(pdf, tiny, tmp_path):
    arguments = ("ask", pdf, QUESTION, ABSENT, "-m", tiny, "--verbatim")
    output = tmp_path / "answers.txt"
    saved = run(*arguments, "-o", output)
    assert (saved.exit_code, saved.stdout) == (0, "")
    assert output.read_text() == run(*arguments).stdout


def test_json_is_an_object_for_one_question_and_a_list_for_more(pdf, tiny):
    arguments = ("-m", tiny, "--verbatim", "--json")
    one = json.loads(run("ask", pdf, ABSENT, *arguments).stdout)
    assert (one["question"], one["text"]) == (ABSENT, "No sentence found for this.")
    assert one["answered"] is False
    assert one["sentences"][0]["pages"] == []
    assert one["receipt"]["tokens_read"] == one["receipt"]["tokens_total"]
    more = json.loads(run("ask", pdf, QUESTION, SECOND, *arguments).stdout)
    assert [answer["question"] for answer in more] == [QUESTION, SECOND]
    assert all(answer["answered"] for answer in more)
    assert all(s["pages"] for answer in more for s in answer["sentences"])


def test_refusal_names_what_comes_nearest_in_a_pipe_and_a_file(pdf, tmp_path):
    arguments = ("ask", pdf, NEAR, "-m", "mini", "-q")
    result = run(*arguments, strip=False)
    assert result.exit_code == 0
    shown = NEAREST.fullmatch(result.stdout.rstrip("\n"))
    assert shown
    assert shown[1] in story()[int(shown[2].removeprefix("p. ")) - 1]
    run(*arguments, "-o", tmp_path / "answer.txt")
    assert (tmp_path / "answer.txt").read_text() == result.stdout


def test_json_says_where_on_the_page_what_comes_nearest_is(pdf):
    found = json.loads(run("ask", pdf, NEAR, "-m", "mini", "--json").stdout)
    assert (found["answered"], found["text"]) == (False, "No sentence found for this.")
    (near,) = found["nearest"]
    assert near["text"] in story()[near["pages"][0] - 1]
    (span,) = near["spans"]
    assert span["exact"] is True
    assert [each["page"] for each in span["marks"]] == near["pages"]
    assert span["marks"][0]["rects"]
    absent = json.loads(run("ask", pdf, ABSENT, "-m", "mini", "--json").stdout)
    assert absent["nearest"] == []


def test_what_comes_nearest_is_fainter_than_an_answer_on_a_terminal(pdf):
    screen = on_terminal("ask", pdf, NEAR, "-m", "mini", "-q", columns=40)
    assert NEAREST.fullmatch(re.sub(r"(?<=\S)\n(?=\S)", " ", screen.text.strip()))
    assert all(len(line) <= 40 for line in screen.text.splitlines())
    before, faint = screen.raw.split("\x1b[2m")
    assert before.strip() == "No sentence found for this."
    assert faint.rstrip().endswith("]\x1b[0m")
    plain = on_terminal("ask", pdf, NEAR, "-m", "mini", "-q", columns=40, NO_COLOR="1")
    assert plain.text == screen.text
    assert "\x1b[2m" not in plain.raw


def test_without_question_and_terminal_usage_is_wrong(pdf):
    assert_refused(run("ask", pdf), 2, "no question", "longsum ask book.txt")
    assert_refused(run("ask", "-", stdin=b"Some text."), 2, "no question")


def test_piped_questions_are_answered_one_a_line(pdf):
    """echo "question" | longsum ask FILE was refused."""
    second = "Who paid for the unfinished granary?"
    named = run("ask", pdf, QUESTION, second, "--no-cache")
    piped = run("ask", pdf, "--no-cache", stdin=f"{QUESTION}\n\n {second} \n".encode())
    assert piped.exit_code == 0
    assert piped.stdout == named.stdout


def test_empty_question_is_wrong_usage(pdf):
    assert_refused(run("ask", pdf, " "), 2, "a question is empty")


# ---- the interactive session, on a pseudo-terminal

OWN_TERMINAL = """
import fcntl, termios, time
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from longsum.session import Session
real = Session.ask
def answer(session, question, config, decode, after):
    if question == "slow":
        session.listener.text("Once upon a time")
        time.sleep(120)
    return real(session, question, config, decode, after)
Session.ask = answer
"""
"""Makes the terminal send signals; `slow` stands for an answer that takes long."""


class Terminal:
    """A user in front of the program."""

    def __init__(self, *arguments: object) -> None:
        self.master, slave = pty.openpty()
        streams = {"stdin": slave, "stdout": slave, "stderr": slave}
        self.process = start(OWN_TERMINAL, *arguments, start_new_session=True, **streams)
        os.close(slave)
        self.shown = ""

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def expect(self, text: str, seconds: float = 60) -> str:
        """Wait for a text and return all that was shown up to it."""
        end = time.monotonic() + seconds
        while text not in self.shown:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            assert ready, f"waited for {text!r}, got {self.shown!r}"
            try:
                data = os.read(self.master, 65536)
            except OSError:  # the other side was closed
                data = b""
            assert data, f"ended without {text!r}: {self.shown!r}"
            self.shown = ANSI.sub("", self.shown + data.decode(errors="replace"))
        before, _, self.shown = self.shown.partition(text)
        return before

    def interrupt_until(self, text: str) -> None:
        """Press Ctrl-C until a text is shown.

        An interrupt that comes between the prompt and the wait for keys is noticed by Python only
        at the next key; a person presses again.
        """
        for _ in range(20):
            self.type("\x03")
            with contextlib.suppress(AssertionError):
                self.expect(text, seconds=2)
                return
        self.expect(text)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)


@pytest.fixture
def terminal(pdf, tiny):
    opened = Terminal("ask", pdf, "-m", tiny, "--verbatim")
    yield opened
    opened.close()


def test_session_answers_survives_interruptions_and_ends(terminal):
    terminal.expect("Ask a question.")
    terminal.expect("? ")
    terminal.type(f"{QUESTION}\n")
    shown = re.sub(r"\s*\r\n  ", " ", terminal.expect("load "))  # unwrapped
    assert printed(shown)
    terminal.expect("? ")

    terminal.type("\x1b[A\n")  # the arrow brings the question back
    shown = terminal.expect("load ")
    assert QUESTION in shown
    assert printed(re.sub(r"\s*\r\n  ", " ", shown))
    terminal.expect("? ")

    terminal.type("And when?\n")  # has no word to search for
    terminal.expect("understood as: ")
    terminal.expect("load ")
    terminal.expect("? ")

    terminal.type("\n")
    terminal.expect("Ask a question.")
    terminal.expect("? ")
    terminal.type("/help\n")
    terminal.expect("Ask a question.")
    terminal.expect("? ")

    terminal.type("/foo bar\n")
    shown = terminal.expect("/help: ")
    assert "unknown command /foo. /quit: leave" in " ".join(shown.split())
    terminal.expect("? ")

    terminal.type("slow\n")
    terminal.expect("Once upon a")
    terminal.type("\x03")
    terminal.expect("the document stays open")
    terminal.expect("? ")
    terminal.interrupt_until("/quit ends the session")  # nothing to stop
    terminal.expect("? ")

    terminal.type(f"{ABSENT}\n")
    terminal.expect("No sentence found for this.")
    assert "Nearest" not in terminal.expect("? ")
    terminal.type(f"{NEAR}\n")
    terminal.expect("No sentence found for this.")
    terminal.expect('Nearest: "')
    terminal.expect("[p. ")
    terminal.expect("? ")
    terminal.type("/quit\n")
    assert terminal.process.wait(30) == 0


@pytest.mark.parametrize("word", ["exit", "quit", "/q", ":q", "/exit", "EXIT"])
def test_words_that_leave_other_programs_leave_the_session(terminal, word):
    """`exit` was answered "Not in the document."."""
    terminal.expect("? ")
    terminal.type(f"{word}\n")
    assert terminal.process.wait(30) == 0


def test_questions_of_earlier_sessions_are_recalled():
    code = "import longsum.cli.state as s\nwith s.history(remember={}):\n    print(input('? '))\n"
    for remember, typed, recalled in ((True, "who?\n", "who?"), (True, "\x1b[A\n", "who?"),
                                      (False, "\x1b[A\n", "")):  # fmt: skip
        screen = on_terminal("--version", code=code.format(remember), typed=(("? ", typed),))
        assert screen.exit_code == 0
        assert (f"\n{recalled}\n" in screen.text) or not recalled
        assert remember or screen.text.count("who?") == 0
    path = state_folder() / "questions"
    assert "who?" in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


def test_end_of_input_ends_the_session(terminal):
    terminal.expect("? ")
    terminal.type("\x04")
    assert terminal.process.wait(30) == 0
