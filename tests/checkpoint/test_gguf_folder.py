"""A GGUF file is unpacked once, whole or not at all."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from ggufs import byte_level_fields, sentencepiece_fields, write_gguf
from tiny import tiny_model

from longsum.checkpoint import gguf_folder
from longsum.checkpoint.formats import open_checkpoint
from longsum.checkpoint.gguf_checkpoint import GGUFCheckpoint
from longsum.checkpoint.gguf_folder import unpacked
from longsum.checkpoint.gguf_header import read_header
from longsum.errors import ModelNotFound, UnsupportedModel


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_gguf(tmp_path / "tiny.gguf", tiny_model())


def test_second_time_reads_no_header(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = unpacked(path, tmp_path / "cache")
    assert isinstance(open_checkpoint(folder), GGUFCheckpoint)
    assert {each.name for each in folder.iterdir()} == {
        *("config.json", "tokenizer.json", "tokenizer_config.json", "gguf.json"),
    }
    monkeypatch.setattr(gguf_folder, "read_gguf", None)
    assert unpacked(path, tmp_path / "cache") == folder
    monkeypatch.chdir(tmp_path)
    assert unpacked(Path("tiny.gguf"), tmp_path / "cache") == folder
    checkpoint = open_checkpoint(folder)
    assert checkpoint.weight_files() == checkpoint.hashed_files() == (path,)


def test_changed_file_is_unpacked_again_and_the_old_folder_goes(path: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    other = write_gguf(tmp_path / "tiny-2.gguf", tiny_model())
    current, before = unpacked(other, cache), unpacked(path, cache)
    stale = open_checkpoint(before)
    write_gguf(path, tiny_model(seed=1))
    with pytest.raises(UnsupportedModel, match="has changed") as caught:
        stale.tensors(torch.float32)
    assert caught.value.hint
    after = unpacked(path, cache)
    assert after != before
    assert not before.exists()
    assert sorted(cache.iterdir()) == sorted([current, after])
    checkpoint = open_checkpoint(after)
    path.unlink()
    with pytest.raises(UnsupportedModel, match="is missing"):
        checkpoint.weight_files()


def test_identity_hangs_on_the_file_s_bytes(path: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    before, found = open_checkpoint(unpacked(path, cache)).identity(), path.stat()
    assert open_checkpoint(unpacked(path, cache)).identity() == before
    for place in (-1, 4000):  # in the weights, and in the header
        data = bytearray(path.read_bytes())
        data[place] ^= 1
        path.write_bytes(data)
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))  # size and date stay
        after = open_checkpoint(unpacked(path, cache)).identity()
        assert after != before
        before = after


@pytest.mark.parametrize("file", ["gguf.json", "tokenizer.json"])
def test_damaged_folder_is_made_again(path: Path, tmp_path: Path, file: str) -> None:
    folder = unpacked(path, tmp_path / "cache")
    (folder / file).unlink()
    assert unpacked(path, tmp_path / "cache") == folder
    assert (folder / file).is_file()
    (folder / "gguf.json").write_text("{")
    assert unpacked(path, tmp_path / "cache") == folder
    assert len(open_checkpoint(folder).tensors(torch.float32)) == 21


def test_cache_that_cannot_be_written_is_done_without(path: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, where a folder should be")
    folder = unpacked(path, blocked / "gguf")
    assert len(open_checkpoint(folder).tensors(torch.float32)) == 21
    assert tmp_path not in folder.parents
    assert unpacked(path, None) != folder


def test_another_process_may_be_first(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = gguf_folder._write

    def overtaken(*arguments: object) -> None:
        monkeypatch.setattr(gguf_folder, "_write", write)
        unpacked(path, tmp_path / "cache")
        write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(gguf_folder, "_write", overtaken)
    folder = unpacked(path, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == [folder]


def test_failure_leaves_nothing_in_the_cache(tmp_path: Path) -> None:
    fields = {"tokenizer.ggml.model": "bert"}
    path = write_gguf(tmp_path / "x.gguf", tiny_model(), fields=fields)
    with pytest.raises(UnsupportedModel, match=r"^x.gguf: it has a tokenizer of kind 'bert'"):
        unpacked(path, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_what_is_no_file_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "folder.gguf").mkdir()
    for name in ("folder.gguf", "none.gguf"):
        with pytest.raises(ModelNotFound):
            unpacked(tmp_path / name, tmp_path / "cache")


SENTENCEPIECE: dict[str, Any] = dict.fromkeys(byte_level_fields(300)) | sentencepiece_fields()


@pytest.mark.parametrize("fields", [{}, SENTENCEPIECE], ids=["gpt2", "llama"])
def test_flipped_bytes_give_a_model_or_one_line(tmp_path: Path, fields: dict[str, Any]) -> None:
    """What is accepted can be tokenized; what is refused raises our error."""
    path = write_gguf(tmp_path / "x.gguf", tiny_model(), fields=fields)
    whole = path.read_bytes()
    data = min(tensor.offset for tensor in read_header(path).tensors)
    chance = random.Random(7)
    refused = []
    for _ in range(150):
        flipped = bytearray(whole)
        for _ in range(chance.choice((1, 1, 3, 10, 50))):
            flipped[chance.randrange(24, data)] = chance.choice((0, 255, chance.randrange(256)))
        path.write_bytes(flipped)
        try:
            folder = unpacked(path, tmp_path / "cache")
            ids = open_checkpoint(folder).tokenizer().encode_document("It's the other: 12345 Größe")
        except UnsupportedModel as error:
            refused.append(error)
            continue
        assert all(0 <= number < 300 for number in ids)
        shutil.rmtree(folder)
    assert 15 < len(refused) < 150
    assert all(error.hint and "\n" not in error.message for error in refused)
