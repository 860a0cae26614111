"""Read packed documents on a GPU, save their features, and train small heads.

    python -m recipes.smol.read --base FILE --pack DIR --adapter FOLDER --output OUT --seconds 110

Stops reading in time; the documents read so far are balanced over the files. Their features are
saved, and heads are trained in the remaining time. Each finding is a line of OUT/read.jsonl.
"""

from __future__ import annotations

import argparse
import os
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch.nn.attention import SDPBackend, sdpa_kernel

from recipes.smol.base import read_base, say
from recipes.smol.harvest import Harvest, read_one
from recipes.smol.learned import learn
from recipes.smol.llama import Llama, Positions, merged, read_adapter
from recipes.smol.packed import Packed, all_documents
from recipes.smol.reading import Reader
from recipes.smol.saved import principal, save_harvest

NATIVE, WINDOW = 8192, 33_280
RESERVE = 28.0
"""Seconds reserved for saving and for the heads."""
SAVING = 5.0
STATES = 128


def since_start() -> float:
    """Return the seconds since this process started."""
    try:
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0.0


class Findings:
    """Reports each finding, to stdout and as a line of a file."""

    def __init__(self, path: Path, start: float) -> None:
        self.path, self.start = path, start

    def __call__(self, finding: str, **values: Any) -> None:
        """Report a finding."""
        seconds = round(time.perf_counter() - self.start, 1)
        say(self.path, finding=finding, seconds=seconds, **values)


def readers(arguments: argparse.Namespace, device: torch.device) -> tuple[Reader, Reader | None]:
    """Return the model in its native window, and in the extended one if there is an adapter."""
    dtype = getattr(torch, arguments.dtype)
    is_gguf = arguments.base.suffix == ".gguf"
    weights = read_base(arguments.base) if is_gguf else load_file(arguments.base)

    def reader(tensors: Mapping[str, torch.Tensor], positions: Positions, tokens: int) -> Reader:
        model = Llama(tensors).to(device, dtype)
        return Reader(model, positions.table(tokens).to(device))

    native = reader(weights, Positions(), NATIVE)
    if arguments.adapter is None:
        return native, None
    wide = merged(weights, *read_adapter(arguments.adapter))
    return native, reader(wide, Positions(factor=arguments.factor), WINDOW)


def ready(folder: Path, limit: int | None, longest: int) -> Iterator[Packed]:
    """Yield the documents to read.

    Args:
        folder: folder of the shards.
        limit: maximum documents per file; None for all.
        longest: maximum tokens of a document.
    """
    seen: dict[str, int] = {}
    for document in all_documents(folder):
        if document.longest > longest:
            continue
        seen[document.file] = seen.get(document.file, 0) + 1
        if limit is None or seen[document.file] <= limit:
            yield document


@torch.no_grad()
def read_all(
    native: Reader,
    wide: Reader | None,
    documents: Iterator[Packed],
    until: float,
    report: Findings,
) -> Harvest:
    """Read documents until there are no more, or time is up.

    Args:
        native: reader for the native window.
        wide: reader for the extended window; None skips documents that need it.
        documents: documents to read.
        until: time of `time.perf_counter` at which to stop.
        report: receives the progress.
    """
    harvest, skipped = Harvest(), 0
    on_gpu = native.model.embedding.is_cuda
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION) if on_gpu else nullcontext():
        for document in documents:
            if time.perf_counter() > until:
                report("stopped", documents=len(harvest.documents))
                break
            extended = document.longest > NATIVE
            reader = wide if extended else native
            if reader is None or document.longest > WINDOW:
                skipped += 1
                continue
            states, looks = read_one(reader, document)
            harvest.documents.append(document)
            harvest.extended.append(extended)
            harvest.states.append(states)
            harvest.looks.append(looks)
            harvest.tokens += len(document.ids)
            if len(harvest.documents) % 200 == 0:
                if on_gpu:
                    torch.cuda.synchronize()
                report("read", documents=len(harvest.documents), tokens=harvest.tokens)
    if on_gpu:
        torch.cuda.synchronize()
    queries = sum(len(document.queries) for document in harvest.documents)
    report(
        "read", documents=len(harvest.documents), tokens=harvest.tokens, queries=queries,
        extended=sum(harvest.extended), skipped=skipped,
    )  # fmt: skip
    return harvest


def main() -> None:
    """Read, save, learn."""
    start = time.perf_counter() - since_start()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="GGUF or safetensors file")
    parser.add_argument("--pack", type=Path, required=True, help="folder of recipes.smol.pack")
    parser.add_argument("--adapter", type=Path, help="window adapter; without: short documents")
    parser.add_argument("--factor", type=float, default=4.0, help="of the window adapter")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=110.0, help="in all, from the start")
    parser.add_argument("--mib", type=float, default=60.0, help="of the harvest's file, about")
    parser.add_argument("--limit", type=int, help="documents of each file, to try it out")
    parser.add_argument("--dtype", default="bfloat16", help="float32 on a CPU without bfloat16")
    parser.add_argument("--longest", type=int, default=WINDOW, help="tokens of a document, same")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_float32_matmul_precision("high")
    report = Findings(arguments.output / "read.jsonl", start)
    native, wide = readers(arguments, device)
    report("loaded", device=str(device))
    end = start + arguments.seconds
    documents = ready(arguments.pack, arguments.limit, arguments.longest)
    harvest = read_all(native, wide, documents, end - RESERVE, report)
    with torch.no_grad():
        basis = principal(torch.cat([x[::8] for x in harvest.states]), STATES)
        report("directions")
        try:
            report("saved", **save_harvest(harvest, basis, arguments.output, arguments.mib))
        except Exception:  # the heads can still be trained, and this run cannot be repeated
            report("not saved", error=traceback.format_exc())
    learn(harvest, basis, arguments.output, end - SAVING, report)
    report("done")


if __name__ == "__main__":
    main()
