"""The findings that are out of bounds."""

from __future__ import annotations

import json
import os
from pathlib import Path


def run() -> None:
    """Print them."""
    path = Path(os.environ.get("OUT", "."), "results.jsonl")
    found = [json.loads(line) for line in path.read_text().splitlines()]
    wrong = [each for each in found if is_wrong(each)]
    for each in wrong:
        print({name: value for name, value in each.items() if name != "where"})
    checks = sum("check" in each for each in found)
    print(f"{len(wrong)} of {len(found)} findings out of bounds, {checks} of them checks")


def is_wrong(found: dict[str, object]) -> bool:
    """Return whether a finding is out of bounds."""
    error, bound = found.get("error", 0), found.get("bound", 1)
    fails = "failed" in found or found.get("ok") is False or found.get("same_twice") is False
    return fails or not error <= bound  # type: ignore[operator]  # NaN is wrong, too
