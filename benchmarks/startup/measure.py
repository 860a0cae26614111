"""Time whole processes: `longsum --help`, and a summary of the example PDF.

    python benchmarks/startup/measure.py

Prints a Markdown table with minimum, median and maximum, and the peak memory of one run.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "handbook.pdf"
COMMANDS = {
    "longsum --help": ["--help"],
    "longsum summarize examples/handbook.pdf": ["summarize", str(EXAMPLE)],
    'longsum ask examples/handbook.pdf "…"': [
        "ask",
        str(EXAMPLE),
        "How many warm-up steps does the fine-tuning recipe use?",
    ],
}


def seconds_of(arguments: list[str]) -> float:
    """Run longsum once in a process of its own and return its wall-clock seconds."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "longsum", *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - started


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| command | runs | min s | median s | max s | peak MiB of all so far |")
    print("|---|---|---|---|---|---|")
    for name, arguments in COMMANDS.items():
        seconds_of(arguments)  # warm the file cache
        times = [seconds_of(arguments) for _ in range(runs)]
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        low, middle, high = min(times), statistics.median(times), max(times)
        print(f"| `{name}` | {runs} | {low:.2f} | {middle:.2f} | {high:.2f} | {peak:,.0f} |")


if __name__ == "__main__":
    main()
