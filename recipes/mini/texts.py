"""Write the texts of the window extension: plain text and copying tasks, up to a window long.

    python -m recipes.mini.texts --work runs/mini --window 32768 --tokens 8000000 --output FILE

The mix is that of pre-training, as the paper tunes on the data LLaMA was trained on. Texts are as
long as the extended window allows, so that every distance occurs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from recipes.mini.mixture import Mixture, Rows

FIRST_ROW = 500_000_000
"""Number of this stage's first row, beyond those of pre-training."""


def texts(rows: Rows, shortest: int, longest: int, tokens: int) -> Iterator[dict[str, str]]:
    """Yield rows as texts until they have a number of tokens.

    Args:
        rows: rows by number.
        shortest: minimum tokens of a text.
        longest: maximum tokens of a text; lengths are distributed log-uniformly.
        tokens: total tokens.
    """
    number = 0
    while tokens > 0:
        rng = np.random.default_rng([rows.seed, FIRST_ROW, number])
        length = int(np.exp(rng.uniform(np.log(shortest), np.log(longest))))
        ids = rows.row(FIRST_ROW + number, length).ids[1:]
        yield {"id": str(number), "text": rows.tokenizer.decode(ids.tolist())}
        tokens -= length
        number += 1


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("runs/mini"))
    parser.add_argument("--window", type=int, default=32768, help="extended window")
    parser.add_argument("--tokens", type=int, default=8_000_000)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    rows = Rows(arguments.work, Mixture())
    lines = texts(rows, arguments.window // 16, arguments.window, arguments.tokens)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    with arguments.output.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


if __name__ == "__main__":
    main()
