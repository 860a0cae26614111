from __future__ import annotations

import os
from pathlib import Path

import pytest
from tiny import save_checkpoint

from longsum.checkpoint.formats import open_checkpoint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save_checkpoint(tmp_path)


def identity(folder: Path) -> str:
    return open_checkpoint(folder).identity()


def test_same_folder_is_the_same(folder: Path) -> None:
    assert identity(folder) == identity(folder)
    (folder / "README.md").write_text("not a weight")
    before = identity(folder)
    (folder / "README.md").write_text("changed")
    assert identity(folder) == before


@pytest.mark.parametrize("place", [0, -1])
def test_changed_weights_are_seen_even_with_the_old_date_and_size(folder: Path, place: int) -> None:
    path = folder / "model.safetensors"
    before, found = identity(folder), path.stat()
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert identity(folder) != before


def test_changed_date_config_and_files_are_seen(folder: Path) -> None:
    found = {identity(folder)}
    os.utime(folder / "model.safetensors", ns=(1, 1))
    found.add(identity(folder))
    config = folder / "config.json"
    config.write_text(config.read_text() + " ")
    found.add(identity(folder))
    (folder / "more.safetensors").write_bytes(b"")
    found.add(identity(folder))
    assert len(found) == 4
