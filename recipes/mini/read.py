"""Read the documents that the selection head is trained and compared on, and cache their states.

    python -m recipes.mini.read --data DATA --work runs/mini
    python -m recipes.mini.read --data DATA --part 1/2      # and 2/2 in parallel: one core each

Files take turns, so that a stopped run has states of each; `select` reads what is missing.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from longsum.errors import DocumentError
from longsum.evaluate.reference_pairs import Pair
from recipes.mini.examples import FILES, VALIDATION, documents
from recipes.mini.states import StateReader


def in_turns(data: Path) -> list[Pair]:
    """Return the documents of all files, each file's spread evenly."""
    files = VALIDATION | FILES
    rank: dict[str, int] = {}
    places = []
    for name, pair in documents(data, files):
        rank[name] = rank.get(name, 0) + 1
        places.append((rank[name] / files[name], pair))
    return [pair for _, pair in sorted(places, key=lambda place: place[0])]


def main() -> None:
    """Read what has not been read yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with pairs/")
    parser.add_argument("--work", type=Path, default=Path("runs/mini"))
    parser.add_argument("--model", type=Path, default=Path("runs/mini/plain"))
    parser.add_argument("--part", default="1/1", help="of the documents, as 1/2")
    arguments = parser.parse_args()
    part, parts = map(int, arguments.part.split("/"))
    if parts > 1:
        torch.set_num_threads(1)
    reader = StateReader(arguments.model, arguments.work / "states")
    tokens, started = 0, time.perf_counter()
    taken = in_turns(arguments.data)[part - 1 :: parts]
    for number, pair in enumerate(taken, 1):
        try:
            states = reader(pair.document.text)
        except DocumentError:
            continue
        tokens += 0 if states is None else len(states.starts)
        if number % 20 == 0 or number == len(taken):
            speed = tokens / (time.perf_counter() - started)
            print(f"{number:,} of {len(taken):,} documents, {speed:,.0f} tokens/s", flush=True)


if __name__ == "__main__":
    main()
