"""Run contestants as separate processes, and measure their time and memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Contestant:
    """A program that answers."""

    name: str
    script: str
    """Script in this folder."""
    python: str = sys.executable
    settings: dict[str, Any] = field(default_factory=dict)
    """Settings that differ from the common task."""


def run_once(contestant: Contestant, task: dict[str, Any], work: Path) -> dict[str, Any]:
    """Run a contestant once.

    Args:
        contestant: the contestant.
        task: the common task.
        work: folder for its files.

    Returns:
        Its printed results, and `wall_s` and `peak_bytes` of its process.

    Raises:
        SystemExit: it failed; with the end of its error output.
    """
    path = work / "task.json"
    path.write_text(json.dumps(task | contestant.settings))
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[1]), "HF_HUB_OFFLINE": "1"}
    if task["threads"]:
        environment["OMP_NUM_THREADS"] = str(task["threads"])
    usage, words = work / "usage.json", work / "stderr.txt"
    launch = [sys.executable, "-S", str(HERE.parent / "launch.py"), str(usage)]
    with words.open("w") as errors:
        done = subprocess.run(
            [*launch, contestant.python, str(HERE / contestant.script), str(path)],
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            check=True,
        )
    printed, used = done.stdout.decode(), json.loads(usage.read_text())
    code = used.pop("code")
    if code != 0 or not printed.strip():
        raise SystemExit(f"{contestant.name} failed with {code}:\n{words.read_text()[-2000:]}")
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return found | used


def compete(
    contestants: list[Contestant], task: dict[str, Any], work: Path, runs: int
) -> list[dict[str, Any]]:
    """Run all contestants in turn, several times, and return the median of each.

    They take turns, so that other load on the machine affects all of them.

    Args:
        contestants: the contestants.
        task: the common task.
        work: folder for their files.
        runs: number of rounds.
    """
    found: dict[str, list[dict[str, Any]]] = {each.name: [] for each in contestants}
    for number in range(runs):
        for each in contestants:
            result = run_once(each, task, work)
            found[each.name].append(result)
            sys.stderr.write(f"run {number + 1}, {each.name}: {result['wall_s']:.1f} s\n")
    rows = [median_row(name, results, task) for name, results in found.items()]
    for row in rows:  # a contestant's tokens are compared with the first plain one's
        reference = next((r for r in rows if r["name"].startswith("transformers")), rows[0])
        row["same_tokens"] = same_beginning(row["tokens"], reference["tokens"])
    return rows


def median_row(name: str, results: list[dict[str, Any]], task: dict[str, Any]) -> dict[str, Any]:
    """Return the medians of a contestant's times, and its largest peak.

    Args:
        name: name of the contestant.
        results: results of its runs.
        task: the common task.
    """
    row: dict[str, Any] = {"name": name, "tokens": results[0]["tokens"]}
    for key in ("wall_s", "import_s", "load_s", "prefill_s", "first_token_s", "decode_s"):
        row[key] = statistics.median(result[key] for result in results)
    row["prefill_tps"] = len(task["document"]) / row["prefill_s"]
    # the first token comes with the prefill
    row["decode_tps"] = (task["new_tokens"] - 1) / row["decode_s"] if row["decode_s"] else 0.0
    row["peak_bytes"] = max(max(r["peak_bytes"], 0) for r in results)
    row["device_bytes"] = max(r["device_bytes"] for r in results)
    row["drafted"] = results[0].get("drafted", 0)
    row["accepted"] = results[0].get("accepted", 0)
    return row


def same_beginning(tokens: list[int], reference: list[int]) -> int:
    """Return the number of equal tokens from the start."""
    pairs = zip(tokens, reference, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(tokens), len(reference)))
