"""A document that was read before is not read again, and no other is mistaken for it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from asking import LONG, QUESTION, SHORT, config, prepared, save_window_of_512, written
from helpers import Recorder

from longsum import session_cache as stored
from longsum.config import StoreConfig
from longsum.engine.engine import Engine
from longsum.events import Listener
from longsum.paths import prefix_folder
from longsum.reading import Reading, open_reading

KEEP = StoreConfig(min_prefill_s=0.0)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_window_of_512(tmp_path_factory.mktemp("model"))


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make every reading of a document fail from now on."""

    def forbid() -> None:
        monkeypatch.setattr(Engine, "read", lambda *_: pytest.fail("the document was read"))

    return forbid


def opened(
    folder: Path,
    *,
    document: Any = SHORT,
    store: StoreConfig = KEEP,
    ear: Recorder | None = None,
    **options: Any,
) -> Reading:
    truncate = options.pop("truncate", None)
    ready = prepared(folder, document, 40, truncate, **options)
    return open_reading(ready, config(folder, **options), ear or Recorder(), store=store)


@pytest.mark.parametrize("kv_cache", ["native", "int8", "int4"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_second_session_answers_as_the_first_without_reading(
    checkpoint: Path, unread: Callable[[], None], kv_cache: str, dtype: str
) -> None:
    options = {"kv_cache": kv_cache, "dtype": dtype}
    first = opened(checkpoint, **options)
    answer = written(first)
    first.save(Listener())
    unread()
    second = opened(checkpoint, **options)
    assert written(second) == answer
    assert answer
    other = second.receipt("free")
    assert other.from_cache
    assert not first.receipt("free").from_cache
    assert other.tokens_read == first.receipt("free").tokens_read == len(SHORT.text.encode())
    assert other.prefill_tps == 0
    assert other.kv_cache == {"native": {"float32": "fp32", "bfloat16": "bf16"}[dtype]}.get(
        kv_cache, kv_cache
    )


@pytest.mark.parametrize(
    "other",
    [
        {"document": replace(SHORT, text=SHORT.text + "!")},
        {"dtype": "bfloat16"},
        {"kv_cache": "int8"},
        {"attention": "eager"},
        {"document": LONG, "truncate": "tail"},
        {"document": LONG, "truncate": "middle"},
    ],
    ids=str,
)
def test_a_document_read_otherwise_is_read_again(checkpoint: Path, other: dict[str, Any]) -> None:
    first = opened(checkpoint)
    first.save(Listener())
    if other.get("truncate") == "middle":  # not even another part of the same document
        opened(checkpoint, document=LONG, truncate="tail").save(Listener())
    assert not opened(checkpoint, **other).receipt("free").from_cache
    assert opened(checkpoint).receipt("free").from_cache


def test_changed_weights_are_another_model(tmp_path: Path) -> None:
    folder = save_window_of_512(tmp_path)
    opened(folder).save(Listener())
    os.utime(folder / "model.safetensors", ns=(1, 1))
    assert not opened(folder).receipt("free").from_cache


def test_first_entry_reports_what_is_cached_and_where(checkpoint: Path) -> None:
    ear = Recorder()
    opened(checkpoint).save(ear)
    (line,) = ear.notices
    assert str(prefix_folder()) in line
    assert "holds the document's content" in line
    assert "‹no_cache›" in line
    assert ear.phases == ["caching the document"]
    again = Recorder()
    opened(checkpoint, dtype="bfloat16").save(again)
    assert str(prefix_folder()) not in again.notices[0]


def test_what_was_cached_or_restored_is_not_written_again(checkpoint: Path) -> None:
    first = opened(checkpoint)
    ear = Recorder()
    for _ in range(2):
        first.save(ear)
    assert len(ear.notices) == 1
    second = opened(checkpoint)
    second.save(ear)
    assert len(ear.notices) == 1


def test_quick_reading_is_not_cached(checkpoint: Path) -> None:
    opened(checkpoint, store=StoreConfig(min_prefill_s=1000.0)).save(Listener())
    assert not prefix_folder().exists()


def test_store_that_is_off_is_neither_read_nor_written(checkpoint: Path) -> None:
    off = StoreConfig(size_bytes=0, min_prefill_s=0.0)
    opened(checkpoint, store=off).save(Listener())
    assert not prefix_folder().exists()
    opened(checkpoint).save(Listener())
    assert not opened(checkpoint, store=off).receipt("free").from_cache


def test_document_larger_than_the_store_is_reported_and_not_cached(checkpoint: Path) -> None:
    ear = Recorder()
    opened(checkpoint, store=StoreConfig(size_bytes=1000, min_prefill_s=0.0)).save(ear)
    assert "over ‹cache_size› 1000 B" in ear.notices[0]
    assert not prefix_folder().exists()


def test_damaged_entry_is_reported_and_read_again(checkpoint: Path) -> None:
    opened(checkpoint).save(Listener())
    (data,) = prefix_folder().glob("*/prefix.safetensors")
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 1
    data.write_bytes(content)
    ear = Recorder()
    again = opened(checkpoint, ear=ear)
    assert "damaged" in ear.warnings[0]
    assert not again.receipt("free").from_cache
    assert written(again) == written(opened(checkpoint, store=StoreConfig(size_bytes=0)))
    again.save(Listener())
    assert opened(checkpoint).receipt("free").from_cache


def test_entry_that_lacks_a_tensor_is_read_again(checkpoint: Path) -> None:
    first = opened(checkpoint)
    assert first.cached is not None
    tensors = first.engine.tensors(first.cached.key.tokens)
    tensors.pop("1.values")
    first.cached.store.save(first.cached.key, tensors)
    ear = Recorder()
    assert not opened(checkpoint, ear=ear).receipt("free").from_cache
    assert "1.values is missing" in ear.warnings[0]


def test_entry_of_another_shape_is_read_again(checkpoint: Path) -> None:
    first = opened(checkpoint)
    assert first.cached is not None
    tensors = first.engine.tensors(first.cached.key.tokens)
    tensors["0.keys"] = tensors["0.keys"].half()
    first.cached.store.save(first.cached.key, tensors)
    ear = Recorder()
    assert not opened(checkpoint, ear=ear).receipt("free").from_cache
    assert "0.keys does not fit" in ear.warnings[0]


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EACCES])
def test_failure_to_cache_is_a_warning(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(reason, os.strerror(reason))

    session, ear = opened(checkpoint), Recorder()
    monkeypatch.setattr(stored.PrefixStore, "save", fail)
    session.save(ear)
    assert os.strerror(reason) in ear.warnings[0]
    assert written(session, QUESTION)


def test_further_tensors_are_cached_with_the_document(checkpoint: Path) -> None:
    first = opened(checkpoint)
    assert first.cached is not None
    assert first.cached.extra == {}
    first.cached.extra["sentences"] = torch.arange(6.0).reshape(2, 3)
    first.save(Listener())
    second = opened(checkpoint)
    assert second.cached is not None
    assert torch.equal(second.cached.extra["sentences"], torch.arange(6.0).reshape(2, 3))
