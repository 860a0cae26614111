"""The beginning of a training stage: options, seed, threads, rows."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch

from recipes.mini.mixture import Mixture, Rows
from recipes.mini.shapes import SHAPES, Shape


def options(description: str | None, steps: int) -> argparse.ArgumentParser:
    """Return a parser with the options that all stages have, for a stage to add its own."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--work", type=Path, default=Path("runs/mini"))
    parser.add_argument("--shape", choices=list(SHAPES), default="mini")
    parser.add_argument("--steps", type=int, default=steps)
    return parser


def begin(arguments: argparse.Namespace) -> tuple[Shape, Rows]:
    """Fix the seed, use all available cores, and return the shape and the rows."""
    torch.manual_seed(0)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    return SHAPES[arguments.shape], Rows(arguments.work, Mixture())
