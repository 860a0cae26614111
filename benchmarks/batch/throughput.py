"""Documents an hour of `longsum batch` with a real model: one and two workers, local and on Ray.

python -m benchmarks.batch.throughput FOLDER --limit 50

Each run is the command itself, in a process of its own, on the same documents: the first of the
folder by name. Its figures are those of the command's closing table: from the first document handed
out to the last finished, loading included.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def run_batch(arguments: list[str], documents: list[Path], output: Path) -> dict[str, float]:
    """Run the command over a list of documents, and return its closing table."""
    command = [
        *(sys.executable, "-m", "longsum", "batch", "--files-from", "-", "-o", str(output)),
        *("--json", "--quiet", "--fail-on", "never", *arguments),
    ]
    started = time.perf_counter()
    names = "\n".join(str(path.absolute()) for path in documents)
    done = subprocess.run(command, input=names, capture_output=True, text=True, check=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told | {"wall_s": time.perf_counter() - started}


def main() -> None:
    """Measure each engine with each number of workers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=50, help="documents, by name")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--engines", nargs="+", default=["local", "ray"])
    parser.add_argument("--model", default="mini")
    options, more = parser.parse_known_args()
    documents = sorted(path for path in options.folder.iterdir() if path.is_file())
    documents = documents[: options.limit]
    print("| engine | workers | done | failed | tokens read | time | documents/hour |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for engine in options.engines:
        for workers in options.workers:
            with tempfile.TemporaryDirectory() as name:
                arguments = ["--engine", engine, "--workers", str(workers), "-m", options.model]
                told = run_batch([*arguments, *more], documents, Path(name) / "out")
            print(
                f"| {engine} | {workers} | {told['done']} | {told['failed']} | "
                f"{told['tokens_read']:,} | {told['wall_s']:.0f} s | "
                f"{told['documents_per_hour']:,.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
