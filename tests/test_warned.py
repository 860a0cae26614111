from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from warned import REPOSITORY

NEXT_RELEASE = """
import warnings

def forward(**kwargs):
    if "past_key_values" in kwargs:
        warnings.warn("`past_key_values` is deprecated", FutureWarning, stacklevel=2)
        warnings.warn("pass `cache`, it is faster", UserWarning, stacklevel=2)

def overflow():
    warnings.warn("overflow in the library", RuntimeWarning)
"""

TESTS = f'''
import numpy
from transformers_next import forward, overflow

def ours(source):
    """Run a line as if it were in our package."""
    code = compile(source, {str(REPOSITORY / "longsum/engine/prefill.py")!r}, "exec")
    exec(code, {{"forward": forward, "overflow": overflow, "numpy": numpy, "__name__": "longsum"}})

def test_deprecated_argument():
    ours("for _ in range(3): forward(past_key_values=None)")

def test_overflow_in_the_library():
    ours("overflow()")

def test_division_by_zero():
    ours("numpy.float32(1) / numpy.float32(0)")

def test_file_left_open():
    ours("open('left', 'w'); forward()")

def test_folder_left_behind():
    ours("import tempfile; tempfile.TemporaryDirectory()")

def test_doubtful_syntax():
    ours("1 is 1")
'''


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Run tests against a library of our making, under the hooks of this suite."""
    folder = tmp_path_factory.mktemp("suite")
    library = folder / "site-packages" / "transformers_next.py"
    library.parent.mkdir()
    library.write_text(NEXT_RELEASE)
    (folder / "conftest.py").write_text("from warned import *")
    (folder / "test_inner.py").write_text(TESTS)
    path = [str(REPOSITORY / "tests"), str(library.parent), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "--disable-warnings", "-W", "always", folder],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path), "PYTEST_ADDOPTS": ""},
        cwd=folder,
    )
    return done.stdout


def test_announcement_of_a_library_fails_no_test(run: str) -> None:
    """transformers 5.24 deprecated an argument: 182 tests failed on a new user's machine.

    The warning named `longsum/engine/prefill.py` as its place, as `stacklevel` has it.
    """
    passed = re.findall(r"^PASSED \S+::(\w+)", run, re.MULTILINE)
    assert passed == ["test_deprecated_argument", "test_overflow_in_the_library"], run


def test_announcements_are_listed_at_the_end(run: str) -> None:
    block = run.split("warnings of libraries")[1].splitlines()[1:4]
    assert block == [
        "transformers_next: FutureWarning: `past_key_values` is deprecated (3 times)",
        "transformers_next: RuntimeWarning: overflow in the library",
        "transformers_next: UserWarning: pass `cache`, it is faster (3 times)",
    ]


@pytest.mark.parametrize(
    ("test", "fault"),
    [
        ("test_division_by_zero", "divide by zero"),
        ("test_file_left_open", "unclosed file"),
        ("test_folder_left_behind", "Implicitly cleaning up"),
        ("test_doubtful_syntax", '"is" with'),
    ],
)
def test_fault_of_our_own_fails_the_test(run: str, test: str, fault: str) -> None:
    assert re.search(rf"^FAILED \S+::{test}\b", run, re.MULTILINE), run
    assert fault in run.split(f"_ {test} _")[1].split("\n____")[0]
