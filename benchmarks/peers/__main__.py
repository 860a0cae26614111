"""Compare longsum, plain `transformers` and llama.cpp on the same weights and document.

    python -m benchmarks.peers --model mini --tokens 16384 --new-tokens 256 \
        --llama-python ENVIRONMENT/bin/python

Each contestant runs as a separate process. Without --llama-python, llama.cpp is left out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.peers import prepare, report
from benchmarks.peers.contest import HERE, Contestant, compete

EXAMPLE = HERE.parents[1] / "examples" / "handbook.md"


def parsed() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--model", default="mini", help="as for longsum")
    parser.add_argument("--tokens", type=int, default=16_384)
    parser.add_argument("--new-tokens", type=int, default=256)
    parser.add_argument("--document", type=Path, default=EXAMPLE, help="a text")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--quantize", default="none", choices=("none", "nf4"))
    parser.add_argument("--kv-cache", default="native", choices=("native", "int8", "int4"))
    parser.add_argument("--threads", type=int, default=0, help="0 leaves it to each contestant")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--llama-python", help="of an environment with llama-cpp-python and gguf")
    parser.add_argument(
        "--gguf", nargs="+", default=["f32", "f16"], help="f32 f16 bf16 q8_0, or files"
    )
    parser.add_argument("--work", type=Path, default=Path("runs/peers"))
    parser.add_argument("--output", type=Path, default=HERE, help="folder of the table and plot")
    return parser.parse_args()


def contestants(given: argparse.Namespace, plain: Path) -> list[Contestant]:
    """Return the contestants, after writing llama.cpp's weights."""
    store = given.work / "store"
    found = [
        Contestant("longsum", "run_ours.py"),
        Contestant("longsum, no lookup", "run_ours.py", settings={"lookup": False}),
        # fills the store again in every round, for the next contestant
        Contestant(
            "longsum, keeping",
            "run_ours.py",
            settings={"store": str(store), "fresh_store": True},
        ),
        Contestant("longsum, second question", "run_ours.py", settings={"store": str(store)}),
        Contestant("transformers", "run_transformers.py"),
    ]
    for kind in given.gguf if given.llama_python else []:
        is_file = kind.endswith(".gguf")
        path = Path(kind) if is_file else given.work / f"{plain.name}.{kind}.gguf"
        if not path.exists():
            write = [given.llama_python, str(HERE / "write_gguf.py"), str(plain), str(path), kind]
            subprocess.run(write, check=True)
        found.append(
            Contestant(
                f"llama.cpp, {path.stem if is_file else kind}",
                "run_llama_cpp.py",
                given.llama_python,
                {"gguf": str(path)},
            )
        )
    return found


def common_task(given: argparse.Namespace, model: str, plain: Path) -> dict[str, Any]:
    """Return the task that all contestants share.

    Args:
        given: the options.
        model: the model as for longsum.
        plain: folder of the plain checkpoint.
    """
    text = given.document.read_text(encoding="utf-8")
    while len(text) < 8 * given.tokens:
        text += "\n\n" + text
    document, question = prepare.tokens_of(model, text, given.tokens)
    return {
        "model": model,
        "plain_folder": str(plain),
        "document": document,
        "question": question,
        "new_tokens": given.new_tokens,
        "device": given.device,
        "dtype": given.dtype,
        "quantize": given.quantize,
        "kv_cache": given.kv_cache,
        "threads": given.threads,
        "lookup": True,
    }


def main() -> None:
    """Run the contest, and record it."""
    given = parsed()
    given.work.mkdir(parents=True, exist_ok=True)
    model = given.model
    name = f"plain-{Path(model).name}-{given.dtype}"
    plain = prepare.plain_checkpoint(model, given.dtype, given.work / name)
    task = common_task(given, model, plain)
    rows = compete(contestants(given, plain), task, given.work, given.runs)
    for row in rows:
        row["on_gpu"] = given.device == "cuda"
    title = f"{model}, {given.tokens:,} tokens read, {given.new_tokens} written, {given.dtype}"
    text = "\n".join(
        [
            f"{report.machine(given.threads)}. {title}; median of {given.runs} runs.",
            "",
            report.table(rows),
            "",
            *report.verdicts(rows),
        ]
    )
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / "results.md").write_text(text + "\n")
    (given.output / "results.json").write_text(json.dumps(rows, indent=1) + "\n")
    report.draw(rows, title, given.output / "results.png")
    print(text)


if __name__ == "__main__":
    main()
