"""The CPU's dtype is measured once, and saved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from longsum.errors import UsageError
from longsum.model import cpu_dtype as module
from longsum.model.cpu_dtype import cpu_dtype, faster_dtype, measured_speeds
from longsum.paths import state_folder


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, float]]:
    """Measurements that are made, each finding bfloat16 twice as fast."""
    made: list[dict[str, float]] = []

    def measure() -> dict[str, float]:
        made.append({"bfloat16": 400.0, "float32": 200.0})
        return made[-1]

    monkeypatch.delenv("LONGSUM_CPU_DTYPE")
    monkeypatch.setattr(module, "measured_speeds", measure)
    return made


@pytest.mark.parametrize(
    ("bfloat16", "float32", "expected"),
    [(424, 185, "bfloat16"), (250, 200, "bfloat16"), (249, 200, "float32"), (160, 250, "float32")],
)
def test_bfloat16_must_be_clearly_faster(bfloat16: float, float32: float, expected: str) -> None:
    dtype, why = faster_dtype(bfloat16, float32)
    assert dtype == expected
    assert f"measured: {bfloat16} GFLOP/s, float32 {float32}" in why


def test_speeds_of_both_are_measured() -> None:
    speeds = measured_speeds()
    assert speeds.keys() == {"bfloat16", "float32"}
    assert all(0 < speed < 1e6 for speed in speeds.values())


def test_measurement_is_saved_for_later_runs(measured: list[dict[str, float]]) -> None:
    assert cpu_dtype("EPYC") == cpu_dtype("EPYC") == faster_dtype(400, 200)
    assert len(measured) == 1


def test_another_cpu_is_measured_again(measured: list[dict[str, float]]) -> None:
    cpu_dtype("EPYC")
    cpu_dtype("Xeon")
    assert len(measured) == 2


@pytest.mark.parametrize("content", ["", "[]", "{", '{"k": 1}', "\xff"])
def test_damaged_file_is_replaced(measured: list[dict[str, float]], content: str) -> None:
    path = state_folder() / "cpu-speed.json"
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="latin-1")
    assert cpu_dtype("EPYC")[0] == "bfloat16"
    assert len(json.loads(path.read_text())) == 1


def test_folder_that_cannot_be_written_costs_a_measurement_each_time(
    measured: list[dict[str, float]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LONGSUM_CACHE_HOME", str(tmp_path / "file"))
    assert cpu_dtype("EPYC") == cpu_dtype("EPYC")
    assert len(measured) == 2


def test_environment_decides_without_measuring(
    measured: list[dict[str, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LONGSUM_CPU_DTYPE", "float32")
    assert cpu_dtype("EPYC") == ("float32", "float32 because LONGSUM_CPU_DTYPE says so")
    assert not measured
    monkeypatch.setenv("LONGSUM_CPU_DTYPE", "int8")
    with pytest.raises(UsageError, match="LONGSUM_CPU_DTYPE is 'int8'") as caught:
        cpu_dtype("EPYC")
    assert "bfloat16 or float32" in str(caught.value.hint)
