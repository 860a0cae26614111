from __future__ import annotations

import builtins
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import torch
from helpers import environment

from longsum import system_memory as memory
from longsum.errors import InsufficientMemory
from longsum.system_memory import (
    STATUS,
    memory_errors,
    peak_resident_bytes,
    resident_bytes,
    system_memory,
)


def test_this_machine_and_this_process_report_their_memory():
    found = system_memory()
    assert found is not None
    assert 0 < found.available <= found.total
    assert 1 << 20 < resident_bytes() <= peak_resident_bytes() * 2


@pytest.fixture
def process(monkeypatch):
    """Make psutil report of a process what it does on another system."""

    def use(**info: int) -> None:
        answer = SimpleNamespace(memory_info=lambda: SimpleNamespace(**info))
        monkeypatch.setattr(psutil, "Process", lambda: answer)

    return use


@pytest.fixture
def no_status(monkeypatch, tmp_path):
    """Leave out Linux's own file, as on other systems."""
    monkeypatch.setattr(memory, "STATUS", tmp_path / "absent")


@pytest.mark.usefixtures("no_status")
def test_windows_reports_the_peak_itself(process, monkeypatch):
    """It was taken for 0 there, and so was what a process holds."""
    real = builtins.__import__

    def no_resource(name: str, *rest: Any) -> Any:
        if name == "resource":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", no_resource)
    process(rss=5 << 20, peak_wset=7 << 20)
    assert (resident_bytes(), peak_resident_bytes()) == (5 << 20, 7 << 20)


@pytest.mark.usefixtures("no_status")
@pytest.mark.skipif(sys.platform == "win32", reason="has no resource")
@pytest.mark.parametrize(("platform", "unit"), [("darwin", 1), ("linux", 1024)])
def test_macos_counts_the_peak_in_bytes(monkeypatch, platform, unit):
    import resource

    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(resource, "getrusage", lambda _: SimpleNamespace(ru_maxrss=300))
    assert peak_resident_bytes() == 300 * unit


def test_process_that_may_not_be_asked_holds_nothing(monkeypatch):
    def refused() -> None:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "Process", refused)
    assert resident_bytes() == 0


@pytest.mark.skipif(not STATUS.exists(), reason="only Linux has this file")
def test_a_small_child_of_a_large_process_is_small() -> None:
    """The receipt of a process that a large one had started gave the large one's memory."""
    child = "from longsum.system_memory import peak_resident_bytes as peak; print(peak())"
    code = f"""
import subprocess, sys
held = bytearray(200 << 20)
held[::4096] = bytes([1]) * len(held[::4096])
print(subprocess.run([sys.executable, "-c", {child!r}], capture_output=True, text=True).stdout)
"""
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, capture_output=True, text=True, env=environment())
    assert 1 << 20 < int(found.stdout) < 100 << 20


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory"),
    ],
    ids=["a GPU", "Python", "a CPU on Windows"],
)
def test_every_lack_of_memory_is_one_error_with_its_hint(error):
    with pytest.raises(InsufficientMemory) as caught, memory_errors("use less", during="in tests"):
        raise error
    assert caught.value.message == "the device ran out of memory in tests"
    assert caught.value.hint == "use less"
    with pytest.raises(InsufficientMemory, match="out of memory$"), memory_errors("use less"):
        raise error


def test_what_torch_says_on_this_cpu_is_known():
    """Only the words of other systems were known."""
    with pytest.raises(InsufficientMemory), memory_errors("use less"):
        torch.empty(1 << 58, dtype=torch.int8)


def test_other_errors_keep_their_traceback():
    with pytest.raises(RuntimeError, match="shapes"), memory_errors("use less"):
        raise RuntimeError("shapes do not match")
