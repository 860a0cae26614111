"""Time whole processes: `longsum --help`, summaries, a question asked twice.

    python benchmarks/startup/measure.py
    python benchmarks/startup/measure.py --model smol --runs 3

Prints a Markdown table with minimum, median and maximum, and the peak memory of the command. The
texts of 16k and 32k tokens are this project's own prose. Only the last row uses a cached document.
With a model other than the bundled one: summaries of 2k, 8k and 16k tokens and a question to each.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
LAUNCH = ROOT / "benchmarks" / "launch.py"
EXAMPLE = ROOT / "examples" / "handbook.pdf"
QUESTION = "How many warm-up steps does the fine-tuning recipe use?"
LENGTHS = {"16k": 16_000, "32k": 31_500}
"""Tokens of the texts, without prompt and answer."""
LENGTHS_OTHERS = {"2k": 2_000, "8k": 7_900, "16k": 16_000}
"""The same for a model other than the bundled one."""
MIB = 1 << 20


def project_text() -> str:
    """Return the handbook and the project's other pages, concatenated."""
    pages = [ROOT / "examples" / "handbook.md"]
    pages += sorted(path for path in ROOT.glob("*/**/README.md") if "runs" not in path.parts)
    pages += sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/*.md"))
    return "\n\n".join(path.read_text(encoding="utf-8") for path in pages)


def write_texts(folder: Path, lengths: dict[str, int]) -> dict[str, Path]:
    """Write a text of each length in tokens of the bundled model, cut between paragraphs."""
    from longsum.checkpoint.tokenizer import load_tokenizer
    from longsum.model.resolve import resolve_model

    text = project_text()
    offsets = load_tokenizer(resolve_model("mini").folder).offsets(text)
    found = {}
    for name, tokens in lengths.items():
        assert len(offsets) > tokens, f"the project has {len(offsets)} tokens of prose"
        end = text.rfind("\n\n", 0, offsets[tokens][0])
        found[name] = folder / f"{name}.md"
        found[name].write_text(text[:end], encoding="utf-8")
    return found


def commands(texts: dict[str, Path]) -> dict[str, list[str]]:
    """Return the commands to measure, by their names in the table."""
    ask = ["ask", str(EXAMPLE), QUESTION]
    return {
        "longsum --help": ["--help"],
        "longsum summarize examples/handbook.pdf": ["summarize", str(EXAMPLE), "--no-cache"],
        **{
            f"longsum summarize {name}.md": ["summarize", str(path), "--no-cache"]
            for name, path in texts.items()
        },
        'longsum ask examples/handbook.pdf "…"': [*ask, "--no-cache"],
        "the same, the document read before": ask,
    }


def commands_with(model: str, texts: dict[str, Path]) -> dict[str, list[str]]:
    """Return the commands to measure with a model, by their names in the table."""
    chosen = ["--model", model, "--no-cache"]
    return {
        **{
            f"longsum summarize {name}.md --model {model}": ["summarize", str(path), *chosen]
            for name, path in texts.items()
        },
        **{
            f'longsum ask {name}.md "…" --model {model}': ["ask", str(path), QUESTION, *chosen]
            for name, path in texts.items()
        },
    }


def run(arguments: list[str], home: Path) -> tuple[float, float]:
    """Run longsum in a separate process and return its wall-clock seconds and peak MiB."""
    usage = home / "usage.json"
    command = [sys.executable, "-m", "longsum", *arguments]
    subprocess.run(
        [sys.executable, "-S", str(LAUNCH), str(usage), *command],
        env=os.environ | {"LONGSUM_CACHE_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    used = json.loads(usage.read_text())
    if used["code"]:
        raise SystemExit(f"longsum {' '.join(arguments)} failed with {used['code']}")
    return used["wall_s"], used["peak_bytes"] / MIB


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--model", default="mini", help="as for longsum")
    given = parser.parse_args()
    runs, model = given.runs, given.model
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| command | runs | min s | median s | max s | peak MiB |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        bundled = model == "mini"
        texts = write_texts(home, LENGTHS if bundled else LENGTHS_OTHERS)
        measured = commands(texts) if bundled else commands_with(model, texts)
        for shown, arguments in measured.items():
            run(arguments, home)  # warms the file cache, and caches the document
            times, peaks = zip(*(run(arguments, home) for _ in range(runs)), strict=True)
            low, middle, high = min(times), statistics.median(times), max(times)
            row = f"| `{shown}` | {runs} | {low:.2f} | {middle:.2f} | {high:.2f} "
            print(f"{row}| {max(peaks):,.0f} |", flush=True)


if __name__ == "__main__":
    main()
