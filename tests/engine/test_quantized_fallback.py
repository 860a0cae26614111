"""What is said when the GPU's own kernels for the cache are not there or do not work."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from longsum.checkpoint.kv_format import KV_FORMATS
from longsum.engine import fallback, kernels
from longsum.engine.quantized import QuantizedLayer, Workspace
from longsum.engine.quantized_attention import attend_quantized


def fail(*_: Any) -> torch.Tensor:
    raise RuntimeError("Failed to find C compiler")


def full(*_: Any) -> torch.Tensor:
    raise torch.OutOfMemoryError


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat the CPU as a GPU with Triton, on which nothing has failed yet."""
    monkeypatch.setattr(kernels, "KERNEL_DEVICES", {"cpu"})
    monkeypatch.setattr(kernels, "_has_triton", lambda: True)
    monkeypatch.setattr(kernels, "_failures", [])
    monkeypatch.setattr(fallback, "_reported", set())


def attend(head_dim: int = 32) -> torch.Tensor:
    layer = QuantizedLayer(9, KV_FORMATS["int8"], Workspace())
    layer.update(torch.ones(1, 1, 9, head_dim), torch.ones(1, 1, 9, head_dim))
    return attend_quantized(torch.ones(1, 1, 1, head_dim), layer, 1.0)


def test_failing_kernel_is_told_once_and_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(kernels, "attend", fail)
    torch.testing.assert_close(attend(), torch.ones(1, 1, 1, 32), rtol=1e-2, atol=1e-2)
    monkeypatch.setattr(kernels, "attend", full)  # would be raised if it were called
    attend()
    (line,) = caplog.messages
    assert line.startswith("no Triton kernels for the key-value cache")
    assert "C compiler" in line


def test_missing_triton_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(kernels, "_has_triton", lambda: False)
    monkeypatch.setattr(kernels, "attend", full)
    attend()
    attend()
    assert len(caplog.messages) == 1


def test_memory_that_runs_out_is_no_failing_kernel(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(kernels, "attend", full)
    with pytest.raises(torch.OutOfMemoryError):
        attend()
    assert not caplog.messages


def test_layer_that_the_kernel_does_not_take_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(kernels, "attend", full)
    attend(head_dim=48)
    assert not caplog.messages
