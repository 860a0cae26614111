from __future__ import annotations

import os
from pathlib import Path

import pytest
from batch.standin import folder_of

from longsum.batch.config import BatchConfig
from longsum.batch.inputs import Passed, in_shard, listed, name_of, parse_shard, walk
from longsum.errors import DocumentNotFound, UsageError


def names(folder: Path, passed: Passed | None = None, output: Path = Path("/nowhere"), **config):
    found = walk(folder, output, BatchConfig(**config), passed or Passed())
    return sorted(each.name for each in found)


@pytest.fixture
def folder(tmp_path):
    folder_of(tmp_path / "in", a="x", b="x", sub__c="x", sub__deep__d="x")
    for name in (".hidden", "~$a.docx", "sub/.DS_Store"):
        (tmp_path / "in" / name).write_text("x")
    return tmp_path / "in"


def test_subfolders_are_entered_only_when_asked(folder):
    passed = Passed()
    assert names(folder, passed) == ["a.txt", "b.txt"]
    assert (passed.folders, passed.hidden, passed.locks) == (1, 1, 1)
    assert names(folder, recursive=True) == ["a.txt", "b.txt", "sub/c.txt", "sub/deep/d.txt"]


def test_what_is_passed_over_is_reported(folder):
    passed = Passed()
    names(folder, passed, recursive=True, exclude=("b*",))
    assert passed.lines() == [
        "passed over: 2 hidden, 1 lock files, 1 left out by ‹include› or ‹exclude›"
    ]


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (("*.pdf",), (), []),
        (("a*", "c*"), (), ["a.txt", "sub/c.txt"]),
        (("sub/*",), (), ["sub/c.txt", "sub/deep/d.txt"]),
        ((), ("sub/*",), ["a.txt", "b.txt"]),
        (("*.txt",), ("*/deep/*", "a.txt"), ["b.txt", "sub/c.txt"]),
        (("A*",), (), []),
    ],
)
def test_globs_match_the_name_or_the_path(folder, include, exclude, expected):
    assert names(folder, recursive=True, include=include, exclude=exclude) == expected


def test_output_folder_inside_the_folder_is_not_entered(folder):
    folder_of(folder / "out", result="x")
    assert "out/result.txt" not in names(folder, output=folder / "out", recursive=True)
    assert "out/result.txt" in names(folder, recursive=True)


def test_pipes_and_broken_links_are_not_documents_but_links_to_files_are(folder):
    os.mkfifo(folder / "pipe")
    (folder / "nowhere").symlink_to(folder / "gone")
    (folder / "link.txt").symlink_to(folder / "a.txt")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    passed = Passed()
    assert names(folder, passed, recursive=True)[:3] == ["a.txt", "b.txt", "link.txt"]
    assert passed.special == 3


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.write_text("x")])
def test_path_that_is_not_a_folder_is_refused(tmp_path, make):
    make(tmp_path / "in")
    with pytest.raises(DocumentNotFound, match="in"):
        names(tmp_path / "in")


def test_size_and_time_are_the_files(folder):
    (found,) = walk(folder, Path("/o"), BatchConfig(include=("a*",)), Passed())
    stat = (folder / "a.txt").stat()
    assert (found.size, found.mtime_ns) == (stat.st_size, stat.st_mtime_ns)
    assert not found.named


def test_name_that_is_not_utf8_survives(folder):
    (folder / os.fsdecode(b"\xff.txt")).write_text("x")
    assert os.fsdecode(b"\xff.txt") in names(folder)


def test_list_takes_relative_and_absolute_paths_and_reports_what_is_missing(folder):
    lines = ["a.txt\n", "\n", "sub/c.txt\r\n", str(folder / "b.txt"), "gone.txt"]
    found = list(listed(lines, folder))
    absolute = str(folder / "b.txt").lstrip("/")
    assert [each.name for each in found] == ["a.txt", "sub/c.txt", absolute, "gone.txt"]
    assert [each.size for each in found] == [1, 1, 1, -1]
    assert all(each.named for each in found)


@pytest.mark.parametrize(
    ("path", "name"),
    [("a.txt", "a.txt"), ("./x//a.txt", "x/a.txt"), ("/data/a.txt", "data/a.txt")],
)
def test_name_of_a_listed_path(path, name):
    assert name_of(path) == name


def test_listed_path_never_leaves_the_output_folder(tmp_path, monkeypatch):
    (tmp_path / "x").mkdir()
    monkeypatch.chdir(tmp_path / "x")
    assert name_of("../a.txt") == str(tmp_path / "a.txt").lstrip("/")
    assert ".." not in Path(name_of("/../../etc/passwd")).parts


def test_shards_divide_all_documents_among_them():
    documents = [f"d{i}.txt" for i in range(200)]
    parts = [[d for d in documents if in_shard(d, (i, 8))] for i in range(1, 9)]
    assert sorted(sum(parts, [])) == sorted(documents)
    assert all(10 <= len(part) <= 45 for part in parts)
    assert all(in_shard(d, None) for d in documents)


def test_shard_is_read():
    assert parse_shard("2/8") == (2, 8)
    for wrong in ("2", "2/", "a/b", "-1/8", "2/8/1"):
        with pytest.raises(UsageError, match="^shard "):
            parse_shard(wrong)
    for wrong in ((0, 8), (9, 8)):
        with pytest.raises(UsageError, match="^shard "):
            BatchConfig(shard=wrong)
