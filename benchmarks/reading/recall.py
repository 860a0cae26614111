"""Compare what longsum reads of PDFs with an independent reader, page by page.

    python benchmarks/reading/recall.py FOLDER [--reference pdftotext|pdfminer]

Recall is the share of the reference's words that are on the same page here, precision the share of
our words that are on the same page there; a word counts as often as it comes. The page number is
so part of the measure: a page's words under another page's number are lost and wrong. Files with
fewer than `MIN_WORDS` words in the reference are only counted by outcome. The reference is no
truth: hidden text, text outside the visible page, running heads and form values are read by one and
not by the other on purpose.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, median

from longsum.documents.isolated import read_document
from longsum.errors import LongsumError

MIN_WORDS = 20
LIMIT_S = 60
WORD = re.compile(r"\w+")


def main() -> None:
    """Print one line of JSON per file, then the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="+")
    parser.add_argument("--reference", choices=("pdftotext", "pdfminer"), default="pdftotext")
    parser.add_argument("--limit", type=int, help="files; default all")
    asked = parser.parse_args()
    rows = []
    for path in sorted({path for folder in asked.folder for path in folder.rglob("*.pdf")})[
        : asked.limit
    ]:
        rows.append(measured(path, asked.reference))
        print(json.dumps(rows[-1]), flush=True)
    print(json.dumps(summary(rows), indent=1))


def measured(path: Path, reference: str) -> dict[str, object]:
    """Return the outcome of a file, with recall and precision where there are enough words."""
    row: dict[str, object] = {"file": path.name}
    started = time.perf_counter()
    try:
        ours = our_pages(path)
        row["outcome"] = "text"
    except LongsumError as error:
        ours, row["outcome"] = [], type(error).__name__
    except Exception as error:  # what the benchmark looks for
        traceback.print_exc(file=sys.stderr)
        ours, row["outcome"] = [], f"traceback: {type(error).__name__}"
    row["seconds"] = round(time.perf_counter() - started, 2)
    theirs = [bag(text) for text in reference_pages(path, reference)]
    row["reference_words"] = total = sum(map(Counter.total, theirs))
    if row["outcome"] == "text" and total >= MIN_WORDS:
        pages = max(len(ours), len(theirs))
        ours += [Counter()] * (pages - len(ours))
        theirs += [Counter()] * (pages - len(theirs))
        shared = sum((a & b).total() for a, b in zip(ours, theirs, strict=True))
        row["recall"] = round(shared / total, 4)
        row["precision"] = round(shared / max(1, sum(map(Counter.total, ours))), 4)
    return row


def our_pages(path: Path) -> list[Counter[str]]:
    """Return the words of each page of the file as longsum reads it."""
    document = read_document(str(path))
    pages = [Counter[str]() for _ in range(document.total_pages)]
    for page in document.pages:
        pages[page.number - 1] = bag(document.text[page.start : page.end])
    return pages


def reference_pages(path: Path, reference: str) -> Iterator[str]:
    """Yield the text of each page by the reference; nothing where it fails."""
    if reference == "pdftotext":
        command = ["pdftotext", "-enc", "UTF-8", str(path), "-"]
        try:
            found = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=True)
        except (subprocess.SubprocessError, OSError):
            return
        yield from found.stdout.decode("utf-8", "replace").split("\f")[:-1]
        return
    program = (
        "import sys\n"
        "from pdfminer.high_level import extract_pages\n"
        "from pdfminer.layout import LTTextContainer\n"
        "for page in extract_pages(sys.argv[1]):\n"
        "    parts = [each.get_text() for each in page if isinstance(each, LTTextContainer)]\n"
        "    sys.stdout.buffer.write((' '.join(parts) + chr(12)).encode('utf-8', 'replace'))\n"
    )
    command = [sys.executable, "-c", program, str(path)]
    try:
        found = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=True)
    except (subprocess.SubprocessError, OSError):
        return
    yield from found.stdout.decode("utf-8", "replace").split("\f")[:-1]


def bag(text: str) -> Counter[str]:
    """Return how often each word of a text comes, hyphens at line ends closed."""
    return Counter(WORD.findall(re.sub(r"-\s*\n\s*", "", text).casefold()))


def summary(rows: list[dict[str, object]]) -> dict[str, object]:
    """Return outcomes and means over all files."""
    outcomes = Counter(str(row["outcome"]) for row in rows)
    found: dict[str, object] = {"files": len(rows), "outcomes": dict(outcomes.most_common())}
    for name in ("recall", "precision"):
        values = [float(str(row[name])) for row in rows if name in row]
        if values:
            found[name] = {
                "files": len(values),
                "mean": round(mean(values), 3),
                "median": round(median(values), 3),
                "at least 0.95": sum(value >= 0.95 for value in values),
            }
    return found


if __name__ == "__main__":
    main()
