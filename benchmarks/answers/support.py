"""Measure whether grounding accepts true sentences and rejects false ones.

    python -m benchmarks.answers.support --texts FOLDER [FILE.jsonl.xz …] --count 500

True and false variants of the documents' own sentences are made by rule, and each is looked for in
its document. Prints a Markdown table; `--show KIND` also prints what was judged wrongly.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from benchmarks.answers import false_variants, true_variants
from benchmarks.answers.texts import add_text_options, every, plain_sentences
from benchmarks.answers.words import clause, names
from longsum.documents.document import Document
from longsum.grounding.grounder import Grounder

PER_DOCUMENT = 3
"""Variants of one kind from one document."""


class Variant(NamedTuple):
    """A sentence made from one of a document."""

    kind: str
    is_true: bool
    text: str
    source: str


def main() -> None:
    """Print a row for each kind of variant."""
    options = _options()
    kinds = [*true_variants.RULES, *false_variants.RULES]
    made: Counter[str] = Counter()
    right: Counter[str] = Counter()
    wanted = {
        **_shares(options.count, list(true_variants.RULES)),
        **_shares(options.count, list(false_variants.RULES)),
    }
    wrong: dict[str, list[str]] = defaultdict(list)
    started = time.perf_counter()
    for number, document in every(options.texts, options.every, options.offset):
        if not (missing := [kind for kind in kinds if made[kind] < wanted[kind]]):
            break
        grounder: Grounder | None = None
        for variant in variants(document, missing, random.Random(f"{options.seed} {number}")):
            if made[variant.kind] >= wanted[variant.kind]:
                continue
            grounder = grounder or Grounder(document)
            grounded = grounder.ground(variant.text)
            made[variant.kind] += 1
            right[variant.kind] += grounded.supported is variant.is_true
            if grounded.supported is not variant.is_true:
                why = getattr(grounded, "contrary", None)
                wrong[variant.kind].append(f"  {variant.source}\n→ {variant.text}\n  {why}")
    print("| kind | sentences | judged rightly |\n|---|---:|---:|")
    for title, rules in (("true", true_variants.RULES), ("false", false_variants.RULES)):
        for kind in rules:
            print(_row(kind, made[kind], right[kind]))
        total, passed = (sum(count[kind] for kind in rules) for count in (made, right))
        print(_row(f"**all {title} ones**", total, passed))
    print(f"\n{time.perf_counter() - started:.0f} s")
    for kind in options.show:
        print(f"\n{kind}:\n" + "\n".join(wrong[kind][: options.most]))


def variants(document: Document, kinds: Sequence[str], draw: random.Random) -> Iterator[Variant]:
    """Yield variants of a document's sentences, a few of each kind."""
    sentences = plain_sentences(document)
    clauses = [clause(sentence) for sentence, _ in sentences]
    known = false_variants.Known(
        names=[name for sentence, _ in sentences for name in names(sentence)],
        subjects=list(dict.fromkeys(each.subject for each in clauses if each)),
    )
    draw.shuffle(sentences)
    counts: Counter[str] = Counter()
    for sentence, before in sentences:
        for kind in kinds:
            if counts[kind] >= PER_DOCUMENT:
                continue
            is_true = kind in true_variants.RULES
            if is_true:
                text = true_variants.RULES[kind](sentence, before, draw)
            else:
                text = false_variants.RULES[kind](sentence, known, draw)
            if text is not None and text != sentence:
                counts[kind] += 1
                yield Variant(kind, is_true, text, sentence)


def _shares(count: int, kinds: Sequence[str]) -> dict[str, int]:
    """Divide a number of sentences among kinds."""
    each, more = divmod(count, len(kinds))
    return {kind: each + (index < more) for index, kind in enumerate(kinds)}


def _row(name: str, count: int, right: int) -> str:
    share = f"{right / count:.1%}" if count else "–"
    return f"| {name} | {count} | {right} ({share}) |"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    add_text_options(parser)
    parser.add_argument("--count", type=int, default=500, help="true ones, and false ones")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", nargs="*", default=[], metavar="KIND", help="print mistakes")
    parser.add_argument("--most", type=int, default=20, help="mistakes printed per kind")
    return parser.parse_args()


if __name__ == "__main__":
    main()
