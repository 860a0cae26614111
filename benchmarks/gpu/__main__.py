"""Run one part of the check in this process: `python -m benchmarks.gpu kernels`.

    kernels
    model llama-2-7b | llama-3.1-8b | smollm-135m
    train
    summary

`DRY=1` runs everything tiny on a CPU. Findings go to stdout and to `$OUT/results.jsonl`.
"""

from __future__ import annotations

import sys
import warnings

warnings.simplefilter("ignore")


def main(part: str, *rest: str) -> None:
    """Run one part."""
    if part == "kernels":
        from benchmarks.gpu import kernels

        kernels.run()
    elif part == "warm":
        from benchmarks.gpu import tuning

        tuning.warm(int(rest[0]), int(rest[1]))
    elif part == "model":
        from benchmarks.gpu import models

        models.run(rest[0])
    elif part == "train":
        from benchmarks.gpu import training

        training.run()
    elif part == "summary":
        from benchmarks.gpu import summary

        summary.run()
    else:
        raise SystemExit(f"no part {part}")


if __name__ == "__main__":
    main(*sys.argv[1:])
