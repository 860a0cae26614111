"""The check of a GPU, dry: every finding within bounds on a CPU, and those without reported."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from helpers import REPOSITORY, environment

pytestmark = pytest.mark.skipif(find_spec("triton") is None, reason="needs triton")


def run(part: str, out: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu", part],
        cwd=REPOSITORY,
        env=environment(DRY="1", OUT=str(out)),
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_kernels_are_checked_without_a_gpu(tmp_path: Path) -> None:
    run("kernels", tmp_path)
    found = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert {each["kind"] for each in found if each.get("check") == "decode"} == {
        "native",
        "int8",
        "int4",
    }
    assert "0 of" in run("summary", tmp_path).splitlines()[0]


def test_summary_names_what_is_out_of_bounds(tmp_path: Path) -> None:
    findings = (
        {"check": "right", "error": 0.001, "bound": 0.01},
        {"check": "wrong", "error": 0.02, "bound": 0.01},
        {"check": "not a number", "error": float("nan"), "bound": 0.01},
        {"check": "changing", "same_twice": False},
        {"step": "broken", "failed": "RuntimeError", "where": "…"},
        {"check": "append", "ok": False},
    )
    lines = [json.dumps(each) for each in findings]
    (tmp_path / "results.jsonl").write_text("\n".join(lines))
    said = run("summary", tmp_path)
    assert said.splitlines()[-1].startswith("5 of 6 findings")
    assert "right" not in said
    assert "where" not in said
