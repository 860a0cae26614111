"""How time and memory grow with a document's length: one whole process a length.

    python -m benchmarks.growth --model mini

Lengths double from 1,024 to 32,512 tokens, which leaves room for the answer in a window of 32,768.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.peers import prepare
from benchmarks.peers.__main__ import EXAMPLE
from benchmarks.peers.contest import Contestant, compete
from benchmarks.peers.report import machine
from longsum.bytesize import GIB, format_bytes

HERE = Path(__file__).parent
LENGTHS = (1024, 2048, 4096, 8192, 16_384, 32_512)


def parsed() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--model", default="mini")
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS)
    parser.add_argument("--new-tokens", type=int, default=128)
    parser.add_argument("--document", type=Path, default=EXAMPLE, help="a text, repeated if short")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--kv-cache", nargs="+", default=["native", "int8", "int4"])
    parser.add_argument("--threads", type=int, default=0, help="0 leaves it to torch")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", type=Path, default=Path("runs/growth"))
    parser.add_argument("--output", type=Path, default=HERE, help="folder of the table and plot")
    return parser.parse_args()


def measure(given: argparse.Namespace) -> list[dict[str, Any]]:
    """Return a row for each length and cache."""
    text = given.document.read_text(encoding="utf-8")
    while len(text) < 8 * max(given.lengths):
        text += "\n\n" + text
    rows = []
    for length in sorted(given.lengths):
        document, question = prepare.tokens_of(given.model, text, length)
        task = {
            "model": given.model,
            "document": document,
            "question": question,
            "new_tokens": given.new_tokens,
            "device": given.device,
            "dtype": given.dtype,
            "quantize": "none",
            "threads": given.threads,
            "lookup": False,  # what is guessed depends on the document
        }
        caches = [
            Contestant(cache, "run_ours.py", settings={"kv_cache": cache})
            for cache in given.kv_cache
        ]
        for row in compete(caches, task, given.work, given.runs):
            rows.append({"length": length, "cache": row["name"], **row})
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows in Markdown."""
    lines = [
        "| tokens read | KV cache | prefill s | µs/token | decode tokens/s | whole process s | "
        "peak memory |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['length']:,} | {row['cache']} | {row['prefill_s']:.2f} "
        f"| {1e6 * row['prefill_s'] / row['length']:,.0f} | {row['decode_tps']:,.1f} "
        f"| {row['wall_s']:.1f} | {format_bytes(peak(row))} |"
        for row in rows
    ]
    return "\n".join(lines)


def peak(row: dict[str, Any]) -> int:
    """Return a row's peak memory: the GPU's where there is one, else the process's."""
    return int(row["device_bytes"] if row["on_gpu"] else row["peak_bytes"])


def draw(rows: list[dict[str, Any]], title: str, path: Path) -> None:
    """Draw prefill time, time of a token written, and memory, by length."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
    for cache in dict.fromkeys(row["cache"] for row in rows):
        mine = [row for row in rows if row["cache"] == cache]
        lengths = [row["length"] for row in mine]
        axes[0].plot(lengths, [row["prefill_s"] for row in mine], "o-", label=cache)
        axes[1].plot(lengths, [1e3 / row["decode_tps"] for row in mine], "o-", label=cache)
        axes[2].plot(lengths, [peak(row) / GIB for row in mine], "o-", label=cache)
    named = ("prefill, seconds", "a token written, ms", "peak memory, GiB")
    for each, label in zip(axes, named, strict=True):
        lengths = sorted({row["length"] for row in rows})
        far = [length for length in lengths if length > max(lengths) / 12]  # the others overlap
        each.set_xticks(far, [f"{length / 1024:.0f}k" for length in far])
        each.set(xlabel="tokens read", ylabel=label, ylim=(0, None))
        each.legend(title="KV cache", fontsize=8)
    figure.suptitle(title)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main() -> None:
    """Measure, and record it."""
    given = parsed()
    given.work.mkdir(parents=True, exist_ok=True)
    given.output.mkdir(parents=True, exist_ok=True)
    rows = measure(given)
    for row in rows:
        row["on_gpu"] = given.device == "cuda"
    title = f"{given.model}, {given.new_tokens} tokens written, {given.dtype}"
    text = f"{machine(given.threads)}. {title}; median of {given.runs} runs.\n\n{table(rows)}\n"
    (given.output / "results.md").write_text(text)
    (given.output / "results.json").write_text(json.dumps(rows, indent=1) + "\n")
    draw(rows, title, given.output / "growth.png")
    print(text)


if __name__ == "__main__":
    main()
