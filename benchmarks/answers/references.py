"""Measure how many sentences of people's own summaries grounding accepts.

    python -m benchmarks.answers.references FILE.jsonl.xz …

Each line of a file has a `doc` and a `target`, or a list of them. A summary's sentences are looked
for in their own document, which says most of them in other words, and in the next other document,
which says none. Of several lines about one document the first is taken.
"""

from __future__ import annotations

import json
import lzma
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from longsum.documents.document import Document
from longsum.grounding.grounder import Grounder, answer_sentences

DOCUMENTS = 25
MAX_CHARACTERS = 150_000
"""Documents of more characters are passed over."""
MAX_SENTENCES = 12
"""Sentences of one summary."""
MIN_WORDS = 6


def main() -> None:
    """Print a row for each file."""
    print("| summaries | sentences | accepted, own document | accepted, another document |")
    print("|---|---:|---:|---:|")
    for name in sys.argv[1:]:
        counts = _measured(Path(name))
        total = counts["sentences"]
        own, other = (f"{counts[key] / total:.0%}" for key in ("own", "other"))
        print(f"| {Path(name).name.split('.')[0]} | {total} | {own} | {other} |", flush=True)


def _measured(file: Path) -> Counter[str]:
    """Return how many sentences there are, and how many each document supports."""
    pairs = _of_documents(file)
    grounders = [Grounder(Document(row["doc"], (), "0", "document")) for row in pairs]
    counts: Counter[str] = Counter()
    for number, row in enumerate(pairs):
        summary = row["target"] if isinstance(row["target"], str) else row["target"][0]
        for span in answer_sentences(summary)[:MAX_SENTENCES]:
            sentence = summary[span.start : span.end]
            if len(sentence.split()) < MIN_WORDS:
                continue
            counts["sentences"] += 1
            counts["own"] += grounders[number].ground(sentence).supported
            another = grounders[(number + 1) % len(grounders)]
            counts["other"] += another.ground(sentence).supported
    return counts


def _of_documents(file: Path) -> list[dict[str, Any]]:
    """Return the first pair of each of the first documents that are short enough."""
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        rows = (json.loads(line) for line in lines)
        fitting = (row for row in rows if len(row["doc"]) < MAX_CHARACTERS)
        found: dict[str, dict[str, Any]] = {}
        for row in fitting:
            found.setdefault(row["doc"], row)
            if len(found) == DOCUMENTS:
                break
    return list(found.values())


if __name__ == "__main__":
    main()
