"""The machine as the planner sees it: device, free memory, compute dtype, each with its reason.

torch is imported only when a machine is inspected, not with this module. The parsers of
`/proc/cpuinfo` and of cgroups are pure functions on text.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from longsum.bytesize import format_bytes
from longsum.errors import UsageError
from longsum.model.cpu_dtype import cpu_dtype
from longsum.settings import Setting
from longsum.system_memory import system_memory

Device = Literal["cuda", "mps", "cpu"]

DTYPES = {
    "bfloat16": "bfloat16",
    "bf16": "bfloat16",
    "float16": "float16",
    "fp16": "float16",
    "float32": "float32",
    "fp32": "float32",
}
"""Spellings of a dtype."""

UNLIMITED = 1 << 60
"""cgroup v1 writes a number near 2^63 for no limit."""

ASSUMED_FREE_BYTES = 4 * 1024**3
"""Free memory assumed on a system that does not report it."""


@dataclass(frozen=True)
class Machine:
    """The machine a model runs on."""

    device: Device
    name: str
    total_bytes: int
    """Total memory of its devices."""
    free_bytes: int
    """Memory that can be used now."""
    dtype: str
    """Compute dtype: `bfloat16`, `float16` or `float32`."""
    devices: int
    """Number of devices; above 1 only for GPUs."""
    reason: str
    """Why this device and dtype, and the source of the memory sizes."""
    free_each: tuple[int, ...] = ()
    """Free bytes of each device, if there are several."""


def other_machine(device: str, dtype: str, memory_bytes: int) -> Machine:
    """Describe a machine that is not this one, to plan for it.

    Args:
        device: `cuda`, `mps` or `cpu`.
        dtype: compute dtype; `auto` is bfloat16 on cuda, float16 on mps, float32 on cpu.
        memory_bytes: its free memory.

    Raises:
        UsageError: there is no such device.
    """
    usual = {"cuda": "bfloat16", "mps": "float16", "cpu": "float32"}
    if device not in usual:
        raise UsageError(f"unknown {Setting('device')} {device!r}", hint="choose cuda, mps or cpu")
    chosen = usual[device] if dtype == "auto" else DTYPES.get(dtype, dtype)
    return Machine(
        device=device,  # type: ignore[arg-type]  # checked above
        name=f"another machine's {device}",
        total_bytes=memory_bytes,
        free_bytes=memory_bytes,
        dtype=chosen,
        devices=1,
        reason=f"{device} and its memory as given by {Setting('device')} and {Setting('memory')}",
    )


def detect_machine(device: str = "auto", dtype: str = "auto") -> Machine:
    """Inspect this machine.

    Args:
        device: `auto` (cuda, then mps, then cpu) or one of them.
        dtype: `auto`, or one of `DTYPES`.

    Raises:
        UsageError: the device does not exist, or the dtype is unknown.
    """
    import torch

    if dtype != "auto" and dtype not in DTYPES:
        raise UsageError(
            f"unknown {Setting('dtype')} {dtype!r}", hint="choose bfloat16, float16 or float32"
        )
    present: list[Device] = ["cpu"]
    if torch.backends.mps.is_available():
        present.insert(0, "mps")
    if torch.cuda.is_available():
        present.insert(0, "cuda")
    if device not in ("auto", *present):
        raise UsageError(
            f"{Setting('device')} {device} is not on this machine, which has {', '.join(present)}",
            hint="choose one GPU of several with CUDA_VISIBLE_DEVICES"
            if device.startswith("cuda:")
            else f"leave {Setting('device')} out",
        )
    chosen: Device = next(d for d in present if device in ("auto", d))
    asked = None if dtype == "auto" else DTYPES[dtype]
    look = {"cuda": _cuda_machine, "mps": _mps_machine, "cpu": _cpu_machine}[chosen]
    how = "was asked for" if device == chosen else "is the fastest device here"
    return look(f"{chosen} {how}", asked)


def _cuda_machine(why: str, asked_dtype: str | None) -> Machine:
    """Return the visible NVIDIA (or ROCm) GPUs as one machine."""
    import torch

    count = torch.cuda.device_count()
    memory = [torch.cuda.mem_get_info(i) for i in range(count)]
    major, minor = min(torch.cuda.get_device_capability(i) for i in range(count))
    dtype, dtype_why = cuda_dtype(major, minor)
    free, total = sum(free for free, _ in memory), sum(total for _, total in memory)
    return Machine(
        device="cuda",
        name=torch.cuda.get_device_name(0) + (f" and {count - 1} more" if count > 1 else ""),
        total_bytes=total,
        free_bytes=free,
        dtype=asked_dtype or dtype,
        devices=count,
        reason=_reason(why, dtype_why, asked_dtype, "free memory from the driver"),
        free_each=tuple(each for each, _ in memory) if count > 1 else (),
    )


def _mps_machine(why: str, asked_dtype: str | None) -> Machine:
    """Return Apple's GPU, whose memory is the system's."""
    import torch

    total = int(torch.mps.recommended_max_memory())
    used = int(torch.mps.driver_allocated_memory())
    return Machine(
        device="mps",
        name="Apple GPU",
        total_bytes=total,
        free_bytes=max(0, total - used),
        dtype=asked_dtype or "float16",
        devices=1,
        reason=_reason(
            why,
            "float16 because every Apple GPU computes in it",
            asked_dtype,
            "free memory is Metal's recommended maximum less what is allocated",
        ),
    )


def _cpu_machine(why: str, asked_dtype: str | None) -> Machine:
    """Return the CPU and the memory this process may use."""
    cpuinfo = _read(Path("/proc/cpuinfo"))
    name = cpu_name(cpuinfo)
    dtype, dtype_why = (asked_dtype, "") if asked_dtype else cpu_dtype(name)
    total, free, memory_why = _system_memory()
    limit = _cgroup_free(Path("/"))
    if limit is not None and limit < free:
        free, memory_why = limit, f"{format_bytes(limit)} left of this container's memory limit"
    return Machine(
        device="cpu",
        name=name,
        total_bytes=total,
        free_bytes=free,
        dtype=dtype,
        devices=1,
        reason=_reason(why, dtype_why, asked_dtype, memory_why),
    )


def cuda_dtype(major: int, minor: int) -> tuple[str, str]:
    """Return the compute dtype for a compute capability, and the reason."""
    if major >= 8:
        return "bfloat16", f"bfloat16 because compute capability {major}.{minor} has it"
    return "float16", f"float16 because compute capability {major}.{minor} lacks bfloat16"


def cpu_name(cpuinfo: str) -> str:
    """Return the model name in `/proc/cpuinfo`, or `CPU`."""
    for line in cpuinfo.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name" and value.strip():
            return value.strip()
    return "CPU"


def cgroup_folders(self_cgroup: str) -> list[str]:
    """Return the folders below `/sys/fs/cgroup` that may limit our memory, innermost first.

    Args:
        self_cgroup: content of `/proc/self/cgroup`: lines `hierarchy:controllers:path`. Version 2
            has one line without controllers, version 1 one that names `memory`. A limit holds for
            all folders below, and a container may see only the root.
    """
    folders: list[str] = []
    for line in self_cgroup.splitlines():
        _, _, rest = line.partition(":")
        controllers, colon, path = rest.partition(":")
        if not colon or controllers not in ("", "memory"):
            continue
        inner = PurePosixPath("/" + path.strip("/"))
        root = "memory" if controllers else ""
        folders += [root + str(p).rstrip("/") for p in (inner, *inner.parents)]
    return list(dict.fromkeys(folder.strip("/") for folder in folders))


def cgroup_free(limit: str, usage: str, stat: str = "") -> int | None:
    """Return the bytes left of a cgroup's limit, or None if there is no limit.

    Args:
        limit: content of `memory.max` or, in version 1, of `memory.limit_in_bytes`.
        usage: content of `memory.current` or `memory.usage_in_bytes`.
        stat: content of `memory.stat`; inactive file pages count as used but can be reclaimed.
    """
    if not limit.strip().isdecimal() or not usage.strip().isdecimal():
        return None  # "max", or not readable
    bound = int(limit)
    if bound >= UNLIMITED:
        return None
    entries = dict(pair for pair in (line.split() for line in stat.splitlines()) if len(pair) == 2)
    text = entries.get("total_inactive_file") or entries.get("inactive_file") or "0"
    cached = int(text) if text.isdecimal() else 0
    return max(0, min(bound, bound - int(usage) + cached))


def _cgroup_free(root: Path) -> int | None:
    """Return the fewest bytes left by the limits of this process's cgroups, or None."""
    base = root / "sys/fs/cgroup"
    left_bytes: list[int] = []
    for name in cgroup_folders(_read(root / "proc/self/cgroup")):
        folder = base / name
        for limit, usage in (
            ("memory.max", "memory.current"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ):
            left = cgroup_free(
                _read(folder / limit), _read(folder / usage), _read(folder / "memory.stat")
            )
            if left is not None:
                left_bytes.append(left)
    return min(left_bytes, default=None)


def _system_memory() -> tuple[int, int, str]:
    """Return the system's total and free bytes, and their source."""
    found = system_memory()
    if found is not None:
        return found.total, found.available, "free memory as the system reports it"
    assumed = format_bytes(ASSUMED_FREE_BYTES)
    return (
        *(ASSUMED_FREE_BYTES, ASSUMED_FREE_BYTES),
        f"{assumed} assumed: the system does not report its memory",
    )


def _reason(why: str, dtype_why: str, asked_dtype: str | None, memory_why: str) -> str:
    """Return all reasons in one line."""
    dtype = f"{asked_dtype} was asked for" if asked_dtype else dtype_why
    return f"{why}; {dtype}; {memory_why}"


def _read(path: Path) -> str:
    """Return a small system file's text; empty if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
