"""Measure the overhead of `longsum batch`: time and memory per document, and resuming.

python -m benchmarks.batch.scale --documents 1000 10000 100000

A stand-in answers immediately; documents are texts of about 900 bytes in folders of 1,000. Figures
are of the main process, which distributes the work, reads the journal and writes the overviews.
Reading and answering happen in two others.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.batch.standin import OPEN
from longsum.batch.config import BatchConfig
from longsum.batch.job import Job
from longsum.batch.run import folder_inputs, run_batch

SENTENCE = "The commission of harbour {0} met in the year {0} and found the old sea wall sound. "


def make_documents(folder: Path, count: int) -> None:
    """Write small texts of different lengths."""
    for number in range(count):
        path = folder / f"{number // 1000:03}" / f"{number:06}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SENTENCE.format(number) * (5 + number % 11), encoding="utf-8")


def run_once(folder: Path, output: Path) -> dict[str, float]:
    """Run a batch in this process, and return its time and memory."""
    config = BatchConfig(recursive=True, readers=1)
    job = Job(output=output, batch=config, open_worker=OPEN)
    started = time.perf_counter()
    outcome = run_batch(job, folder_inputs(folder, job))
    return {
        "seconds": time.perf_counter() - started,
        "work_s": outcome.elapsed_s,
        "done": outcome.tally.done,
        "done_before": outcome.counts.done_before,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "children_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


def in_own_process(folder: Path, output: Path) -> dict[str, float]:
    """Run a batch in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.batch.scale", "--run", str(folder), str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Measure each size: a whole run, then resuming when everything is done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--folder", type=Path, help="where documents are made; by default /tmp")
    parser.add_argument("--run", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        print(json.dumps(run_once(*options.run)))
        return
    print("| documents | whole run | a document | peak memory | of a child | going on | its peak |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for count in options.documents:
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            folder, output = Path(name) / "in", Path(name) / "out"
            make_documents(folder, count)
            first, again = in_own_process(folder, output), in_own_process(folder, output)
            assert first["done"] == again["done_before"] == count, (first, again)
            print(
                f"| {count:,} | {first['seconds']:.1f} s | "
                f"{1000 * first['seconds'] / count:.2f} ms | {first['peak_mib']:.0f} MiB | "
                f"{first['children_mib']:.0f} MiB | {again['seconds']:.1f} s | "
                f"{again['peak_mib']:.0f} MiB |",
                flush=True,
            )


if __name__ == "__main__":
    main()
