"""Figure 2: the same attention score, extrapolated beyond the window and interpolated within it.

    python -m benchmarks.paper.figure2 --plot benchmarks/paper/figure2.png

A score is a sum of the RoPE waves of a distance s: a(s) = Σ_j p_j cos(s θ_j) + q_j sin(s θ_j), with
θ_j = 10000^(-2j/d) (arXiv 2306.15595, section 2.2). Coefficients are fitted by least squares to
random targets within [0, L). Beyond L the score explodes; between whole numbers within L it stays
small. How far it explodes depends on the solver's precision, since many waves hardly move within
L: what is asserted is a ratio, not the paper's 8,000.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

WINDOW = 2048
"""L."""
EXTENDED = 4096
HEAD_DIM = 128
THETA = 10000.0
MIN_RATIO = 600.0
"""The paper's bounds differ by this factor (theorem 2.1 against section 2.2)."""


@dataclass(frozen=True)
class Scores:
    """Largest absolute scores of one fit."""

    inside: float
    """Score at whole distances within the window, where the targets are."""
    extrapolated: float
    """Score at whole distances from L to 2L."""
    interpolated: float
    """Score at multiples of 1/8 within the window."""


def waves(distances: np.ndarray) -> np.ndarray:
    """Return RoPE's cosines and sines: (distances, HEAD_DIM)."""
    angles = np.outer(distances, THETA ** (-np.arange(0, HEAD_DIM, 2) / HEAD_DIM))
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=1)


def fitted(seed: int) -> np.ndarray:
    """Return coefficients fitted to random targets, by least squares without a ridge."""
    inside = waves(np.arange(WINDOW))
    targets = np.random.default_rng(seed).standard_normal(WINDOW)
    return np.linalg.lstsq(inside, targets, rcond=None)[0]


def measure(seed: int) -> Scores:
    """Fit once and take the largest scores."""
    coefficients = fitted(seed)
    ranges = (
        np.arange(WINDOW),
        np.arange(WINDOW, EXTENDED),
        np.arange(0, WINDOW - 1, 0.125),
    )
    return Scores(*(float(np.abs(waves(r) @ coefficients).max()) for r in ranges))


def draw(path: Path, seed: int = 0) -> None:
    """Draw one fit: inside, extrapolated, and a part of it interpolated."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    coefficients = fitted(seed)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    inside, outside = np.arange(WINDOW), np.arange(WINDOW, EXTENDED)
    left.plot(inside, np.abs(waves(inside) @ coefficients), label="within the window")
    left.plot(outside, np.abs(waves(outside) @ coefficients), label="extrapolated")
    left.axvline(WINDOW, color="grey", linewidth=0.8)
    left.set(yscale="log", xlabel="distance s (tokens)", ylabel="|a(s)|", title="Extrapolation")
    left.legend()
    whole, eighths = np.arange(25, 76), np.arange(25, 75.01, 0.125)
    right.plot(eighths, waves(eighths) @ coefficients, label="interpolated")
    right.plot(whole, waves(whole) @ coefficients, "o", markersize=3, label="whole distances")
    right.set(xlabel="distance s (tokens)", ylabel="a(s)", title="Interpolation")
    right.legend()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main() -> None:
    """Print ten fits, check them, draw one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    found = [measure(seed) for seed in range(10)]
    print("seed  inside  extrapolated  interpolated")
    for seed, scores in enumerate(found):
        print(
            f"{seed:4}  {scores.inside:6.2f}  {scores.extrapolated:12.3g}  "
            f"{scores.interpolated:12.2f}"
        )
    smallest = min(scores.extrapolated / scores.interpolated for scores in found)
    print(f"extrapolated over interpolated, at least: {smallest:,.0f}")
    assert smallest > MIN_RATIO, smallest
    if arguments.plot:
        draw(arguments.plot)


if __name__ == "__main__":
    main()
