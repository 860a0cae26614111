"""Read every PDF in a folder and its subfolders, and print a Markdown table of the outcomes.

    python benchmarks/reading/outcomes.py --data FOLDER

A file ends in one of two ways: text, perhaps with a warning, or one clear error with its exit code.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from longsum.documents.read import read_document
from longsum.errors import LongsumError


def main() -> None:
    """Write the table to standard output."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with PDF files")
    folder = parser.parse_args().data
    print("| file | pages | characters | words | seconds | warning, or error with its exit code |")
    print("|---|---:|---:|---:|---:|---|")
    for path in sorted(folder.rglob("*.pdf"), key=lambda path: (len(path.parts), path)):
        print(outcome(path, str(path.relative_to(folder))), flush=True)


def outcome(path: Path, name: str) -> str:
    """Return the table's row for one file."""
    started = time.perf_counter()
    try:
        document = read_document(path)
    except LongsumError as error:
        seconds = time.perf_counter() - started
        message = f"{type(error).__name__} (exit {error.exit_code}): {error.message}"
        message += f"; hint: {error.hint}" if error.hint else ""
        return f"| {name} | | | | {seconds:.2f} | {_cell(message)} |"
    seconds = time.perf_counter() - started
    words = len(document.text.split())
    return (
        f"| {name} | {document.total_pages} | {len(document.text):,} | {words:,} | {seconds:.2f} "
        f"| {_cell('; '.join(document.warnings))} |"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    main()
