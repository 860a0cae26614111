from __future__ import annotations

import re
import subprocess
import sys

import pytest
from helpers import LIVE, REPOSITORY, assert_refused, environment, run, start

from longsum import __version__
from longsum.cli.help_text import EXAMPLES

COMMANDS = (
    *("summarize", "ask", "batch", "plan", "bench", "cache", "extend", "evaluate", "models"),
)


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from longsum.cli import main\n"
        "try: main()\n"
        "finally:\n"
        "    heavy = {'torch', 'transformers', 'pypdf', 'pypdfium2', 'numpy'} & set(sys.modules)\n"
        "    assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "summarize" in done.stdout
    assert not LIVE.search(done.stdout)


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS), ("models", "pull")])
def test_help_of_every_command(command, flag):
    result = run(*command, flag)
    assert result.exit_code == 0
    assert "Usage: longsum" in " ".join(result.stdout.split())
    assert result.stderr == ""


def test_without_arguments_the_help_is_shown():
    result = run()
    for command in COMMANDS:
        assert command in result.stdout + result.stderr
    assert "Exit codes" in result.stdout + result.stderr


def test_version():
    assert run("--version").stdout == f"longsum {__version__}\n"


def test_module_runs_as_the_command_does():
    command = [sys.executable, "-m", "longsum", "--version"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == f"longsum {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["summarize"], "missing argument 'FILE'"),
        (["ask"], "missing argument 'FILE'"),
        (["summarise", "a.pdf"], "no such command 'summarise'"),
        (["--bogus"], "no such option: --bogus"),
        (["summarize", "a.pdf", "--bogus"], "no such option: --bogus"),
        (["summarize", "a.pdf", "--style", "x"], "'--style': 'x' is not one of"),
        (["summarize", "a.pdf", "--temperature", "9"], "'--temperature'"),
        (["summarize", "a.pdf", "--temperature", "warm"], "'--temperature'"),
        (["summarize", "a.pdf", "--max-new-tokens", "0"], "'--max-new-tokens'"),
        (["summarize", "a.pdf", "--length", "x"], "--length 'x' is not a length"),
        (["summarize", "a.pdf", "--memory", "lots"], "not a size: 'lots'"),
        (["summarize", "a.pdf", "--context", "x"], "x"),
        (["models", "pull"], "missing argument 'MODEL'"),
        (["models", "push"], "no such command 'push'"),
    ],
)
def test_wrong_usage_is_one_error_and_one_hint(arguments, message):
    result = run(*arguments)
    assert_refused(result, 2, message)
    assert len(result.stderr.splitlines()) == 2


def test_hint_names_the_command_whose_help_is_meant():
    assert "hint: longsum models pull -h" in run("models", "pull").stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "pwsh"])
def test_completion_is_written_for_the_shell_at_hand(monkeypatch, shell):
    """The test asked which shell had started it: none had where a scheduler runs the tests."""
    monkeypatch.setattr("shellingham.detect_shell", lambda *_, **__: (shell, f"/bin/{shell}"))
    result = run("--show-completion")
    assert result.exit_code == 0
    assert "_LONGSUM_COMPLETE" in result.stdout


def test_completion_knows_commands_and_options():
    def completed(words, position):
        asked = {"_LONGSUM_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": position}
        done = subprocess.run(
            [sys.executable, "-m", "longsum"], env=environment(**asked), capture_output=True
        )
        return done.stdout.decode().split()

    assert completed("longsum sum", "1") == ["summarize"]
    assert "--length" in completed("longsum summarize --le", "2")


def test_reader_that_goes_away_leaves_no_traceback():
    listing = start("", "models", "list", "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert listing.stdout is not None
    listing.stdout.close()
    assert listing.stderr is not None
    errors = listing.stderr.read().decode()
    listing.wait(60)
    listing.stderr.close()
    assert "Traceback" not in errors
    assert listing.returncode != 0


@pytest.mark.parametrize("asked", [("--traceback", "first"), ("--traceback", "last"), "variable"])
def test_traceback_of_an_error_is_printed_when_asked_for(tmp_path, monkeypatch, asked):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\n")
    arguments = ["plan", str(tmp_path / "a.pdf")]
    monkeypatch.setenv("LONGSUM_DEBUG", "1" if asked == "variable" else "")
    if asked != "variable":
        arguments.insert(0 if asked[1] == "first" else len(arguments), "--traceback")
    result = run(*arguments)
    assert result.exit_code == 3
    assert "Traceback (most recent call last)" in result.stderr
    assert "read_pdf" in result.stderr, "of the process that read it, too"
    assert result.stderr.splitlines()[-2].startswith("error: ")


def test_no_traceback_unless_asked_for_and_none_of_an_argument(tmp_path, monkeypatch):
    monkeypatch.delenv("LONGSUM_DEBUG", raising=False)
    assert_refused(run("plan", tmp_path / "absent.pdf"), 3, "absent.pdf")
    assert_refused(run("plan", "--", "--traceback"), 3, "--traceback: no such file")
    assert "traceback" not in run("--help").stdout


def test_bug_has_its_traceback_anyway(monkeypatch):
    def broken(*_, **__):
        raise KeyError("a bug")

    monkeypatch.setattr("longsum.documents.isolated.load_source", broken)
    with pytest.raises(KeyError):
        run("plan", "a.pdf")


@pytest.mark.parametrize("command", ["summarize", "plan"])
def test_several_files_are_sent_to_batch(command):
    """`got unexpected extra argument(s)`, with no word of batch."""
    result = run(command, "a b.pdf", "c.pdf", "d.pdf")
    assert_refused(result, 2, f"{command} takes one document")
    assert "longsum batch 'a b.pdf' c.pdf d.pdf -o OUT" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (("summarize", "a.pdf", "--length"), "summarize"),
        (("ask", "a.pdf", "-m"), "ask"),
        (("cache", "list", "--only"), "cache"),
    ],
)
def test_option_without_its_value_is_sent_to_its_commands_help(arguments, command):
    """The hint was `longsum -h shows the options`, which are not there."""
    result = run(*arguments)
    assert_refused(result, 2, "requires an argument")
    assert f"hint: longsum {command}" in result.stderr


@pytest.mark.parametrize("name", EXAMPLES)
def test_help_begins_with_examples(name):
    before, _, _ = run(*name.split(), "-h").stdout.partition("Options")
    examples = EXAMPLES[name].splitlines()
    assert len(examples) == 3 or name in ("models list", "models remove")
    for example in examples:
        assert f" longsum {name}" in f" {example}"
        assert example in " ".join(before.split())


def test_help_of_an_option_takes_two_lines_at_most():
    """Some options took six lines, and nobody read them."""
    page = (REPOSITORY / "docs" / "cli.md").read_text(encoding="utf-8")
    for block in re.split(r"\n  (?=-)", page)[1:]:
        option, *more = block.split("\n\n")[0].partition("```")[0].splitlines()
        is_alone = re.search(r"\S {2,}\S", option) is None
        assert len([line for line in more if line.startswith(" " * 8)]) <= (2 if is_alone else 1), (
            option
        )


@pytest.mark.parametrize("command", [("summarize",), ("batch",), ("cache", "clear"), ("models",)])
def test_flags_have_no_type(command):
    """`--quiet <bool>` looked as if it took a value."""
    assert "bool" not in run(*command, "-h").stdout
