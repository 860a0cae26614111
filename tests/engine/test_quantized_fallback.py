"""What is said when the GPU's own kernel for a quantized cache is not there or does not work."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from longsum.engine import fallback, quantized_attention

ON_GPU: Any = SimpleNamespace(device=SimpleNamespace(type="cuda"))


def fail(*_: Any) -> None:
    raise RuntimeError("Failed to find C compiler")


def full(*_: Any) -> None:
    raise torch.OutOfMemoryError


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    kernels: list[Any] = []
    monkeypatch.setattr(quantized_attention, "_kernels", kernels)
    monkeypatch.setattr(fallback, "_told", set())
    return kernels


def attend() -> torch.Tensor | None:
    return quantized_attention._by_kernel(ON_GPU, None, 1.0)  # type: ignore[arg-type]


def test_failing_kernel_is_told_once_and_not_tried_again(
    fresh: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    fresh.append(SimpleNamespace(is_supported=lambda _: True, attend_one=fail))
    assert attend() is None
    assert attend() is None
    (line,) = caplog.messages
    assert line.startswith("no Triton kernel for a quantized cache")
    assert "C compiler" in line
    assert fresh == [None]


def test_missing_triton_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "longsum.engine.triton_decode", None)
    monkeypatch.delattr("longsum.engine.triton_decode", raising=False)
    assert attend() is None
    assert attend() is None
    assert len(caplog.messages) == 1


def test_memory_that_runs_out_is_no_failing_kernel(
    fresh: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    fresh.append(SimpleNamespace(is_supported=lambda _: True, attend_one=full))
    with pytest.raises(torch.OutOfMemoryError):
        attend()
    assert not caplog.messages


def test_layer_that_the_kernel_does_not_take_is_no_failure(
    fresh: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    fresh.append(SimpleNamespace(is_supported=lambda _: False, attend_one=fail))
    assert attend() is None
    assert not caplog.messages
