from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from helpers import start
from tiny import save_checkpoint

NOISY = """
import logging, longsum.cli.console as console, sys, types, warnings

def speak():
    warnings.simplefilter("always")  # as some libraries do
    for category in (FutureWarning, DeprecationWarning, UserWarning):
        warnings.warn(f"a noisy {category.__name__}", category, stacklevel=2)
    logging.getLogger("noisy").warning("a noisy line of a log")

sys.modules["noisy"] = types.ModuleType("noisy")
sys.modules["noisy"].speak = speak
print_error = console.print_error

def print_error_with_library(*lines):
    import noisy
    noisy.speak()
    print_error(*lines)

console.print_error = print_error_with_library
"""
"""A library that warns while longsum uses it, in longsum's name."""

NEXT_TRANSFORMERS = """
import inspect, transformers.models.llama.modeling_llama as llama, warnings
forward = llama.LlamaForCausalLM.forward

def warned(self, *args, **kwargs):
    warnings.warn("`logits_to_keep` is deprecated", FutureWarning, stacklevel=3)
    llama.logger.warning_once("`torch_dtype` is deprecated")
    return forward(self, *args, **kwargs)

warned.__signature__ = inspect.signature(forward)
llama.LlamaForCausalLM.forward = warned
"""
"""The next release of transformers, which deprecates what longsum calls."""


def outcome(code: str, *arguments: object) -> tuple[int, str, str]:
    """Run a command in a process of its own and return its exit code and what it printed."""
    process = start(code, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    printed, errors = process.communicate(timeout=200)
    return process.returncode, printed.decode(), errors.decode()


SAID = ("FutureWarning", "DeprecationWarning", "UserWarning", "line of a log")
MISSING = ("summarize", "missing.pdf")


def test_warnings_of_a_library_stay_off_the_terminal() -> None:
    """transformers' FutureWarning about `past_key_values` stood above every answer."""
    code, _, errors = outcome(NOISY, *MISSING)
    assert code == 3
    assert [line.split(": ")[0] for line in errors.splitlines()] == ["error", "hint"]


def test_deprecation_of_the_next_transformers_stays_off_the_terminal(tmp_path: Path) -> None:
    model = save_checkpoint(tmp_path / "tiny", max_position_embeddings=8192)
    text = tmp_path / "notes.txt"
    text.write_text("The tower was built in 1871. " * 8, encoding="utf-8")
    command = ("ask", text, "When?", "--model", model, "--attention", "sdpa", "--verbatim", "-q")
    code, printed, errors = outcome(NEXT_TRANSFORMERS, *command)
    assert (code, errors) == (0, "")
    assert printed


def test_verbose_shows_what_libraries_say() -> None:
    errors = outcome(NOISY, *MISSING, "-v")[2]
    assert [said for said in SAID if f"a noisy {said}" in errors] == [*SAID]


@pytest.mark.parametrize(("name", "value"), [("LONGSUM_DEBUG", "1"), ("PYTHONWARNINGS", "default")])
def test_debugging_shows_what_libraries_say(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    errors = outcome(NOISY, *MISSING)[2]
    assert [said for said in SAID if f"a noisy {said}" in errors] == [*SAID]


def test_children_are_told_to_be_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers and workers are processes of their own, with the same terminal."""
    show = (
        "import subprocess, sys; from longsum.cli.libraries import silence; silence(); "
        "subprocess.run([sys.executable, '-c', 'import warnings; warnings.warn(\"noisy\")'])"
    )
    assert "noisy" not in outcome(show, "--version")[2]
    monkeypatch.setenv("LONGSUM_DEBUG", "1")
    assert "noisy" in outcome(show, "--version")[2]
