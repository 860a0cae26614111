from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import psutil
import pytest

from longsum.errors import UsageError
from longsum.model import hardware
from longsum.model.hardware import (
    cgroup_folders,
    cgroup_free,
    cpu_name,
    cuda_dtype,
    detect_machine,
)

GIB = 1024**3
KIB = 1024

XEON = """processor\t: 0
vendor_id\t: GenuineIntel
model name\t: Intel(R) Xeon(R) Platinum 8481C
flags\t\t: fpu sse avx512_bf16 amx_bf16 amx_tile amx_int8
power management:

processor\t: 1
flags\t\t: fpu
"""
ZEN4 = "model name : AMD EPYC 9354\nflags : fpu avx512_bf16\n"
GRAVITON = "processor\t: 0\nFeatures\t: fp asimd bf16\n"
TOTAL, AVAILABLE = 24684092 * KIB, 22597504 * KIB


def fake_torch(*, gpus: tuple[SimpleNamespace, ...] = (), mps: bool = False) -> ModuleType:
    torch = ModuleType("torch")
    torch.cuda = SimpleNamespace(
        is_available=lambda: bool(gpus),
        device_count=lambda: len(gpus),
        mem_get_info=lambda i: (gpus[i].free, gpus[i].total),
        get_device_capability=lambda i: gpus[i].capability,
        get_device_name=lambda i: gpus[i].name,
    )
    torch.backends = SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps))
    torch.mps = SimpleNamespace(
        recommended_max_memory=lambda: 16 * GIB, driver_allocated_memory=lambda: 1 * GIB
    )
    return torch


def gpu(name="NVIDIA H200", capability=(9, 0), free=100 * GIB, total=139 * GIB):
    return SimpleNamespace(name=name, capability=capability, free=free, total=total)


@pytest.fixture
def machine(monkeypatch):
    """Put a machine in place of this one: `machine(gpus=…, mps=…, files={path: text})`."""

    def use(files: dict[str, str] | None = None, **more) -> None:
        monkeypatch.setitem(sys.modules, "torch", fake_torch(**more))
        memory = SimpleNamespace(total=TOTAL, available=AVAILABLE)
        monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
        texts = files or {}
        monkeypatch.setattr(hardware, "_read", lambda path: texts.get(Path(path).as_posix(), ""))

    return use


LINUX = {"/proc/cpuinfo": ZEN4, "/proc/self/cgroup": "0::/\n"}


# devices


def test_cuda_comes_first(machine):
    machine(LINUX, gpus=(gpu(),), mps=True)
    found = detect_machine()
    assert (found.device, found.dtype, found.devices) == ("cuda", "bfloat16", 1)
    assert (found.free_bytes, found.total_bytes) == (100 * GIB, 139 * GIB)
    assert found.name == "NVIDIA H200"
    assert "compute capability 9.0" in found.reason


def test_several_gpus_are_summed_and_the_weakest_decides_the_dtype(machine):
    machine(gpus=(gpu(), gpu("Tesla T4", (7, 5), 14 * GIB, 15 * GIB)))
    found = detect_machine()
    assert (found.devices, found.free_bytes, found.dtype) == (2, 114 * GIB, "float16")
    assert found.name == "NVIDIA H200 and 1 more"
    assert "7.5" in found.reason


def test_mps(machine):
    machine(LINUX, mps=True)
    found = detect_machine()
    assert (found.device, found.dtype, found.free_bytes) == ("mps", "float16", 15 * GIB)


def test_cpu_computes_in_the_dtype_chosen_for_it(machine, monkeypatch):
    machine(LINUX)
    monkeypatch.setattr(hardware, "cpu_dtype", lambda name: ("float32", f"measured on {name}"))
    found = detect_machine()
    assert (found.device, found.dtype, found.name) == ("cpu", "float32", "AMD EPYC 9354")
    assert found.free_bytes == AVAILABLE
    assert found.total_bytes == TOTAL
    assert "as the system reports it" in found.reason
    assert "measured on AMD EPYC 9354" in found.reason


def test_dtype_that_was_asked_for_is_not_measured(machine, monkeypatch):
    machine({**LINUX, "/proc/cpuinfo": XEON})
    monkeypatch.setattr(hardware, "cpu_dtype", None)
    found = detect_machine(dtype="bf16")
    assert found.dtype == "bfloat16"
    assert "bfloat16 was asked for" in found.reason


def test_cpu_can_be_asked_for_beside_a_gpu(machine):
    machine(LINUX, gpus=(gpu(),))
    found = detect_machine("cpu")
    assert found.device == "cpu"
    assert "was asked for" in found.reason


@pytest.mark.parametrize("spelling", ["bf16", "bfloat16"])
def test_asked_dtype_wins(machine, spelling):
    machine(LINUX)
    found = detect_machine(dtype=spelling)
    assert found.dtype == "bfloat16"
    assert "bfloat16 was asked for" in found.reason


@pytest.mark.parametrize("device", ["cuda", "mps", "tpu", ""])
def test_absent_devices_are_usage_errors_that_say_what_there_is(machine, device):
    machine(LINUX)
    with pytest.raises(UsageError, match="which has cpu"):
        detect_machine(device)


def test_one_gpu_of_several_is_chosen_by_the_environment(machine):
    machine(LINUX, gpus=(gpu(), gpu()))
    with pytest.raises(UsageError, match="cuda, cpu") as caught:
        detect_machine("cuda:1")
    assert "CUDA_VISIBLE_DEVICES" in str(caught.value.hint)


def test_unknown_dtype(machine):
    machine(LINUX)
    with pytest.raises(UsageError, match="float64"):
        detect_machine(dtype="float64")


# memory of the system


def test_container_limit_of_cgroup_2(machine):
    folder = "/sys/fs/cgroup/box"
    machine(
        {
            **LINUX,
            "/proc/self/cgroup": "0::/box/inner\n",
            f"{folder}/memory.max": f"{8 * GIB}\n",
            f"{folder}/memory.current": f"{3 * GIB}\n",
            f"{folder}/memory.stat": f"anon 1\ninactive_file {1 * GIB}\n",
            f"{folder}/inner/memory.max": "max\n",
            f"{folder}/inner/memory.current": f"{1 * GIB}\n",
        }
    )
    found = detect_machine()
    assert found.free_bytes == 6 * GIB
    assert "container" in found.reason


def test_container_limit_of_cgroup_1(machine):
    folder = "/sys/fs/cgroup/memory"  # the container sees its own folder as the root
    machine(
        {
            **LINUX,
            "/proc/self/cgroup": "4:memory:/docker/abc\n1:cpu:/\n",
            f"{folder}/memory.limit_in_bytes": f"{4 * GIB}\n",
            f"{folder}/memory.usage_in_bytes": f"{1 * GIB}\n",
        }
    )
    assert detect_machine().free_bytes == 3 * GIB


def test_wide_container_limits_do_not_add_memory(machine):
    machine(
        {
            **LINUX,
            "/sys/fs/cgroup/memory.max": f"{500 * GIB}",
            "/sys/fs/cgroup/memory.current": "0",
        }
    )
    assert detect_machine().free_bytes == AVAILABLE


SYSTEMS = {
    # as psutil answers there: a Windows has no `buffers`, a macOS neither `shared`
    "Windows": {"total": 16 * GIB, "available": 9 * GIB, "percent": 43.8, "free": 9 * GIB},
    "macOS": {"total": 32 * GIB, "available": 11 * GIB, "free": 1 * GIB, "wired": 3 * GIB},
}


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=list(SYSTEMS))
def test_systems_without_proc_tell_their_memory(machine, monkeypatch, system):
    """On Windows 4 GiB were assumed, on a macOS half of the memory."""
    machine()
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(**system))
    found = detect_machine()
    assert (found.total_bytes, found.free_bytes) == (system["total"], system["available"])
    assert "as the system reports it" in found.reason
    assert (found.name, found.dtype) == ("CPU", "float32")


@pytest.mark.parametrize("answer", [OSError("no /proc"), psutil.AccessDenied(), (0, 0)])
def test_a_system_that_tells_nothing_is_taken_for_a_small_one(machine, monkeypatch, answer):
    def silent():
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(total=answer[0], available=answer[1])

    machine()
    monkeypatch.setattr(psutil, "virtual_memory", silent)
    found = detect_machine()
    assert found.free_bytes == 4 * GIB
    assert "assumed" in found.reason


# pure readers


def test_cpuinfo():
    assert cpu_name(XEON) == "Intel(R) Xeon(R) Platinum 8481C"
    assert cpu_name(GRAVITON) == "CPU"


def test_dtypes_come_with_reasons():
    assert cuda_dtype(8, 0)[0] == "bfloat16"
    assert cuda_dtype(7, 5)[0] == "float16"
    assert all(cuda_dtype(7, 0))


def test_cgroup_folders_go_outwards():
    assert cgroup_folders("0::/a/b\n") == ["a/b", "a", ""]
    assert cgroup_folders("4:memory:/a\n3:cpu:/x\n0::/\n") == ["memory/a", "memory", ""]
    assert cgroup_folders("") == []
    assert cgroup_folders("nonsense\n") == []


@pytest.mark.parametrize(
    ("limit", "usage", "stat", "free"),
    [
        ("max", "100", "", None),
        ("9223372036854771712", "100", "", None),
        ("", "", "", None),
        ("1000", "", "", None),
        ("1000", "300", "", 700),
        ("1000", "1300", "", 0),
        ("1000", "300", "inactive_file 100\nanon 5", 800),
        ("1000", "300", "inactive_file 1\ntotal_inactive_file 200", 900),
        ("1000", "100", "inactive_file 500", 1000),
    ],
)
def test_cgroup_free(limit, usage, stat, free):
    assert cgroup_free(limit, usage, stat) == free


def test_this_machine():
    import torch

    found = detect_machine("cpu")
    assert 0 < found.free_bytes <= found.total_bytes
    assert hasattr(torch, found.dtype)
