from __future__ import annotations

import stat
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch.profiler import ProfilerActivity, profile

from longsum.store.tensors import DamagedFile, bytes_of_tensors, read_tensors, write_tensors

DTYPES = (
    *(torch.float32, torch.float16, torch.bfloat16, torch.int8),
    *(torch.uint8, torch.int32, torch.int64, torch.bool),
)


def several() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    made = {
        str(dtype): (torch.randn(3, 4, 5, generator=generator) * 9).to(dtype) for dtype in DTYPES
    }
    return made | {"view": made["torch.float32"][:, :2], "empty": torch.empty(2, 0)}


def read(path: Path, sums: dict[str, int]) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    read_tensors(path, sums, lambda name, tensor: found.update({name: tensor.clone()}))
    return found


def test_tensors_come_back_and_the_library_reads_them_too(tmp_path: Path) -> None:
    path, tensors = tmp_path / "x.safetensors", several()
    sums = write_tensors(path, tensors)
    for found in (read(path, sums), load_file(path)):
        assert set(found) == set(tensors)
        for name, tensor in tensors.items():
            assert found[name].dtype == tensor.dtype
            assert torch.equal(found[name], tensor)
    assert bytes_of_tensors(tensors) < path.stat().st_size


def test_file_is_the_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    write_tensors(path, several())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write_tensors(path, several())


def test_writing_holds_no_second_copy_of_all(tmp_path: Path) -> None:
    # views of half of each buffer, as of a cache that is not full: 1 MiB each
    tensors = {str(i): torch.ones(2, 2, 1 << 17)[:, :1] for i in range(20)}
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        write_tensors(tmp_path / "x.safetensors", tensors)
    events = [e for e in seen.profiler.kineto_results.events() if e.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    assert 1 << 20 <= peak < 3 << 20


@pytest.mark.parametrize("place", [0, 4, 9, 60, -1, -500])
def test_any_changed_byte_is_found(tmp_path: Path, place: int) -> None:
    path = tmp_path / "x.safetensors"
    sums = write_tensors(path, several())
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedFile):
        read(path, sums)


@pytest.mark.parametrize("length", [0, 5, 100, -1])
def test_file_cut_short_is_found(tmp_path: Path, length: int) -> None:
    path = tmp_path / "x.safetensors"
    sums = write_tensors(path, several())
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(DamagedFile):
        read(path, sums)


def test_other_names_than_recorded_are_found(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    sums = write_tensors(path, several())
    with pytest.raises(DamagedFile, match="not those that were written"):
        read(path, {**sums, "more": 1})
