"""A GGUF file goes wherever a model goes; what cannot be read is refused in one line."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGMLQuantizationType as Type
from ggufs import write_gguf, write_shards
from helpers import assert_refused, printed, report_pdf, run
from tiny import tiny_model

from longsum.checkpoint.gguf_header import read_header
from longsum.config import WeightsConfig
from longsum.loading import quantized_cache as kept
from longsum.model.find import stated_packing
from longsum.paths import config_file, gguf_folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = tiny_model(max_position_embeddings=8192)
    return write_gguf(tmp_path_factory.mktemp("gguf") / "tiny.Q8_0.gguf", model, kind="Q8_0")


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    return report_pdf(tmp_path / "report.pdf")


def test_show_prints_the_file_its_packing_and_its_window(tiny: Path) -> None:
    facts = json.loads(run("models", "show", tiny, "--json").stdout)
    assert facts["file"] == str(tiny)
    assert facts["bytes"] == tiny.stat().st_size
    assert facts["tensors"] == "Q8_0 16, F32 5"
    assert (facts["window"], facts["layers"]) == (8192, 2)
    assert "folder" not in facts
    shown = run("models", "show", tiny).stdout
    assert f"file           {tiny}" in shown


def test_show_of_a_folder_and_of_parts_counts_all_of_them(tmp_path: Path) -> None:
    paths = write_shards(tmp_path, tiny_model())
    facts = json.loads(run("models", "show", tmp_path, "--json").stdout)
    assert facts["file"] == str(paths[0])
    assert facts["bytes"] == sum(path.stat().st_size for path in paths)
    assert facts["tensors"] == "F32 21"


def test_plan_counts_what_is_dequantized_and_says_so(tiny: Path, pdf: Path) -> None:
    plan = json.loads(run("plan", pdf, "--model", tiny, "--dtype", "float32", "--json").stdout)
    assert plan["model"] == "tiny.Q8_0.gguf"
    parameters = json.loads(run("models", "show", tiny, "--json").stdout)["parameters"]
    assert plan["memory"]["weights"] == 4 * parameters
    assert plan["reason"].startswith("Q8_0 in the file, dequantized to float32; ")
    smaller = run("plan", pdf, "-m", tiny, "--dtype", "float32", "--quantize", "nf4", "--json")
    smaller = json.loads(smaller.stdout)
    assert smaller["memory"]["weights"] < plan["memory"]["weights"]
    assert smaller["reason"].startswith("Q8_0 in the file, dequantized to float32, then nf4; ")


def test_rounding_twice_is_said_of_four_and_five_bits_alone() -> None:
    assert stated_packing({"Q4_1": 210, "F32": 61}, "float32", "none") == (
        "Q4_1 in the file, dequantized to float32"
    )
    assert stated_packing({"Q4_1": 210}, "bfloat16", "none", codes=True) == (
        "Q4_1 in the file, dequantized to bfloat16; its codes are kept too, for writing"
    )
    for kind in ("Q4_K", "Q5_K", "Q4_0"):
        assert "rounded twice; ‹quantize=none›" in stated_packing({kind: 1}, "bfloat16", "nf4")
    for kind in ("Q8_0", "Q6_K", "F16"):
        assert "twice" not in stated_packing({kind: 1}, "bfloat16", "nf4")
    assert "twice" not in stated_packing({"Q4_K": 1}, "bfloat16", "int8")


def test_summaries_and_answers_come_from_it(tiny: Path, pdf: Path) -> None:
    result = run("summarize", pdf, "--model", tiny, "--verbatim")
    assert result.exit_code == 0, result.stderr
    assert printed(result.stdout)
    assert "tiny.Q8_0.gguf" in result.stderr
    free = run("ask", pdf, "Who?", "--model", tiny, "--free", "--max-new-tokens", 8)
    assert free.exit_code == 0, free.stderr
    assert str(gguf_folder()) not in free.stderr


def test_quantized_weights_are_cached_under_the_file_s_name(
    tiny: Path, pdf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "weights_config", lambda _: WeightsConfig(min_load_s=0))
    options = ("--model", tiny, "--verbatim", "--quantize", "nf4", "--dtype", "float32")
    result = run("summarize", pdf, *options)
    assert result.exit_code == 0, result.stderr
    listed = json.loads(run("cache", "list", "--only", "model", "--json").stdout)
    assert [(each["model"], each["quantize"]) for each in listed] == [("tiny.Q8_0.gguf", "nf4")]


def test_chosen_file_becomes_the_default_by_its_whole_path(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny.parent)
    result = run("models", "use", tiny.name)
    assert result.exit_code == 0
    assert str(tiny) in config_file().read_text()
    monkeypatch.chdir("/")
    assert json.loads(run("plan", "--json").stdout)["model"] == tiny.name


def test_batch_takes_it(tiny: Path, tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    report_pdf(documents / "report.pdf")
    options = ("--model", tiny, "--verbatim", "--device", "cpu", "--readers", 1)
    result = run("batch", documents, "--output", tmp_path / "out", *options)
    assert result.exit_code == 0, result.stderr
    assert "harbour" in (tmp_path / "out" / "report.pdf.md").read_text()


def test_it_is_measured_like_any_model(tiny: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("The grass is green and the sky is blue. There and back again. " * 100)
    options = ("--data", text, "--window", 384, "--stride", 64, "--dtype", "float32")
    result = run("evaluate", "perplexity", tiny, *options)
    assert result.exit_code == 0, result.stderr
    assert "tiny.Q8_0.gguf" in result.stdout


def test_its_window_can_be_extended(tmp_path: Path) -> None:
    base = write_gguf(tmp_path / "base.gguf", tiny_model(max_position_embeddings=1024))
    text = tmp_path / "text.txt"
    text.write_text("The grass is green and the sky is blue. There and back again. " * 200)
    result = run(
        *("extend", base, "--context", "2k", "--data", text, "--output", tmp_path / "out"),
        *("--steps", 1, "--device", "cpu", "--dtype", "float32"),
    )
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("extended: base.gguf to 2,048 tokens (pi)")
    facts = json.loads(run("models", "show", tmp_path / "out", "--json").stdout)
    assert (facts["window"], facts["native window"]) == (2048, 1024)


def broken(**wrong: Any) -> Callable[[Path], Path]:
    """Return what writes a file with something wrong in it."""
    return lambda folder: write_gguf(folder / "x.gguf", tiny_model(), **wrong)


def cut(size: float) -> Callable[[Path], Path]:
    """Return what writes a part of a file."""

    def write(folder: Path) -> Path:
        path = write_gguf(folder / "x.gguf", tiny_model())
        path.write_bytes(path.read_bytes()[: int(size * path.stat().st_size)])
        return path

    return write


def directory(folder: Path) -> Path:
    (folder / "x.gguf").mkdir()
    return folder / "x.gguf"


def unreadable_type(folder: Path) -> Path:
    packed = (np.zeros((300, 54), np.uint8), Type.TQ1_0)
    return write_gguf(
        folder / "x.gguf", tiny_model(), change=lambda t: t.update({"token_embd.weight": packed})
    )


def several(folder: Path) -> Path:
    for name in ("a", "b"):
        write_gguf(folder / f"{name}.gguf", tiny_model())
    return folder


def without_a_part(folder: Path) -> Path:
    paths = write_shards(folder, tiny_model())
    paths[1].unlink()
    return paths[0]


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "architecture": (broken(architecture="qwen3"), "architecture is 'qwen3'"),
    "experts": (broken(fields={"llama.expert_count": 8}), "mixture of experts"),
    "partial": (broken(fields={"llama.rope.dimension_count": 4}), "4 of 16 values"),
    "tokenizer": (broken(fields={"tokenizer.ggml.model": "bert"}), "a tokenizer of kind 'bert'"),
    "no tokenizer": (broken(fields={"tokenizer.ggml.model": None}), "no tokenizer"),
    "biases": (
        broken(change=lambda t: t.update({"blk.0.attn_q.bias": (np.zeros(64, "f4"), Type.F32)})),
        "attn_q.bias",
    ),
    "missing": (broken(change=lambda t: t.pop("blk.1.attn_k.weight")), "layers.1.self_attn.k_proj"),
    "type": (unreadable_type, "TQ1_0, which longsum does not read"),
    "cut in the header": (cut(0.005), "does not fit in the file"),
    "cut in the data": (cut(0.9), "the download is incomplete"),
    "empty": (cut(0), "is empty"),
    "directory": (directory, "no config.json"),
    "several": (several, "2 GGUF checkpoints"),
    "without a part": (without_a_part, "is not in its folder"),
    "nothing": (lambda folder: folder / "none.gguf", "does not exist"),
}


@pytest.mark.parametrize(("write", "says"), REFUSED.values(), ids=list(REFUSED))
def test_what_cannot_be_read_exits_5_in_one_line(
    tmp_path: Path, write: Callable[[Path], Path], says: str
) -> None:
    path = write(tmp_path)
    assert_refused(run("models", "show", path), 5, says)


def test_no_flipped_byte_of_a_header_is_a_bug_to_the_user(tmp_path: Path) -> None:
    """A bug's exception would come through `run`."""
    whole = write_gguf(tmp_path / "x.gguf", tiny_model()).read_bytes()
    data = min(tensor.offset for tensor in read_header(tmp_path / "x.gguf").tensors)
    chance = random.Random(1)
    started, codes = time.monotonic(), []
    for number in range(60):
        flipped = bytearray(whole)
        for _ in range(chance.choice((1, 2, 6))):
            flipped[chance.randrange(data)] = chance.randrange(256)
        path = tmp_path / "x.gguf"
        path.write_bytes(flipped)
        os.utime(path, ns=(number, number))
        result = run("models", "show", path)
        assert "Traceback" not in result.stderr
        codes.append(result.exit_code)
    assert set(codes) == {0, 5}
    assert time.monotonic() - started < 120
