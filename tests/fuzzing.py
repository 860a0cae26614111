"""Read damaged files one after another, in a process that a crash may end.

Prints a line when a file is begun and its outcome when it is done, so that the last line names the
culprit. A file that takes too long ends the process with a traceback.
"""

from __future__ import annotations

import faulthandler
import io
import sys
import time
from collections.abc import Iterator

from mutations import bombs, mutated, sound_files, traps

from longsum.documents.limits import limit_memory
from longsum.documents.read import read_document
from longsum.errors import LongsumError

DOCUMENT_S = 60
"""Most seconds of one file, on the slowest machine that tests run on."""


def files(kind: str, start: int, count: int, until: float) -> Iterator[tuple[str, bytes]]:
    """Yield named files: `traps`, `bombs`, or `count` seeds and as many more as time allows."""
    if kind == "traps":
        yield from traps()
    elif kind == "bombs":
        yield from bombs(1 << 30)
    else:
        sound, seed = sound_files(), start
        while seed < start + count or time.monotonic() < until:
            yield f"seed {seed}", mutated(sound, seed)
            seed += 1


def outcome_of(data: bytes) -> str:
    """Return how long a document's text is, or the error's name; a bug comes through."""
    try:
        return f"{len(read_document('-', stdin=io.BytesIO(data)).text)} characters"
    except LongsumError as error:
        return type(error).__name__ if error.hint else f"{error!r} without a hint"


def main() -> None:
    """Read files: `python fuzzing.py KIND [START COUNT SECONDS]`."""
    kind, *numbers = sys.argv[1:]
    start, count, seconds = [*map(int, numbers), *(0, 0, 0)[len(numbers) :]]
    limit_memory(1 << 30)
    faulthandler.enable()
    for name, data in files(kind, start, count, time.monotonic() + seconds):
        sys.stdout.write(f"{name}: ")
        sys.stdout.flush()
        faulthandler.dump_traceback_later(DOCUMENT_S, exit=True)
        outcome = outcome_of(data)
        faulthandler.cancel_dump_traceback_later()
        sys.stdout.write(f"{outcome}\n")


if __name__ == "__main__":
    main()
