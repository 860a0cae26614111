"""Measure a window from its command to its first sentence, as whole processes, and its memory.

    python benchmarks/window/measure.py examples/handbook.pdf [--runs 5] [--model mini]

Each run starts `longsum window FILE` in an empty home, looks at it over HTTP as its page does, and
ends it. Times count from the start of the process: until the address is printed, until the picture
of the first page has arrived, until the text is read, until the first sentence of the summary.
Memory is the unique set of the window's own process, of the one that draws pages, and of the one
that holds the model, when the summary is done.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import psutil


def main() -> None:
    """Print one line of JSON per run, then the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--model", default="mini")
    asked = parser.parse_args()
    runs = []
    for _ in range(asked.runs):
        with tempfile.TemporaryDirectory() as home:
            runs.append(measured(asked.file, asked.model, home))
        print(json.dumps(runs[-1]), flush=True)
    print(json.dumps({name: round(median(run[name] for run in runs), 2) for name in runs[0]}))


def measured(file: Path, model: str, home: str) -> dict[str, float]:
    """Return seconds and MiB of one run."""
    homes = {f"LONGSUM_{name}_HOME": home for name in ("CACHE", "DATA", "CONFIG")}
    command = [sys.executable, "-m", "longsum", "window", str(file), "--no-browser"]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--model", model],
        stdout=subprocess.PIPE,
        env=os.environ | homes,
        encoding="utf-8",
    )
    assert process.stdout is not None
    base, _, code = process.stdout.readline().strip().partition("/#")
    row = {"address_s": time.perf_counter() - started}
    try:
        with httpx.Client(base_url=base, trust_env=False, timeout=600) as client:
            token = client.post("/api/login", json={"code": code}).json()["token"]
            client.headers["Authorization"] = f"Bearer {token}"
            _follow(client, row, started)
            row |= _memory(process.pid)
    finally:
        process.kill()
        process.wait()
    return {name: round(value, 3) for name, value in row.items()}


def _follow(client: httpx.Client, row: dict[str, float], started: float) -> None:
    """Note when each thing is seen, until the summary is done."""

    def note(name: str) -> None:
        row.setdefault(name, time.perf_counter() - started)

    with client.stream("GET", "/api/events") as stream:
        kind = ""
        for line in stream.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                _note(kind, json.loads(value), client, note)
                if kind == "done":
                    return


def _note(kind: str, data: dict[str, Any], client: httpx.Client, note: Any) -> None:
    if kind == "document":
        if data["kind"] == "pdf" and data["characters"] is None:
            client.get("/api/pages/1.png?width=960").raise_for_status()
            note("first_page_s")
        if data["characters"] is not None:
            note("text_s")
    elif kind in ("read", "sentence", "done"):
        note({"read": "read_s", "sentence": "first_sentence_s", "done": "summary_s"}[kind])


def _memory(pid: int) -> dict[str, float]:
    """Return the MiB of the processes: the window's own, the smallest and the largest child."""
    window = psutil.Process(pid)
    children = [_mib(each) for each in window.children(recursive=True)]
    used = sorted(size for size in children if size > 16)  # not the resource tracker
    return {"window_mib": _mib(window), "pages_mib": used[0], "reader_mib": used[-1]}


def _mib(process: psutil.Process) -> float:
    return float(process.memory_full_info().uss) / 2**20


if __name__ == "__main__":
    main()
