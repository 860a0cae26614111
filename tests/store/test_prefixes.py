from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from helpers import REPOSITORY, environment

from longsum.store import entries
from longsum.store.key import PrefixKey
from longsum.store.prefixes import DATA, RECORD, Entry, PrefixStore
from longsum.store.tensors import DamagedFile

KEY = PrefixKey("w", "r", "none", "float32", "fp32", "auto", 3, "ids", "1.0")
TENSORS = {"0.keys": torch.arange(24.0).reshape(1, 2, 3, 4), "0.values": torch.ones(1, 2, 3, 4)}
SIZE = 192
PATHS = (str(REPOSITORY), str(REPOSITORY / "tests"), str(Path(__file__).parent))


def key(number: int) -> PrefixKey:
    return replace(KEY, token_ids=str(number))


@pytest.fixture
def store(tmp_path: Path) -> PrefixStore:
    return PrefixStore(tmp_path / "store", 10 * SIZE)


def loaded(
    store: PrefixStore, wanted: PrefixKey = KEY
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]] | None:
    found: dict[str, torch.Tensor] = {}
    extra = store.load(wanted, lambda name, tensor: found.update({name: tensor.clone()}))
    return None if extra is None else (found, extra)


def aged(store: PrefixStore, wanted: PrefixKey, seconds: float) -> None:
    path = store.root / wanted.digest / RECORD
    when = path.stat().st_mtime - seconds
    os.utime(path, (when, when))


def test_saved_tensors_come_back_with_the_extra_ones(store: PrefixStore) -> None:
    extra = {"sentences": torch.randn(5, 7).bfloat16()}
    entry = store.save(KEY, TENSORS, extra=extra, about={"document": "book.pdf"})
    assert isinstance(entry, Entry)
    assert entry.record["document"] == "book.pdf"
    assert entry.size_bytes == SIZE + 70
    found = loaded(store)
    assert found is not None
    for expected, back in zip((TENSORS, extra), found, strict=True):
        assert set(expected) == set(back)
        assert all(torch.equal(expected[name], back[name]) for name in expected)


def test_nothing_is_found_before_it_is_saved(store: PrefixStore) -> None:
    assert loaded(store) is None
    assert KEY not in store
    assert store.entries() == []
    assert not store.root.exists()


def test_folders_and_files_are_the_users_alone(store: PrefixStore) -> None:
    old = os.umask(0)
    try:
        entry = store.save(KEY, TENSORS)
    finally:
        os.umask(old)
    assert entry is not None
    for path, mode in (
        (store.root, 0o700),
        (entry.folder, 0o700),
        (entry.folder / RECORD, 0o600),
        (entry.folder / DATA, 0o600),
    ):
        assert stat.S_IMODE(path.stat().st_mode) == mode, path


def damage_record(folder: Path, change: dict[str, object]) -> None:
    record = json.loads((folder / RECORD).read_text())
    (folder / RECORD).write_text(json.dumps(record | change))


DAMAGES = {
    "half a file": lambda folder: os.truncate(folder / DATA, 100),
    "longer file": lambda folder: os.truncate(folder / DATA, 1000),
    "no file": lambda folder: (folder / DATA).unlink(),
    "no record": lambda folder: (folder / RECORD).unlink(),
    "half a record": lambda folder: os.truncate(folder / RECORD, 20),
    "record of bytes": lambda folder: (folder / RECORD).write_bytes(b"\xff\x00"),
    "record of a list": lambda folder: (folder / RECORD).write_text("[]"),
    "another document": lambda folder: damage_record(folder, {"key": key(5).as_dict()}),
    "another format": lambda folder: damage_record(folder, {"format": 99}),
    "no checksums": lambda folder: damage_record(folder, {"checksums": None}),
    "wrong checksums": lambda folder: damage_record(folder, {"checksums": {"0.keys": 1}}),
    "no size": lambda folder: damage_record(folder, {"size_bytes": "big"}),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_entry_is_reported_removed_and_written_again(store: PrefixStore, damage) -> None:
    entry = store.save(KEY, TENSORS)
    assert entry is not None
    damage(entry.folder)
    with pytest.raises(DamagedFile):
        loaded(store)
    assert list(store.root.iterdir()) == []
    assert loaded(store) is None
    store.save(KEY, TENSORS)
    assert loaded(store) is not None


def test_flipped_bit_is_found(store: PrefixStore) -> None:
    entry = store.save(KEY, TENSORS)
    assert entry is not None
    data = bytearray((entry.folder / DATA).read_bytes())
    data[-3] ^= 16
    (entry.folder / DATA).write_bytes(data)
    with pytest.raises(DamagedFile, match="has changed"):
        loaded(store)


def test_least_recently_used_go_first(tmp_path: Path) -> None:
    store = PrefixStore(tmp_path, 3 * SIZE)
    for number in range(3):
        store.save(key(number), TENSORS)
        aged(store, key(number), 100 - number)
    assert loaded(store, key(0)) is not None  # used again: now the youngest
    store.save(key(3), TENSORS)
    assert [n for n in range(4) if key(n) in store] == [0, 2, 3]
    assert [entry.folder.name for entry in store.entries()][-1] == key(2).digest
    larger = {"0.keys": torch.ones(SIZE // 2)}  # the size of two entries
    store.save(key(4), larger)
    assert sum(entry.size_bytes for entry in store.entries()) <= store.size_bytes
    assert key(4) in store


def test_entry_larger_than_the_store_is_not_written(tmp_path: Path) -> None:
    store = PrefixStore(tmp_path / "store", SIZE - 1)
    assert store.save(KEY, TENSORS) is None
    assert not store.root.exists()


@pytest.mark.parametrize("failing", ["write_tensors", "rename"])
def test_full_disk_leaves_nothing(
    store: PrefixStore, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    store.save(key(1), TENSORS)

    def full(path: Path, *_: object) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    if failing == "write_tensors":
        monkeypatch.setattr(entries, "write_tensors", full)
    else:
        monkeypatch.setattr(entries.json, "dump", lambda *_, **__: full(store.root / "x"))
    with pytest.raises(OSError, match="No space left"):
        store.save(KEY, TENSORS)
    (store.root / "x").unlink(missing_ok=True)
    assert [path.name for path in store.root.iterdir()] == [key(1).digest]
    assert loaded(store) is None


def test_folder_that_cannot_be_made_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        PrefixStore(tmp_path / "file" / "store", 10_000).save(KEY, TENSORS)


def test_what_a_dead_process_left_is_swept_but_not_what_is_being_written(
    store: PrefixStore,
) -> None:
    store.save(KEY, TENSORS)
    dead, alive = store.root / ".tmp-1-dead", store.root / ".tmp-2-alive"
    for folder in (dead, alive):
        folder.mkdir()
        (folder / DATA).write_bytes(b"half")
    for path in (dead / DATA, dead):
        os.utime(path, (1, 1))
    store.save(key(1), TENSORS)
    assert not dead.exists()
    assert alive.exists()
    assert len(store.entries()) == 2


def test_clearing_takes_one_or_all(store: PrefixStore) -> None:
    for number in range(3):
        store.save(key(number), TENSORS)
    (removed,) = store.clear(key(1).digest[:8])
    assert removed.name == key(1).digest
    assert [n for n in range(3) if key(n) in store] == [0, 2]
    for wrong in ("nothing", "", "../.."):
        with pytest.raises(KeyError):
            store.clear(wrong)
    (store.root / ".tmp-1-x").mkdir()
    assert len(store.clear()) == 2
    assert list(store.root.iterdir()) == []
    assert store.clear() == []


WORKER = """
import sys
from pathlib import Path
from test_prefixes import write_and_read
print("ready", flush=True)
write_and_read(Path(sys.argv[1]), 1)
"""


def write_and_read(root: Path, seed: int) -> None:
    """Save, load and clear the same few entries over and over; a damaged one would raise."""
    store, done = PrefixStore(root, 3 * 4096), 0
    for turn in range(60):
        number, wanted = (turn + seed) % 4, (turn * 3) % 4
        with suppress(FileNotFoundError):  # cleared by the other while it was written
            store.save(key(number), {"0.keys": torch.full((1024,), float(number))})
        found = loaded(store, key(wanted))
        if found is not None:
            assert bool((found[0]["0.keys"] == wanted).all())
            done += 1
        if turn % 9 == seed:
            store.clear()
    assert done


def test_processes_at_once_never_meet_half_an_entry(tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(tmp_path)],
        env=environment(PYTHONPATH=os.pathsep.join(PATHS)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    started = other.stdout.readline()
    try:
        write_and_read(tmp_path, 0)
    finally:
        _, errors = other.communicate(timeout=120)
    assert (started, other.returncode) == ("ready\n", 0), errors
    store = PrefixStore(tmp_path, 10_000)
    assert all(loaded(store, key(n)) for n in range(4) if key(n) in store)
    store.clear()
    assert list(tmp_path.iterdir()) == []
