from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from helpers import assert_refused, run
from tiny import save_checkpoint

from longsum.bench import machine
from longsum.bench.machine import measure_limits

STEPS = ("load", "prefill", "decode", "second question", "peak memory")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "MEASURED_S", 0.01)
    monkeypatch.setattr(machine, "COPY_BYTES", 1 << 16)
    monkeypatch.setattr(machine, "PRODUCT_SIZE", {"cpu": 32, "cuda": 32})


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("tiny") / "model", max_position_embeddings=512)


def test_limit_comes_from_the_fastest_repetition(monkeypatch: pytest.MonkeyPatch) -> None:
    # started, end set at 9 + 20; then (asked, started, ended) twice, and asked when it is over
    ticks = iter([0.0, 9.0, 10.0, 10.0, 16.0, 17.0, 17.0, 21.0, 30.0])
    monkeypatch.setattr(machine, "MEASURED_S", 20.0)
    monkeypatch.setattr(machine.time, "perf_counter", lambda: next(ticks))
    done: list[int] = []
    best = machine._best_s(lambda: done.append(1), torch.device("cpu"))
    assert (len(done), best) == (3, 4.0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_limits_are_rates(dtype: torch.dtype) -> None:
    limits = measure_limits(torch.device("cpu"), dtype)
    assert 0 < limits.matmul_flops < float("inf")
    assert 0 < limits.copy_bytes < float("inf")


def test_every_step_is_compared_with_its_limit(checkpoint: Path) -> None:
    result = run(
        *("bench", checkpoint, "--tokens", 64, "--new-tokens", 4, "--runs", 1, "--json", "--quiet"),
        *("--dtype", "float32"),
    )
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    rows = {row["step"]: row for row in report["rows"]}
    assert tuple(rows)[:5] == STEPS
    copied = rows["limit: copying"]["bytes_per_s"]
    flops = rows["limit: matrix products"]["flops"]
    assert report["settings"]["tokens"] == 64
    assert rows["prefill"]["share"] * rows["prefill"]["seconds"] * flops > 0
    # (2 layers · (attention 12,288 + MLP 18,432) + norms + head) · 4 bytes, and the cache
    weights = 4 * (2 * (2 * 64 * (64 + 32) + 3 * 64 * 96) + 5 * 64 + 300 * 64)
    cache = 4 * 2 * 2 * 32 * 66
    share = (weights + cache) * 4 / rows["decode"]["seconds"] / copied
    assert rows["decode"]["share"] == pytest.approx(share)
    assert rows["load"]["seconds"] > 0
    assert rows["second question"]["seconds"] > 0


def test_table_names_shares_and_rates(checkpoint: Path) -> None:
    result = run("bench", checkpoint, "--tokens", 64, "--new-tokens", 4, "--runs", 1)
    assert result.exit_code == 0, result.stderr
    for words in (*STEPS, "% of matrix products", "% of copying", "GFLOP/s", "GB/s", "tokens/s"):
        assert words in result.stdout


@pytest.mark.parametrize(("flag", "value"), [("--new-tokens", 1), ("--runs", 0)])
def test_error_names_the_flag_of_a_wrong_setting(checkpoint: Path, flag: str, value: int) -> None:
    result = run("bench", checkpoint, "--tokens", 64, flag, value)
    assert result.exit_code == 2
    assert f"{flag} {value} is below" in result.stderr


def test_model_that_does_not_fit_is_refused_before_loading(checkpoint: Path) -> None:
    result = run("bench", checkpoint, "--tokens", "16k", "--memory", "1MiB")
    assert_refused(result, 4, "MiB", "fewer tokens")
